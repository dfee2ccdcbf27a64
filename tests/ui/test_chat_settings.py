"""What a chat has of its own: the sheet, what is sent, what is kept, and what is said of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from parley.main import open_services
from parley.messages import Conversation
from parley.models import NO_PARAMETERS, Parameters
from parley.options import ProviderRow
from parley.ui.chat.chat_setup import ChatSetup
from parley.ui.chat.setup_editors import Amount, Efforts, Scale, Words, read_stops, written_stops
from parley.ui.chat.setup_form import SetupForm
from parley.ui.chat.setup_rows import SetupRow
from parley.ui.preferences.editors import Switch
from tests.fakes import FakeOpenAI, Reply
from tests.peers.replies import LONG_WORDS
from tests.ui.conftest import Desk
from tests.ui.test_keyboard import focusable, nameless
from tests.ui.test_message_commands import press_in_foot, shown

LEFT = Qt.MouseButton.LeftButton
ALL = {"instruction", "temperature", "top_p", "max_tokens", "seed", "stop", "effort", "json"}


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    """A server with models that say what they take, and one of which nobody knows."""
    async with FakeOpenAI("plain", "sampled", "thinker") as server:
        server.models[1]["supported_parameters"] = ["temperature", "top_p", "max_tokens", "stop"]
        server.models[2]["supported_parameters"] = ["max_tokens", "reasoning_effort", "response_format", "seed"]
        yield server


@pytest.fixture
async def with_server(desk: Desk, server: FakeOpenAI) -> Desk:
    """The desk, with the server's first model for new chats."""
    desk.services.settings.update(providers=(ProviderRow("fake", server.url),), default_model="fake/plain")
    await desk.services.catalog.models(refresh=True)
    desk.window.models.refresh()
    return desk


def form(desk: Desk) -> SetupForm:
    return desk.window.chat_settings.sheet.form


def open_sheet(desk: Desk) -> SetupForm:
    desk.press("Ctrl+Shift+I", on=desk.window)
    assert desk.window.chat_settings.sheet.isVisible()
    return form(desk)


def row(desk: Desk, name: str) -> SetupRow:
    found = form(desk).rows[name]
    form(desk).ensureWidgetVisible(found)
    return found


def field(desk: Desk, name: str) -> QLineEdit:
    editor = row(desk, name).editor
    if isinstance(editor, Scale):
        return editor.number.field
    assert isinstance(editor, Amount)
    return editor.field


def lines(desk: Desk, name: str) -> QPlainTextEdit:
    editor = row(desk, name).editor
    assert isinstance(editor, Words)
    return editor.field


def write_lines(desk: Desk, name: str, *texts: str) -> None:
    """Type lines into a field of several."""
    for number, text in enumerate(texts):
        if number:
            desk.press("Return", on=lines(desk, name))
        QTest.keyClicks(lines(desk, name), text)


def type_into(desk: Desk, name: str, text: str) -> None:
    """Put the caret into a field, and write over what is there."""
    where = field(desk, name)
    where.setFocus()
    where.selectAll()
    QTest.keyClicks(where, text)
    desk.press("Return", on=where)


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, widget.rect().center())


def offered(desk: Desk) -> set[str]:
    return {name for name, found in form(desk).rows.items() if found.isVisibleTo(form(desk))}


def kept(desk: Desk) -> Conversation:
    return desk.services.store.conversations.get(desk.window.view.shown_id or "")


def sent(server: FakeOpenAI) -> dict[str, Any]:
    """Return the last request for an answer."""
    return next(request.json for request in reversed(server.requests) if request.method == "POST")


async def choose_model(desk: Desk, model: str) -> None:
    desk.window.models.popup.chosen.emit(model)
    await desk.until(lambda: desk.window.models.current == model)


