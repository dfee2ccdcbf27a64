"""One desktop for each data directory: a second one asks the first to show its window, and ends.

An OS lock on a file says who is first (it is free again after a crash); a local socket carries the request.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from parley.files import lock
from parley.paths import Paths

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

logger = logging.getLogger(__name__)

LOCK = "desktop.lock"
ANSWER_MS = 2000
AGAIN_MS = 50
TOKEN = "XDG_ACTIVATION_TOKEN"
"""Wayland lets a window come to the front only with such a token, which the second process was given."""


class Instance(QObject):
    """The right to be the desktop of one data directory."""

    raised = Signal()
    """A second desktop was started, or whoever calls `ask_first` wants to see the window."""

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        self._path = paths.data / LOCK
        self._handle: int | None = None
        self._server: QLocalServer | None = None

    def claim(self) -> bool:
        """Return whether this process is the first. Where the lock cannot be written it is: the store says why."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            lock(self._handle)
        except (BlockingIOError, PermissionError) as error:
            if self._handle is not None:
                self.release()
                return False
            logger.warning("no lock for a single window: %s", error)
        except OSError as error:
            logger.warning("no lock for a single window: %s", error)
        return True

    @property
    def _name(self) -> str:
        """Return the name of the socket."""
        import hashlib

        digest = hashlib.sha256(str(self._path.parent.resolve()).encode()).hexdigest()
        return f"parley-{digest[:24]}"

    def listen(self) -> None:
        """Hear second desktops from now on. Apart from `claim`, for the window is painted before this is loaded."""
        from PySide6.QtNetwork import QLocalServer

        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._hear)
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):
            logger.warning("no socket for a single window: %s", self._server.errorString())

    def ask_first(self) -> bool:
        """Ask the first process to show its window. Return whether it has heard. It may be only just starting."""
        from PySide6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        deadline = time.monotonic() + ANSWER_MS / 1000
        socket.connectToServer(self._name)
        while not socket.waitForConnected(ANSWER_MS):
            if time.monotonic() > deadline:
                return False
            time.sleep(AGAIN_MS / 1000)
            socket.connectToServer(self._name)
        socket.write(os.environ.get(TOKEN, "").encode() + b"\n")
        socket.flush()
        heard = socket.waitForReadyRead(ANSWER_MS)
        socket.disconnectFromServer()
        return heard

    def follow(self, paths: Paths) -> bool:
        """Be the desktop of another data directory. Return whether this process is the first there."""
        self.release()
        self._path = paths.data / LOCK
        first = self.claim()
        self.listen()
        return first

    def release(self) -> None:
        """Let another process be the first."""
        if self._server is not None:
            self._server.close()
            self._server.deleteLater()
            self._server = None
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _hear(self) -> None:
        while self._server and self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.disconnected.connect(socket.deleteLater)
            answer = self._answer(socket)
            socket.readyRead.connect(answer)
            answer()  # what came with the connection has been announced already

    def _answer(self, socket: "QLocalSocket") -> Callable[[], None]:
        def answer() -> None:
            if not socket.canReadLine():
                return
            token = bytes(socket.readLine().data()).decode("utf-8", "replace").strip()
            if token:
                os.environ[TOKEN] = token
            socket.write(b"here\n")
            socket.flush()
            self.raised.emit()

        return answer
