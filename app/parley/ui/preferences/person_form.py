"""PersonForm: adds an account, or changes one: who it is, how it logs in, and what it may use. It sets nothing."""

from collections.abc import Collection
from typing import NamedTuple

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from parley.messages import OWNER
from parley.options import QT_TRANSLATE_NOOP
from parley.people import NEWCOMER, Account, AccountRole, Permissions
from parley.ui.preferences.editors import Segments
from parley.ui.preferences.form import Form
from parley.ui.preferences.permission_fields import KindChoice, ModelChecks, tokens_of, tokens_text
from parley.ui.preferences.row import words_label

ROLES = {"user": QT_TRANSLATE_NOOP("Settings", "User"), "admin": QT_TRANSLATE_NOOP("Settings", "Admin")}
SHORT_PASSWORD = 8


class PersonDraft(NamedTuple):
    """What the form says. Without a password the one that there is stays, if there is one; with a new one end also
    all tokens if that is wished.
    """

    name: str
    email: str
    password: str
    role: AccountRole
    permissions: Permissions
    all_tokens: bool


class PersonForm(Form):
    """The owner has neither role nor permissions to choose. `tools` are the names of those that there are."""

    def __init__(self, account: Account | None, tools: Collection[str], parent: QWidget) -> None:
        super().__init__("", parent)
        self.save.setText(self.tr("Save") if account else self.tr("Add"))
        self._owner = account is not None and account.id == OWNER
        self._role: AccountRole = account.role if account else "user"
        permissions = account.permissions if account else NEWCOMER
        self.name = self.add_line("name", self.tr("Name"))
        self.email = self.add_line("email", self.tr("E-mail"), self.tr("such as anna@example.org"))
        hint = self.tr("Leave empty to keep it") if account else self.tr("Not needed by who only uses tokens")
        self.password = self.add_line("password", self.tr("Password"), hint)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.textEdited.connect(self._look_at_password)
        words = self.tr("Who has logged in with the password before has to log in again.")
        self._outcome = words_label(words, self, "muted")
        self.all_tokens = QCheckBox(self.tr("Revoke all other tokens, too: of programs and paired devices"), self)
        self._changes = account is not None
        for part in (self._outcome, self.all_tokens):
            self.column.addWidget(part)
            part.hide()
        if account:
            self.name.setText(account.name)
            self.email.setText(account.email)
        self.role = Segments(ROLES, self)
        self.models = ModelChecks(self)
        self.tools = KindChoice(self.tr("Tools"), permissions.tools, tools, self)
        self.knowledge = KindChoice(self.tr("Knowledge"), permissions.knowledge, (), self)
        self._add_rights(permissions)
        self.end()

    @property
    def draft(self) -> PersonDraft | None:
        """Return what is wished; None if some of it is none, which is said then."""
        self.forget_faults()
        try:
            tokens = tokens_of(self.tokens.text())
        except ValueError:
            self.show_fault("tokens", self.tr("A number of tokens, or nothing for no limit."))
            return None
        permissions = Permissions(self.models.names, self.tools.names, self.knowledge.names, tokens)
        said = (self.name.text(), self.email.text(), self.password.text())
        return PersonDraft(*said, self._role, permissions, self.all_tokens.isChecked())

    def _add_rights(self, permissions: Permissions) -> None:
        self.role.set_name(self.tr("Role"), "")
        self.role.show_value(self._role)
        self.role.edited.connect(self._choose_role)
        self.models.show_names(permissions.models)
        if self._owner:
            self.tokens = QLineEdit(self)
            for part in (self.role, self.models, self.tools, self.knowledge, self.tokens):
                part.hide()
            return
        admins = self.tr("An admin can have tokens that open what concerns all people.")
        self.add_field("role", self.tr("Role"), self.role, admins)
        self.add_field("models", self.tr("Models"), self.models)
        self.add_field("tools", self.tr("Tools"), self.tools)
        self.add_field("knowledge", self.tr("Knowledge"), self.knowledge)
        self.tokens = self.add_line("tokens", self.tr("Tokens a month"), self.tr("No limit"))
        self.tokens.setText(tokens_text(permissions.tokens_a_month))

    def _choose_role(self, role: object) -> None:
        self._role = "admin" if role == "admin" else "user"
        self.role.show_value(self._role)

    def _look_at_password(self, text: str) -> None:
        short = 0 < len(text) < SHORT_PASSWORD
        self.show_fault("password", self.tr("Short: others on the network could guess it.") if short else "")
        for part in (self._outcome, self.all_tokens):
            part.setVisible(self._changes and bool(text))
