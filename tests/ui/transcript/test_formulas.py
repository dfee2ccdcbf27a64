"""Formulas in sight: drawn in the text's colour on its line, selected and copied as their source, never in the way."""

from threading import Event

import pytest
from PySide6.QtCore import QObject, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from parley.messages import MessageStatus
from parley.render.math import Drawing, Formula
from parley.ui.appearance import theme
from parley.ui.transcript import accessible
from parley.ui.transcript.errands import Errands
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.mathcell import MathCell
from parley.ui.transcript.tablecell import TableCell
from parley.ui.transcript.textcell import TextCell
from tests.ui.transcript.conftest import Sight, answer, streaming, until, user

DISPLAY = "$$\n\\int_0^1 x^2\\,dx = \\frac{1}{3}\n$$"
WIDE = "$$" + " + ".join(f"a_{{{n}}}" for n in range(80)) + "$$"


def drawn(sight: Sight) -> None:
    """Wait until all formulas in sight are drawn, and paint them."""
    sight.painted()
    until(lambda: not sight.view.formulas.errands.waiting)
    sight.painted()


def picture(sight: Sight, id: str, kind: type[TextCell], number: int = 0) -> QImage:
    placed = sight.placed(id, kind, number)
    corner = sight.point(placed, QPointF(0, 0))
    image = sight.view.viewport().grab(QRect(corner.x(), corner.y(), placed.cell.width, placed.cell.height)).toImage()
    return image.convertToFormat(QImage.Format.Format_RGB32)


def darkest(image: QImage) -> QColor:
    colors = [image.pixelColor(x, y) for y in range(image.height()) for x in range(image.width())]
    return min(colors, key=QColor.lightness)


def lightest(image: QImage) -> QColor:
    colors = [image.pixelColor(x, y) for y in range(image.height()) for x in range(image.width())]
    return max(colors, key=QColor.lightness)


def ink(image: QImage) -> tuple[int, int]:
    """Return the first and the last row of dots that differ from the ground."""
    ground = image.pixelColor(image.width() - 1, image.height() - 1)
    rows = [
        y
        for y in range(image.height())
        if any((image.pixelColor(x, y).lightness() - ground.lightness()) ** 2 > 900 for x in range(image.width()))
    ]
    return rows[0], rows[-1]


def test_a_formula_takes_the_place_of_its_source(sight: Sight) -> None:
    sight.show([answer("a", "so $x^2$ it is"), answer("b", DISPLAY)])
    drawn(sight)
    cell = sight.placed("a", TextCell).cell
    assert isinstance(cell, TextCell)
    assert cell.document().toPlainText() == "so \ufffc it is"
    display = sight.placed("b", MathCell).cell
    assert isinstance(display, MathCell)
    assert display.drawing is not None
    assert display.height > sight.view.kit.style.line


@pytest.mark.parametrize("text", ["$M$", "$$M + M$$"])
def test_it_has_the_color_of_the_text(sight: Sight, text: str) -> None:
    kind = MathCell if text.startswith("$$") else TextCell
    sight.show([answer("a", text)])
    drawn(sight)
    assert darkest(picture(sight, "a", kind)).lightness() < 60
    sight.view.set_theme(theme.DARK)
    drawn(sight)
    assert lightest(picture(sight, "a", kind)).lightness() > 200
    assert darkest(picture(sight, "a", kind)) == QColor(theme.DARK.window)


def test_it_stands_on_the_line(sight: Sight) -> None:
    sight.show([answer("a", "$M$"), answer("b", "M"), answer("c", r"$M$ and $\frac{M}{M}$ and more")])
    drawn(sight)
    bottoms = [ink(picture(sight, id, TextCell))[1] for id in ("a", "b")]
    assert abs(bottoms[0] - bottoms[1]) <= 1
    assert sight.row("a").answer.cells[0].height == sight.row("b").answer.cells[0].height
    top, bottom = ink(picture(sight, "c", TextCell))
    assert top < ink(picture(sight, "b", TextCell))[0]
    assert bottom > bottoms[1]


def test_high_formulas_leave_the_room_between_lines_as_it_is(sight: Sight) -> None:
    words = "words " * 40
    sight.show([answer("a", words), answer("b", f"{words} $x$"), answer("c", r"$\frac{M}{\frac{M}{M}}$ " + words)])
    drawn(sight)
    plain, flat, high = (sight.row(id).answer.cells[0].height for id in "abc")
    assert plain == flat
    assert high - plain < 1.5 * sight.view.kit.style.line


