"""Small things that the delegates of lists draw alike: row boxes, one line of text, and what is at its end."""

import math

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from parley.ui.appearance.theme import Theme

State = QStyle.StateFlag
PAD, BAR = 8, 3


def row_box(
    painter: QPainter,
    option: QStyleOptionViewItem,
    theme: Theme,
    *,
    current: bool,
    chosen: bool = False,
    pad: int = PAD,
) -> QRect:
    """Draw what is behind a row (current, chosen, under the pointer, focused) and return the room for its words."""
    box = option.rect.adjusted(pad, 1, -pad, -1)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    hovered = bool(option.state & State.State_MouseOver)
    if chosen or current or hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("selection" if chosen else "faint" if current else "hover"))
        painter.drawRoundedRect(QRectF(box), theme.radius, theme.radius)
    if bool(option.state & State.State_HasFocus) and bool(option.state & State.State_KeyboardFocusChange):
        painter.setPen(QPen(theme.color("accent"), theme.focus_width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), theme.radius, theme.radius)
    return box.adjusted(10, 0, -10, 0)


def bar(painter: QPainter, option: QStyleOptionViewItem, theme: Theme) -> None:
    """Draw what tells the current row of a list from the one under the pointer, at its start."""
    place = QRect(0, 0, BAR, option.rect.height() // 2)
    place.moveCenter(option.rect.center())
    place.moveLeft(option.rect.left() + PAD)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(QStyle.visualRect(option.direction, option.rect, place), BAR / 2, BAR / 2)


def line(
    painter: QPainter, option: QStyleOptionViewItem, room: QRect, text: str, font: QFont, *, at_end: bool = False
) -> None:
    """Draw one line of text, cut with dots where it is too long, on the side where reading starts (or ends)."""
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    side = Qt.AlignmentFlag.AlignRight if at_end else Qt.AlignmentFlag.AlignLeft
    side = QStyle.visualAlignment(option.direction, side)
    painter.setFont(font)
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, isolated(shown))


def isolated(text: str) -> str:
    """Return the text in its own direction: English keeps its full stop at the end in a right-to-left window."""
    return f"\u2068{text}\u2069"


def split_end(option: QStyleOptionViewItem, room: QRect, width: int, gap: int = 8) -> tuple[QRect, QRect]:
    """Return the room at the start of a row and that at its end, the latter of this width."""
    start, end = QRect(room), QRect(room)
    start.setWidth(max(0, room.width() - width - (gap if width else 0)))
    end.setLeft(room.right() - width + 1)
    return (
        QStyle.visualRect(option.direction, room, start),
        QStyle.visualRect(option.direction, room, end),
    )


def width_of(text: str, font: QFont) -> int:
    """Return the room that a line of text needs; a fraction more, for screens with a fractional scale."""
    return math.ceil(QFontMetricsF(font).horizontalAdvance(text)) + 2 if text else 0


def sized(font: QFont, points: float, *, bold: bool = False) -> QFont:
    """Return the font some points larger, and bolder if asked."""
    made = QFont(font)
    made.setPointSizeF(max(6.0, font.pointSizeF() + points))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made
