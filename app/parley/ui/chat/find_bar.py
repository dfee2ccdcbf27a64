"""FindBar: a slim bar above the transcript, to find something in the conversation on show. It only asks."""

from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollBar, QSizePolicy, QToolButton, QWidget

from parley.ui.actions import Actions, key_text
from parley.ui.appearance.look import Look

WIDEST = 320
MARGIN = 12
LONGEST = 1000
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class FindBar(QFrame):
    """A field, how many places there are, the way to the next and the one before, and a switch for case."""

    asked = Signal()
    """Something else is looked for."""
    stepped = Signal(int)
    """To the next place (1), or to the one before (-1)."""
    closed = Signal()

    def __init__(self, look: Look, actions: Actions, over: QWidget, beside: QScrollBar) -> None:
        super().__init__(over)
        self.setObjectName("findBar")
        self._over, self._beside = over, beside
        self.field = QLineEdit(self)
        self.field.setObjectName("findField")
        self.field.setPlaceholderText(self.tr("Find in this chat"))
        self.field.setAccessibleName(self.tr("Find in this chat"))
        self.field.setMaxLength(LONGEST)
        self.field.setMaximumWidth(WIDEST)
        self.count = QLabel(self)
        self.count.setProperty("muted", True)
        self.count.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        keys = key_text(actions["find_previous"]), key_text(actions["find_next"])
        self.previous = self._button(look, "chevron-up", f"{self.tr('Previous place')} ({keys[0]})")
        self.next = self._button(look, "chevron-down", f"{self.tr('Next place')} ({keys[1]})")
        self.case = self._button(look, "match-case", self.tr("Match case and accents"))
        self.case.setCheckable(True)
        close = self._button(look, "close", f"{self.tr('Close')} (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 3, MARGIN, 4)
        row.setSpacing(2)
        row.addStretch(1)
        row.addWidget(self.field, 100)
        row.addSpacing(4)
        row.addWidget(self.count)
        for button in (self.previous, self.next, self.case, close):
            row.addWidget(button)
        self.field.textChanged.connect(self.asked)
        self.case.toggled.connect(self.asked)
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        close.clicked.connect(self.closed)
        self.field.installEventFilter(self)
        over.installEventFilter(self)
        self.setFocusProxy(self.field)
        self.show_count(0, 0, searching=False)
        self.hide()

    def open(self, text: str) -> None:
        """Show the bar with a text to find, chosen so that typing replaces it."""
        self.field.setText(text)
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_count(self, number: int, total: int, *, searching: bool) -> None:
        """Say which of how many places one is at."""
        locale = QLocale()
        on = "…" if searching else ""
        if total:
            words = self.tr("{number} of {total}") if number else "{total}"
            words = words.format(number=locale.toString(number), total=locale.toString(total)) + on
        else:
            words = on or (self.tr("Not found") if self.field.text().strip() else "")
        if words != self.count.text():
            self.count.setText(words)
            if words and not searching and self.isVisible():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.count, words))
        for button in (self.previous, self.next):
            button.setEnabled(bool(total))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        pressed = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if watched is self.field and isinstance(event, QKeyEvent) and pressed and event.key() in ENTER:
            self.stepped.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.LayoutDirectionChange):
            self._place()

    def _button(self, look: Look, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setAccessibleName(name.partition(" (")[0])
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.dress(button, icon)
        return button

    def _place(self) -> None:
        """Take the upper edge, but for the scroll bar."""
        aside = self._beside.sizeHint().width()
        left = aside if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else 0
        self.setGeometry(left, 0, self._over.width() - aside, self.sizeHint().height())
