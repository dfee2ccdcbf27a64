"""AccountCard: one account, what it may use, its tokens, and what can be done with them."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from parley.messages import OWNER
from parley.people import Account, Token
from parley.ui.models.long_words import breakable
from parley.ui.preferences.account_texts import account_name, allowed_text, role_text
from parley.ui.preferences.form import Form
from parley.ui.preferences.form_card import FormCard
from parley.ui.preferences.row import words_label
from parley.ui.preferences.token_list import TokenList

LINK_PADDING = 8
"""Between the edge of a button that looks like a link and its words."""


class AccountCard(FormCard[Form]):
    """A frame with who it is and buttons; a form opens below them, above the tokens."""

    narrow = 460

    edit_requested = Signal()
    turn_requested = Signal()
    remove_requested = Signal()
    token_requested = Signal()

    def __init__(self, account: Account, parent: QWidget) -> None:
        super().__init__(parent)
        self.account = account
        self.name = words_label("", self, "title")
        self.who = words_label("", self, "muted")
        self.allowed = words_label("", self, "muted")
        self.problem = words_label("", self, "error")
        self.problem.hide()
        self.edit = self.link(self.tr("Edit…"), self.edit_requested)
        self.turn = self.link("", self.turn_requested)
        self.remove = self.link(self.tr("Remove…"), self.remove_requested)
        self.tokens = TokenList(self)
        self.new_token = self.link(self.tr("New token…"), self.token_requested)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (self.name, self.who, self.allowed, self.problem):
            texts.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.edit, self.turn, self.remove):
            buttons.addWidget(button)
            button.setVisible(button is self.edit or account.id != OWNER)
        buttons.addStretch(1)
        self.put_side_by_side(texts, buttons)
        self.openers = self.edit, self.new_token
        self.column.setContentsMargins(14 - LINK_PADDING, 10, 8, 8)
        self.column.setSpacing(6)
        for above in (self._line, self.tokens):  # words stand in one line with those of the button below
            above.setContentsMargins(LINK_PADDING, 0, 0, 0)
        self.column.addWidget(self.tokens)
        below = QHBoxLayout()
        below.addWidget(self.new_token)
        below.addStretch(1)
        self.column.addLayout(below)
        self.show_account(account, ())

    def show_account(self, account: Account, tokens: Sequence[Token]) -> None:
        """Show it as it is now."""
        self.account = account
        name = account_name(account)
        self.haystack = f"{name} {account.email} {' '.join(token.name for token in tokens)}".casefold()
        self.setAccessibleName(name)
        self.name.setText(breakable(name))
        facts = (account.email if account.name else "", role_text(account))
        self.who.setText(breakable(" · ".join(fact for fact in facts if fact)))
        self.allowed.setText(breakable(allowed_text(account)))
        self.turn.setText(self.tr("Turn on") if account.disabled else self.tr("Turn off"))
        self.new_token.setVisible(not account.disabled)
        self.tokens.show_tokens(tokens)
        for button in (self.edit, self.turn, self.remove, self.new_token):
            words = self.tr("{action}: {person}").format(action=button.text().removesuffix("…"), person=name)
            button.setAccessibleName(words)

    def show_problem(self, text: str) -> None:
        """Say what could not be done."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
