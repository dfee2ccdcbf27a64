"""`parley chat` on a real terminal: a conversation line by line."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.e2e.conftest import PROGRAM, Parley, text_of, wait_for
from tests.peers import replies

if sys.platform == "win32":
    pytest.skip("needs POSIX terminals", allow_module_level=True)

import pty
import termios

SECONDS = 30.0


class Terminal:
    """A terminal with `parley` on it."""

    def __init__(self, parley: Parley, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        attributes = termios.tcgetattr(theirs)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, attributes)
        streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        env = {**parley.env, "TERM": "dumb", "COLUMNS": "200"}
        self.process = subprocess.Popen([PROGRAM, *words], env=env, start_new_session=True, **streams)  # type: ignore[call-overload]
        os.close(theirs)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> str:
        """Return what has been shown up to a text and forget it, once it has come."""
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, f"no {text!r} in {self.shown!r}"
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode(errors="replace").replace("\r\n", "\n")
                except OSError as error:  # the other side is closed
                    raise AssertionError(f"no {text!r} in {self.shown!r}") from error
        before, _, self.shown = self.shown.partition(text)
        return before

    def ended(self) -> int:
        """Return the exit code."""
        while True:
            try:
                if not os.read(self._ours, 65536):
                    break
            except OSError:
                break
        code: int = self.process.wait(SECONDS)
        return code

    def ended_by(self, number: signal.Signals) -> int:
        """Send a signal until the program ends, and return its exit code.

        Python overlooks one that comes between the prompt and the wait for a key, until the next key.
        """
        while True:
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                code: int = self.process.wait(1)
                return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tiny: Parley) -> Iterator[Terminal]:
    terminal = Terminal(tiny, "chat", "-m", "tiny/tiny")
    yield terminal
    terminal.close()


def test_a_conversation_line_by_line(tiny: Parley, terminal: Terminal) -> None:
    terminal.wait_for("> ")
    terminal.type("hello\n")
    assert replies.DEFAULT in terminal.wait_for("> ")
    terminal.type("\n")
    terminal.wait_for("> ")
    terminal.type("/think once more\n")
    shown = terminal.wait_for("> ")
    assert shown.lstrip().startswith("\x1b[2m")
    assert re.sub(r"\x1b\[\dm", "", shown).strip() == f"{replies.THINK_REASONING}\n\n{replies.THINK_ANSWER}"
    terminal.type("\x04")
    assert terminal.ended() == 0
    assert [text_of(message) for message in tiny.messages()] == [
        "hello",
        replies.DEFAULT,
        "/think once more",
        replies.THINK_ANSWER,
    ]


def test_ctrl_c_stops_an_answer_and_then_the_conversation(tiny: Parley, terminal: Terminal) -> None:
    terminal.wait_for("> ")
    terminal.type("/long story\n")
    terminal.wait_for("tick tock ding")
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("> ")
    terminal.type("go on\n")
    assert replies.DEFAULT in terminal.wait_for("> ")
    assert terminal.ended_by(signal.SIGINT) == 130
    assert [message["status"] for message in tiny.messages()] == ["complete", "stopped", "complete", "complete"]


def test_a_mistake_does_not_end_it(tiny: Parley) -> None:
    terminal = Terminal(tiny, "chat", "-m", "nonsense")
    try:
        terminal.wait_for("> ")
        terminal.type("hello\n")
        assert "no model named" in terminal.wait_for("> ")
        assert terminal.ended_by(signal.SIGTERM) == 143
    finally:
        terminal.close()


def test_without_storing_it_still_remembers(tiny: Parley) -> None:
    terminal = Terminal(tiny, "chat", "-m", "tiny/tiny", "--no-store")
    try:
        for line in ("one", "two"):
            terminal.wait_for("> ")
            terminal.type(f"{line}\n")
        assert replies.DEFAULT in terminal.wait_for("> ")
        terminal.type("\x04")
        assert terminal.ended() == 0
    finally:
        terminal.close()
    assert tiny.json("conversations", "--json") == []


def test_the_terminal_goes_away(tiny: Parley, terminal: Terminal) -> None:
    terminal.wait_for("> ")
    terminal.type("/long story\n")
    terminal.wait_for("tick tock ding")
    assert terminal.ended_by(signal.SIGHUP) == 128 + signal.SIGHUP
    wait_for(lambda: tiny.messages()[1]["status"] == "stopped")