async def test_what_is_set_for_a_new_chat_goes_with_its_first_message(with_server: Desk, server: FakeOpenAI) -> None:
    desk = with_server
    open_sheet(desk)
    assert QApplication.focusWidget() is lines(desk, "instruction")
    QTest.keyClicks(lines(desk, "instruction"), "Be brief.")
    type_into(desk, "temperature", "0.3")
    type_into(desk, "max_tokens", "77")
    type_into(desk, "seed", "0")
    efforts, switch = row(desk, "effort").editor, row(desk, "json").editor
    assert isinstance(efforts, Efforts)
    assert isinstance(switch, Switch)
    click(efforts.buttons["low"])
    click(switch.box)
    write_lines(desk, "stop", "END", r"\n\nUser:")
    assert desk.services.settings.options.new_chat
    await desk.say("Hi, as JSON")  # the sheet stays open, and what was being typed is taken
    await desk.answered()
    body = sent(server)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert {name: body[name] for name in ("temperature", "max_tokens", "seed", "stop", "reasoning_effort")} == {
        "temperature": 0.3, "max_tokens": 77, "seed": 0, "stop": ["END", "\n\nUser:"], "reasoning_effort": "low",
    }  # fmt: skip
    assert body["response_format"] == {"type": "json_object"}
    assert "top_p" not in body
    assert kept(desk).instruction == "Be brief."
    assert kept(desk).parameters == Parameters(
        temperature=0.3, max_tokens=77, seed=0, stop=("END", "\n\nUser:"), effort="low", json=True
    )
    assert form(desk).isVisible()
    assert lines(desk, "instruction").toPlainText() == "Be brief."
    desk.press("Ctrl+N", on=desk.window)
    assert lines(desk, "instruction").toPlainText() == ""  # the next chat begins as they come
    assert field(desk, "temperature").text() == ""
    assert desk.services.settings.options.new_chat == ""


async def test_a_new_chat_keeps_its_own_while_others_are_looked_at_and_over_a_restart(with_server: Desk) -> None:
    desk = with_server
    await desk.say("first")
    await desk.answered()
    first = desk.window.view.shown_id
    desk.press("Ctrl+N", on=desk.window)
    open_sheet(desk)
    QTest.keyClicks(lines(desk, "instruction"), "Be kind.")
    type_into(desk, "top_p", "0.5")
    QTest.keyClicks(lines(desk, "instruction"), " And brief.")  # not saved yet
    desk.window.open_chat(first)
    assert lines(desk, "instruction").toPlainText() == ""
    assert kept(desk).instruction == ""
    assert not desk.window.chat_settings.mark.isVisible()
    desk.press("Ctrl+N", on=desk.window)
    assert lines(desk, "instruction").toPlainText() == "Be kind. And brief."
    assert desk.window.chat_settings.mark.isVisible()
    await desk.reopen()
    desk.press("Ctrl+N", on=desk.window)
    open_sheet(desk)
    assert lines(desk, "instruction").toPlainText() == "Be kind. And brief."
    assert field(desk, "top_p").text() == "0.5"


async def test_a_chat_is_changed_from_its_next_answer_on(with_server: Desk, server: FakeOpenAI) -> None:
    desk = with_server
    await desk.say("first")
    await desk.answered()
    mark = desk.window.chat_settings.mark
    assert not mark.isVisible()
    open_sheet(desk)
    type_into(desk, "temperature", "0.3")
    type_into(desk, "top_p", "0.9")  # before the first one is on the disk
    type_into(desk, "seed", "5")
    await desk.until(lambda: kept(desk).parameters == Parameters(temperature=0.3, top_p=0.9, seed=5))
    assert mark.isVisible()
    await desk.say("second")
    await desk.answered()
    assert (sent(server)["temperature"], sent(server)["top_p"], sent(server)["seed"]) == (0.3, 0.9, 5)
    for name in ("temperature", "top_p", "seed"):
        assert row(desk, name).reset_button.isVisible()
        click(row(desk, name).reset_button)
        assert field(desk, name).text() == ""
        assert not row(desk, name).reset_button.isVisible()
    await desk.until(lambda: kept(desk).parameters == NO_PARAMETERS)
    assert not mark.isVisible()
    QTest.keyClicks(lines(desk, "instruction"), "In French.")
    await desk.until(lambda: kept(desk).instruction == "In French.")
    assert mark.isVisible()
    click(mark)
    assert not desk.window.chat_settings.sheet.isVisible()
    click(mark)
    assert desk.window.chat_settings.sheet.isVisible()


