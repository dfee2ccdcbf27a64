"""Text and tables: a block's HTML in a QTextDocument of its own, which never loads anything."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QBrush,
    QPalette,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextList,
    QTextOption,
)

from parley.render import Above, Block, plain
from parley.render.math import Formula, formula_of
from parley.ui.transcript.cell import Canvas, Cell, Hot
from parley.ui.transcript.codelines import units
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.inline import fragments, pictured, put_formulas, words_between
from parley.ui.transcript.inlinecode import code_boxes, give_room
from parley.ui.transcript.markers import Marker, paint_markers, take_markers
from parley.ui.transcript.spans import in_sight, paint_marks, rects_in
from parley.ui.transcript.style import Style
from parley.ui.transcript.wanted import Span, Wanted

INDENT = 24
QUOTE = 16
CODE_PAD = 3
LAST_SINGLE = "\uffff"
"""The last letter that Qt counts as one; those beyond are two."""


class Document(QTextDocument):
    """A document that has what it is given, and nothing else."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing is ever read from disk or network."""
        return None


class BlockCell(Cell):
    """A cell that shows a block: where it stands, its source."""

    def __init__(self, block: Block, style: Style) -> None:
        self.block = block
        self.style = style
        self.above = style.gap(block.above)
        self.inset = style.px(block.quote * QUOTE + block.indent * INDENT)

    def natural_width(self, width: int) -> int:
        """Return how much of a width it takes: all of it, unless it knows better."""
        return width

    def markdown(self) -> str:
        return self.block.source

    @property
    def parting(self) -> str:
        """Return what parts it from the cell above in plain text."""
        return "\n\n" if self.block.above in {Above.BLOCK, Above.HEADING} else "\n"

    def letters(self) -> str:
        """Return what can be found in it, as far as that is known without laying it out."""
        return plain(self.block)

    def find(self, wanted: Wanted) -> list[Span]:
        """Return the positions of what is looked for."""
        return []

    def find_again(self, wanted: Wanted, before: Block, spans: Sequence[Span]) -> list[Span]:
        """Return them where it has shown another block before, in which they were those `spans`."""
        return self.find(wanted)

    def bring(self, span: Span) -> None:
        """Scroll sideways until these letters are in sight."""

    def refresh(self) -> bool:
        """Take what has been drawn meanwhile; say whether that changes anything."""
        return False

    def paint_bars(self, canvas: Canvas, joined: int) -> None:
        """Draw the bars of the quotes that the block stands in; `joined` of them go on from the block above."""
        width = canvas.style.px(3)
        for depth in range(self.block.quote):
            x = -self.inset + canvas.style.px(depth * QUOTE)
            if self.rtl:
                x = self.width - x - width
            above = self.above if depth < joined else 0
            bar = QRectF(x, -above, width, self.height + above)
            sight = canvas.clip.adjusted(-self.width, -above - 9, self.width, 9)
            canvas.painter.fillRect(bar.intersected(sight), canvas.style.color("faint"))


