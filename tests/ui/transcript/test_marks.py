"""What is looked for: how it is found in a text, where it is marked, and how one gets from place to place."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from parley.events import TextDelta
from parley.render import parse, plain
from parley.render.code import DARK as DARK_SHADES
from parley.render.code import LIGHT as LIGHT_SHADES
from parley.render.code import Shade
from parley.ui.appearance import theme
from parley.ui.transcript.codecell import MOST_AGAIN
from parley.ui.transcript.hits import Hits
from parley.ui.transcript.marks import Place
from parley.ui.transcript.places import select, to_place
from parley.ui.transcript.row import MAX_RICH
from parley.ui.transcript.spans import Line
from parley.ui.transcript.textcell import BlockCell
from parley.ui.transcript.ticks import APART, Ticks
from parley.ui.transcript.wanted import Wanted, letters, search_words
from tests.render.test_markdown import contrast
from tests.ui.transcript.conftest import Sight, answer, streaming, talk, until, user

RICH = """# The Café

A **kit**chen &amp; a [kitchen](https://kitchen.example/kitchen).
Two  kitchen
s 🌞 kitchen

- [ ] kitchen one
- kitchen two
  - kitchen three

| kitchen | b |
|---|---|
| 1 | a kitchen |

```py
kitchen = "🌞 kitchen"
```

> kitchen `kitchen()`
"""
IN_RICH = 13
"""How often a reader sees the word."""


def found(wanted: Wanted | None, text: str) -> list[str]:
    assert wanted is not None
    return [text[start:end] for start, end in wanted.spans(text)]


@pytest.mark.parametrize(
    ("typed", "text", "hits"),
    [
        ("cafe", "Café CAFE cafe\u0301s", ["Café", "CAFE", "cafe\u0301"]),
        ("café", "cafe", ["cafe"]),
        ("a b", "a\nb A\u00a0B a   b ab", ["a\nb", "A\u00a0B", "a   b"]),
        ("a.b*", "axb a.b*", ["a.b*"]),
        ("日本", "日本語の日本", ["日本", "日本"]),
        ("ﬀ", "ﬀ", ["ﬀ"]),
    ],
)
def test_letters_are_found_whatever_their_case_and_accents(typed: str, text: str, hits: list[str]) -> None:
    assert found(letters(typed), text) == hits


def test_case_and_accents_can_matter() -> None:
    assert found(letters("Café", match_case=True), "café Cafe Café") == ["Café"]
    assert letters("  ") is None


@pytest.mark.parametrize(
    ("searched", "hits"),
    [
        ("warm kitch", ["warm", "kitchen", "kitchens"]),
        ("cafe warm", ["Café", "Wärme", "warm"]),
        ("kitchen ", ["kitchen"]),
        ('"cafe kitchen" wa', ["Café-kitchen", "wa"]),
        ("日本 wärm", ["日本", "Wärme", "warm"]),
        ("zebra warm", ["Wärme", "warm"]),
    ],
)
def test_words_of_the_great_search_are_marked_as_it_finds_them(searched: str, hits: list[str]) -> None:
    text = "The Café-kitchen in 日本語テスト has kitchens, is warm (Wärme): wa"
    assert sorted(found(search_words(searched, text), text)) == sorted(hits)


def test_a_quick_look_misses_nothing_that_a_reader_sees() -> None:
    for typed in ("kitchen", "a kitchen", "kitchen s", "kitchen & a kitchen", "☐ kitchen one", "café", '= "🌞 kit'):
        wanted = letters(typed)
        assert wanted is not None
        seen = sum(len(found(wanted, plain(block))) for block in parse(RICH))
        assert seen > 0, typed
        assert wanted.may_be_in(RICH), typed


def test_what_is_read_of_a_message_is_what_is_seen(sight: Sight) -> None:
    sight.show([answer("a", RICH)])
    for typed in ("kitchen", "k", "a", "1", "🌞", "s 🌞"):
        wanted = letters(typed)
        assert wanted is not None
        for cell in sight.row("a").cells:
            if isinstance(cell, BlockCell):
                spans = cell.find(wanted)
                assert len(spans) == len(found(wanted, cell.letters())), (typed, cell.letters())
                for start, end in spans if cell.block.kind != "table" else []:
                    shown = cell.text(start, end)  # of a list: with the mark of its item
                    assert found(wanted, shown) == [shown.lstrip("- ")]


def test_every_place_in_sight_is_painted(sight: Sight) -> None:
    sight.show(
        [user("q", "kitchen?"), answer("a", "one kitchen\n\n```py\na kitchen\n```\n\n| kitchen |\n|---|\n| x |")]
    )
    sight.view.marks.show(letters("kitchen"))
    sight.view.marks.current = Place("a", 0)
    sight.painted()
    image = QImage(sight.view.viewport().size(), QImage.Format.Format_RGB32)
    sight.view.viewport().render(image)
    mark, current = QColor(theme.LIGHT.mark), QColor(theme.LIGHT.mark_current)

    def has(color: QColor, top: int, height: int) -> bool:
        rows, columns = range(max(0, top), min(image.height(), top + height)), range(image.width())
        return any(image.pixelColor(x, y) == color for y in rows for x in columns)

    cells = [placed for placed in sight.view.placed if isinstance(placed.cell, BlockCell)]
    assert [has(mark, placed.y, placed.cell.height) for placed in cells] == [True, False, True, True]
    assert [has(current, placed.y, placed.cell.height) for placed in cells] == [False, True, False, False]


def looked_for(sight: Sight, typed: str, start: int = 0) -> Hits:
    hits = Hits(sight.view)
    hits.look_for(letters(typed), start)
    until(lambda: not hits.searching)
    return hits


def test_all_messages_are_counted_without_being_built(sight: Sight) -> None:
    messages = talk(300)
    messages[7] = answer("m7", RICH)
    messages[250] = user("m250", "Kitchen and kitchen")
    sight.show(messages)
    hits = looked_for(sight, "kitchen", 100)
    assert hits.total == IN_RICH + 2
    assert sight.view.book.built("m7") is None
    assert list(hits.shares()) == [(7, IN_RICH), (250, 2)]
    assert hits.first_from(8) == Place("m250", 0)
    assert hits.first_from(7, IN_RICH) == Place("m250", 0)
    assert hits.number_of(Place("m250", 1)) == IN_RICH + 2
    assert hits.step(Place("m250", 1), 1) == Place("m7", 0)
    assert hits.step(Place("m7", 0), -1) == Place("m250", 1)
    assert hits.step(Place("m7", IN_RICH - 1), 1) == Place("m250", 0)
    hits.look_for(None)
    assert hits.total == 0


def test_lines_on_the_scroll_bar_leave_its_handle_to_be_seen(sight: Sight) -> None:
    sight.show(talk(1000))
    view = sight.view
    hits, ticks = looked_for(sight, "s"), Ticks(view)
    ticks.show_for(hits.shares(), view.heights, view.kit.style)
    assert 20 < ticks.count <= view.verticalScrollBar().height() / APART + 1
    whole = ticks.count
    ticks.show_for(hits.shares(), view.heights, view.kit.style, above=view.heights.total)
    assert ticks.count <= whole / 2 + 2  # what is still to come has the upper half


def test_each_place_can_be_gone_to_and_selected(sight: Sight) -> None:
    messages = talk(60)
    messages[7] = answer("m7", RICH)
    sight.show(messages)
    hits = looked_for(sight, "kitchen")
    for number in range(hits.total):
        place = Place("m7", number)
        assert to_place(sight.view, place)
        assert hits.correct(place) == place
        sight.painted()
        select(sight.view, place)
        assert sight.copied().strip().removeprefix("- ") in (
            "kitchen",
            "kitchen\ta kitchen",
            "kitchen\tb\n1\ta kitchen",
        )
    assert hits.total == IN_RICH


def test_a_place_in_sight_does_not_move_the_text(sight: Sight) -> None:
    sight.show([*talk(10), answer("a", "a needle in sight"), *talk(50)[10:]])
    looked_for(sight, "needle")
    assert to_place(sight.view, Place("a", 0), anywhere=False)
    sight.view.scroll_by(50)
    sight.painted()
    before = sight.lines()
    to_place(sight.view, Place("a", 0))
    sight.painted()
    assert sight.lines() == before
    sight.view.scroll_by(300)
    to_place(sight.view, Place("a", 0))
    sight.painted()
    assert sight.placed("a").y == sight.view.viewport().height() // 4


def test_wide_code_slides_to_the_place(sight: Sight) -> None:
    sight.show([answer("a", "```\n" + "word " * 300 + "needle\n```")])
    looked_for(sight, "needle")
    cell = sight.placed("a").cell
    assert cell.slide(0) is False
    to_place(sight.view, Place("a", 0))
    assert cell.slide(-100) is True


def test_the_rest_of_a_cut_message_is_shown_when_the_place_is_there(sight: Sight) -> None:
    sight.show([answer("a", "filler words\n" * (MAX_RICH // 10) + "needle"), user("b", "thanks")])
    hits = looked_for(sight, "needle")
    assert hits.total == 1
    assert not sight.row("a").full
    assert to_place(sight.view, Place("a", 0))
    sight.painted()
    assert sight.row("a").full
    current = sight.view.marks.current_in(sight.row("a"))
    assert current is not None
    assert any(placed.index == current[0] for placed in sight.view.placed)


def test_folded_reasoning_has_no_places(sight: Sight) -> None:
    sight.show([answer("a", "no such word", reasoning="a needle, another needle")])
    hits = looked_for(sight, "needle")
    assert hits.total == 0
    sight.press("a", "reasoning")
    until(lambda: hits.total == 2)
    sight.press("a", "reasoning")
    until(lambda: hits.total == 0)


def test_a_jump_goes_to_the_answer_and_not_to_the_thoughts(sight: Sight) -> None:
    sight.show([answer("a", "an answer with a needle", reasoning="needle needle")])
    sight.press("a", "reasoning")
    sight.view.jump_to("a", "needle")
    current = sight.view.marks.current_in(sight.row("a"))
    assert current is not None
    assert sight.row("a").cells[current[0]].text(0, 9) == "an answer"


def test_what_streams_in_is_counted_and_what_goes_is_not(sight: Sight) -> None:
    messages = [user("q", "needle?"), streaming("a")]
    sight.show(messages)
    sight.view.begin(messages[1])
    hits = looked_for(sight, "needle")
    assert hits.total == 1
    sight.stream("a", ["a need", "le, and\n\n```\nneed", "le"])
    until(lambda: hits.total == 3)
    sight.events("a", TextDelta(" needle\n```\n"))
    until(lambda: hits.total == 4)
    sight.view.refresh([messages[0]])
    until(lambda: hits.total == 1)
    sight.view.refresh([user("q0", "an earlier needle"), messages[0]])
    until(lambda: hits.total == 2)
    assert hits.number_of(Place("q", 0)) == 2


@pytest.mark.parametrize("typed", ["e", "line two", "needle = 1", "aa"])
def test_code_that_grows_is_looked_through_where_it_has_grown(
    sight: Sight, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    looked: list[int] = []
    spans = Wanted.spans

    def counted(wanted: Wanted, text: str) -> Iterator[tuple[int, int]]:
        looked.append(len(text))
        return spans(wanted, text)

    monkeypatch.setattr(Wanted, "spans", counted)
    message = streaming("a")
    sight.show([message])
    sight.view.begin(message)
    sight.view.marks.show(letters(typed))
    sight.stream("a", ["```py\n"])
    for number in range(300):
        looked.clear()
        sight.stream("a", [f"aaaaa needle = {number} # line\ntw", "o, and some more of it\n"])
        assert sum(looked) < 3 * 2 * MOST_AGAIN
    cell = sight.placed("a").cell
    assert isinstance(cell, BlockCell)
    assert len(cell.block.code) > 10 * MOST_AGAIN // 2
    wanted = sight.view.marks.wanted
    assert wanted is not None
    assert list(sight.view.marks.spans(cell)) == list(spans(wanted, cell.block.code))


def test_where_marks_are_is_found_out_of_those_in_sight(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    rect = Line.rect

    def counted(line: Line, start: int, end: int) -> QRectF:
        asked.append(start)
        return rect(line, start, end)

    monkeypatch.setattr(Line, "rect", counted)
    sight.show([answer("a", "e " * 1900), user("b", "thanks")])
    sight.view.resize(300, 200)
    sight.view.marks.show(letters("e"))
    sight.view.reveal(0, 1, 400)
    sight.painted()
    assert 0 < len(asked) < 600
    asked.clear()
    sight.painted()
    assert not asked


@pytest.mark.parametrize(("palette", "look"), [(LIGHT_SHADES, theme.LIGHT), (DARK_SHADES, theme.DARK)])
def test_marked_words_can_be_read(palette: dict[Shade, str], look: theme.Theme) -> None:
    for ground in (look.mark, look.mark_current):
        assert contrast(look.text, ground) >= 7
        assert contrast(look.accent, ground) >= 3.5
        assert min(contrast(color, ground) for color in palette.values()) >= 3
        assert contrast(look.mark_edge, ground) >= 3
    assert contrast(look.accent, look.mark) >= 4.5
    assert contrast(look.mark_edge, look.window) >= 3