def test_a_selected_one_stays_legible(sight: Sight) -> None:
    sight.show([answer("a", r"$M$ and $\frac{a}{M}$")])
    drawn(sight)
    plain = picture(sight, "a", TextCell)
    sight.view.commands.select_all()
    sight.painted()
    selected = picture(sight, "a", TextCell)
    assert darkest(selected).lightness() <= darkest(plain).lightness() + 10
    assert ink(selected)[1] >= ink(plain)[1]  # nothing of it is cut off


def test_zoom_draws_it_larger_and_sharp(sight: Sight) -> None:
    sight.show([answer("a", DISPLAY)])
    drawn(sight)
    small = picture(sight, "a", MathCell)
    sight.view.set_zoom(3.0)
    drawn(sight)
    large = picture(sight, "a", MathCell)
    low, high = (ink(image) for image in (small, large))
    assert high[1] - high[0] > 2.7 * (low[1] - low[0])
    shades = [large.pixelColor(x, y).lightness() for y in range(large.height()) for x in range(large.width())]
    black = sum(shade < 60 for shade in shades)
    grey = sum(60 <= shade < 200 for shade in shades)
    assert black > grey  # one that was stretched has more grey than black


@pytest.mark.parametrize(
    "bad", [r"$\frac{1}{$", r"$$\left( x$$", "$" + "{" * 300 + "x" + "}" * 300 + "$", "$$" + "x" * 9000 + "$$"]
)
def test_bad_latex_is_shown_as_it_is(sight: Sight, bad: str) -> None:
    sight.show([answer("a", f"before\n\n{bad}\n\nafter $x$")])
    drawn(sight)
    assert sight.texts("a").replace("\n\n", "\n") == f"before\n{bad}\nafter x"
    assert accessible.spoken(sight.view, 0).count(bad) == 1


def test_a_wide_one_slides(sight: Sight) -> None:
    sight.show([answer("a", WIDE), answer("b", "so " + WIDE + " it is")])
    drawn(sight)
    placed = sight.placed("a", MathCell)
    before = picture(sight, "a", MathCell)
    assert placed.cell.slide(300)
    sight.painted()
    assert picture(sight, "a", MathCell) != before
    within = sight.placed("b", TextCell).cell
    assert isinstance(within, TextCell)
    assert within.document().idealWidth() <= within.width + 1


def test_copying_gives_the_source(sight: Sight) -> None:
    sight.show([answer("a", "so $x^2$ and $y$ are\n\n" + DISPLAY + "\n\n| a | b |\n|---|---|\n| $z$ | w |\n\nthe end")])
    drawn(sight)
    sight.view.commands.select_all()
    latex = "\\int_0^1 x^2\\,dx = \\frac{1}{3}"
    assert sight.copied() == f"so x^2 and y are\n\n{latex}\n\na\tb\nz\tw\n\nthe end"
    sight.view.commands.copy_markdown()
    assert DISPLAY in QApplication.clipboard().text()
    assert "| $z$ | w |" in QApplication.clipboard().text()
    sight.drag(sight.letter("a", 1), sight.letter("a", 5))
    assert sight.copied() == "o x^2 "
    sight.view.commands.copy_markdown()
    assert QApplication.clipboard().text() == "o $x^2$ "


def test_a_formula_by_itself_is_selected_by_dragging(sight: Sight) -> None:
    sight.show([answer("a", "above\n\n" + DISPLAY + "\n\nbelow")])
    drawn(sight)
    plain = picture(sight, "a", MathCell)
    placed = sight.placed("a", MathCell)
    start = sight.point(placed, QPointF(2, placed.cell.height / 2))
    sight.drag(start, sight.point(placed, QPointF(500, placed.cell.height / 2)))
    assert sight.copied() == "\\int_0^1 x^2\\,dx = \\frac{1}{3}"
    assert picture(sight, "a", MathCell) != plain


def test_screen_readers_get_the_source(sight: Sight) -> None:
    sight.show([answer("a", "so $x^2$\n\n" + DISPLAY)])
    drawn(sight)
    assert "so x^2\n\\int_0^1" in accessible.spoken(sight.view, 0)


