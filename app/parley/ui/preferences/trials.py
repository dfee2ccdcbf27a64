"""Trials: servers are tried out, one at a time for each card or form, and a person may stop that."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QLocale

from parley.errors import ChatError, ModelUnknown, SettingInvalid
from parley.models import Model
from parley.providers.endpoints import Endpoint
from parley.providers.trials import Trial
from parley.services import Services
from parley.ui.error_texts import error_text
from parley.ui.tasks import Tasks


class Bench(Protocol):
    """Where it is shown how a trial goes."""

    def show_result(self, text: str, *, error: bool = False) -> None: ...

    def show_key_fault(self) -> None: ...

    def set_busy(self, busy: bool) -> None:
        """While a trial runs, its button stops it."""
        ...


class Trials:
    """The trials that are running."""

    def __init__(self, services: Services, tasks: Tasks) -> None:
        self._services, self._tasks = services, tasks
        self._running: dict[Bench, tuple[object, Callable[[], None]]] = {}
        """What tells each trial from others, and what ends it."""

    def toggle(self, bench: Bench, endpoint: Endpoint, key: str = "") -> None:
        """Try a server out, with a question if there is a key for it; or stop that."""
        if bench in self._running:
            self.stop(bench)
            bench.show_result(QCoreApplication.translate("Trials", "Stopped."))
        else:
            self.start(bench, endpoint, key, ask=bool(key) or self._has_key(endpoint))

    def start(self, bench: Bench, endpoint: Endpoint, key: str = "", *, ask: bool = False) -> None:
        """Try a server out, from the beginning if that is going on."""
        self.stop(bench)
        bench.set_busy(True)
        bench.show_result(QCoreApplication.translate("Trials", "Testing…"))
        self._services.keys.retry()
        mark = object()
        self._running[bench] = mark, self._tasks.start(self._run(bench, endpoint, key, mark, ask=ask))

    def stop(self, bench: Bench) -> None:
        """Give up, if a trial is going on."""
        if running := self._running.pop(bench, None):
            _, end = running
            end()
            bench.set_busy(False)

    async def _run(self, bench: Bench, endpoint: Endpoint, key: str, mark: object, *, ask: bool) -> None:
        begun = time.monotonic()
        try:
            trial = await self._services.catalog.try_out(endpoint, key, ask=ask)
        except SettingInvalid:
            bench.show_result("")
            bench.show_key_fault()
        except ChatError as error:
            bench.show_result(trouble(error, default=self._is_default(error)), error=True)
        else:
            bench.show_result(success(trial, time.monotonic() - begun, key=bool(key)))
        finally:
            if self._running.get(bench, (None,))[0] is mark:  # else it was stopped, or begun anew
                del self._running[bench]
                bench.set_busy(False)

    def _is_default(self, error: ChatError) -> bool:
        default = self._services.settings.options.default_model
        return isinstance(error, ModelUnknown) and error.fields.get("model") == default

    def _has_key(self, endpoint: Endpoint) -> bool:
        try:
            return self._services.keys.where(endpoint.id, endpoint.key_env) is not None
        except ChatError:
            return False  # the trial comes upon it too, and says so


def success(trial: Trial, seconds: float, *, key: bool) -> str:
    """Return that a server works, and what that was seen by."""
    took = QLocale().toString(seconds, "f", 1)
    words = QCoreApplication.translate("Trials", "Works: {models}, {seconds} s").format(
        models=counted(trial.models), seconds=took
    )
    if trial.answered:
        answered = QCoreApplication.translate("Trials", "“{model}” has answered.")
        return f"{words}. {answered.format(model=trial.answered)}"
    hint = QCoreApplication.translate(
        "Trials", "“Test” also asks a model for a word, which shows whether there is credit."
    )
    return f"{words}. {hint}" if key else words


def counted(models: Sequence[Model]) -> str:
    """Return how many models there are."""
    if len(models) == 1:
        return QCoreApplication.translate("Trials", "1 model")
    return QCoreApplication.translate("Trials", "{count} models").format(count=len(models))


def trouble(error: ChatError, *, default: bool = False) -> str:
    """Return what is wrong, with the server's own words. `default`: it was about the default model."""
    words = QCoreApplication.translate("Trials", "It is the default model of the settings.") if default else ""
    return "\n".join(text for text in (f"{error_text(error)} {words}".strip(), error.detail) if text)
