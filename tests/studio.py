"""Studio: one window, and what it takes to have its picture taken."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from parley.services import Services
from tests.fakes import FakeOllama

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QWidget

    from parley.ui.appearance.look import Look
    from parley.ui.window import Window

PATIENCE = 20.0


class Studio:
    """One window, and what it takes to have its picture taken."""

    def __init__(self, services: Services, look: "Look", window: "Window", server: FakeOllama) -> None:
        self.services = services
        self.look = look
        self.window = window
        self.server = server
        self.shown: QWidget | None = None
        """A window of its own that the picture is of."""

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the window has got so far."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("a scene did not come about")
            await asyncio.sleep(0.02)

    def open(self, title: str) -> None:
        """Open a conversation."""
        page = self.services.store.conversations.page()
        self.window.view.open(next(conversation.id for conversation in page if conversation.title == title))

    async def picture(self) -> "QPixmap":
        """Return the window and what is open over it, once it has settled, with an edge around it."""
        from PySide6.QtGui import QPainter
        from PySide6.QtWidgets import QApplication

        transcript = self.window.page.transcript
        await asyncio.sleep(0.6)
        await self.until(lambda: not transcript.formulas.errands.waiting and not transcript.pictures.errands.waiting)
        shown = self.shown or self.window
        picture = shown.grab()
        painter = QPainter(picture)
        for other in QApplication.topLevelWidgets():
            if shown is self.window and other is not shown and other.isVisible():
                painter.drawPixmap(self.window.mapFromGlobal(other.mapToGlobal(other.rect().topLeft())), other.grab())
        painter.setPen(self.look.theme.color("outline"))
        painter.drawRect(shown.rect().adjusted(0, 0, -1, -1))
        painter.end()
        return picture
