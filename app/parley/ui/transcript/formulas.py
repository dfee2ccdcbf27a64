"""Formulas: drawn in a thread when they come into sight, kept, and painted in the colour of the text.

Until its drawing is there a formula is shown as its source; so is one that cannot be drawn.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QPainter,
    QPixmap,
    QPyTextObject,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from parley.render.math import INK, Drawing, Formula, FormulaError, draw, formula_of
from parley.ui.transcript.errands import Errands

if TYPE_CHECKING:
    from concurrent.futures import Future

logger = logging.getLogger(__name__)

KEPT_LETTERS = 8_000_000
"""Letters of drawings that are kept."""
KEPT_DOTS = 12_000_000
"""Dots of painted formulas that are kept."""

KIND = QTextFormat.ObjectTypes.UserObject.value + 1
SOURCE = QTextFormat.Property.UserProperty.value + 1
SIZE = SOURCE + 1
COLOR = SOURCE + 2

Drawn = Drawing | FormulaError


class Formulas(QObject):
    """Gives the drawings of formulas; `drawn` says that some came that were not there before."""

    drawn = Signal()

    def __init__(self, parent: QObject, work: Callable[[Formula], Drawing] = draw) -> None:
        super().__init__(parent)
        self._known: OrderedDict[Formula, Drawn] = OrderedDict()
        self._letters = 0
        self.errands = Errands(self, "formulas", work, self._take, self.drawn.emit)
        self.brush = Brush()
        self.inline = InlineFormula(self)

    def get(self, formula: Formula) -> Drawn | None:
        """Return a formula's drawing, why there is none, or None: it will come."""
        found = self._known.get(formula)
        if found is not None:
            self._known.move_to_end(formula)
        else:
            self.errands.start(formula)
        return found

    def _take(self, formula: Formula, future: "Future[Drawing]") -> None:
        error = future.exception()
        self._keep(formula, future.result() if error is None else FormulaError())
        if isinstance(error, (ImportError, OSError)):  # libraries or fonts are missing
            logger.error("Formulas cannot be drawn", exc_info=error)

    def _keep(self, formula: Formula, drawn: Drawn) -> None:
        self._known[formula] = drawn
        self._letters += _weight(formula, drawn)
        while self._letters > KEPT_LETTERS and len(self._known) > 1:
            self._letters -= _weight(*self._known.popitem(last=False))


class Brush:
    """Paints drawings; what was painted is kept, for a drawing takes longer to paint than a line of text."""

    def __init__(self) -> None:
        self._painted: OrderedDict[tuple[str, float, int, float], QPixmap] = OrderedDict()
        self._dots = 0

    def paint(self, painter: QPainter, drawing: Drawing, origin: QPointF, em: float, color: QColor) -> None:
        """Paint a drawing; `origin` is where its line of letters begins."""
        ratio = painter.device().devicePixelRatioF()
        corner = QPointF(origin.x(), origin.y() - drawing.ascent * em)
        size = QSizeF(drawing.width * em, (drawing.ascent + drawing.depth) * em)
        if size.width() * size.height() * ratio * ratio > KEPT_DOTS / 4:
            _renderer(drawing, color).render(painter, QRectF(corner, size))
            return
        key = (drawing.svg, em, color.rgba(), ratio)
        found = self._painted.get(key)
        if found is None:
            found = self._painted[key] = _pixmap(drawing, size, color, ratio)
            self._dots += found.width() * found.height()
            while self._dots > KEPT_DOTS and len(self._painted) > 1:
                old = self._painted.popitem(last=False)[1]
                self._dots -= old.width() * old.height()
        self._painted.move_to_end(key)
        # On whole dots, so that nothing is blurred.
        transform = painter.transform()
        place = QPointF(transform.dx(), transform.dy()) + corner
        painter.drawPixmap(
            QPointF(round(place.x() * ratio) / ratio, round(place.y() * ratio) / ratio)
            - QPointF(transform.dx(), transform.dy()),
            found,
        )


class InlineFormula(QPyTextObject):
    """A formula within a line of text: one letter of the document, whose format knows its source, size and colour.

    A shallow one stands on the line, like a letter. A deep one takes room below it too; Qt knows only one way to do
    that: the object's middle is half the height of an x above the line.
    """

    def __init__(self, formulas: Formulas) -> None:
        super().__init__(formulas)
        self._formulas = formulas

    def intrinsicSize(self, document: QTextDocument, position: int, form: QTextFormat) -> QSizeF:
        drawing, em = self._drawing(document, form)
        if drawing is None:
            return QSizeF()
        middle = form.toCharFormat().verticalAlignment() == form.toCharFormat().VerticalAlignment.AlignMiddle
        width = drawing.width * em
        if not middle:
            return QSizeF(width, drawing.ascent * em)
        half = _half_x(form)
        return QSizeF(width, max(2 * drawing.depth * em + half, 2 * drawing.ascent * em - half))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, document: QTextDocument, position: int, form: QTextFormat
    ) -> None:
        """Nothing: Qt would cut off what is below the line, and veil what is selected (`paint`)."""

    def paint(
        self, painter: QPainter, document: QTextDocument, positions: Sequence[int], sight: tuple[float, float]
    ) -> None:
        """Paint the formulas at these positions over the text, if they are between two heights."""
        layout = document.documentLayout()
        for position in positions:
            block = document.findBlock(position)
            origin = layout.blockBoundingRect(block).topLeft()
            within = position - block.position()
            line = block.layout().lineForTextPosition(within)
            if not line.isValid():
                continue
            base = origin.y() + line.y() + line.ascent()
            if not sight[0] < base + line.height() * 2 or base - line.height() * 2 > sight[1]:
                continue
            cursor = QTextCursor(document)
            cursor.setPosition(position + 1)
            form = cursor.charFormat()
            drawing, em = self._drawing(document, form)
            if drawing is not None:
                ends = (line.cursorToX(within)[0], line.cursorToX(within + 1)[0])  # type: ignore[index]
                color = QColor(form.property(COLOR))
                self._formulas.brush.paint(painter, drawing, QPointF(origin.x() + min(ends), base), em, color)

    def _drawing(self, document: QTextDocument, form: QTextFormat) -> tuple[Drawing | None, float]:
        """Return the drawing and its size: it is never wider than the text."""
        found = self._formulas.get(formula_of(str(form.property(SOURCE))))
        em = float(form.property(SIZE))
        if not isinstance(found, Drawing):
            return None, em
        room = document.textWidth()
        return found, min(em, room / found.width) if room > 0 else em


def is_deep(drawing: Drawing, em: float, metrics: QFontMetricsF) -> bool:
    """Say whether a formula in a line of text needs more room below than letters do."""
    return drawing.depth * em > metrics.descent() + metrics.height() * 0.4


def _half_x(form: QTextFormat) -> float:
    return QFontMetricsF(form.toCharFormat().font()).xHeight() / 2


def _weight(formula: Formula, drawn: Drawn) -> int:
    return len(formula.latex) + (len(drawn.svg) if isinstance(drawn, Drawing) else 100)


def _renderer(drawing: Drawing, color: QColor) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(drawing.svg.replace(INK, color.name()).encode()))


def _pixmap(drawing: Drawing, size: QSizeF, color: QColor, ratio: float) -> QPixmap:
    made = QPixmap((size * ratio).toSize().expandedTo(QSizeF(1, 1).toSize()))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    _renderer(drawing, color).render(painter, QRectF(QPointF(), size * ratio))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
