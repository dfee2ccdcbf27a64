"""Downloads: the models that are being fetched. They belong to the window, and go on whatever page is on show."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from parley.errors import ChatError
from parley.providers.library import ModelLibrary, PullProgress
from parley.ui.tasks import Tasks

State = Literal["running", "stopped", "failed", "done"]

TELL_MS = 100
"""How often a bar moves."""


class Download(QObject):
    """One model that is being fetched, was stopped, or could not be fetched."""

    changed = Signal()

    def __init__(self, library: ModelLibrary, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self.library = library
        self.name = name
        self.state: State = "running"
        self.progress = PullProgress("preparing")
        self.error: ChatError | None = None
        self.end: Callable[[], None] | None = None
        """Ends it while it runs."""

    @property
    def model(self) -> str:
        """Return the model's whole name."""
        return f"{self.library.id}/{self.name}"


class Downloads(QObject):
    """All of them, in the order in which they were asked for. Those that are done leave."""

    changed = Signal()
    """One has come or gone."""

    finished = Signal(object)
    """A model is there."""

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.all: list[Download] = []
        self._told: dict[Download, PullProgress] = {}
        self._timer = QTimer(self, interval=TELL_MS)
        self._timer.timeout.connect(self._tell)

    def fetch(self, library: ModelLibrary, name: str) -> Download:
        """Fetch a model; one that was stopped goes on."""
        known = next((one for one in self.all if one.library.id == library.id and one.name == name), None)
        if known:
            self.go_on(known)
            return known
        download = Download(library, name, self)
        self.all.append(download)
        self._start(download)
        self.changed.emit()
        return download

    def go_on(self, download: Download) -> None:
        """Take up what was stopped or has failed: what has come before is kept."""
        if download.state != "running":
            download.state, download.error = "running", None
            self._start(download)
            download.changed.emit()

    def stop(self, download: Download) -> None:
        """Fetch no more of it for now."""
        end, download.end = download.end, None
        if end and download.state == "running":
            end()
            download.state = "stopped"
            download.changed.emit()

    def dismiss(self, download: Download) -> None:
        """Forget it."""
        self.stop(download)
        if download in self.all:
            self.all.remove(download)
            self.changed.emit()
            download.deleteLater()

    def _start(self, download: Download) -> None:
        download.end = self._tasks.start(self._run(download))
        self._timer.start()

    def _tell(self) -> None:
        """Tell what is new; rest when nothing is on its way."""
        running = [one for one in self.all if one.state == "running"]
        for download in running:
            if self._told.get(download) is not download.progress:
                self._told[download] = download.progress
                download.changed.emit()
        if not running:
            self._told.clear()
            self._timer.stop()

    async def _run(self, download: Download) -> None:
        try:
            async with aclosing(download.library.pull(download.name)) as steps:
                async for step in steps:
                    download.progress = step
        except ChatError as error:
            download.state, download.error = "failed", _bare(error)
            download.changed.emit()
        else:
            download.state = "done"
            download.changed.emit()
            self.finished.emit(download)
            self.dismiss(download)


def _bare(error: ChatError) -> ChatError:
    """Return an error without where it came from: kept for long, that would keep the connection's half-read answer."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
