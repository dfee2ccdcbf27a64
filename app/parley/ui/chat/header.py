"""Header: the title of the chat, renamed in place, and the menu of what can be done with it."""

from functools import cached_property

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from parley.ui.actions import Actions, CommandMenu, show_keys
from parley.ui.appearance.look import Look
from parley.ui.sidebar.conversation_delegate import LONGEST_TITLE


class TitleLabel(QLabel):
    """One line that is cut with dots, and asks for its editor by a double click or Enter."""

    edit_requested = Signal()

    def __init__(self, parent: QWidget, *, at_end: bool = False) -> None:
        super().__init__(parent)
        self._whole = ""
        self._at_end = at_end
        self.setObjectName("chatTitle")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lead()

    def set_whole(self, text: str) -> None:
        """Show a text, as much of it as there is room for."""
        self._whole = text
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._cut()
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._lead()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.edit_requested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_requested.emit()
        else:
            super().keyPressEvent(event)

    def _lead(self) -> None:
        """Begin where reading starts in the window, or end where it ends, whatever direction a title has by itself."""
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        side = Qt.AlignmentFlag.AlignRight if mirrored != self._at_end else Qt.AlignmentFlag.AlignLeft
        self.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)

    def _cut(self) -> None:
        room = self.contentsRect().width() - 4
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class Header(QWidget):
    """The row above the transcript."""

    renamed = Signal(str)

    def __init__(self, look: Look, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(look.theme.header_height)
        self._actions = actions
        self._title = ""
        self.label = TitleLabel(self)
        self.assistant = TitleLabel(self, at_end=True)
        self.assistant.setObjectName("chatAssistant")
        self.assistant.setProperty("muted", True)
        self.assistant.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.assistant.hide()
        self.editor = QLineEdit(self)
        self.editor.setObjectName("rename")
        self.editor.setMaxLength(LONGEST_TITLE)
        self.editor.setAccessibleName(self.tr("New title"))
        self.unfold = self._button(actions, "sidebar", self.tr("Show the list of chats"))
        self.new_chat = self._button(actions, "new_chat", actions["new_chat"].text())
        self.more = QToolButton(self)
        self.more.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more.setAccessibleName(self.tr("Menu"))
        self.more.setToolTip(self.tr("Menu"))
        look.dress(self.more, "more")
        self.more.clicked.connect(self._open_menu)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.label)
        self._stack.addWidget(self.editor)
        around = QVBoxLayout()
        around.setContentsMargins(0, 6, 0, 6)
        around.addLayout(self._stack)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.unfold)
        row.addWidget(self.new_chat)
        row.addLayout(around, 2)
        row.addWidget(self.assistant, 1)
        row.addWidget(self.more)
        self.label.edit_requested.connect(self.edit_title)
        self.editor.editingFinished.connect(self._finish)
        self.editor.installEventFilter(self)

    @cached_property
    def menu(self) -> CommandMenu:
        """Return what can be done with the chat and the window."""
        fill = self._actions.fill
        made = CommandMenu(self)
        fill(made, "chat")
        made.addSeparator()
        for title, group in ((self.tr("Theme"), "theme"), (self.tr("Keyboard"), "keys"), (self.tr("Zoom"), "zoom")):
            below = CommandMenu(title, made)
            fill(below, group)
            made.addMenu(below)
        fill(made, "settings", "help", "end")
        return made

    def show_title(self, title: str, *, editable: bool) -> None:
        """Show the title of a conversation, or the words for a chat that has not begun."""
        self._title = title
        self.label.set_whole(title)
        self.label.setEnabled(editable)

    def show_assistant(self, name: str) -> None:
        """Show beside the title who answers; nothing for nobody in particular."""
        self.assistant.set_whole(name)
        self.assistant.setVisible(bool(name))
        self.assistant.setToolTip(self.tr("Assistant: {name}").format(name=name))
        self.assistant.setAccessibleName(self.assistant.toolTip())

    def stop_editing(self) -> None:
        """Forget what has been typed over the title."""
        self._stack.setCurrentWidget(self.label)

    def set_folded(self, folded: bool) -> None:
        """Offer the sidebar's commands here while the sidebar is away."""
        self.unfold.setVisible(folded)
        self.new_chat.setVisible(folded)

    def add(self, button: QToolButton) -> None:
        """Put a button before that of the menu."""
        self._row.insertWidget(self._row.count() - 1, button)
        QWidget.setTabOrder(self.new_chat, button)

    def edit_title(self) -> None:
        """Let the person change the title."""
        if not self.label.isEnabled():
            return
        self.editor.setText(self._title)
        self._stack.setCurrentWidget(self.editor)
        self.editor.selectAll()
        self.editor.setFocus()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self.editor and escape and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            self.stop_editing()
            event.accept()
            return True
        return False

    def _open_menu(self) -> None:
        """Open the menu without a nested event loop, which QToolButton's own menus have."""
        size = self.menu.sizeHint()
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = 0 if right_to_left else self.more.width() - size.width()
        self.menu.popup(self.more.mapToGlobal(QPoint(left, self.more.height() + 2)))

    def _finish(self) -> None:
        if self._stack.currentWidget() is not self.editor:
            return
        self._stack.setCurrentWidget(self.label)
        title = self.editor.text().strip()
        if title and title != self._title:
            self.renamed.emit(title)

    def _button(self, actions: Actions, command: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(actions[command])
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(name)
        show_keys(button, actions[command], name)
        return button
