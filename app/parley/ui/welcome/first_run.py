"""FirstRun: leads a person to a model that answers. It is over once one is chosen, or it was skipped."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from parley.providers.guide import PROVIDER as GUIDE
from parley.providers.library import ModelLibrary, libraries
from parley.providers.suggestions import memory_bytes, suggested
from parley.services import Services
from parley.ui.models.downloads import Downloads
from parley.ui.models.model_choice import ModelChoice
from parley.ui.tasks import Tasks

if TYPE_CHECKING:
    from parley.ui.chat.chat_page import ChatPage
    from parley.ui.welcome.first_steps import FirstSteps

OLLAMA = "https://ollama.com/download"

MOST = 3
"""So many models are suggested here; more are in the settings."""


class FirstRun(QObject):
    """Decides which step an empty chat shows."""

    link_opened = Signal(str)
    settings_requested = Signal(str)
    finished = Signal()
    """A model is chosen, or the person goes on without one."""

    def __init__(
        self, services: Services, page: "ChatPage", models: ModelChoice, downloads: Downloads, tasks: Tasks
    ) -> None:
        super().__init__(page)
        self._services = services
        self._page = page
        self._models = models
        self._downloads = downloads
        self._tasks = tasks
        self._again = False
        """The person has skipped the steps and wants them after all."""
        page.connect_requested.connect(self.begin_again)
        page.welcome_shown.connect(self.refresh)
        downloads.changed.connect(self._downloads_changed)
        if page.shows_welcome:
            self.refresh()

    @property
    def over(self) -> bool:
        """Return whether there is nothing to lead to: somebody has chosen, skipped, or chatted already."""
        options = self._services.settings.options
        if self._again:
            return False
        chosen = options.default_model.strip() or self._models.for_new_chat
        return bool(options.welcomed or chosen or self._services.store.conversations.page())

    def refresh(self) -> None:
        """Show the step that comes now, if any."""
        welcome = self._page.welcome
        if self.over:
            welcome.show_steps(None)
            return
        steps, catalog = welcome.steps or self._made_steps(), self._services.catalog
        models = [model for model in catalog.cached_models() if model.provider != GUIDE]
        if models:
            names = {provider.id: provider.name for provider in catalog.providers()}
            steps.show_models(models, [names.get(model.provider, model.provider) for model in models])
        elif self._downloads.all:
            running = [one for one in self._downloads.all if one.state == "running"]
            steps.show_download((running or self._downloads.all)[0])
        elif self._models.looking or not self._models.looked:
            steps.show_looking()
        else:
            empty = [place.endpoint.name for place in catalog.places() if place.usable and place.kind != "service"]
            empty = [] if catalog.problems else empty
            if library := self._library():
                steps.show_library(library.name, suggested(memory_bytes() if library.local else None, MOST))
            else:
                steps.show_none(empty_server=next(iter(empty), ""), looks=self._services.settings.options.discover)
        welcome.show_steps(steps)

    def choose(self, model: str) -> None:
        """Let this model answer new chats. Raises ChatError if that cannot be kept."""
        self._again = False
        self._services.settings.update(default_model=model, welcomed=True)
        self._end()

    def skip(self) -> None:
        """Go on without. Raises ChatError if that cannot be kept."""
        self._again = False
        self._services.settings.update(welcomed=True)
        self._end()

    def begin_again(self) -> None:
        """Show the steps after all."""
        self._again = True
        self.refresh()
        self._look()

    def _downloads_changed(self) -> None:
        """Show what is on its way; when nothing is any more, there may be a model."""
        if self._downloads.all or self.over:
            self.refresh()
        else:
            self._look()

    def _library(self) -> ModelLibrary | None:
        """Return a server that runs, has no model, and can fetch one."""
        catalog = self._services.catalog
        well = [provider for provider in catalog.providers() if provider.id not in catalog.problems]
        return next(iter(libraries(well)), None)

    def _fetch(self, name: str) -> None:
        if library := self._library():
            self._downloads.fetch(library, name)

    def _made_steps(self) -> "FirstSteps":
        from parley.ui.welcome.first_steps import FirstSteps

        steps = FirstSteps(self._page.welcome)
        steps.install_requested.connect(lambda: self.link_opened.emit(OLLAMA))
        steps.service_requested.connect(lambda: self.settings_requested.emit("providers"))
        steps.look_requested.connect(self._look)
        steps.local_requested.connect(self._look_here)
        steps.picker_requested.connect(self._models.open_picker)
        steps.fetch_requested.connect(self._fetch)
        steps.library_requested.connect(lambda: self.settings_requested.emit("models"))
        steps.stop_requested.connect(self._downloads.stop)
        steps.go_on_requested.connect(self._downloads.go_on)
        steps.dismiss_requested.connect(self._downloads.dismiss)
        steps.chosen.connect(self.choose)
        steps.skipped.connect(self.skip)
        return steps

    def _look(self) -> None:
        self._tasks.start(self._models.look_for_models(refresh=True))

    def _look_here(self) -> None:
        self._services.settings.update(discover=True)
        self._look()

    def _end(self) -> None:
        self._models.refresh()
        self.refresh()
        self.finished.emit()
