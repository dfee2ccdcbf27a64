"""Links: opens what a person clicks. The manual in its own window, the rest in the browser."""

from urllib.parse import urlsplit

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from parley.ui.appearance.look import Look
from parley.ui.dialogs import ask, link_question
from parley.ui.manual_window import SCHEME, ManualWindow
from parley.ui.tasks import Tasks

OPENED = frozenset({"http", "https", "mailto"})
"""Links of other kinds could start programs: they are never followed."""


class Links(QObject):
    """Follows links for one window."""

    def __init__(self, look: Look, window: QWidget, tasks: Tasks) -> None:
        super().__init__(window)
        self._look = look
        self._window = window
        self._tasks = tasks
        self.manual: ManualWindow | None = None

    def follow(self, target: str, text: str = "") -> None:
        """Open a link whose text a person has read."""
        if target.startswith(f"{SCHEME}:"):
            self.open_manual(target)
        elif urlsplit(target).scheme.lower() in OPENED:
            self._tasks.start(self._open(target, text))

    def open_manual(self, link: str = f"{SCHEME}:") -> None:
        """Show a page of the manual."""
        if self.manual is None:
            self.manual = ManualWindow(self._look, self._window)
            self.manual.link_opened.connect(self.follow)
        self.manual.open_link(link)

    async def _open(self, target: str, text: str) -> None:
        if misleads(text, target) and not await ask(link_question(text, target, self._window)):
            return
        QDesktopServices.openUrl(QUrl(target))


def misleads(text: str, target: str) -> bool:
    """Return whether a link's text looks like an address, and like another one than the link leads to."""
    words = text.strip(" \t\n.,;").split()
    if len(words) != 1:
        return False
    shown = _host(words[0])
    return bool(shown) and shown != _host(target)


def _host(address: str) -> str:
    """Return the host of an address, or of something that reads like one."""
    if address.lower().startswith("mailto:") or ("@" in address and "/" not in address):
        return address.lower().removeprefix("mailto:").rpartition("@")[2]
    if "://" not in address:
        address = f"//{address}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return "?"
    host = host.removeprefix("www.")
    top = host.rpartition(".")[2]
    return host if "." in host and len(top) > 1 else ""
