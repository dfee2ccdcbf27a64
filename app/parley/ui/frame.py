"""Frame: sidebar and chat side by side; in a narrow window the sidebar becomes a drawer over the chat."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSplitter, QVBoxLayout, QWidget
from shiboken6 import isValid

from parley.ui.sidebar.sidebar import Sidebar

NARROW = 640
"""Below this width there is no room for two columns."""

LEAST, MOST = 200, 480
STRIP = 56
"""What a drawer leaves free of the chat behind it, so that a click there closes it."""


class Shade(QWidget):
    """Darkens the chat behind the drawer; a click on it closes the drawer."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shade")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


class Frame(QWidget):
    """Places the two columns."""

    folded_changed = Signal(bool)

    def __init__(self, sidebar: Sidebar, chat: QWidget, width: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._sidebar = sidebar
        self._chat = chat
        self._width = width
        self._wanted = True
        """Whether the person wants the sidebar where there is room for it."""
        self._narrow = False
        self._focused_before: QWidget | None = None
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(sidebar)
        self._splitter.addWidget(chat)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([width, 10_000])
        self._splitter.splitterMoved.connect(self._moved)
        sidebar.setMinimumWidth(LEAST)
        sidebar.setMaximumWidth(MOST)
        self._shade = Shade(self)
        self._shade.clicked.connect(self.close_drawer)
        self._drawer = QWidget(self)
        self._drawer.setObjectName("drawer")
        self._drawer.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._drawer_column = QVBoxLayout(self._drawer)
        self._drawer_column.setContentsMargins(0, 0, 0, 0)
        self._drawer.hide()
        self._drawer.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)

    @property
    def sidebar_width(self) -> int:
        """Return how wide the person wants the sidebar."""
        return self._width

    @property
    def folded(self) -> bool:
        """Return whether the sidebar is out of sight."""
        return not self._drawer.isVisibleTo(self) if self._narrow else not self._wanted

    @property
    def wanted(self) -> bool:
        """Return whether the sidebar is to be shown where there is room."""
        return self._wanted

    @property
    def narrow(self) -> bool:
        """Return whether the sidebar is a drawer."""
        return self._narrow

    def set_folded(self, folded: bool) -> None:
        """Show or hide the sidebar."""
        if self._narrow:
            if not folded:
                self._focused_before = QApplication.focusWidget()
            elif self._drawer.isAncestorOf(QApplication.focusWidget() or self):
                self._give_focus_back()
            self._drawer.setVisible(not folded)
            self._shade.setVisible(not folded)
            self._place_drawer()
            if not folded:
                self._sidebar.list.setFocus()
        else:
            self._wanted = not folded
            self._sidebar.setVisible(not folded)
            if not folded:
                self._splitter.setSizes([self._width, max(1, self.width() - self._width)])
        self.folded_changed.emit(self.folded)

    def close_drawer(self) -> None:
        """Close the drawer, if there is one and it is open."""
        if self._narrow and not self.folded:
            self.set_folded(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (self.width() < NARROW) != self._narrow:
            self._change_shape()
        self._place_drawer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self._drawer and escape and event.type() == QEvent.Type.KeyPress:
            self.close_drawer()
            return True
        return False

    def _change_shape(self) -> None:
        self._narrow = not self._narrow
        self._drawer.hide()
        self._shade.hide()
        if self._narrow:
            self._drawer_column.addWidget(self._sidebar)
            self._sidebar.show()
        else:
            self._splitter.insertWidget(0, self._sidebar)
            self._sidebar.setVisible(self._wanted)
            self._splitter.setSizes([self._width, max(1, self.width() - self._width)])
        self.folded_changed.emit(self.folded)

    def _place_drawer(self) -> None:
        width = min(self._width + 20, self.width() - STRIP)
        left = self.width() - width if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else 0
        self._shade.setGeometry(self.rect())
        self._drawer.setGeometry(QRect(left, 0, width, self.height()))
        if self._narrow:
            self._shade.raise_()
            self._drawer.raise_()

    def _give_focus_back(self) -> None:
        """Return to what had the focus when the drawer was opened."""
        before = self._focused_before
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def _moved(self) -> None:
        if not self._narrow:
            self._width = self._sidebar.width()
