"""SpendingTable: what days, months or models have cost, a row each, with a bar that compares them."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from parley.ui.appearance.look import Look
from parley.ui.appearance.painting import line, row_box, sized, split_end, width_of
from parley.ui.appearance.theme import Theme

LINE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
BAR = 4
GAP = 4
PAD = 6
LEADING = 4
"""The direction marks around a text may be of a taller font."""


class Line(NamedTuple):
    """One row: what it is of, its cost, the rest in words, and how much of the dearest one it is."""

    label: str
    cost: str
    detail: str
    share: float


class ShareBar(QWidget):
    """How much of the budget is spent. The words beside it say the same, so it is nothing to a screen reader."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(2 * BAR)
        look.changed.connect(self.update)

    def show_share(self, share: float) -> None:
        """Show a share, 1 being all of it."""
        self.share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = "danger" if self.share >= 1 else "accent"
        _paint_bar(painter, self.rect(), self.share, self._look.theme, color, self.layoutDirection())


class SpendingTable(QListWidget):
    """As tall as its rows: the page scrolls. The arrow keys go from row to row."""

    row_entered = Signal(QRect)
    """The keyboard is on the row of this place in the table."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("spendingTable")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(_Rows(look, self))
        self.setMouseTracking(True)
        look.changed.connect(self._fit)
        self.currentItemChanged.connect(self._enter)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show these rows; the keyboard stays on the row where it is."""
        current = self.currentRow()
        self.clear()
        for shown in lines:
            item = QListWidgetItem(shown.label, self)
            item.setData(LINE_ROLE, shown)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{shown.label}, {shown.cost}, {shown.detail}")
            item.setToolTip(shown.label)
        self.setCurrentRow(max(0, min(current, len(lines) - 1)))
        self._fit()

    @property
    def lines(self) -> list[Line]:
        """Return what is on show."""
        return [self.item(row).data(LINE_ROLE) for row in range(self.count())]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _enter(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.row_entered.emit(self.visualItemRect(item))

    def _fit(self) -> None:
        self.setFixedHeight(sum(self.sizeHintForRow(row) for row in range(self.count())))


class _Rows(QStyledItemDelegate):
    """Draws a row: its name and cost, the bar, and the rest below."""

    def __init__(self, look: Look, table: SpendingTable) -> None:
        super().__init__(table)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        small = QFontMetrics(sized(option.font, -1)).height()
        return QSize(0, 2 * PAD + option.fontMetrics.height() + small + 2 * (LEADING + GAP) + BAR)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        shown, theme = index.data(LINE_ROLE), self._look.theme
        painter.save()
        room = row_box(painter, option, theme, current=False, pad=0)
        room.setTop(option.rect.top() + PAD)
        room.setHeight(option.fontMetrics.height() + LEADING)
        label, cost = split_end(option, room, width_of(shown.cost, option.font))
        painter.setPen(theme.color("text"))
        line(painter, option, label, shown.label, option.font)
        line(painter, option, cost, shown.cost, option.font, at_end=True)
        place = QRect(room.left(), room.bottom() + 1 + GAP, room.width(), BAR)
        _paint_bar(painter, place, shown.share, theme, "accent", option.direction)
        small = sized(option.font, -1)
        painter.setPen(theme.color("muted"))
        height = QFontMetrics(small).height() + LEADING
        below = QRect(room.left(), place.bottom() + 1 + GAP, room.width(), height)
        line(painter, option, below, shown.detail, small)
        painter.restore()


def _paint_bar(
    painter: QPainter, place: QRect, share: float, theme: Theme, color: str, direction: Qt.LayoutDirection
) -> None:
    radius = place.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("faint"))
    painter.drawRoundedRect(QRectF(place), radius, radius)
    if share > 0:
        width = max(place.height(), int(place.width() * min(1.0, share)))
        filled = QStyle.visualRect(direction, place, QRect(place.left(), place.top(), width, place.height()))
        painter.setBrush(theme.color(color))
        painter.drawRoundedRect(QRectF(filled), radius, radius)
