"""Reports: what the window says of errors and news that belong to no place of their own."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from parley.errors import ChatError, InternalError
from parley.services import Services
from parley.ui.chat.chat_page import ChatPage

if TYPE_CHECKING:
    from parley.ui.window import Window


class Reports(QObject):
    """Says things in the notices of a page."""

    def __init__(self, services: Services, page: ChatPage, window: "Window") -> None:
        super().__init__(window)
        self._services = services
        self._page = page
        self._window = window

    def _open_settings(self, page: str) -> None:
        self._window.settings_door.open(page)

    def report(self, error: ChatError) -> None:
        """Show an error. One of our own mistakes can be copied in full."""
        from parley.ui.error_texts import MENDED_IN_SETTINGS, error_text, page_to_mend

        text, detail = error_text(error), self._services.keys.redact(error.detail)
        action, act = "", None
        if error.code in MENDED_IN_SETTINGS:
            action, act = self.tr("Open settings"), partial(self._open_settings, page_to_mend(error.code))
        elif isinstance(error, InternalError):
            copy = QGuiApplication.clipboard().setText
            action, act = self.tr("Copy details"), partial(copy, f"{text}\n{detail}")
        self._page.notices.show_notice(text, detail=detail, error=True, action=action, act=act)

    def tell(self, news: str) -> None:
        """Say what has come of moving the data."""
        self._page.notices.show_notice(news, action=self.tr("Data folder"), act=partial(self._open_settings, "data"))

    def say_not_kept(self, reason: str) -> None:
        """Say why a draft is not on the disk."""
        self._page.notices.show_notice(self.tr("What you are writing is not saved yet."), detail=reason)

    def say_not_renamed(self, error: ChatError, title: str, again: Callable[[], None]) -> None:
        """Say why a title could not be kept, and offer to try it again: nobody likes to type it twice."""
        from parley.ui.error_texts import error_text

        detail = self.tr("The new title: {title}").format(title=title)
        notices = self._page.notices
        notices.show_notice(error_text(error), detail=detail, error=True, action=self.tr("Try again"), act=again)

    def say_image_not_saved(self, file: str) -> None:
        """Say that an image could not be written."""
        sentence = self.tr("The image could not be saved as {file}.").format(file=file)
        self._page.notices.show_notice(sentence, error=True)

    def say_fetched(self, model: str, choose: Callable[[], None]) -> None:
        """Say that a model has been fetched, and offer to choose it, unless the first steps do so."""
        if self._page.shows_welcome and self._page.welcome.steps is not None:
            return
        text = self.tr("“{model}” is there.").format(model=model)
        self._page.notices.show_notice(text, action=self.tr("Choose a model"), act=choose)
