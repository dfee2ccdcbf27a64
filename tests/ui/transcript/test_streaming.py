"""Replies that are being written: what they show meanwhile, and that they end as if they had come at once."""

import random
from itertools import pairwise

import pytest
from PySide6.QtGui import QGuiApplication

from parley.events import (
    Failed,
    Finished,
    ReasoningDelta,
    Started,
    Status,
    Stopped,
    TextDelta,
    ToolCalled,
    ToolFinished,
    ToolStarted,
)
from parley.messages import Failure, MessageStatus, ToolCall, ToolResult
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.furniture import Foot
from parley.ui.transcript.live import PORTION
from parley.ui.transcript.textcell import BlockCell
from tests.render.test_splitter import DOCUMENTS
from tests.ui.transcript.conftest import USAGE, Sight, answer, streaming, talk, until, user


def begun(sight: Sight) -> None:
    sight.show([user("q", "hello"), streaming("new")])
    sight.view.begin("new")
    sight.painted()


def foot(sight: Sight, id: str = "new") -> Foot:
    return sight.row(id).foot


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "odd"])
def test_ends_like_the_whole(sight: Sight, name: str) -> None:
    text = DOCUMENTS[name][:20_000]
    chosen = random.Random(name)
    begun(sight)
    at = 0
    while at < len(text):
        size = chosen.choice([1, 5, 40] if len(text) < 2000 else [200, 900])
        sight.stream("new", [text[at : at + size]])
        at += size
    sight.events("new", Finished(USAGE))
    sight.view.finish("new")
    sight.settled("new")
    grown = sight.texts("new")
    blocks = [cell.block for cell in sight.row("new").cells if isinstance(cell, BlockCell)]
    sight.show([])
    sight.show([answer("whole", text)])
    assert grown == sight.texts("whole")
    assert blocks == [cell.block for cell in sight.row("whole").cells if isinstance(cell, BlockCell)]


def test_waiting_counts(sight: Sight) -> None:
    begun(sight)
    assert foot(sight).state_words() == "Waiting for the model, 0 s"
    until(lambda: foot(sight).state_words() == "Waiting for the model, 1 s")
    sight.events("new", Started("a/b"), Status("queued", "Number 2 in the queue"))
    assert foot(sight).state_words() == "Number 2 in the queue"
    sight.stream("new", ["Hello"])
    assert foot(sight).state_words() == ""


def test_a_tool_at_work(sight: Sight) -> None:
    begun(sight)
    call = ToolCall("c", "save_file", "{}")
    sight.events("new", Started("a/b"), ToolCalled(call), ToolStarted("c", "save_file", "Saving a file"))
    assert foot(sight).state_words() == "Saving a file"
    sight.events("new", ToolFinished(ToolResult("c", "Saved."), "save_file", "Saving a file"))
    sight.stream("new", ["Here it is."])
    assert foot(sight).state_words() == ""


def test_a_pause_counts_down(sight: Sight) -> None:
    begun(sight)
    sight.events("new", Started("a/b"), Status("retrying", "Too many requests: trying again", 2.0))
    assert foot(sight).state_words() == "Too many requests: trying again in 2 s"
    until(lambda: foot(sight).state_words() == "Too many requests: trying again in 1 s")
    until(lambda: foot(sight).state_words() == "Too many requests: trying again in 0 s")
    sight.stream("new", ["Hello"])
    assert foot(sight).state_words() == ""


def test_thinking(sight: Sight) -> None:
    begun(sight)
    sight.events("new", ReasoningDelta("let me "), ReasoningDelta("see"))
    head = sight.row("new").head
    assert head.label() == "Thinking…"
    assert foot(sight).state_words() == ""
    sight.press("new", "reasoning")
    assert "let me see" in sight.texts("new")
    sight.events("new", ReasoningDelta(" more"), TextDelta("Answer"))
    assert "let me see more\nAnswer" in sight.texts("new")
    assert head.label() == "Thought for 1 s"
    sight.press("new", "reasoning")
    assert sight.texts("new") == "Answer"


def test_how_it_ends(sight: Sight) -> None:
    for event, status in (
        (Finished(USAGE), MessageStatus.COMPLETE),
        (Stopped(), MessageStatus.STOPPED),
        (Failed(Failure("x", "It broke.", "vendor says no")), MessageStatus.FAILED),
        (None, MessageStatus.INTERRUPTED),
    ):
        sight.show([])
        begun(sight)
        sight.stream("new", ["words"])
        if event:
            sight.view.feed("new", [event])
        sight.view.finish("new")
        sight.settled("new")
        assert sight.view.messages[-1].status is status
        assert sight.view.messages[-1].text == "words"


def test_events_wait_for_the_frame(sight: Sight) -> None:
    begun(sight)
    for _ in range(500):
        sight.view.feed("new", [TextDelta("word ")])
    assert sight.texts("new") == ""
    until(lambda: sight.texts("new").count("word") == 500)


