"""The model picker: a popup with a search field and all models."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from parley.models import Model
from parley.ui.appearance.look import Look
from parley.ui.models.model_list import ModelDelegate, ModelList

WIDTH, HEIGHT = 340, 380
EDGE = 8


class ModelPopup(QFrame):
    """The list of models, with the caret in its search field."""

    chosen = Signal(str)
    refresh_requested = Signal()
    providers_requested = Signal()
    """The person wants another provider."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.models = ModelList(self)
        self._delegate = ModelDelegate(look, self)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Find a model"))
        self.search.setAccessibleName(self.tr("Find a model"))
        self.search.installEventFilter(self)
        self.list = QListView(self)
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setModel(self.models)
        self.list.setItemDelegate(self._delegate)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._state = QLabel(self)
        self._state.setProperty("muted", True)
        self.refresh = QPushButton(self.tr("Refresh"), self)
        self.refresh.setProperty("kind", "quiet")
        look.dress(self.refresh, "refresh")
        self.add = QPushButton(self.tr("Add a provider…"), self)
        self.add.setProperty("kind", "quiet")
        look.dress(self.add, "plus")
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.addWidget(self.add)
        below.addWidget(self._state, 1)
        below.addWidget(self.refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(below)
        self.search.textChanged.connect(self._filter)
        self.list.clicked.connect(self._choose)
        self.list.entered.connect(self._point_at)
        self.refresh.clicked.connect(self.refresh_requested)
        self.add.clicked.connect(self._ask_for_provider)

    def show_models(
        self, models: Sequence[Model], names: Mapping[str, str], problems: Sequence[tuple[str, str]], current: str
    ) -> None:
        """Show these models, and tick the current one."""
        self._delegate.current_id = current
        self.models.show(models, names, problems)
        self.list.setCurrentIndex(self.models.index_of(current))

    def _point_at(self, index: QModelIndex) -> None:
        """Let Enter take the row under the pointer, as in menus: one row is marked, not two."""
        if self.models.model(index):
            self.list.setCurrentIndex(index)

    def set_busy(self, busy: bool) -> None:
        """Say that the servers are being asked."""
        self._state.setText(self.tr("Looking…") if busy else "")
        self.refresh.setEnabled(not busy)

    def open_at(self, anchor: QWidget, within: QWidget) -> None:
        """Open over the anchor, or below it where there is no room, inside the window."""
        self.open_over(QRect(anchor.mapTo(within, QPoint(0, 0)), anchor.size()), within)

    def open_over(self, place: QRect, within: QWidget) -> None:
        """Open over a place in the window, or below it where there is no room."""
        room = within.rect()
        width = min(WIDTH, room.width() - 2 * EDGE)
        self._delegate.width = width - 16
        height = self.search.sizeHint().height() + self.refresh.sizeHint().height() + self._height_of_rows() + 28
        size = QSize(width, min(HEIGHT, height, room.height() - 2 * EDGE))
        self.resize(size)
        right_to_left = within.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = place.x() + place.width() - size.width() if right_to_left else place.x()
        left = max(EDGE, min(left, room.width() - size.width() - EDGE))
        top = place.y() - size.height() - 4
        if top < EDGE:
            top = min(place.y() + place.height() + 4, room.height() - size.height() - EDGE)
        self.move(within.mapToGlobal(QPoint(left, max(EDGE, top))))
        self.search.clear()
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.search or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        row = self.list.currentIndex().row()
        match event.key():
            case Qt.Key.Key_Down:
                self._move_to(self.models.step(row, 1))
            case Qt.Key.Key_Up:
                self._move_to(self.models.step(row, -1))
            case Qt.Key.Key_PageDown | Qt.Key.Key_PageUp:
                self._page(1 if event.key() == Qt.Key.Key_PageDown else -1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self.list.currentIndex())
            case Qt.Key.Key_Escape if self.search.text():
                self.search.clear()
            case _:
                return False
        return True

    def _height_of_rows(self) -> int:
        heights = 0
        for number in range(self.models.rowCount()):
            heights += self.list.sizeHintForRow(number)
            if heights > HEIGHT:
                break
        return heights

    def _page(self, direction: int) -> None:
        for _ in range(8):
            self._move_to(self.models.step(self.list.currentIndex().row(), direction))

    def _move_to(self, index: QModelIndex) -> None:
        if index.isValid():
            self.list.setCurrentIndex(index)

    def _filter(self, words: str) -> None:
        self.models.filter(words)
        self._move_to(self.models.index_of(self._delegate.current_id))

    def _ask_for_provider(self) -> None:
        self.close()
        self.providers_requested.emit()

    def _choose(self, index: QModelIndex) -> None:
        if model := self.models.model(index):
            self.close()
            self.chosen.emit(model.id)
