"""Head: what stands above the list of chats: to fold it, to search everything, to begin a new chat."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from parley.ui.actions import Actions, key_text, show_keys
from parley.ui.appearance.look import Look


class Head(QWidget):
    """The search field and two buttons."""

    def __init__(self, look: Look, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._actions = actions
        fold = QToolButton(self)
        fold.setDefaultAction(actions["sidebar"])
        fold.setAccessibleName(self.tr("Hide the list of chats"))
        show_keys(fold, actions["sidebar"], self.tr("Hide the list of chats"))
        self.search = self._search_field()
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 8, 0)
        top.setSpacing(4)
        top.addWidget(fold)
        top.addWidget(self.search, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self._new_chat_row())

    def _search_field(self) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName("search")
        field.setPlaceholderText(self.tr("Search everything"))
        field.setAccessibleName(self.tr("Search everything"))
        field.setClearButtonEnabled(True)
        sign = field.addAction(self._look.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._look.dress(sign, "search")
        if clear := field.findChild(QAction, "_q_qlineeditclearaction"):
            self._look.dress(clear, "close")
        return field

    def _new_chat_row(self) -> QWidget:
        action = self._actions["new_chat"]
        row = QWidget(self)
        new = QPushButton(action.text(), row)
        new.setObjectName("newChat")
        new.setProperty("kind", "quiet")
        new.clicked.connect(action.trigger)
        self._look.dress(new, "new-chat", "text")
        keys = QLabel(key_text(action), new)
        action.changed.connect(lambda: keys.setText(key_text(action)))
        keys.setProperty("muted", True)
        keys.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QHBoxLayout(new)
        inside.setContentsMargins(10, 0, 10, 0)
        inside.addStretch(1)
        inside.addWidget(keys)
        around = QHBoxLayout(row)
        around.setContentsMargins(8, 0, 8, 0)
        around.addWidget(new)
        return row
