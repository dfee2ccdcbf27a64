"""What messages look like: text is text, code slides, long messages are cut, scripts run their way, themes change."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage
from PySide6.QtWidgets import QApplication

from parley.messages import Failure, Message, MessageStatus, Text, ToolCall, ToolResult
from parley.ui.appearance import theme
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.furniture import Foot, More, ReasoningHead
from parley.ui.transcript.inlinecode import code_boxes
from parley.ui.transcript.tablecell import TableCell
from parley.ui.transcript.textcell import BlockCell, Document, TextCell
from tests.ui.transcript.conftest import Sight, answer, talk, until, user
from tests.ui.transcript.test_scrolling import wheel


def test_html_and_scripts_are_text(sight: Sight) -> None:
    evil = '<script>alert(1)</script> <img src="file:///etc/passwd"> <b>no</b>\n\n<iframe src="http://x"></iframe>'
    sight.show([user("q", evil), answer("a", evil)])
    for id in ("q", "a"):
        assert sight.texts(id).replace("\n", "") == evil.replace("\n", "")


def test_documents_load_nothing() -> None:
    document = Document()
    document.setHtml('<img src="file:///etc/hostname"><img src="http://example.com/x.png">')
    assert document.resource(Document.ResourceType.ImageResource, QUrl("file:///etc/hostname")) is None


@pytest.mark.parametrize(
    "text", ["\0 \ud800 x", "a" * 100_000, ">" * 3000, "|" * 3000, "```", "\u202e\u2066rtl", "👩‍👩‍👧 e\u0301"]
)
def test_odd_text(sight: Sight, text: str) -> None:
    sight.show([user("q", text), answer("a", text)])
    sight.view.to_start()
    sight.painted()


@pytest.mark.timeout(60)  # a hang, not a figure: those are in tests/benchmarks
def test_ten_megabytes(sight: Sight) -> None:
    text = "A line of words with **marks** and a number 12345.\n\n" * 200_000
    sight.show([user("q", "write a lot"), answer("a", text)])
    assert len(sight.texts("a")) < 200_000
    assert isinstance(sight.row("a").cells[-2], More)
    sight.press("a", "show-all")
    assert len(sight.texts("a")) == len(text)
    sight.view.to_latest()
    sight.painted()


def test_code_slides_and_does_not_wrap(sight: Sight) -> None:
    sight.show([answer("a", "```py\nshort\n" + "long = " + "1 + " * 400 + "1\n```")])
    placed = sight.placed("a", CodeCell)
    cell = placed.cell
    before = cell.height
    inside = QPointF(20, cell.top_of(len("short\n")) + 5)
    first = cell.position_at(inside)
    assert cell.slide(400)
    assert cell.position_at(inside) > first
    assert cell.height == before
    bar = next(
        QPointF(x, y)
        for y in range(cell.height - 14, cell.height)
        for x in range(0, cell.width, 5)
        if (hot := cell.hot_at(QPointF(x, y))) and hot.action == "slide"
    )
    start = sight.point(placed, bar)
    slid = cell.position_at(inside)
    sight.drag(start, start + QPoint(200, 0))
    assert cell.position_at(inside) > slid


def test_shift_and_the_wheel_slide_what_is_wide(sight: Sight) -> None:
    sight.show([answer("a", "text\n\n" * 30 + "```\n" + ("x" * 2000 + "\n") * 60 + "```\n")])
    placed = next(p for p in sight.view.placed if isinstance(p.cell, CodeCell))
    before = placed.cell.position_at(QPointF(50, 300))
    y = sight.view.anchor.offset
    wheel(sight, -3, Qt.KeyboardModifier.ShiftModifier)
    assert placed.cell.position_at(QPointF(50, 300)) > before
    assert sight.view.anchor.offset == y


def test_a_wide_table_slides(sight: Sight) -> None:
    head = "| " + " | ".join(f"a long column {n}" for n in range(14)) + " |\n" + "|---" * 14 + "|\n"
    sight.show([answer("a", head + "| " + " | ".join(["cell"] * 14) + " |")])
    cell = sight.placed("a", TableCell).cell
    assert cell.slide(200)
    narrow = answer("b", "| a | b |\n|---|---|\n| 1 | 2 |")
    sight.show([])
    sight.show([narrow])
    assert not sight.placed("b", TableCell).cell.slide(50)
    assert sight.texts("b") == "a\tb\n1\t2"


def test_the_users_box_stands_at_the_end(sight: Sight) -> None:
    words = "many words " * 60
    sight.show([user("q", "short"), user("long", words), answer("a", words)])
    sight.view.to_start()
    sight.painted()
    left, width = sight.view.column()
    assert sight.row("q").content < 100
    assert sight.row("long").content + 32 <= 0.75 * width + 1
    assert sight.row("long").left + sight.row("long").content == width - 16
    assert sight.row("a").left == 0
    assert width <= 760
    assert left == (sight.view.viewport().width() - width) // 2


def test_mirrored(sight: Sight, qapp: QApplication) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    sight.show([user("q", "שלום"), answer("a", "שלום עולם\n\nEnglish\n\n> ציטוט", reasoning="hm")])
    assert sight.row("q").left == 16
    cell = sight.placed("a", TextCell).cell
    assert cell.rtl
    assert sight.placed("a", TextCell, 1).cell.rtl
    sight.press("a", "reasoning")
    assert sight.row("a").head.open
    sight.press("a", "regenerate")
    assert sight.asked == [("regenerate", "a")]


def test_direction_is_the_paragraphs_own(sight: Sight) -> None:
    sight.show([answer("a", "English first\n\nשלום עולם")])
    placed = sight.placed("a", TextCell)
    assert isinstance(placed.cell, TextCell)
    document = placed.cell.document()
    blocks = [document.findBlockByNumber(number).textDirection() for number in range(document.blockCount())]
    assert blocks == [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft]


def color_at(sight: Sight, point: QPoint) -> QColor:
    return sight.view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32).pixelColor(point)


def test_themes(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "text `code`\n\n```py\nx = 1\n```")])
    assert color_at(sight, QPoint(3, 300)) == QColor(theme.LIGHT.window)
    sight.view.set_theme(theme.DARK)
    sight.painted()
    assert color_at(sight, QPoint(3, 300)) == QColor(theme.DARK.window)
    placed = sight.placed("a", CodeCell)
    assert color_at(sight, sight.point(placed, QPointF(200, 60))) == QColor(theme.DARK.code_panel)


def test_zoom_and_font(sight: Sight) -> None:
    sight.show(talk(30))
    height = sight.view.heights.total
    small = sight.row("m29").total
    sight.view.set_zoom(2.0)
    sight.painted()
    assert sight.row("m29").total > 1.5 * small
    sight.view.set_zoom(1.0)
    sight.painted()
    assert sight.row("m29").total == small
    font = QFont(sight.view.font())
    font.setPointSizeF(font.pointSizeF() * 2)
    sight.view.setFont(font)
    sight.painted()
    assert sight.row("m29").total > 1.4 * small
    assert height


def test_theme_while_it_streams(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "", MessageStatus.STREAMING)])
    sight.view.begin("a")
    sight.stream("a", ["one\n\n", "```py\nx = 1\n"])
    sight.view.set_theme(theme.DARK)
    sight.stream("a", ["y = 2\n```\n", "end"])
    sight.view.finish("a")
    sight.settled("a")
    assert sight.texts("a") == "one\nx = 1\ny = 2\nend"


def failed(status: MessageStatus, failure: Failure | None = None) -> Message:
    return replace(answer("a", "part of it", status), failure=failure)


def test_failures(sight: Sight) -> None:
    sight.show([user("q", "x"), failed(MessageStatus.FAILED, Failure("x", "Your key was refused.", "401: no"))])
    foot = sight.placed("a", Foot).cell
    assert isinstance(foot, Foot)
    assert foot.state_words() == "Your key was refused."
    before = foot.height
    sight.press("a", "details")
    assert sight.row("a").foot.unfolded
    assert sight.row("a").foot.height > before
    sight.press("a", "retry")
    assert sight.asked == [("retry", "a")]


def test_what_is_mended_in_the_settings_leads_there(sight: Sight) -> None:
    sight.show([user("q", "x"), failed(MessageStatus.FAILED, Failure("key_missing", "OpenAI needs a key."))])
    sight.press("a", "settings")
    assert sight.asked == [("settings",)]
    sight.show([user("q", "x"), failed(MessageStatus.FAILED, Failure("rate_limited", "Wait a little."))])
    with pytest.raises(AssertionError):
        sight.press("a", "settings")


def test_another_model_is_offered_where_one_is_gone(sight: Sight) -> None:
    sight.show([user("q", "x"), failed(MessageStatus.FAILED, Failure("model_retired", "No longer in service."))])
    sight.press("a", "regenerate-with")
    assert sight.asked == [("regenerate-with", "a")]
    with pytest.raises(AssertionError):
        sight.press("a", "settings")


def test_stopped_and_interrupted(sight: Sight) -> None:
    sight.show([user("q", "x"), failed(MessageStatus.STOPPED)])
    assert sight.row("a").foot.state_words() == "Stopped"
    with pytest.raises(AssertionError):
        sight.press("a", "retry")
    sight.view.refresh([user("q", "x"), failed(MessageStatus.INTERRUPTED)])
    sight.painted()
    assert sight.row("a").foot.state_words() == "Interrupted"
    sight.press("a", "retry")
    assert sight.asked == [("retry", "a")]


def test_what_tools_have_done(sight: Sight) -> None:
    calls = [ToolCall("1", "save_file", "{}"), ToolCall("2", "web", "{}"), ToolCall("3", "web", "{")]
    results = [ToolResult("1", "Saved.", title="report.md"), ToolResult("2", "ok"), ToolResult("3", "no", failed=True)]
    message = replace(answer("a", ""), parts=(*calls, *results, Text("Here it is.")))
    sight.show([user("q", "x"), message])
    line = "Saved \u2068report.md\u2069 · Used \u2068web\u2069 · \u2068web\u2069 did not work"
    assert sight.row("a").foot.state_words() == line
    assert sight.texts("a") == "Here it is."
    sight.show([user("q", "x"), replace(message, parts=(*calls[:1], *results[:1]), status=MessageStatus.STOPPED)])
    assert sight.row("a").foot.state_words() == "Saved \u2068report.md\u2069\nStopped"


def test_the_owner_words_failures(qapp: QApplication) -> None:
    from parley.ui.transcript import Transcript

    view = Transcript(theme.LIGHT, sentence=lambda failure: f"translated {failure.code}")
    view.show_messages([failed(MessageStatus.FAILED, Failure("x", "English"))])
    assert view.row_at(0).foot.state_words() == "translated x"
    view.deleteLater()


def test_reasoning_stays_folded_until_asked(sight: Sight) -> None:
    sight.show([answer("a", "the answer", reasoning="the thought")])
    assert isinstance(sight.row("a").cells[0], ReasoningHead)
    assert sight.row("a").head.label() == "Thought for 4 s"
    assert sight.texts("a") == "the answer"
    sight.press("a", "reasoning")
    assert sight.texts("a") == "the thought\nthe answer"


def test_caption(sight: Sight) -> None:
    sight.show([answer("a", "x")])
    assert sight.row("a").foot.caption() == "llama3.2 · 41 tok/s"


def test_colors_come(sight: Sight) -> None:
    sight.show([answer("a", "```python\ndef f():\n    return 'x'\n```\n\n```nonsense\nx\n```")])
    cells = [cell for cell in sight.row("a").cells if isinstance(cell, CodeCell)]
    until(lambda: not cells[0].lines.wants_colors(whole=True))
    assert cells[0].lines._spans
    assert not cells[1].lines._spans
    assert all(isinstance(cell, BlockCell) for cell in cells)


def test_what_stands_around_an_answer_begins_where_it_begins(sight: Sight, qapp: QApplication) -> None:
    sight.show([answer("a", "English"), answer("b", "**שלום** English"), answer("c", "123")])
    assert [sight.row(id).foot.rtl for id in "abc"] == [False, True, False]
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    sight.painted()
    assert [sight.row(id).foot.rtl for id in "abc"] == [False, True, True]
    sight.press("a", "copy")
    assert QApplication.clipboard().text() == "English"


def boxes(sight: Sight, id: str) -> list[QRectF]:
    cell = sight.placed(id, TextCell).cell
    assert isinstance(cell, TextCell)
    return code_boxes(cell.document(), cell.style.mono.families(), 3)


@pytest.mark.parametrize("zoom", [1.0, 2.0])
def test_the_box_of_code_leaves_its_neighbours_alone(sight: Sight, zoom: float) -> None:
    sight.view.set_zoom(zoom)
    sight.show([answer("a", "see `code` and x`y`z")])
    cell = sight.placed("a", TextCell).cell
    assert isinstance(cell, TextCell)
    line = cell.document().begin().layout().lineAt(0)
    space = QFontMetricsF(cell.style.answer).horizontalAdvance(" ")

    def x(position: int) -> float:
        found = line.cursorToX(position)
        return float(found[0])  # type: ignore[index]

    pad = cell.style.px(3)
    first, second = code_boxes(cell.document(), cell.style.mono.families(), pad)
    assert first.left() - x(3) > space - 1  # all of the space is between the word and the box
    assert x(9) - first.right() > space - 1
    assert second.left() >= x(14) - pad - 0.5
    assert x(16) >= second.right() - 0.5


def test_code_on_two_lines_has_two_boxes(sight: Sight) -> None:
    sight.show([answer("a", "words " * 14 + "`" + "code " * 20 + "`")])
    assert len(boxes(sight, "a")) == 2


def test_the_bar_of_a_quote_goes_on_beside_one_within_it(sight: Sight) -> None:
    sight.show([answer("a", "> quote\n>> nested\n>\n> again")])
    first, second = sight.placed("a", TextCell), sight.placed("a", TextCell, 1)
    between = sight.point(second, QPointF(-second.cell.inset + 1, -second.cell.above / 2))
    assert first.y + first.cell.height < between.y() < second.y
    assert color_at(sight, between) == QColor(theme.LIGHT.faint)
    assert color_at(sight, between + QPoint(17, 0)) == QColor(theme.LIGHT.window)


def test_the_words_of_a_table_stand_in_the_middle_of_their_rows(sight: Sight) -> None:
    sight.show([answer("a", "| Hx | b |\n|---|---|\n| Hx | c |\n| Hx | d |")])
    placed = sight.placed("a", TableCell)
    corner = sight.point(placed, QPointF(0, 0))
    image = sight.view.viewport().grab(QRect(corner.x(), corner.y(), 30, placed.cell.height)).toImage()
    dark = [y for y in range(image.height()) if any(image.pixelColor(x, y).lightness() < 120 for x in range(13, 30))]
    faint = [y for y in range(image.height()) if image.pixelColor(2, y).lightness() < 240]
    top, bottom = faint[-2:]
    inside = [y for y in dark if top < y < bottom]
    assert abs((inside[0] - top) - (bottom - inside[-1])) <= 4


def marker_dots(sight: Sight, id: str, number: int, left: int, right: int) -> list[tuple[int, int]]:
    """Return the dark dots between two columns of a cell, those of its first line."""
    placed = sight.placed(id, TextCell, number)
    corner = sight.point(placed, QPointF(0, 0))
    area = QRect(corner.x() + left, corner.y(), right - left, int(sight.view.kit.style.line))
    image = sight.view.viewport().grab(area).toImage()
    dots = [(x, y) for x in range(image.width()) for y in range(image.height())]
    return [dot for dot in dots if image.pixelColor(*dot).lightness() < 120]


def test_markers_stand_apart_from_the_text(sight: Sight) -> None:
    sight.show([answer("a", "- H"), answer("b", "7. H"), answer("c", "- [x] H")])
    for id in "ab":
        dots = marker_dots(sight, id, 0, 0, 24)
        assert dots
        assert max(x for x, _ in dots) <= 24 - 7
    assert not marker_dots(sight, "c", 0, 0, 24)  # the box to tick stands for it
    number_dots, letter_dots = marker_dots(sight, "b", 0, 0, 24), marker_dots(sight, "b", 0, 24, 36)
    assert abs(max(y for _, y in number_dots) - max(y for _, y in letter_dots)) <= 1  # on one line
    assert sight.texts("b") == "7. H"


def test_markers_of_right_to_left_scripts(sight: Sight) -> None:
    sight.show([answer("a", "- שלום")])
    width = sight.placed("a", TextCell).cell.width
    dots = marker_dots(sight, "a", 0, width - 24, width)
    assert dots
    assert min(x for x, _ in dots) >= 7


def test_a_wide_table_of_a_right_to_left_script_begins_at_its_right(sight: Sight) -> None:
    columns = range(14)
    rows = [" | ".join(f"عمود رقم {number}" for number in columns), "|".join("---" for _ in columns)]
    rows.append(" | ".join(f"قيمة في الصف {number}" for number in columns))
    sight.show([user("q", "x"), answer("a", "\n".join(f"| {row} |" for row in rows))])
    cell = sight.placed("a", TableCell).cell
    assert isinstance(cell, TableCell)
    slide = cell.slide_state

    def from_right() -> int:
        return slide.extent - slide.room - slide.offset

    assert slide.needed
    assert from_right() == 0
    cell.slide(-100)
    assert from_right() == 100
    for width in (500, 800):
        sight.view.resize(width, 600)
        sight.painted()
        assert from_right() == 100