def test_in_tables_lists_quotes_and_boxes(sight: Sight) -> None:
    text = "| $a$ |\n|---|\n| $b$ |\n\n- $c$\n\n> $d$\n> $$e$$\n\n# $f$\n\n[$g$](http://example.com)"
    sight.show([user("q", "$h$"), answer("a", text, reasoning="$i$")])
    sight.press("a", "reasoning")
    drawn(sight)
    assert sight.texts("a") == "i\na\nb\n- c\nd\ne\nf\n\ng"
    assert sight.texts("q") == "h"
    table = sight.placed("a", TableCell).cell
    assert isinstance(table, TableCell)
    link = next(cell for cell in sight.row("a").cells if isinstance(cell, TextCell) and "href" in cell.block.html)
    assert link.links() == [("http://example.com", "g")]


@pytest.mark.parametrize(
    "text", ["so $x^2$ is\n$$\n\\frac{a}{b}\n- c\n$$\nand $5 and \\(y\\) end", "- $a$\n  $$\n  b\n  $$\n- c"]
)
def test_streaming_at_every_letter(sight: Sight, text: str) -> None:
    sight.show([user("q", "x"), streaming("new")])
    sight.view.begin("new")
    asked: list[Formula] = []
    known = sight.view.formulas._known
    for letter in text:
        sight.stream("new", [letter])
        asked += [formula for formula in sight.view.formulas.errands.waiting if formula not in asked]
        drawn(sight)
    cells = list(sight.row("new").answer.cells)
    sight.view.finish("new")
    sight.settled("new")
    drawn(sight)
    assert len(asked) == len(set(asked)) == len(known)  # each was drawn once
    kept = [cell for cell in cells if isinstance(cell, MathCell)]
    assert all(cell in sight.row("new").answer.cells for cell in kept)
    streamed = sight.texts("new")
    sight.show([])
    sight.show([answer("whole", text)])
    drawn(sight)
    assert streamed == sight.texts("whole")


def test_an_open_formula_is_its_source(sight: Sight) -> None:
    sight.show([user("q", "x"), streaming("new")])
    sight.view.begin("new")
    sight.stream("new", ["so\n\n$$\nx^2\n"])
    drawn(sight)
    assert sight.texts("new") == "so\n$$\nx^2"
    sight.stream("new", ["$$\n"])
    drawn(sight)
    assert sight.texts("new") == "so\nx^2"
    assert isinstance(sight.row("new").answer.cells[-1], MathCell)


def test_the_place_stays_while_they_come(sight: Sight) -> None:
    sight.show([answer("a", ("words\n\n" + DISPLAY + "\n\nso $x$ is\n\n") * 20)])
    assert sight.follows()
    drawn(sight)
    assert sight.follows()
    sight.view.to_start()
    drawn(sight)
    assert sight.view.anchor.row == sight.view.anchor.cell == sight.view.anchor.offset == 0


def test_what_is_drawn_is_kept_and_bounded(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.ui.transcript import formulas as module

    monkeypatch.setattr(module, "KEPT_LETTERS", 5000)
    owner = QObject()
    count: list[Formula] = []

    def work(formula: Formula) -> Drawing:
        count.append(formula)
        return Drawing("x" * 900, 1, 1, 0)

    kept = Formulas(owner, work)
    for number in range(20):
        kept.get(Formula(str(number)))
        kept.get(Formula(str(number)))
    until(lambda: not kept.errands.waiting)
    assert len(count) == 20
    assert len(kept._known) == 5
    assert isinstance(kept.get(Formula("19")), Drawing)
    owner.deleteLater()


def test_closing_while_they_are_drawn(sight: Sight) -> None:
    sight.show([answer("a", " ".join(f"$x_{{{n}}}$" for n in range(200)))])
    sight.view.clear()
    sight.painted()
    assert not sight.view.formulas.errands.waiting


def test_keys_reach_a_formula(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", DISPLAY, MessageStatus.COMPLETE)])
    drawn(sight)
    QTest.keyClick(sight.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert "\\frac{1}{3}" in sight.copied()


@pytest.mark.parametrize("end", ["owner", "program"])
def test_what_nobody_waits_for_is_dropped(qapp: QApplication, end: str) -> None:
    owner = QObject()
    going, gate, done = Event(), Event(), list[int]()

    def work(number: int) -> None:
        going.set()
        gate.wait(10)
        done.append(number)

    errands = Errands[int, None](owner, "test", work, lambda number, future: None, lambda: None)
    for number in range(50):
        errands.start(number)
    waiting = list(errands.waiting.values())
    assert going.wait(10)
    if end == "owner":
        owner.deleteLater()
    else:
        qapp.aboutToQuit.emit()
    until(lambda: not errands.waiting)
    gate.set()
    assert all(future.cancelled() for future in waiting[1:])
    waiting[0].result(10)
    assert done == [0]