def test_a_burst_is_shown_in_portions(sight: Sight) -> None:
    """What came while another conversation was on show comes at once when one returns."""
    sight.show([user("q", "hello"), streaming("a")])
    sight.view.begin("a")
    words = [f"Paragraph {number} of a long answer that comes at once.\n\n" for number in range(400)]
    sight.view.feed("a", [TextDelta(text) for text in words])
    lengths = []
    while "a" in sight.view.live._pending:
        sight.view.live.flush()
        lengths.append(len(sight.row("a").message.text))
    assert len(lengths) > 3
    assert all(later - before < PORTION + 100 for before, later in pairwise([0, *lengths]))
    assert sight.row("a").message.text == "".join(words)


def test_the_end_shows_all_that_is_left(sight: Sight) -> None:
    sight.show([user("q", "hello"), streaming("a")])
    sight.view.begin("a")
    sight.view.feed("a", [TextDelta("words and words\n\n")] * 2000)
    sight.view.feed("a", [Finished()])
    sight.view.finish("a")
    assert sight.row("a").message.text == "words and words\n\n" * 2000
    assert sight.row("a").message.status is MessageStatus.COMPLETE


def test_events_of_what_is_not_shown(sight: Sight) -> None:
    sight.show(talk(4))
    sight.view.begin("unknown")
    sight.view.feed("unknown", [TextDelta("x")])
    sight.view.finish("unknown")
    sight.view.begin(streaming("late"))
    sight.stream("late", ["added at the end"])
    sight.view.finish(answer("late", "added at the end"))
    sight.settled("late")
    assert [message.id for message in sight.view.messages][-1] == "late"


def test_cells_above_the_tail_are_kept(sight: Sight) -> None:
    """What has been laid out is not made again: neither parsed nor put into a new document."""
    begun(sight)
    text = DOCUMENTS["mixed"] * 12
    made: set[int] = set()
    kept: list[object] = []
    for at in range(0, len(text), 100):
        sight.stream("new", [text[at : at + 100]])
        cells = sight.row("new").answer.cells
        kept += cells
        made |= {id(cell) for cell in cells}
        assert len(cells) < 400
    steps = len(text) / 100
    assert len(made) < 8 * steps
    assert sight.row("new").answer.parsed < 14 * len(text)


def test_an_open_fence_is_one_cell_that_grows(sight: Sight) -> None:
    begun(sight)
    sight.stream("new", ["```python\n", "x = 1\n"])
    cell = sight.row("new").answer.cells[0]
    assert isinstance(cell, CodeCell)
    sight.stream("new", [f"value_{n} = {n}\n" for n in range(300)])
    assert sight.row("new").answer.cells == [cell]
    sight.stream("new", ["``", "`\n", "done"])
    assert sight.row("new").answer.cells[0] is cell
    assert sight.texts("new").endswith("value_299 = 299\ndone")
    sight.view.finish("new")
    sight.settled("new")
    assert sight.row("new").answer.cells[0] is cell
    until(lambda: not cell.lines.wants_colors(whole=True))


def test_finishing_changes_nothing_that_is_right(sight: Sight) -> None:
    begun(sight)
    text = "para\n\n- a\n- b\n\n```\nx\n```\n\n" * 30
    sight.stream("new", [text[at : at + 37] for at in range(0, len(text), 37)])
    before = list(sight.row("new").answer.cells)
    sight.events("new", Finished(USAGE))
    sight.view.finish("new")
    sight.settled("new")
    after = sight.row("new").answer.cells
    assert [cell for cell in before if cell in after] == before[:-1] or before == after
    sight.view.refresh([user("q", "hello"), sight.view.book.current(1)])
    assert sight.row("new").answer.cells == after


def test_a_definition_at_the_end_mends_what_is_above(sight: Sight) -> None:
    begun(sight)
    sight.stream("new", ["see [that]\n\n", "more\n\n", "# x\n\n", "[that]: http://example.com\n"])
    sight.view.finish("new")
    sight.settled("new")
    assert 'href="http://example.com"' in sight.row("new").answer.cells[0].block.html


@pytest.mark.parametrize("line", ["x" * 100_000, "word " * 20_000, "| a " * 25_000, "[" * 100_000])
def test_one_long_line(sight: Sight, line: str) -> None:
    begun(sight)
    for at in range(0, len(line), 2000):
        sight.stream("new", [line[at : at + 2000]])
    sight.view.finish("new")
    sight.settled("new")
    assert len(sight.texts("new")) > 90_000
    for _ in range(5):
        sight.view.scroll_by(-400)
        sight.painted()


def test_clearing_in_the_middle(sight: Sight) -> None:
    begun(sight)
    sight.view.feed("new", [TextDelta("```py\nx = 1\n")])
    sight.view.clear()
    sight.painted()
    assert sight.view.messages == []
    assert QGuiApplication.clipboard() is not None


def test_a_reply_that_goes_on_is_never_empty(sight: Sight) -> None:
    text = "\n\n".join(f"Paragraph {number} with some words in it." for number in range(300))
    sight.show([user("q", "go"), answer("a", text, MessageStatus.STOPPED)])
    sight.view.scroll_by(-3000)
    sight.painted()
    before = sight.lines()
    sight.view.begin("a")
    sight.view.feed("a", [TextDelta(text)])
    assert sight.row("a").message.text == text
    sight.painted()
    assert sight.lines() == before