async def test_what_is_no_value_says_why_below_the_field(with_server: Desk) -> None:
    desk = with_server
    open_sheet(desk)
    for name, wrong, words in (
        ("temperature", "3", "A number from 0 to 2."),
        ("top_p", "much", "A number from 0 to 1."),
        ("max_tokens", "0", f"A whole number from 1 to {QLocale().toString(10_000_000)}."),
        ("seed", "1.5", f"A whole number from 0 to {QLocale().toString(2**31 - 1)}."),
    ):
        type_into(desk, name, wrong)
        assert (row(desk, name).problem.text(), row(desk, name).problem.isVisible()) == (words, True)
        desk.press("Esc", on=field(desk, name))
        assert field(desk, name).text() == ""
        assert not row(desk, name).problem.isVisible()
    lines(desk, "stop").setFocus()
    write_lines(desk, "stop", *"abcde")
    await desk.until(row(desk, "stop").problem.isVisible)
    assert desk.services.settings.options.new_chat == ""
    desk.press("Backspace", on=lines(desk, "stop"))
    await desk.until(lambda: not row(desk, "stop").problem.isVisible())
    assert desk.services.settings.options.new_chat != ""


async def test_only_what_the_model_takes_is_offered(with_server: Desk, server: FakeOpenAI) -> None:
    desk = with_server
    await desk.say("first")
    await desk.answered()
    open_sheet(desk)
    assert offered(desk) == ALL
    assert form(desk).remark.text() == "It is not known which of these plain takes."
    await choose_model(desk, "fake/sampled")
    assert offered(desk) == {"instruction", "temperature", "top_p", "max_tokens", "stop"}
    assert not form(desk).remark.isVisible()
    type_into(desk, "temperature", "0.4")
    await choose_model(desk, "fake/thinker")
    assert offered(desk) == {"instruction", "temperature", "max_tokens", "effort", "json", "seed"}
    assert row(desk, "temperature").note.text() == "Kept, but not sent: thinker does not take it."
    assert field(desk, "temperature").text() == "0.4"
    type_into(desk, "seed", "3")
    await desk.until(lambda: kept(desk).parameters == Parameters(temperature=0.4, seed=3))
    await desk.say("second")
    await desk.answered()
    assert sent(server)["model"] == "thinker"
    assert (sent(server).get("temperature"), sent(server)["seed"]) == (None, 3)
    click(row(desk, "temperature").reset_button)
    assert "temperature" not in offered(desk)
    await choose_model(desk, "guide/manual")
    assert offered(desk) == {"instruction", "seed"}
    assert form(desk).remark.text() == "Guide to Parley takes no parameters."


