"""UniformList: a list whose rows are all of one height. Where a row stands is arithmetic, so 10,000 cost what ten do.

QListView asks its model for every row whenever one is added, even if all sizes are the same.
"""

from collections.abc import Iterable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QHoverEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

from parley.ui.viewports import put_viewport

Index = QModelIndex | QPersistentModelIndex
Action = QAbstractItemView.CursorAction
Hint = QAbstractItemView.ScrollHint
State = QStyle.StateFlag
Flag = QItemSelectionModel.SelectionFlag
BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
BEGINNINGS = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress)
NOWHERE = QPoint(-1, -1)
ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class UniformList(QListView):
    """Draws, finds and scrolls rows. The height is what the delegate wants for any row.

    Several can be chosen; only then the chosen ones are drawn as such: one alone is where the keyboard is.
    """

    opened = Signal(QModelIndex)
    """A row was clicked, and not to be chosen besides others."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        put_viewport(self)
        self._pointer = NOWHERE
        self._held = QPersistentModelIndex()
        self._height = 0
        self._anchor = QPersistentModelIndex()
        """Where the rows begin that Shift chooses."""
        self._adding = False
        """Whether the pointer chooses rows besides those that are chosen."""
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.clicked.connect(self._clicked)

    @property
    def row_height(self) -> int:
        """Return how high every row is."""
        if not self._height:
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            self._height = max(1, self.itemDelegate().sizeHint(option, QModelIndex()).height())
        return self._height

    @property
    def several(self) -> bool:
        """Return whether more than one row is chosen."""
        return sum(rows.height() for rows in self.selectionModel().selection().toList()) > 1

    def choose(self, index: Index) -> None:
        """Make a row the current one and choose it alone, whatever keys are held."""
        self._anchor = QPersistentModelIndex(index)
        self.selectionModel().setCurrentIndex(index, Flag.ClearAndSelect)

    def hold(self, index: Index) -> None:
        """Mark a row as if the pointer were on it, as while its menu is open; an invalid index lets go."""
        self._held = QPersistentModelIndex(index)
        self.viewport().update()

    def doItemsLayout(self) -> None:
        self._height = 0
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        page = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._count() * self.row_height - page))
        bar.setPageStep(page)
        bar.setSingleStep(self.row_height)
        QAbstractItemView.updateGeometries(self)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.scrollDirtyRegion(dx, dy)
        self.viewport().scroll(dx, dy)

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        top = index.row() * self.row_height - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self.row_height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        if not self._count() or not self.viewport().rect().contains(point):
            return QModelIndex()
        row = (point.y() + self.verticalOffset()) // self.row_height
        return self.model().index(row, 0) if row < self._count() else QModelIndex()

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = Hint.EnsureVisible) -> None:
        if not index.isValid():
            return
        rect, page = self.visualRect(index), self.viewport().height()
        over = index.sibling(index.row() - 1, 0)
        if over.isValid() and not over.flags() & Qt.ItemFlag.ItemIsEnabled:
            rect |= self.visualRect(over)  # a row is shown with its heading
        above, below = rect.top(), rect.bottom() + 1 - page
        match hint:
            case Hint.PositionAtTop:
                step = above
            case Hint.PositionAtBottom:
                step = below
            case Hint.PositionAtCenter:
                step = (above + below) // 2
            case _:
                step = above if above < 0 else max(0, below)
        self.verticalScrollBar().setValue(self.verticalOffset() + step)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        last = self._count() - 1
        at = self.currentIndex().row()
        page = max(1, self.viewport().height() // self.row_height - 1)
        steps = {
            Action.MoveUp: -1,
            Action.MovePrevious: -1,
            Action.MovePageUp: -page,
            Action.MovePageDown: page,
            Action.MoveHome: -last - 1,
            Action.MoveEnd: last + 1,
            Action.MoveLeft: 0,
            Action.MoveRight: 0,
        }
        step = steps.get(action, 1)
        return self._enabled_at(max(0, min(last, at + step)), 1 if step >= 0 else -1)

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        command = super().selectionCommand(index, event)
        if event is not None and event.type() in BEGINNINGS and not command & Flag.Current:
            self._anchor = QPersistentModelIndex(index)
        return command

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        ends = [(end + self.verticalOffset()) // self.row_height for end in (rect.top(), rect.bottom())]
        if command & Flag.Current and self._anchor.isValid():
            ends[0] = self._anchor.row()
        first, last = sorted(ends)
        model = self.model()
        if first < self._count():
            top, bottom = model.index(max(0, first), 0), model.index(min(self._count() - 1, last), 0)
            self.selectionModel().select(QItemSelection(top, bottom), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for found in selection.toList():
            rows = self.visualRect(found.topLeft()).united(self.visualRect(found.bottomRight()))
            region += rows.intersected(self.viewport().rect())
        return region

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:
        if start <= self.currentIndex().row() <= end:
            below = self._enabled_among(range(end + 1, self._count()))
            self.choose(below or self._enabled_among(range(start - 1, -1, -1)) or QModelIndex())
        QAbstractItemView.rowsAboutToBeRemoved(self, parent, start, end)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._count():
            return
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state & ~(State.State_HasFocus | State.State_MouseOver | State.State_Selected)
        current, under = self.currentIndex(), self.indexAt(self._pointer)
        selection, several = self.selectionModel(), self.several
        offset, height = self.verticalOffset(), self.row_height
        first = (event.rect().top() + offset) // height
        last = min(self._count() - 1, (event.rect().bottom() + offset) // height)
        for row in range(max(0, first), last + 1):
            index = self.model().index(row, 0)
            option.rect = self.visualRect(index)
            option.state = plain
            if several and selection.isSelected(index):
                option.state |= State.State_Selected
            if index in (under, self._held):
                option.state |= State.State_MouseOver
            if index == current and self.hasFocus():
                option.state |= State.State_HasFocus
            self.itemDelegateForIndex(index).paint(painter, option, index)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() in BY_KEY:
            self._show_where_keys_go()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._show_where_keys_go()
        super().keyPressEvent(event)

    def _show_where_keys_go(self) -> None:
        """Have rings drawn from now on: Qt itself does so for Tab, and not for F6 or the arrows."""
        self.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._adding = bool(event.modifiers() & ADDING)
        self.setAutoScroll(False)  # else Qt scrolls back to the row half a second later, wherever one has gone
        super().mousePressEvent(event)
        self.setAutoScroll(True)

    def _clicked(self, index: QModelIndex) -> None:
        if not self._adding:
            self.opened.emit(index)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHoverEvent):
            leaves = event.type() == QEvent.Type.HoverLeave
            self._pointer = NOWHERE if leaves else event.position().toPoint()
        return super().viewportEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        if QAccessible.isActive() and current.isValid() and self.hasFocus():
            self._tell(QAccessible.Event.Focus, current)
        QAbstractItemView.currentChanged(self, current, previous)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        if QAccessible.isActive():
            for index in selected.indexes():
                self._tell(QAccessible.Event.SelectionAdd, index)
            for index in deselected.indexes():
                self._tell(QAccessible.Event.SelectionRemove, index)
        QAbstractItemView.selectionChanged(self, selected, deselected)

    def _tell(self, kind: QAccessible.Event, index: Index) -> None:
        event = QAccessibleEvent(self, kind)
        event.setChild(index.row())
        QAccessible.updateAccessibility(event)

    def _count(self) -> int:
        model: QAbstractItemModel | None = self.model()
        return model.rowCount() if model is not None else 0

    def _enabled_at(self, row: int, step: int) -> QModelIndex:
        """Return the nearest row that can be chosen, in this direction and else in the other."""
        onwards = range(row, self._count()) if step > 0 else range(row, -1, -1)
        back = range(row, -1, -1) if step > 0 else range(row, self._count())
        return self._enabled_among(onwards) or self._enabled_among(back) or self.currentIndex()

    def _enabled_among(self, rows: Iterable[int]) -> QModelIndex | None:
        indexes = (self.model().index(row, 0) for row in rows)
        return next((index for index in indexes if index.flags() & Qt.ItemFlag.ItemIsEnabled), None)
