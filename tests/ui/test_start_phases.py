"""The desktop in the phases of its start: what is done and what happens in each of them, before all of it is there."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import parley
from parley.messages import MessageStatus, Text
from parley.paths import Paths
from parley.settings import Settings
from parley.store import Store

PHASES = ("painted", "drawn", "loaded", "live", "rest")
"""The list is on the screen; the last chat is, and letters appear; the event loop is loaded; it runs; all is there."""

RUN = """
import json, os, signal, sys, threading
import parley.main
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from parley.ui import desktop
from parley.ui.window import Window

seen = set()

def act(phase):
    if phase in seen:
        return
    seen.add(phase)
    window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Window))
    field = window.page.composer.field
    globals()["loaded_" + phase] = sorted(sys.modules)
    if phase == wanted:
        exec(action, {**globals(), "window": window, "field": field})
    if phase == "rest" and not ends:
        exec(last, {**globals(), "window": window, "field": field})

def then(phase, function):
    def wrapped(*arguments):
        result = function(*arguments)
        act(phase)
        return result
    return wrapped

def load():
    QApplication.processEvents()
    act("drawn")
    whole()
    act("loaded")

def close_when(condition, window):
    timer = QTimer(window, interval=10)
    timer.timeout.connect(lambda: condition() and window.close())
    timer.start()

def with_thread():
    # The connection to an X server has a thread of its own, from the application's making on.
    found = application()
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return found

application, desktop.application = desktop.application, with_thread
wanted, action, last = sys.argv[1:4]
ends = last == ""
desktop.show_painted = then("painted", desktop.show_painted)
whole, desktop.load_loop = desktop.load_loop, load
Window.go_on = then("live", Window.go_on)
Window.start_rest = then("rest", Window.start_rest)
parley.main.has_display = lambda: True
sys.exit(parley.main.main([]))
"""

CLOSE = "window.close()"


@dataclass
class Done:
    """What came of a start."""

    code: int
    out: str
    errors: str


class Program:
    """A data directory with one chat, which was open last."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.chat = ""
        self.reply = ""

    async def prepare(self, *, streaming: bool = False) -> Store:
        """Store the chat. Its answer is being written as long as what is returned is not closed."""
        Settings(self.paths.settings).update(discover=False)
        store = Store.open(self.paths.data)
        conversation, _, reply = await store.turns.begin(
            conversation_id=None, title="Asked", parts=(Text("asked"),), model="guide/manual"
        )
        self.chat, self.reply = conversation.id, reply.id
        Settings(self.paths.settings).update(last_chat=conversation.id)
        if not streaming:
            await store.turns.finish(reply.id, (Text("**said**"),), MessageStatus.COMPLETE)
        return store

    def command(self, phase: str, action: str, last: str) -> tuple[list[str], dict[str, str]]:
        env = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "PARLEY_DATA_DIR": str(self.paths.data),
            "PYTHONPATH": str(Path(parley.__file__).parents[1]),
        }
        return [sys.executable, "-X", "dev", "-c", RUN, phase, action, last], env

    def run(self, phase: str, action: str, last: str = "") -> Done:
        """Start the program, do something in one of its phases, and something when all is there. It must end."""
        command, env = self.command(phase, action, last)
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        log = self.paths.log.read_text(encoding="utf-8") if self.paths.log.exists() else ""
        assert "Traceback" not in done.stderr + log, done.stderr + log
        assert "never awaited" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def messages(self) -> list[str]:
        """Return what the chat says now."""
        store = Store.open(self.paths.data)
        try:
            return [message.text for message in store.conversations.tree(self.chat).branch()]
        finally:
            asyncio.run(store.close())

    def draft(self) -> str:
        """Return what is written in it and not sent."""
        store = Store.open(self.paths.data)
        try:
            kept = store.drafts.get(self.chat)
            return str(json.loads(kept)["text"]) if kept else ""
        finally:
            asyncio.run(store.close())


@pytest.fixture
def program(paths: Paths) -> Program:
    program = Program(paths)

    async def prepare() -> None:
        await (await program.prepare()).close()

    asyncio.run(prepare())
    return program


def test_a_chat_is_drawn_and_letters_appear_before_the_loop_is_loaded(program: Program) -> None:
    action = """
assert window.page.transcript.placed
assert window.windowTitle() == "Asked"
assert window.page.header.label.text() == "Asked"
assert window.page.model_button.accessibleName() == "Model: Guide to Parley"
QTest.keyClicks(field, "now")
assert field.toPlainText() == "now"
print(json.dumps(loaded_drawn))
window.close()
"""
    loaded = set(json.loads(program.run("drawn", action).out))
    assert "parley.ui.transcript" in loaded
    assert program.draft() == "now"


def test_what_a_chat_is_drawn_without(program: Program) -> None:
    Settings(program.paths.settings).update(default_model="ollama/small")

    async def choose() -> None:
        store = Store.open(program.paths.data)
        await store.conversations.set_model(program.chat, "ollama/small")
        await store.close()

    asyncio.run(choose())
    action = "print(window.page.model_button.accessibleName()); print(json.dumps(loaded_drawn)); window.close()"
    name, loaded = program.run("drawn", action).out.splitlines()
    assert name == "Model: small"
    late = {"asyncio", "qasync", "ssl", "socket", "aiohttp", "pygments", "parley.engine", "parley.providers"}
    late |= {"parley.ui.handlers", "parley.ui.models.pickers", "parley.ui.composer.spelling"}
    assert not late.intersection(json.loads(loaded))


