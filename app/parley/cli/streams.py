"""Standard input, output and error: always UTF-8, and never a traceback because one of them is gone."""

import errno
import io
import json
import os
import re
import sys
from contextlib import suppress
from typing import Any, TextIO

from parley.errors import (
    ChatError,
    FileProblem,
    InternalError,
    ProviderUnreachable,
    StoreBusy,
    StoreFull,
    StoreReadOnly,
    StoreUnreadable,
)
from parley.messages import Failure

NAME = "parley"

_NO_DETAIL = frozenset(
    problem.code
    for problem in (InternalError, ProviderUnreachable, StoreFull, StoreReadOnly, StoreUnreadable, StoreBusy)
)
"""Errors whose sentence says it all."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tab and line feed: a terminal would obey them."""


class OutputGone(Exception):
    """Nobody reads standard output any more."""


def prepare() -> None:
    """Make the three streams usable, whatever the caller, the locale or the system has done to them."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: no file of ours may become number 1
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace" if name == "stdout" else "backslashreplace")


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person sits at the stream."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def say(text: str, end: str = "\n", *, flush: bool = False) -> None:
    """Write a result. Raises OutputGone, and FileProblem when it cannot be written."""
    say_raw((printable(text) if is_terminal(sys.stdout) else text) + end)
    if flush:
        flush_output()


def say_raw(text: str) -> None:
    """Write a text whose control characters are ours. Raises like `say`."""
    try:
        sys.stdout.write(text)
    except OSError as error:
        raise _lost(error) from error


def say_json(value: Any) -> None:
    """Write a value as JSON. Raises like `say`."""
    # Indented for people, and control characters are escaped: no terminal obeys them.
    say(json.dumps(value, ensure_ascii=False, indent=2))


def flush_output() -> None:
    """See to it that all results are written. Raises like `say`."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _lost(error) from error


def note(text: str) -> None:
    """Tell something that is no result."""
    write_error(f"{NAME}: {printable(text)}\n")


def write_error(text: str) -> None:
    """Write to standard error; if that cannot be written there is nobody to tell."""
    with suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def complain(problem: ChatError | Failure) -> None:
    """Say on one line what went wrong."""
    note(sentence(problem))


def sentence(problem: ChatError | Failure) -> str:
    """Return on one line what went wrong, with the vendor's own words where they help."""
    failure = problem.to_failure() if isinstance(problem, ChatError) else problem
    detail = "" if failure.code in _NO_DETAIL or failure.detail in failure.sentence else f" ({failure.detail})"
    return " ".join(f"{failure.sentence}{detail}".split())


def give_up_output() -> None:
    """Let Python's last flush of standard output succeed: what is left in it has nowhere to go."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    """Return a text without the control characters that a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def piped_text() -> str:
    """Return what was piped in, or nothing on a terminal. Raises FileProblem if it is no text."""
    if is_terminal(sys.stdin):
        return ""
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise FileProblem(path="standard input", problem=error.strerror or str(error)) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileProblem(path="standard input", problem="this is no UTF-8 text") from error


def _lost(error: OSError) -> Exception:
    """Return what to raise when standard output cannot be written."""
    gone = isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)
    return OutputGone() if gone else FileProblem(path="standard output", problem=error.strerror or str(error))