class TextCell(BlockCell):
    """Paragraphs, headings and lists."""

    def __init__(self, block: Block, style: Style, formulas: Formulas, *, muted: bool = False) -> None:
        super().__init__(block, style)
        self.formulas = formulas
        self.muted = muted
        self.drop = style.drop
        self._waiting: set[Formula] = set()
        self._document: QTextDocument | None = None
        self._tints: list[QRectF] | None = None
        self._marked: tuple[Sequence[Span], tuple[int, int, int], list[tuple[Span, QRectF]]] | None = None
        """Where marks in sight are: of these marks, at this width, from one number to another."""
        self._markers: list[Marker] = []
        self._drawn_at: list[int] = []

    def document(self) -> QTextDocument:
        """Return the document, built at first use."""
        if self._document is None:
            self._document = self._build()
            self.rtl = self._document.begin().textDirection() == Qt.LayoutDirection.RightToLeft
        return self._document

    def _build(self) -> QTextDocument:
        made = Document()
        made.setUndoRedoEnabled(False)
        made.setDocumentMargin(0)
        made.setDefaultFont(self.style.quiet if self.muted else self.style.answer)
        made.setIndentWidth(self.style.px(INDENT))
        made.setDefaultStyleSheet(self.style.sheet)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        made.setDefaultTextOption(option)
        self._drawn_at = []
        html, sources, self._waiting = pictured(self.html(), self.formulas)
        made.setHtml(html)
        if sources:
            self._drawn_at = put_formulas(made, sources, self.formulas, self.style, muted=self.muted)
        if "<code>" in html:
            give_room(made, self.style.mono.families(), self.style.px(CODE_PAD))
        _trim(made)
        self._markers = take_markers(made) if "<li>" in html else []
        return made

    def html(self) -> str:
        """Return the block's HTML as Qt needs it: its own headings cannot be made smaller."""
        html = self.block.html
        for name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            if f"<{name}>" in html:
                html = html.replace(f"<{name}>", f'<p class="{name}">').replace(f"</{name}>", "</p>")
        return html

    def refresh(self) -> bool:
        if not any(self.formulas.get(formula) for formula in self._waiting):
            return False
        self._document, self._waiting = None, set()
        return True

    def estimate(self, width: int) -> int:
        if self.height and self.width > 0:
            return self.height if width == self.width else max(1, self.height * self.width // max(1, width))
        length = len(self.block.html)
        lines = 1 + length * self.style.letter / max(1, width) + self.block.html.count("<br") * 0.5
        return round(lines * self.style.line)

    def lay_out(self, width: int) -> int:
        document = self.document()
        if width != self.width:
            document.setTextWidth(max(1, width))
            self.width, self.height = width, int(document.size().height() + 0.99)
            self._tints = None
        return self.height

    def natural_width(self, width: int) -> int:
        """Return how much of a width the text takes."""
        document = self.document()
        document.setTextWidth(max(1, width))
        self.width = -1
        return int(document.idealWidth() + 0.99)

    def paint(self, canvas: Canvas) -> None:
        document = self.document()
        painter = canvas.painter
        drop = self.drop
        painter.save()
        painter.translate(0, drop)
        clip, canvas.clip = canvas.clip, canvas.clip.translated(0, -drop).adjusted(0, -drop, 0, drop)
        if "<code>" in self.block.html or "<math>" in self.block.html:
            if self._tints is None:
                self._tints = code_boxes(document, self.style.mono.families(), self.style.px(CODE_PAD))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(canvas.style.color("faint" if canvas.boxed else "user_box"))
            for rect in self._tints:
                if rect.intersects(canvas.clip):
                    painter.drawRoundedRect(rect, canvas.style.px(4), canvas.style.px(4))
        self._paint_marks(canvas)
        color = "muted" if self.muted else "text"
        draw(document, canvas, color)
        sight = (canvas.clip.top(), canvas.clip.bottom())
        self.formulas.inline.paint(painter, document, self._drawn_at, sight)
        if self._markers:
            paint_markers(painter, document, self._markers, self.style, canvas.style.color(color), sight)
        canvas.clip = clip
        painter.restore()

    def length(self) -> int:
        return self.document().characterCount() - 1

    def position_at(self, point: QPointF) -> int:
        inner = point - QPointF(0, self.drop)
        return max(0, self.document().documentLayout().hitTest(inner, Qt.HitTestAccuracy.FuzzyHit))

    def top_of(self, position: int) -> int:
        block = self.document().findBlock(position)
        if not block.isValid():
            return 0
        line = block.layout().lineForTextPosition(position - block.position())
        top = self.document().documentLayout().blockBoundingRect(block).top()
        return int(top + (line.y() if line.isValid() else 0))

    def text(self, start: int, end: int) -> str:
        """Return the letters between two positions: a line each, empty ones between paragraphs, marks before items."""
        return self._between(start, end, lambda source: formula_of(source).latex)

    def written(self, start: int, end: int) -> str:
        return self._between(start, end, str)

    def _between(self, start: int, end: int, formula: Callable[[str], str]) -> str:
        found, end = "", min(end, self.length())
        written = {marker.block: "- " if marker.bullet else f"{marker.text} " for marker in self._markers}
        block, among_items = self.document().findBlock(start), True
        while block.isValid() and block.position() <= end:
            first = max(start, block.position())
            items: QTextList | None = block.textList()
            cursor = self._cursor(first, min(end, block.position() + block.length() - 1))
            line = words_between(cursor, formula)
            if found:
                found += "\n" if among_items and items is not None else "\n\n"
            among_items = items is not None
            if items is not None and first == block.position() and line:
                found += "  " * (items.format().indent() - 1) + written.get(block.blockNumber(), "")
            found += line
            block = block.next()
        return found

    def word_at(self, position: int) -> tuple[int, int]:
        return self._around(position, QTextCursor.SelectionType.WordUnderCursor)

    def paragraph_at(self, position: int) -> tuple[int, int]:
        return self._around(position, QTextCursor.SelectionType.BlockUnderCursor)

    def hot_at(self, point: QPointF) -> Hot | None:
        layout = self.document().documentLayout()
        inner = point - QPointF(0, self.drop)
        url = layout.anchorAt(inner)
        if not url:
            return None
        position = layout.hitTest(inner, Qt.HitTestAccuracy.FuzzyHit)
        return Hot("link", QRectF(point, point), url, tip=url, words=self._shown_link(position, url))

    def find(self, wanted: Wanted) -> list[Span]:
        text = self.document().toRawText()
        spans = list(wanted.spans(text))
        if text.isascii() or not spans or max(text) <= LAST_SINGLE:
            return spans
        return [(units(text, start), units(text, end)) for start, end in spans]

    def rects_of(self, span: Span) -> list[QRectF]:
        """Return where letters are, line by line, as the document counts."""
        return [rect for _, rect in rects_in(self.document(), [span])]

    def _paint_marks(self, canvas: Canvas) -> None:
        marks = canvas.marks
        if not marks:
            return
        first, last = in_sight(self.document(), canvas.clip)
        start, end = max(0, bisect_left(marks, (first, 0)) - 1), bisect_right(marks, (last, last))
        if self._marked is None or self._marked[0] is not marks or self._marked[1] != (self.width, start, end):
            found = rects_in(self.document(), marks[start:end])
            self._marked = (marks, (self.width, start, end), found)
        found = self._marked[2]
        paint_marks(canvas, [rect for span, rect in found if span != canvas.mark], current=False)
        paint_marks(canvas, [rect for span, rect in found if span == canvas.mark], current=True)

    def links(self) -> list[tuple[str, str]]:
        """Return the addresses and the words of all links."""
        found: dict[str, str] = {}
        block = self.document().begin()
        while block.isValid():
            for fragment in fragments(block):
                url = fragment.charFormat().anchorHref()
                if url:
                    end = fragment.position() + fragment.length()
                    found[url] = found.get(url, "") + self.text(fragment.position(), end)
            block = block.next()
        return list(found.items())

    def _shown_link(self, position: int, url: str) -> str:
        block = self.document().findBlock(position)
        return "".join(item.text() for item in fragments(block) if item.charFormat().anchorHref() == url)

    def _cursor(self, start: int, end: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        last = self.length()
        cursor.setPosition(min(start, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _around(self, position: int, kind: QTextCursor.SelectionType) -> tuple[int, int]:
        cursor = self._cursor(position, position)
        cursor.select(kind)
        start = cursor.selectionStart()
        if kind == QTextCursor.SelectionType.BlockUnderCursor:
            start = self.document().findBlock(cursor.position()).position()
        return start, cursor.selectionEnd()


def draw(document: QTextDocument, canvas: Canvas, color: str) -> None:
    """Draw a document with what is selected of it."""
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = canvas.clip
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, canvas.style.color(color))
    context.palette = palette
    if canvas.selected:
        start, end = canvas.selected
        last = document.characterCount() - 1
        selection = QAbstractTextDocumentLayout.Selection()
        cursor = QTextCursor(document)
        cursor.setPosition(min(start, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        selection.cursor = cursor
        look = selection.format
        look.setBackground(QBrush(canvas.style.color("selection")))
        look.setForeground(QBrush(canvas.style.color("text")))  # without it the numbers of lists vanish
        selection.format = look
        context.selections = [selection]
    painter = canvas.painter
    painter.save()
    painter.setClipRect(canvas.clip, Qt.ClipOperation.IntersectClip)
    document.documentLayout().draw(painter, context)
    painter.restore()


def _trim(document: QTextDocument) -> None:
    """Take away the room above the first and below the last paragraph: cells stand apart by themselves."""
    for block, top in ((document.begin(), True), (document.lastBlock(), False)):
        cursor = QTextCursor(block)
        change = QTextBlockFormat()
        if top:
            change.setTopMargin(0)
        else:
            change.setBottomMargin(0)
        cursor.mergeBlockFormat(change)