def test_chat_and_draft_come_in_one_paint_and_stay_where_they_are(program: Program) -> None:
    async def write() -> None:
        store = Store.open(program.paths.data)
        await store.drafts.put(program.chat, "one\ntwo\nthree")
        await store.close()

    asyncio.run(write())
    places = "[widget.geometry().getRect() for widget in (page.composer, page.body, page.transcript.viewport())]"
    action = f"page = window.page; print({places})"
    last = f"page = window.page; print({places}); window.close()"
    drawn, rest = program.run("drawn", action, last).out.splitlines()
    assert drawn == rest


@pytest.mark.parametrize("phase", PHASES[1:])
def test_what_is_sent_and_typed_in_any_phase_is_carried_out_in_order(program: Program, phase: str) -> None:
    action = """
QTest.keyClicks(field, "what is this")
QTest.keyClick(field, Qt.Key.Key_Return)
QTest.keyClicks(field, "and then")
"""
    last = """
def answered():
    tree = window.view.tree
    texts = [message.text for message in tree.branch()] if tree else []
    return len(texts) == 4 and not window.page.composer.answering and field.toPlainText() == "and then"
close_when(answered, window)
"""
    assert program.run(phase, action, last).code == 0
    assert program.messages()[2] == "what is this"
    assert program.draft() == "and then"


@pytest.mark.parametrize("phase", PHASES[1:])
def test_a_command_in_any_phase_is_carried_out(program: Program, phase: str) -> None:
    action = """
QTest.keyClicks(field, "here")
window.actions_["new_chat"].trigger()
QTest.keyClicks(field, "there")
"""
    last = "close_when(lambda: window.background, window)"
    assert program.run(phase, action, last).code == 0
    assert program.draft() == "here"
    store = Store.open(program.paths.data)
    assert json.loads(store.drafts.get(None))["text"] == "there"
    asyncio.run(store.close())
    assert Settings(program.paths.settings).options.last_chat == ""


@pytest.mark.parametrize("phase", ["drawn", "loaded"])
def test_a_click_before_the_loop_finds_the_whole_window(program: Program, phase: str) -> None:
    """A real press on the window, which Qt hands on: all that it may ask for has been made when it comes."""
    action = """
button = window.page.model_button
place = button.mapTo(window, button.rect().center())
QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
print("handlers" in vars(window), window.models.popup.isVisible())
window.models.popup.close()
window.close()
"""
    assert program.run(phase, action).out.split() == ["True", "True"]


@pytest.mark.parametrize("phase", PHASES)
def test_the_window_can_be_closed_in_any_phase(program: Program, phase: str) -> None:
    done = program.run(phase, f'QTest.keyClicks(field, "kept"); {CLOSE}')
    assert done.code == 0
    assert program.draft() == "kept"
    assert Settings(program.paths.settings).options.last_chat == program.chat
    assert not list((program.paths.data / "locks").glob("*.lock"))


@pytest.mark.parametrize("phase", PHASES[1:])
def test_the_program_can_be_left_by_its_command_in_any_phase(program: Program, phase: str) -> None:
    done = program.run(phase, 'QTest.keyClicks(field, "kept"); window.actions_["quit"].trigger()')
    assert done.code == 0
    assert program.draft() == "kept"


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_ends_it_in_any_phase(program: Program, phase: str) -> None:
    done = program.run(phase, 'QTest.keyClicks(field, "kept"); os.kill(os.getpid(), signal.SIGTERM)')
    assert done.code == 0
    assert program.draft() == "kept"
    assert not list((program.paths.data / "locks").glob("*.lock"))


@pytest.mark.parametrize("phase", PHASES[:4])
async def test_an_answer_that_ends_elsewhere_meanwhile_is_shown(paths: Paths, phase: str) -> None:
    program = Program(paths)
    elsewhere = await program.prepare(streaming=True)
    command, env = program.command(
        phase,
        'print("now", flush=True); sys.stdin.readline()',
        'close_when(lambda: window.view.tree and window.view.tree.leaf.text == "said elsewhere", window)',
    )
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"now\n"
    await elsewhere.turns.finish(program.reply, (Text("said elsewhere"),), MessageStatus.COMPLETE)
    process.stdin.write(b"\n")
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, errors.decode()
    await elsewhere.close()


def test_a_chat_that_cannot_be_read_is_told_of(program: Program) -> None:
    done = program.run(
        "painted",
        """
from parley.errors import StoreUnreadable
conversations = window._services.store.conversations
def unreadable(*arguments):
    raise StoreUnreadable(path="parley.db", detail="damaged")
vars(conversations).update(newest=unreadable)
""",
        """
print(window.view.shown_id, window.page.notices.texts, flush=True)
window.close()
""",
    )
    assert done.code == 0
    assert done.out.startswith("None")
    assert "parley.db is damaged" in done.out
