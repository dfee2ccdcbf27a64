"""Images: those that are in the text are shown, never larger than they are; others are named, and where they are."""

from urllib.parse import urlsplit

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath

from parley.render import Block
from parley.ui.transcript.cell import Canvas, Hot
from parley.ui.transcript.pictures import Pictures, Scaled, size_of, whole
from parley.ui.transcript.spans import paint_marks
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell
from parley.ui.transcript.wanted import Span, Wanted
from parley.ui.transcript.words import Words

HIGHEST = 480
"""An image takes no more height; a click shows all of it."""
CARD = 56
CARD_WIDTH = 420
SHOW = "show-image"
_DATA = "data:"


class ImageCell(BlockCell):
    """One image, or a card in its place. It is selected as a whole."""

    def __init__(self, block: Block, style: Style, pictures: Pictures, words: Words) -> None:
        super().__init__(block, style)
        self._pictures = pictures
        self._words = words
        self._size = size_of(block.url) if block.url.startswith(_DATA) else QSize()
        self._broken = False

    @property
    def shown(self) -> bool:
        """Say whether there is an image to be seen."""
        return self._size.isValid() and not self._broken

    def image(self) -> QImage:
        """Return the image in its own size."""
        return whole(self.block.url)

    # --- geometry
    def _fitted(self, width: int) -> QSize:
        if not self.shown:
            return QSize(min(width, self.style.px(CARD_WIDTH)), self.style.px(CARD))
        share = min(1.0, width / self._size.width(), HIGHEST / self._size.height())
        return QSize(max(1, round(self._size.width() * share)), max(1, round(self._size.height() * share)))

    def natural_width(self, width: int) -> int:
        """Return how much of a width the image takes."""
        return self._fitted(max(1, width)).width()

    def estimate(self, width: int) -> int:
        return self._fitted(max(1, width)).height()

    def lay_out(self, width: int) -> int:
        self.width, self.height = width, self.estimate(width)
        return self.height

    def _box(self) -> QRectF:
        size = self._fitted(self.width)
        return QRectF(self.width - size.width() if self.rtl else 0, 0, size.width(), size.height())

    # --- painting
    def paint(self, canvas: Canvas) -> None:
        painter, box = canvas.painter, self._box()
        painter.save()
        if self.shown:
            self._paint_image(painter, box, canvas)
        else:
            self._paint_card(painter, box, canvas)
        if canvas.marks:
            painter.setOpacity(0.5)
            paint_marks(canvas, [box], current=canvas.mark in canvas.marks)
        if canvas.selected:
            painter.setOpacity(0.4)
            painter.fillRect(box, canvas.style.color("selection"))
        painter.restore()

    def _paint_image(self, painter: QPainter, box: QRectF, canvas: Canvas) -> None:
        ratio = painter.device().devicePixelRatioF()
        size = box.size() * ratio
        room = size.boundedTo(self._size.toSizeF())  # more dots than it has would be none of its own
        image = self._pictures.get(Scaled(self.block.url, round(room.width()), round(room.height())))
        around = QPainterPath()
        around.addRoundedRect(box, canvas.style.theme.radius, canvas.style.theme.radius)
        painter.setClipPath(around, Qt.ClipOperation.IntersectClip)
        if image is None:
            painter.fillRect(box, canvas.style.color("code_panel"))
        elif image.isNull():
            self._broken = True  # the header was all there was of it
            painter.fillRect(box, canvas.style.color("code_panel"))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, image)

    def _paint_card(self, painter: QPainter, box: QRectF, canvas: Canvas) -> None:
        style = canvas.style
        hovered = canvas.hover is not None and canvas.hover.action == "link"
        painter.setPen(style.color("outline" if hovered else "faint"))
        painter.setBrush(style.color("code_panel"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), style.theme.radius, style.theme.radius)
        pad = style.px(14)
        inner = box.adjusted(pad, style.px(8), -pad, -style.px(8))
        half = inner.height() / 2
        for row, (words, color) in enumerate(((self._title(), "text"), (self._note(), "muted"))):
            place = QRectF(inner.x(), inner.y() + row * half, inner.width(), half)
            painter.setFont(style.quiet)
            painter.setPen(style.color(color))
            fitted = QFontMetricsF(style.quiet).elidedText(words, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, fitted)

    def _title(self) -> str:
        return self.block.words.strip() or self._words.image()

    def _note(self) -> str:
        host = _host(self.block.url)
        return self._words.image_elsewhere(host) if host else self._words.image_broken()

    # --- text
    def length(self) -> int:
        return 1

    def position_at(self, point: QPointF) -> int:
        return 0 if point.y() < self.height / 2 else 1

    def text(self, start: int, end: int) -> str:
        alone = bool(self.block.html)  # else its words are in the text above
        return self._title() if start < end and alone else ""

    def find(self, wanted: Wanted) -> list[Span]:
        return [(0, 1) for _ in wanted.spans(self.letters())]

    # --- what can be pressed
    def hot_at(self, point: QPointF) -> Hot | None:
        box = self._box()
        if not box.contains(point):
            return None
        if self.shown:
            return Hot(SHOW, box, tip=self.block.words)
        return Hot("link", box, self.block.url, tip=self.block.url) if _host(self.block.url) else None


def _host(url: str) -> str:
    """Return the host of a web address."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""
    except ValueError:
        return ""