async def test_the_slider(with_server: Desk) -> None:
    desk = with_server
    open_sheet(desk)
    scale = row(desk, "temperature").editor
    assert isinstance(scale, Scale)
    slider = scale.slider
    assert slider.property("unset") is True
    slider.setFocus()
    desk.press("Right", on=slider)
    assert (field(desk, "temperature").text(), slider.property("unset")) == ("1.05", False)
    desk.press("Home", on=slider)
    assert field(desk, "temperature").text() == "0"
    click(row(desk, "temperature").reset_button)
    assert (field(desk, "temperature").text(), slider.value(), slider.property("unset")) == ("", 100, True)
    before = desk.services.settings.options.new_chat
    middle = slider.rect().center()
    QTest.mousePress(slider, LEFT, Qt.KeyboardModifier.NoModifier, middle)
    QTest.mouseMove(slider, middle + QPoint(slider.width() // 4, 0))
    assert float(field(desk, "temperature").text()) > 1.2
    assert desk.services.settings.options.new_chat == before  # it is taken where it is let go
    QTest.mouseRelease(slider, LEFT, Qt.KeyboardModifier.NoModifier, middle + QPoint(slider.width() // 4, 0))
    assert f'"temperature": {field(desk, "temperature").text()}' in desk.services.settings.options.new_chat


async def test_the_instruction_of_the_settings_is_the_usual_one(with_server: Desk, server: FakeOpenAI) -> None:
    desk = with_server
    desk.services.settings.update(instruction="Be brief.")
    open_sheet(desk)
    mark = desk.window.chat_settings.mark
    assert lines(desk, "instruction").toPlainText() == "Be brief."
    assert not mark.isVisible()
    lines(desk, "instruction").selectAll()
    desk.press("Backspace", on=lines(desk, "instruction"))
    await desk.until(mark.isVisible)
    await desk.say("without any")
    await desk.answered()
    assert [message["role"] for message in sent(server)["messages"]] == ["user"]
    assert kept(desk).instruction == ""
    assert not mark.isVisible()  # as one that was begun before there was one
    click(row(desk, "instruction").reset_button)
    await desk.until(lambda: kept(desk).instruction == "Be brief.")
    desk.press("Ctrl+N", on=desk.window)
    await desk.say("with the usual one")
    await desk.answered()
    assert sent(server)["messages"][0]["content"] == "Be brief."


async def test_the_sheet_goes_and_comes_by_key(with_server: Desk) -> None:
    desk = with_server
    sheet, composer = desk.window.chat_settings.sheet, desk.window.page.composer.field
    composer.setFocus()
    open_sheet(desk)
    desk.press("Esc")
    assert not sheet.isVisible()
    assert QApplication.focusWidget() is composer
    open_sheet(desk)
    desk.press("Ctrl+Shift+I")
    assert not sheet.isVisible()
    assert QApplication.focusWidget() is composer
    open_sheet(desk)
    composer.setFocus()
    gone_through = 0
    while QApplication.focusWidget() is not lines(desk, "instruction"):
        desk.press("Shift+F6")
        gone_through += 1
        assert gone_through < 6
    click(sheet.button)
    assert not sheet.isVisible()
    assert desk.window.page.body.contentsMargins().right() == 0


async def test_every_control_has_a_name(with_server: Desk) -> None:
    desk = with_server
    sheet = desk.window.chat_settings.sheet
    open_sheet(desk)
    assert len(list(focusable(sheet))) > 15
    assert nameless(sheet) == []
    assert QAccessible.queryAccessibleInterface(sheet).text(QAccessible.Text.Name) == "Chat settings"


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
async def test_the_conversation_makes_room(with_server: Desk, direction: Qt.LayoutDirection) -> None:
    desk = with_server
    desk.app.setLayoutDirection(direction)
    try:
        desk.window.setLayoutDirection(direction)
        open_sheet(desk)
        body, sheet, welcome = desk.window.page.body, desk.window.chat_settings.sheet, desk.window.page.welcome
        await desk.until(lambda: welcome.width() == body.width() - sheet.width())
        assert not sheet.geometry().intersects(welcome.geometry())
        assert (sheet.x() > welcome.x()) is (direction is Qt.LayoutDirection.LeftToRight)
        title = next(label for label in sheet.findChildren(QLabel) if label.text() == "Chat settings")
        absolute = title.alignment() & (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
        assert bool(absolute) is (direction is Qt.LayoutDirection.RightToLeft)  # in whatever language
        composer = desk.window.page.composer
        await desk.until(lambda: not composer.geometry().adjusted(0, -99, 0, 0).intersects(sheet.geometry()))
        await desk.say("hello")
        await desk.answered()
        transcript = desk.window.page.transcript
        await desk.until(lambda: transcript.geometry() == welcome.geometry())
        left, width = transcript.column()
        assert composer.x() == transcript.viewport().mapTo(desk.window.page, QPoint(left, 0)).x()
        assert composer.width() == width
        desk.window.resize(360, 600)
        await desk.until(lambda: sheet.width() == body.width() == transcript.width())
        assert form(desk).horizontalScrollBar().maximum() == 0
    finally:
        desk.app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def test_what_another_process_sets_is_shown(with_server: Desk) -> None:
    desk = with_server
    await desk.say("first")
    await desk.answered()
    open_sheet(desk)
    other = open_services(desk.paths)
    try:
        await other.store.conversations.set_parameters(kept(desk).id, Parameters(seed=9))
        await desk.until(lambda: field(desk, "seed").text() == "9")
    finally:
        await other.close()


async def test_what_was_being_typed_when_the_window_closes_is_kept(with_server: Desk) -> None:
    desk = with_server
    await desk.say("first")
    await desk.answered()
    id = kept(desk).id
    open_sheet(desk)
    QTest.keyClicks(lines(desk, "instruction"), "Almost lost.")
    await desk.reopen()
    assert desk.services.store.conversations.get(id).instruction == "Almost lost."


async def test_what_cannot_be_saved_says_so(with_server: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = with_server
    open_sheet(desk)
    settings = desk.services.settings
    settings.update(welcomed=True)
    folder = Path(settings._path)
    folder.unlink()
    folder.mkdir()  # nothing can be put in its place
    (folder / "x").touch()
    type_into(desk, "temperature", "0.3")
    assert row(desk, "temperature").problem.isVisible()
    assert field(desk, "temperature").text() in ("", "0.3")
    (folder / "x").unlink()
    folder.rmdir()
    type_into(desk, "temperature", "0.4")
    assert not row(desk, "temperature").problem.isVisible()
    assert "0.4" in settings.options.new_chat


async def test_a_short_answer_of_the_real_model_goes_on(desk: Desk) -> None:
    open_sheet(desk)
    type_into(desk, "max_tokens", "4")
    await desk.say("/long")
    await desk.answered()
    assert shown(desk)[1].text == "".join(LONG_WORDS)
    foot = desk.window.page.transcript.row_at(1).foot
    assert foot.state_words() == "The answer was cut off at the length limit."
    reply = shown(desk)[1].id
    desk.press("Esc", on=desk.window.chat_settings.sheet)
    press_in_foot(desk, 1, "continue")
    await desk.until(lambda: (usage := shown(desk)[1].usage) and usage.output_tokens == 8)  # the same length again
    await desk.answered()
    assert shown(desk)[1].id == reply
    assert shown(desk)[1].text.startswith("".join(LONG_WORDS))
    assert len(shown(desk)[1].text) > len("".join(LONG_WORDS))
    assert shown(desk)[1].cut_off


async def test_an_answer_that_was_filtered_says_so(with_server: Desk, server: FakeOpenAI) -> None:
    desk = with_server
    server.reply = Reply(("The secret is",), reason="content_filter")
    await desk.say("Tell")
    await desk.answered()
    foot = desk.window.page.transcript.row_at(1).foot
    assert "safety" in foot.state_words()
    with pytest.raises(StopIteration):
        press_in_foot(desk, 1, "continue")


@pytest.mark.parametrize("stops", [(), ("END",), ("\n\n", "\\n", "a\tb", "\r"), ("\\", "\\\\n", "\\\n")])
def test_stops_are_written_on_lines(stops: tuple[str, ...]) -> None:
    assert read_stops(written_stops(stops)) == stops
    assert len(written_stops(stops).splitlines()) == len(stops)


@pytest.mark.parametrize(
    "setup", [ChatSetup(), ChatSetup(""), ChatSetup("Be\nbrief."), ChatSetup(None, Parameters(stop=("a",), seed=0))]
)
def test_what_a_new_chat_has_is_kept(setup: ChatSetup) -> None:
    assert ChatSetup.from_stored(setup.to_stored()) == setup


@pytest.mark.parametrize("stored", ["", "{", "[]", "null", '{"instruction": 7, "parameters": {}}', '{"parameters": 1}'])
def test_what_is_not_known_is_not_guessed(stored: str) -> None:
    assert ChatSetup.from_stored(stored) == ChatSetup()
