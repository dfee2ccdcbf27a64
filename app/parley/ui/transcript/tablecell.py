"""Tables with fixed columns that all parts of a long one share; wide ones scroll sideways. And thematic breaks."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTextDocument, QTextFrameFormat, QTextLength, QTextTable

from parley.render import Block
from parley.ui.transcript.cell import Canvas, Hot
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.slide import ROOM, Slide
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell, TextCell
from parley.ui.transcript.wanted import Span

PADDING = 12
_ROW = re.compile(r"<tr>(.*?)</tr>")
_CELL = re.compile(r"<t[dh] .*?</t[dh]>")
LEAST_LETTERS = 12
"""A column is not made narrower than its words, or than this many letters."""
MOST_LETTERS = 48


class TableCell(TextCell):
    """A table, or a part of one."""

    def __init__(self, block: Block, style: Style, formulas: Formulas, slide: Slide | None = None) -> None:
        super().__init__(block, style, formulas)
        self.slide_state = slide or Slide()
        self.mirrored = self.slide_state.mirrored = 'dir="rtl"' in block.html
        self._spare = 0
        self.drop = 0.0

    def html(self) -> str:
        """Qt does not mirror tables: their cells are put the other way round."""
        if not self.mirrored:
            return super().html()
        turned = _ROW.sub(lambda row: f"<tr>{''.join(_CELL.findall(row[1])[::-1])}</tr>", self.block.html)
        return turned.replace('align="left"', 'align="right"')

    def _build(self) -> QTextDocument:
        made = super()._build()
        table = _table(made)
        if table:
            form = table.format()
            form.setCellSpacing(0)
            form.setBorder(0)
            form.setMargin(0)
            form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
            form.setBorderCollapse(True)
            table.setFormat(form)
        return made

    def lay_out(self, width: int) -> int:
        document = self.document()
        if width != self.width:
            columns = self.block.columns[::-1] if self.mirrored else self.block.columns
            widths = column_widths(columns, width, self.style)
            table = _table(document)
            if table:
                form = table.format()
                fixed = QTextLength.Type.FixedLength
                form.setColumnWidthConstraints([QTextLength(fixed, wide) for wide in widths])
                table.setFormat(form)
            document.setTextWidth(max(width, sum(widths)))
            extent = max(sum(widths), int(document.size().width()) if table is None else 0)
            self.slide_state.fit(extent, width)
            self._spare = max(0, width - extent) if self.mirrored else 0
            room = self.style.px(ROOM) if self.slide_state.needed else 0
            self.width, self.height = width, _height(document) + room
            self._tints = None
        return self.height

    def paint(self, canvas: Canvas) -> None:
        painter = canvas.painter
        offset = self._offset()
        painter.save()
        painter.setClipRect(QRectF(0, canvas.clip.y(), self.width, canvas.clip.height()))
        painter.translate(-offset, 0)
        clip, canvas.clip = canvas.clip, canvas.clip.translated(offset, 0)
        super().paint(canvas)
        canvas.clip = clip
        painter.restore()
        self.slide_state.paint(canvas, 0, self.height, canvas.style.px(5))

    def position_at(self, point: QPointF) -> int:
        return super().position_at(point + QPointF(self._offset(), 0))

    def hot_at(self, point: QPointF) -> Hot | None:
        bar = self.slide_state.hot_at(point, 0, self.height, self.style.px(5))
        return bar or super().hot_at(point + QPointF(self._offset(), 0))

    def slide(self, pixels: int) -> bool:
        return self.slide_state.by(pixels)

    def press(self, hot: Hot, point: QPointF) -> None:
        self.slide_state.press(point)

    def drag(self, point: QPointF) -> bool:
        return self.slide_state.drag(point)

    def bring(self, span: Span) -> None:
        if rects := self.rects_of(span):
            shift = self._spare
            self.slide_state.bring(rects[0].left() + shift, rects[0].right() + shift)

    def text(self, start: int, end: int) -> str:
        table = _table(self.document())
        if table is None or start > 1 or end < self.length() - 1:
            return super().text(start, end).strip("\n")
        columns, rows = range(table.columns()), range(table.rows())
        columns = columns[::-1] if self.mirrored else columns
        return "\n".join("\t".join(self._cell_text(table, row, column) for column in columns) for row in rows)

    def _cell_text(self, table: QTextTable, row: int, column: int) -> str:
        cell = table.cellAt(row, column)
        return super().text(cell.firstPosition(), cell.lastPosition()).replace("\n", " ")

    def _offset(self) -> int:
        """Return how far the document is moved: tables of right-to-left scripts begin at their right end."""
        return self.slide_state.offset - self._spare


class RuleCell(BlockCell):
    """A thematic break: a faint line."""

    def estimate(self, width: int) -> int:
        return self.style.px(17)

    def lay_out(self, width: int) -> int:
        self.width, self.height = width, self.style.px(17)
        return self.height

    def paint(self, canvas: Canvas) -> None:
        middle = canvas.style.px(8)
        canvas.painter.fillRect(QRectF(0, middle, self.width, max(1, canvas.style.px(1))), canvas.style.color("faint"))

    def text(self, start: int, end: int) -> str:
        return ""


def column_widths(letters: Sequence[int], width: int, style: Style) -> list[int]:
    """Return the columns' widths: what they ask for where there is room, else a fair share, never less than a word."""
    padding = 2 * style.px(PADDING)
    wanted = [round(count * style.letter * 1.12) + padding + style.px(4) for count in letters]
    if sum(wanted) <= width:
        return wanted
    least = [min(want, round(LEAST_LETTERS * style.letter) + padding) for want in wanted]
    if sum(least) >= width:
        most = round(MOST_LETTERS * style.letter / 2) + padding
        return [min(want, most) for want in wanted]
    free = width - sum(least)
    asked = sum(want - low for want, low in zip(wanted, least, strict=True))
    return [low + (want - low) * free // max(1, asked) for want, low in zip(wanted, least, strict=True)]


def _table(document: QTextDocument) -> QTextTable | None:
    frames = document.rootFrame().childFrames()
    return frames[0] if frames and isinstance(frames[0], QTextTable) else None


def _height(document: QTextDocument) -> int:
    """Return the height of the table alone: a document always ends with an empty paragraph."""
    table = _table(document)
    layout = document.documentLayout()
    if table is None:
        return int(document.size().height() + 0.99)
    return int(layout.frameBoundingRect(table).bottom() + 0.99)
