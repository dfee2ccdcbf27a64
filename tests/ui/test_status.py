"""Tokens, speed and context: what is counted, what is guessed, and where it is said."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QLocale, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from parley.context import tokens_in
from parley.messages import Message, MessageStatus, Reasoning, Role, Text, Usage
from parley.ui.chat.figures import NEAR, Figures, Tally, figures_of
from parley.ui.chat.status_line import StatusLine, context_size, short_number
from tests.ui.conftest import Desk, click_row

LEFT = Qt.MouseButton.LeftButton


def said(id: str, role: Role, text: str, usage: Usage | None = None, thought: str = "") -> Message:
    parts = ((Reasoning(thought),) if thought else ()) + (Text(text),)
    return Message(id, "c", None, role, parts, MessageStatus.COMPLETE, 0.0, "a/b", usage)


def figures(branch: Sequence[Message], context: int | None = None, *, whole: bool = True) -> Figures:
    return figures_of(Tally(branch), context=context, whole=whole)


def test_the_provider_counts_and_we_add_up() -> None:
    branch = [
        said("q", Role.USER, "question"),
        said("a", Role.ASSISTANT, "answer", Usage(10, 20, 0.5, 2.5)),
        said("q2", Role.USER, "more"),
        said("a2", Role.ASSISTANT, "answer", Usage(40, 30, 0.5, 2.5)),
    ]
    found = figures(branch, 700)
    assert (found.used, found.about, found.share) == (70, False, 0.1)
    assert (found.total_in, found.total_out) == (50, 50)
    assert found.last is not None
    assert found.last.tokens_per_second == 15
    assert (found.left_out, found.first_seen) == (0, "")
    assert figures(branch).share is None


def test_what_nobody_counted_is_guessed() -> None:
    branch = [said("q", Role.USER, "x" * 300), said("a", Role.ASSISTANT, "y" * 300)]
    found = figures(branch)
    assert found.about
    assert found.used == 208
    thought = said("a", Role.ASSISTANT, "y" * 100, Usage(100, 200), thought="z" * 300)
    assert (figures([branch[0], thought]).used, figures([branch[0], thought]).about) == (150, True)
    assert figures([]).used == 0


def test_what_no_longer_fits_is_told() -> None:
    branch = [
        said(f"m{number}", Role.ASSISTANT if number % 2 else Role.USER, "words " * 50, Usage(10, 10))
        for number in range(20)
    ]
    found = figures(branch, 600)
    assert found.left_out == 16
    assert found.first_seen == "m16"


def test_what_came_since_the_last_count_is_added_as_a_guess() -> None:
    branch = [said("a", Role.ASSISTANT, "answer", Usage(400, 100)), said("q", Role.USER, "x" * 300)]
    assert (figures(branch).used, figures(branch).about) == (604, True)


def test_a_count_of_the_provider_goes_before_a_later_guess() -> None:
    counted = said("a", Role.ASSISTANT, "answer", Usage(400, 100))
    stopped = said("b", Role.ASSISTANT, "y" * 300, Usage(20, 100, estimated=True))
    branch = [counted, said("q", Role.USER, "x" * 300), stopped]
    assert (figures(branch).used, figures(branch).about) == (708, True)
    assert figures(branch[1:]).used == 208


def test_while_older_messages_are_still_to_come_only_what_is_known_is_told() -> None:
    counted = [said("q", Role.USER, "question"), said("a", Role.ASSISTANT, "answer", Usage(500, 20))]
    found = figures(counted, 8000, whole=False)
    assert (found.used, found.total_in, found.total_out, found.left_out) == (520, 0, 0, 0)
    assert figures([said("q", Role.USER, "question")], 8000, whole=False).used == 0
    many = [said(f"m{number}", Role.USER, "words " * 50) for number in range(20)]
    found = figures(many, 600, whole=False)
    assert (found.first_seen, found.left_out) == ("m16", 0)
    assert found.used == 4 * 104


def test_the_tally_follows_whatever_changes() -> None:
    usage = Usage(10, 5)
    branch = [
        said(f"m{number}", Role.ASSISTANT if number % 2 else Role.USER, "word " * number, usage) for number in range(60)
    ]
    coming = replace(branch[9], status=MessageStatus.STREAMING)
    tally = Tally()
    states: tuple[list[Message], ...] = (
        branch[40:],
        branch[20:],
        branch,
        [*branch, said("q", Role.USER, "more")],
        [*branch[:9], coming, *branch[10:]],
        branch[:30] + branch[31:],
        branch[:5],
        [said("other", Role.USER, "another conversation")],
        [],
        branch,
    )
    for state in states:
        tally.take(state)
        anew = Tally(state)
        assert (tally.spoken, tally.tokens) == (anew.spoken, anew.tokens)
        assert (tally.total_in, tally.total_out) == (anew.total_in, anew.total_out)
    assert tally.total_in == 300


@pytest.mark.parametrize(("words", "context", "reached"), [(1, 32_000, 0), (1, None, 0), (300, 32_000, 100)])
def test_a_turn_costs_what_has_changed_and_what_the_context_reaches(
    monkeypatch: pytest.MonkeyPatch, words: int, context: int | None, reached: int
) -> None:
    """Guard what is done in a conversation of thousands of messages: by the texts that are measured."""
    branch = [said(f"m{n}", Role.ASSISTANT if n % 2 else Role.USER, "word " * words) for n in range(4000)]
    tally = Tally(branch)
    measured: list[str] = []

    def counted(text: str) -> int:
        measured.append(text)
        return tokens_in(text)

    monkeypatch.setattr("parley.context.tokens_in", counted)
    monkeypatch.setattr("parley.ui.chat.figures.tokens_in", counted)
    tally.take([*branch, said("q", Role.USER, "question")])
    assert measured == ["question"]
    figures_of(tally, context=context)
    assert len(measured) <= NEAR + 2 * reached + 5


@pytest.mark.parametrize(
    ("number", "words"),
    [(7, "7"), (999, "999"), (1000, "1k"), (2130, "2.1k"), (9960, "10k"), (32_768, "33k"), (1_200_000, "1.2M")],
)
def test_numbers_are_short(number: int, words: str) -> None:
    QLocale.setDefault(QLocale("en_GB"))
    assert short_number(number) == words
    assert [context_size(size) for size in (8192, 131_072, 200_000, 2**20)] == ["8k", "128k", "200k", "1M"]
    QLocale.setDefault(QLocale.system())


async def chat(desk: Desk, words: str, count: int) -> None:
    turns = desk.services.store.turns
    chat = None
    for _ in range(count):
        conversation, _, reply = await turns.begin(
            conversation_id=chat, title="Bread", parts=(Text(words),), model="tiny/tiny"
        )
        chat = conversation.id
        usage = Usage(2000, 100, 0.5, 4.5)
        await turns.finish(reply.id, (Text(words),), MessageStatus.COMPLETE, usage)
    click_row(desk.window.sidebar.list, desk.titles.index("Bread"))


def line_of(desk: Desk) -> StatusLine:
    return desk.window.page.status_line


async def test_the_line_tells_the_context_and_its_details(desk: Desk) -> None:
    line = line_of(desk)
    assert not line.isVisible()
    await chat(desk, "hello", 2)
    await desk.until(lambda: line.words == "2.1k of 32k context")  # once the server has told its context
    assert line.isVisible()
    assert line.accessibleName() == line.words
    line.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(line, Qt.Key.Key_Space)
    popup = line.popup
    assert popup is not None
    await desk.until(popup.isVisible)
    told = [label.text().strip("\u2068\u2069").replace(",", "") for label in popup.findChildren(QLabel)]
    assert told == [
        *("Context", "2100 of 32768 tokens (6 %)"),
        *("Last answer", "2000 tokens in 100 out"),
        *("Speed", "25 tokens/s"),
        *("This conversation", "4000 tokens in 200 out"),
    ]
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    desk.press("Ctrl+N")
    assert not line.isVisible()


async def test_a_full_context_is_told_where_it_begins(desk: Desk) -> None:
    await chat(desk, "many words " * 1000, 12)
    line, view = line_of(desk), desk.window.page.transcript
    await desk.until(lambda: view.seen_from)
    index = view.book.index_of(view.seen_from)
    assert index > 0
    assert f"{index} of the oldest messages" in line.toolTip()
    view.reveal(index, 0, 0)
    before = view.viewport().grab().toImage()
    view.show_seen_from("")
    assert view.viewport().grab().toImage() != before


async def test_an_answer_that_comes_is_counted_live_and_seldom(desk: Desk) -> None:
    line = line_of(desk)
    await desk.say("/long")
    await desk.until(lambda: "about" in line.words and "tokens/s" in line.words)
    before, transcript = line.words, desk.window.page.transcript
    for _ in range(1000):  # as many frames: none of them counts anything
        transcript.changed.emit(transcript.messages[-1].id)
    assert line.words == before
    await desk.until(lambda: line.words != before)
    desk.press("Ctrl+.")
    await desk.answered()
    await desk.until(lambda: "tokens/s" not in line.words)


async def test_the_line_is_short_where_there_is_no_room(desk: Desk) -> None:
    await chat(desk, "hello", 1)
    line = line_of(desk)
    await desk.until(lambda: "context" in line.words)
    wide = line.width()
    desk.window.resize(360, 600)
    await desk.until(lambda: line.width() < wide)
    composer = desk.window.page.composer
    corner = line.mapTo(composer, line.rect().topLeft())
    assert composer.rect().contains(QRect(corner, line.size()))


async def test_a_long_conversation_is_told_in_full_once_it_has_come(desk: Desk) -> None:
    await chat(desk, "hello", 100)
    line, transcript = line_of(desk), desk.window.page.transcript
    await desk.until(lambda: transcript.loaded)

    def told() -> str:
        return line.accessibleDescription().replace(",", "").replace("\u2068", "").replace("\u2069", "")

    await desk.until(lambda: "This conversation: 200000 tokens in 10000 out" in told())
