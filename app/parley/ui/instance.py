"""One desktop for each data directory: a second one asks the first to show its window, and ends.

An OS lock on a file says who is first (it is free again after a crash); a local socket carries the request.
"""

import hashlib
import logging
import os
from collections.abc import Callable

from filelock import FileLock, Timeout
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from parley.paths import Paths

logger = logging.getLogger(__name__)

ANSWER_MS = 2000
TOKEN = "XDG_ACTIVATION_TOKEN"
"""Wayland lets a window come to the front only with such a token, which the second process was given."""


class Instance(QObject):
    """The right to be the desktop of one data directory."""

    raised = Signal()
    """A second desktop was started, or whoever calls `ask_first` wants to see the window."""

    def __init__(self, paths: Paths) -> None:
        super().__init__()
        name = hashlib.sha256(str(paths.data.resolve()).encode()).hexdigest()[:24]
        self._name = f"parley-{name}"
        self._lock = FileLock(paths.data / "desktop.lock", timeout=0)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._hear)

    def claim(self) -> bool:
        """Return whether this process is the first. Where the lock cannot be written it is: the store says why."""
        try:
            self._lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            logger.warning("no lock for a single window: %s", error)
            return True
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):
            logger.warning("no socket for a single window: %s", self._server.errorString())
        return True

    def ask_first(self) -> bool:
        """Ask the first process to show its window. Return whether it has heard."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(ANSWER_MS):
            return False
        socket.write(os.environ.get(TOKEN, "").encode() + b"\n")
        socket.flush()
        heard = socket.waitForReadyRead(ANSWER_MS)
        socket.disconnectFromServer()
        return heard

    def release(self) -> None:
        """Let another process be the first."""
        self._server.close()
        self._lock.release()

    def _hear(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.disconnected.connect(socket.deleteLater)
            answer = self._answer(socket)
            socket.readyRead.connect(answer)
            answer()  # what came with the connection has been announced already

    def _answer(self, socket: QLocalSocket) -> Callable[[], None]:
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
