"""TokenList: the tokens of one account: what they are called, when they were used, and what can be done with them."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from parley.people import Token
from parley.ui.appearance.look import Look
from parley.ui.preferences.clients_section import ago
from parley.ui.preferences.copy_button import CopyButton
from parley.ui.preferences.editors import Switch
from parley.ui.preferences.form import Form
from parley.ui.preferences.row import words_label

LONGEST_NAME = 200
SHORT = QLocale.FormatType.ShortFormat


class TokenRow(QWidget):
    """One token."""

    renamed = Signal(str)
    revoke_requested = Signal()

    def __init__(self, token: Token, parent: QWidget) -> None:
        super().__init__(parent)
        self.token = token
        self.name = words_label("", self)
        self.facts = words_label("", self, "muted")
        self.editor = QLineEdit(self)
        self.editor.setObjectName("rename")
        self.editor.setMaxLength(LONGEST_NAME)
        self.editor.setAccessibleName(self.tr("New name"))
        self.editor.editingFinished.connect(self._finish)
        self.editor.installEventFilter(self)
        self.editor.hide()
        self.rename = self._button(self.tr("Rename"))
        self.rename.clicked.connect(self._edit)
        self.revoke = self._button(self.tr("Revoke"))
        self.revoke.clicked.connect(self.revoke_requested)
        words = QVBoxLayout()
        words.setSpacing(0)
        for part in (self.name, self.editor, self.facts):
            words.addWidget(part)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 2, 0, 2)
        line.setSpacing(0)
        line.addLayout(words, 1)
        line.addWidget(self.rename)
        line.addWidget(self.revoke)
        self.show_token(token)

    def show_token(self, token: Token) -> None:
        """Show it as it is now."""
        self.token = token
        self.name.setText(token.name or self.tr("Without a name"))
        made = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(token.created_at)).date(), SHORT)
        used = self.tr("never used")
        if token.used_at:
            used = self.tr("last used {when}").format(when=ago(time.time() - token.used_at))
        facts = [self.tr("made {date}").format(date=made), used]
        facts.append(self.tr("for all people") if token.admin else "")
        facts.append(self.tr("by logging in") if token.by_password else "")
        self.facts.setText(" · ".join(fact for fact in facts if fact))
        for button, words in ((self.rename, self.tr("Rename {token}")), (self.revoke, self.tr("Revoke {token}"))):
            button.setAccessibleName(words.format(token=self.name.text()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            self._show_editor(shown=False)
            event.accept()
            return True
        return False

    def _edit(self) -> None:
        self.editor.setText(self.token.name)
        self._show_editor(shown=True)
        self.editor.selectAll()
        self.editor.setFocus()

    def _finish(self) -> None:
        if self.editor.isHidden():
            return
        name = self.editor.text().strip()
        self._show_editor(shown=False)
        if name and name != self.token.name:
            self.renamed.emit(name)

    def _show_editor(self, *, shown: bool) -> None:
        had_keyboard = self.editor.hasFocus()
        self.editor.setVisible(shown)
        self.name.setVisible(not shown)
        if had_keyboard and not shown:
            self.rename.setFocus()

    def _button(self, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        return button


class TokenForm(Form):
    """Asks what a new token is to be called, and then shows it: once."""

    def __init__(self, look: Look, parent: QWidget, *, admin: bool) -> None:
        super().__init__("", parent)
        self.save.setText(self.tr("Create"))
        self.name = self.add_line("name", self.tr("What is it for?"), self.tr("such as “my phone”"))
        self.name.setMaxLength(LONGEST_NAME)
        self.admin = Switch(look, self)
        self.admin.set_name(self.tr("For all people"), "")
        self.wants_admin = False
        self.admin.edited.connect(self._choose)
        self.admin.hide()
        if admin:
            help = self.tr("It also opens what concerns all people. Only for programs that manage this computer.")
            self.add_field("admin", self.tr("For all people"), self.admin, help)
            self.admin.show()
        self.end()

    def _choose(self, on: object) -> None:
        self.wants_admin = bool(on)


class Secret(Form):
    """Shows a token that has just been made."""

    def __init__(self, secret: str, parent: QWidget) -> None:
        super().__init__("", parent)
        self.save.setText(self.tr("Done"))
        self.cancel.hide()
        words = self.tr("Copy the token now: you will not see it again. Programs ask with it as with a password.")
        self.column.addWidget(words_label(words, self))
        self.text = words_label(secret, self)
        self.text.setObjectName("detail")
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy = CopyButton(secret, self.tr("the token"), self)
        self.column.addWidget(self.text)
        self.column.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignLeft)
        self.end()


class TokenList(QWidget):
    """The tokens below each other, oldest first."""

    renamed = Signal(int, str)
    revoke_requested = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: dict[int, TokenRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_tokens(self, tokens: Sequence[Token]) -> None:
        """Show these."""
        shown = {token.number: token for token in tokens}
        for number in [number for number in self.rows if number not in shown]:
            row = self.rows.pop(number)
            row.hide()
            row.deleteLater()
        for number, token in shown.items():
            if number not in self.rows:
                row = self.rows[number] = TokenRow(token, self)
                row.renamed.connect(lambda name, number=number: self.renamed.emit(number, name))
                row.revoke_requested.connect(lambda row=row: self.revoke_requested.emit(row.token))
                self._column.addWidget(row)
            self.rows[number].show_token(token)
        self.setVisible(bool(shown))
