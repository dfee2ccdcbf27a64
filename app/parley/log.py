"""The log: one file that turns over by size, readable by its owner only, without keys.

A log that cannot be written keeps nobody from working: it stays silent.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

LEVEL_VARIABLE = "PARLEY_LOG"
"""`debug`, `info` (the default), `warning` or `error`."""

MAX_BYTES = 1_000_000
KEPT_FILES = 2

_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


class LogFile(logging.FileHandler):
    """The file. It is made when there is something to write; several processes may write into it.

    Not logging's own file that turns over: its module brings sockets and pickles along, which no start should wait for.
    """

    stream: TextIOWrapper | None

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True, errors="replace")
        self.redact: Callable[[str], str] = str
        self.setFormatter(logging.Formatter(_FORMAT))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback if there is one, without keys."""
        return self.redact(super().format(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line: into the file that another process may have begun, or into a new one if this one is full."""
        try:
            if self.stream is None or not self._is_current(self.stream):
                self._begin()
            if self.stream and self._is_full(self.stream, self.format(record)):
                self._turn_over()
        except (OSError, LookupError, TypeError, ValueError):  # the disk's fault, or that of whoever wrote the record
            self.handleError(record)
        else:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - a name of logging's
        """Stay silent: a full disk or a read-only folder has its own message, from whoever needs it."""

    def close(self) -> None:
        """Close the file; what a full disk did not take is lost."""
        with suppress(OSError):
            super().close()

    def follow(self, path: Path) -> None:
        """Write into another file from now on."""
        self.acquire()
        try:
            if self.stream:
                self.stream.close()
            self.stream, self.baseFilename = None, str(path.absolute())
        finally:
            self.release()

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "a", encoding=self.encoding, errors=self.errors)

    def _begin(self) -> None:
        if self.stream:
            self.stream.close()
        self.stream = self._open()

    def _is_full(self, stream: TextIOWrapper, line: str) -> bool:
        stream.seek(0, os.SEEK_END)
        size = stream.tell()
        return size > 0 and size + len(line.encode("utf-8", "replace")) + len(self.terminator) > MAX_BYTES

    def _turn_over(self) -> None:
        """Rename the file and those before it, the oldest of which is lost, and begin anew."""
        if self.stream:
            self.stream.close()
            self.stream = None
        path = Path(self.baseFilename)
        names = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, KEPT_FILES + 1))]
        for older, newer in zip(names[:0:-1], names[-2::-1], strict=True):
            with suppress(FileNotFoundError):
                newer.replace(older)
        self.stream = self._open()

    def _is_current(self, stream: TextIOWrapper) -> bool:
        try:
            there, ours = Path(self.baseFilename).stat(), os.fstat(stream.fileno())
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def follow(path: Path) -> None:
    """Let the log go on in another file: the data folder has been moved."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.follow(path)


@contextmanager
def logging_to(path: Path) -> Iterator[LogFile]:
    """Write what happens to a file, uncaught exceptions and warnings too, until the block is left."""
    file, root, ours = LogFile(path), logging.getLogger(), logging.getLogger("parley")
    hooks = sys.excepthook, threading.excepthook
    levels = root.level, ours.level
    root.addHandler(file)
    root.setLevel(logging.WARNING)
    ours.setLevel(_level())
    sys.excepthook, threading.excepthook = _uncaught, _uncaught_in_thread
    logging.captureWarnings(True)
    try:
        yield file
    finally:
        logging.captureWarnings(False)
        sys.excepthook, threading.excepthook = hooks
        root.removeHandler(file)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        file.close()


def redact_with(redact: Callable[[str], str]) -> None:
    """Take keys out of everything that is logged from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, LogFile):
            handler.redact = redact


def loop_exception(loop: "asyncio.AbstractEventLoop", context: dict[str, Any]) -> None:
    """Log what an event loop reports: set it with `loop.set_exception_handler`."""
    logger.error("event loop: %s", context.get("message"), exc_info=context.get("exception"))


def _level() -> int:
    name = os.environ.get(LEVEL_VARIABLE, "").strip().upper()
    return logging.getLevelNamesMapping().get(name, logging.INFO)


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("uncaught exception", exc_info=(kind, error, traceback))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        name = arguments.thread.name if arguments.thread else "?"
        logger.critical("uncaught exception in thread %s", name, exc_info=arguments.exc_value)
