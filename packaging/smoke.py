"""Tries the program out as a person would: `python packaging/smoke.py dist/parley/parley` on a frozen one.

The commands, with a real model server (tests/peers) to talk to; then, on Linux, the window on a virtual screen, where
a message is typed. Says what it did and how long that took. When something fails: one sentence, and exit code 1.
Any other program that is Parley will do, too; so the frozen one can be compared with .venv/bin/parley.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # for tests.peers

if TYPE_CHECKING:
    from tests.peers.tiny_engine import TinyEngine

SECONDS = 60.0
QUESTION = "Grüße, 你好!"
REPLY = "Hello! I am a tiny test model."
TYPED = "/markdown"
TYPED_REPLY = "print('hi')"
PAINTED_COLORS = 16
"""An empty screen has one or two."""


class SmokeError(Exception):
    """Something does not work; the message says what."""


def wait_for(what: str, condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SmokeError(f"{what}: not within {seconds:.0f} seconds.")
        time.sleep(0.01)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what has worked."""
    start = time.monotonic()
    yield
    print(f"ok  {what} ({time.monotonic() - start:.2f} s)", flush=True)


class Parley:
    """The program in the hands of somebody who has an empty home, no environment to speak of, and no checkout."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program = program
        self.home = home
        self.env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(home)}
        if os.name == "nt":
            self.env = {**os.environ, "PARLEY_DATA_DIR": str(home / "data")}
        self.started: list[subprocess.Popen[str]] = []

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command, and return what it prints."""
        command = f"parley {' '.join(words)}"
        try:
            done = subprocess.run(
                [self.program, *words], env=self.env, cwd=self.home, input="", capture_output=True, encoding="utf-8",
                timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SmokeError(f"“{command}” does not end.") from None
        if done.returncode != code or "Traceback" in done.stderr:
            raise SmokeError(f"“{command}” ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def expect(self, wanted: str, *words: str) -> None:
        """Run a command that should print something."""
        if wanted not in (said := self(*words)):
            raise SmokeError(f"“parley {' '.join(words)}” should say “{wanted}”, and says:\n{said}")

    def start(self, *words: str, **variables: str) -> "subprocess.Popen[str]":
        """Start the program; `end_all` ends it for sure."""
        process = subprocess.Popen(
            [self.program, *words], env={**self.env, **variables}, cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self, process: "subprocess.Popen[str]") -> str:
        """Let a started program end in order, and return what it has printed meanwhile."""
        process.send_signal(signal.SIGTERM)
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise SmokeError("It does not end when it is asked to.") from None
        if process.returncode != 0 or "Traceback" in said:
            raise SmokeError(f"It ended with {process.returncode} when it was asked to end:\n{said}")
        return said

    def end_all(self) -> None:
        """Leave nothing running."""
        for process in self.started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def messages(self, conversation: str) -> str:
        """Return all messages of a conversation."""
        return self("show", conversation, "--format", "md")

    def newest(self) -> str:
        """Return the id of the newest conversation."""
        return str(json.loads(self("conversations", "--json"))[0]["id"])

    def check_log(self) -> None:
        """See whether the log tells of a mistake."""
        logs = list(self.home.rglob("parley.log"))
        if not logs:
            raise SmokeError("There is no log.")
        text = logs[0].read_text(encoding="utf-8")
        if re.search(r"^Traceback| (ERROR|CRITICAL) ", text, re.MULTILINE):
            raise SmokeError(f"The log tells of a mistake:\n{text}")


class Screen:
    """A virtual screen, and just enough of the X protocol to see what is on it and to type."""

    WM_CLASS = 67
    KEY_PRESS, KEY_RELEASE = 2, 3
    RETURN = 0xFF0D

    def __init__(self) -> None:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-ac", "-nolisten", "tcp"]
        self._process = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()  # empty if it has ended
        self.display = f":{number}"
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if not number:
                raise SmokeError("Xvfb does not start.")
            self._connection.connect(f"/tmp/.X11-unix/X{number}")
            self._root = self._greet()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Turn the screen off."""
        self._connection.close()
        self._process.terminate()
        self._process.wait()

    def window(self) -> int:
        """Return Parley's window if it can be seen, otherwise 0."""
        tree = self._ask("<BxHI", 15, 2, self._root) or b""
        for window in memoryview(tree)[32:].cast("I"):
            name = self._ask("<BxHIIIII", 20, 6, window, self.WM_CLASS, 0, 0, 64) or b""
            attributes = self._ask("<BxHI", 3, 2, window)
            if b"parley" in name[32:].lower() and attributes is not None and attributes[26] == 2:
                return int(window)
        return 0

    def colors(self) -> int:
        """Return how many colours are on the screen."""
        image = self._ask("<BBHIhhHHI", 73, 2, 5, self._root, 0, 0, 1280, 900, 0xFFFFFFFF) or b""
        return len(set(memoryview(image)[32:].cast("I")))

    def type_into(self, window: int, text: str) -> None:
        """Give a window the keyboard, type a text of small letters, and press Return."""
        extension = self._ask("<BxHHxx8s", 98, 4, 5, b"XTEST") or bytes(32)
        if not extension[8]:
            raise SmokeError("This Xvfb cannot be typed on.")
        keys = self._keys()
        self._connection.sendall(struct.pack("<BBHII", 42, 1, 3, window, 0))
        for key in [*(keys[ord(letter)] for letter in text), keys[self.RETURN]]:
            for kind in (self.KEY_PRESS, self.KEY_RELEASE):
                self._connection.sendall(struct.pack("<BBHBB2xI20x", extension[9], 2, 9, kind, key, 0))

    def _keys(self) -> dict[int, int]:
        answer = self._ask("<BxHBBxx", 101, 2, 8, 248) or bytes(32)
        symbols = memoryview(answer)[32:].cast("I")
        return {
            symbols[place]: 8 + place // answer[1]
            for place in range(len(symbols) - 1, -1, -1)
            if place % answer[1] == 0
        }

    def _greet(self) -> int:
        self._connection.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        agreed, length = struct.unpack("<B5xH", self._read(8))
        about = self._read(4 * length)
        if agreed != 1:
            raise SmokeError("Xvfb lets nobody in.")
        (vendor,) = struct.unpack_from("<H", about, 16)
        (root,) = struct.unpack_from("<I", about, 32 + (vendor + 3) // 4 * 4 + 8 * about[21])
        return int(root)

    def _ask(self, form: str, *values: int | bytes) -> bytes | None:
        """Send a request, and return the answer; None if the window has gone."""
        self._connection.sendall(struct.pack(form, *values))
        while True:
            head = self._read(32)
            if head[0] == 0:
                return None
            if head[0] == 1:
                return head + self._read(4 * struct.unpack_from("<I", head, 4)[0])

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            if not (piece := self._connection.recv(count - len(data))):
                raise SmokeError("Xvfb has ended.")
            data += piece
        return bytes(data)


def try_commands(parley: Parley, engine: "TinyEngine") -> None:
    """Chat, search, back up and restore."""
    with step("it knows its version"):
        parley.expect("Parley ", "--version")
    parley("settings", "set", "discover", "off")
    with step("the doctor finds nothing wrong"):
        parley.expect("ok  store", "doctor")
    with step("formulas can be drawn"):
        parley.expect("ok  formulas", "doctor")
    with step("a model server is added"):
        parley("provider", "add", "tiny", "--base-url", engine.url)
        parley.expect(f"tiny/{engine.model}", "models")
        parley("settings", "set", "default_model", f"tiny/{engine.model}")
    with step("it answers"):
        parley.expect(REPLY, "chat", QUESTION)
    with step("search finds the question"):
        parley.expect(QUESTION, "search", QUESTION.partition(",")[0])
    with step("the Guide answers from the manual"):
        parley.expect("parley backup FILE", "chat", "-m", "guide/manual", "How do I make a backup?")
    with step("a backup brings back what was there"):
        copy = str(parley.home / "copy.parley")
        parley("backup", copy)
        before = parley("conversations", "--json")
        parley("chat", "Later than the backup")
        parley("restore", "--yes", copy)
        if parley("conversations", "--json") != before:
            raise SmokeError("After the restore other conversations are there than at the time of the backup.")


def try_server(parley: Parley) -> None:
    """See whether server mode answers: with a token, encrypted, and with its page."""
    token = parley("token", "create", "smoke").strip()
    with step("the server lives, asks for a token, and ends when it is asked to"):
        server = parley.start("serve", "--port", "0", "--lan")
        assert server.stdout is not None
        said = server.stdout.readline()
        found = re.search(r"http://([\d.]+):(\d+)", said)
        if found is None:
            raise SmokeError(f"“parley serve” should say where it listens, and says: {said}")
        plain = http.client.HTTPConnection(found[1], int(found[2]), timeout=10)
        expect_answer(plain, "/live", http.HTTPStatus.NO_CONTENT)
        expect_answer(plain, "/health", http.HTTPStatus.UNAUTHORIZED)
        expect_answer(plain, "/", http.HTTPStatus.OK, b"<title>Parley</title>")
        expect_answer(plain, "/openapi.json", http.HTTPStatus.OK, b"/pair", token)
        authority = expect_answer(plain, "/ca.crt", http.HTTPStatus.OK, b"BEGIN CERTIFICATE")
        trusting = ssl.create_default_context(cadata=authority.decode("ascii"))
        encrypted = http.client.HTTPSConnection("localhost", int(found[2]), timeout=10, context=trusting)
        expect_answer(encrypted, "/health", http.HTTPStatus.OK, b'"status":"ok"', token)
        if os.name == "nt":
            server.kill()  # there is no asking on Windows
        else:
            parley.end(server)


def expect_answer(
    connection: http.client.HTTPConnection, path: str, status: http.HTTPStatus, words: bytes = b"", token: str = ""
) -> bytes:
    """Ask for a path, and return what is answered, if it is that."""
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != status or words not in body:
        raise SmokeError(f"GET {path} is answered with {answer.status}: {body[:200]!r}")
    return body


def try_window(parley: Parley, screen: Screen, starts: int) -> None:
    """Open the window some times, type into it, and close it."""
    times = []
    for number in range(starts):
        desktop = parley.start(DISPLAY=screen.display)
        times.append(wait_for_window(desktop, screen))
        if number == starts - 1:
            use_window(parley, screen)
        parley.end(desktop)
        if screen.window():
            raise SmokeError("The program has ended, and its window is still there.")
    mapped, painted = (statistics.median(column) for column in zip(*times, strict=True))
    middle = f"there after {mapped:.2f} s, painted after {painted:.2f} s, median of {starts}"
    print(f"ok  the window opens and closes: {middle}", flush=True)


def wait_for_window(desktop: "subprocess.Popen[str]", screen: Screen) -> tuple[float, float]:
    """Return how long it takes, from now, until the window is on the screen, and until it is painted."""
    begin = time.monotonic()
    wait_for("The window opens", lambda: screen.window() or desktop.poll() is not None)
    if desktop.poll() is not None:
        said, _ = desktop.communicate()
        raise SmokeError(f"It ends with {desktop.returncode} instead of opening its window:\n{said}")
    mapped = time.monotonic() - begin
    wait_for("The window is painted", lambda: screen.colors() >= PAINTED_COLORS)
    return mapped, time.monotonic() - begin


def use_window(parley: Parley, screen: Screen) -> None:
    """Send a message in the open window."""
    with step("a second start only raises the window"):
        second = parley.start(DISPLAY=screen.display)
        said, _ = second.communicate(timeout=SECONDS)
        if second.returncode != 0:
            raise SmokeError(f"A second start ended with {second.returncode}:\n{said}")
    with step("a message typed in the window is answered"):
        before = parley("conversations", "--json")
        screen.type_into(screen.window(), TYPED)
        wait_for("A new conversation", lambda: parley("conversations", "--json") != before)
        wait_for("The answer in the window", lambda: TYPED_REPLY in parley.messages(parley.newest()))


def try_all(program: Path, starts: int) -> None:
    """Try everything out in an empty home. Raises SmokeError."""
    from tests.peers.tiny_engine import EngineFailed, TinyEngine

    with ExitStack() as stack:
        home = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-smoke-", ignore_cleanup_errors=True))
        )
        parley = Parley(program, home)
        stack.callback(parley.end_all)
        try:
            engine = stack.enter_context(TinyEngine.start())
        except EngineFailed as error:
            raise SmokeError(str(error)) from error
        try_commands(parley, engine)
        try_server(parley)
        if shutil.which("Xvfb") is None or not sys.platform.startswith("linux"):
            print("--  The window is not tried out: that needs Linux and Xvfb.")
        else:
            try_window(parley, stack.enter_context(Screen()), starts)
            with step("what was typed is still there"):
                parley.expect(TYPED_REPLY, "show", parley.newest())
        with step("the log tells of no mistake"):
            parley.check_log()


def main() -> int:
    """Try a program out."""
    parser = argparse.ArgumentParser(description="Try Parley out as a person would.")
    parser.add_argument("program", type=Path, help="for instance dist/parley/parley")
    parser.add_argument("--starts", type=int, default=3, metavar="N", help="how often to open the window (3)")
    arguments = parser.parse_args()
    try:
        try_all(arguments.program.absolute(), max(1, arguments.starts))
    except SmokeError as error:
        print(f"!!  {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
