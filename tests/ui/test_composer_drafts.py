"""Drafts: what is written is there after a restart and after a kill, until it is sent; then never again."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QApplication, QPushButton

from parley.errors import StoreError
from parley.store import Store
from parley.ui.composer.drafts import FOLD_CHARACTERS, Draft, Drafts
from parley.ui.tasks import Tasks
from tests.conftest import Until
from tests.peers.replies import DEFAULT
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat, row_of

READ = """
import sys
from pathlib import Path
from parley.store import Store
store = Store.open(Path(sys.argv[1]))
print(store.drafts.get(None))
"""
WRITE = """
import asyncio, sys
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from parley.main import open_services
from parley.paths import Paths
from parley.ui.desktop import application
from parley.ui.appearance.look import Look
from parley.ui.program.loop import Loop
from parley.ui.window import Window

async def live(app):
    services = open_services(Paths(Path(sys.argv[1])))
    window = Window(services, Look(app))
    window.show()
    window.start()
    QTest.keyClicks(window.page.composer.field, "typed before the kill")
    while not services.store.drafts.get(None):
        await asyncio.sleep(0.01)
    print("kept", flush=True)
    await asyncio.sleep(600)

app = application()
with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
    runner.run(live(app))
"""


def stored(desk: Desk, place: str | None = None) -> Draft:
    return Draft.from_stored(desk.services.store.drafts.get(place))


def paste(desk: Desk, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    QApplication.clipboard().setMimeData(data)
    desk.press("Ctrl+V", on=desk.window.page.composer.field)


async def test_what_is_written_is_there_after_a_restart(desk: Desk) -> None:
    one = await past_chat(desk, "A", "one", "1")
    desk.write("for nobody yet")
    click_row(desk.window.sidebar.list, row_of(desk, "A"))
    desk.write("for A")
    long = "pasted " * FOLD_CHARACTERS
    paste(desk, long)
    await desk.reopen()
    composer = desk.window.page.composer
    assert desk.window.view.shown_id == one
    assert composer.draft == Draft("for A", (long,))
    assert any("Pasted text" in button.text() for button in composer.findChildren(QPushButton))
    desk.press("Ctrl+N", on=desk.window)
    assert composer.draft == Draft("for nobody yet")


async def test_it_is_saved_while_one_writes_and_when_one_looks_elsewhere(desk: Desk) -> None:
    field = desk.window.page.composer.field
    desk.write("soon")
    assert stored(desk).empty, "not at every key"
    await desk.until(lambda: stored(desk).text == "soon")
    desk.write("er")
    desk.window.sidebar.search.setFocus()
    assert not field.hasFocus()
    await desk.until(lambda: stored(desk).text == "sooner")
    field.clear()
    await desk.until(lambda: desk.services.store.drafts.get(None) == "")


async def test_opening_a_chat_writes_nothing(desk: Desk) -> None:
    for title in ("A", "B"):
        await past_chat(desk, title, "one", "1")
    desk.write("here")
    await desk.until(lambda: stored(desk).text == "here")
    query = "SELECT max(updated_at) FROM drafts"
    before = await desk.services.store.write(lambda connection: connection.execute(query).fetchone())
    for title in ("A", "B"):
        click_row(desk.window.sidebar.list, row_of(desk, title))
    desk.press("Ctrl+N", on=desk.window)
    assert desk.window.page.composer.draft.text == "here"
    await desk.window.view.outbox.close()
    assert await desk.services.store.write(lambda connection: connection.execute(query).fetchone()) == before


async def test_what_was_sent_never_comes_back(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    place = desk.window.view.shown_id
    desk.write("again")
    await desk.until(lambda: stored(desk, place).text == "again")
    desk.write(" and again")
    desk.press("Return", on=desk.window.page.composer.field)
    await desk.until(lambda: len(desk.texts) == 4)
    await desk.answered()
    await desk.reopen()
    assert desk.window.page.composer.draft.empty
    desk.window.view.open(place)
    assert desk.window.page.composer.draft.empty
    assert desk.texts[2:] == ["again and again", DEFAULT]


async def test_what_could_not_be_sent_is_still_a_draft(desk: Desk) -> None:
    desk.services.settings.update(default_model="nobody/nothing")
    desk.write("precious words")
    desk.press("Return", on=desk.window.page.composer.field)
    await desk.until(lambda: desk.window.page.composer.error)
    await desk.reopen()
    assert desk.window.page.composer.draft.text == "precious words"


async def test_a_question_of_the_welcome_leaves_the_draft_alone(desk: Desk) -> None:
    desk.write("half a thought")
    desk.window.view.ask("hello")
    await desk.answered()
    assert desk.texts == ["hello", DEFAULT]
    assert desk.window.page.composer.draft.empty
    desk.press("Ctrl+N", on=desk.window)
    assert desk.window.page.composer.draft.text == "half a thought"


@pytest.mark.skipif(sys.platform == "win32", reason="kills like POSIX")
async def test_a_draft_survives_a_kill(desk: Desk) -> None:
    await desk.close()
    command = [sys.executable, "-c", WRITE, str(desk.paths.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.kill()
    done = subprocess.run(
        [sys.executable, "-c", READ, str(desk.paths.data)], capture_output=True, text=True, check=True
    )
    assert Draft.from_stored(done.stdout.strip()).text == "typed before the kill"
    await desk.open()
    assert desk.window.page.composer.draft.text == "typed before the kill"


async def test_a_full_disk_is_told_once_and_the_text_stays(desk: Desk) -> None:
    def limit(pages: int) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    notices = desk.window.page.notices
    field = desk.window.page.composer.field
    await desk.services.store.write(limit(1))
    field.setPlainText("word " * 20_000)
    await desk.until(lambda: notices.texts == ["What you are writing is not saved yet."])
    desk.write("more")
    await desk.window.view.outbox.close()
    assert len(notices.texts) == 1
    assert field.toPlainText().startswith("moreword")
    await desk.services.store.write(limit(1_000_000))
    desk.write("!")
    await desk.until(lambda: stored(desk).text.startswith("more!word"))


async def test_of_two_that_save_the_newer_one_stays(store: Store, qapp: QApplication, until: Until) -> None:
    problems: list[StoreError] = []
    tasks = Tasks(lambda error: pytest.fail(str(error)))
    drafts = Drafts(store, tasks, problems.append, qapp)
    for number in range(20):
        drafts.keep(None, Draft(f"word {number}"))
        drafts.save()
    await drafts.saved()
    await until(lambda: not tasks.busy)
    assert store.drafts.get(None) == Draft("word 19").to_stored()
    drafts.keep("purged", Draft("for nobody"))
    await drafts.saved()
    assert drafts.get("purged").empty
    assert problems == []
    drafts.deleteLater()


@pytest.mark.parametrize("text", ["plain words", "[1]", '{"text": 1}', '{"text": "a", "pasted": [1]}', "{", '"x"'])
def test_a_draft_of_another_version_is_taken_as_text(text: str) -> None:
    assert Draft.from_stored(text) == Draft(text)


def test_a_draft_is_stored_and_read() -> None:
    for draft in (Draft(), Draft("a\n“b”"), Draft("", ("x", "y"))):
        assert Draft.from_stored(draft.to_stored()) == draft
    assert json.loads(Draft("é").to_stored())["text"] == "é"
    assert Draft("b").after("a") == Draft("a\n\nb")
    assert Draft("").after("a") == Draft("a")
    assert Draft("b", ("c",)).after("x" * (FOLD_CHARACTERS + 1)) == Draft("b", ("x" * (FOLD_CHARACTERS + 1), "c"))


async def test_what_is_typed_while_a_message_is_on_its_way_is_not_lost(desk: Desk) -> None:
    field = desk.window.page.composer.field
    desk.write("first")
    desk.press("Return", on=field)
    assert field.isReadOnly()
    desk.write("second!")
    desk.press("Backspace", on=field)
    desk.press("Return", on=field)
    desk.write("third")
    assert field.toPlainText() == "first"
    await desk.until(lambda: field.toPlainText() == "third")
    await desk.until(lambda: [text for text in desk.texts if text in ("first", "second")] == ["first", "second"])
    assert not field.isReadOnly()


async def test_what_is_typed_ahead_stays_with_its_chat(desk: Desk) -> None:
    one = await past_chat(desk, "A", "one", "1")
    await past_chat(desk, "B", "two", "2")
    desk.window.open_chat(one)
    desk.write("sent")
    desk.press("Return", on=desk.window.page.composer.field)
    desk.write("for A")
    click_row(desk.window.sidebar.list, row_of(desk, "B"))
    await desk.until(lambda: desk.services.engine.running(one) is None and stored(desk, one).text == "for A")
    assert desk.window.page.composer.draft.empty
    desk.window.open_chat(one)
    assert desk.window.page.composer.draft.text == "for A"
