"""PeoplePage: who may ask this computer, what they may use, and the tokens of their programs."""

from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QPushButton, QWidget

from parley.errors import ChatError
from parley.messages import OWNER
from parley.people import Account, Token
from parley.services import Services
from parley.store import ACCOUNT, TOKEN
from parley.ui.appearance.look import Look
from parley.ui.dialogs import Question, ask
from parley.ui.error_texts import error_text
from parley.ui.preferences.account_card import AccountCard
from parley.ui.preferences.account_texts import account_name
from parley.ui.preferences.cards_page import CardsPage
from parley.ui.preferences.form import Form
from parley.ui.preferences.page import tab_as_read
from parley.ui.preferences.person_form import PersonDraft, PersonForm
from parley.ui.preferences.row import Row, words_label
from parley.ui.preferences.token_list import Secret, TokenForm
from parley.ui.tasks import Tasks

FIELDS = {"email_invalid": "email", "account_exists": "email", "password_invalid": "password"}
"""The field that an error is about."""


class PeoplePage(CardsPage[AccountCard]):
    """What “parley user” and “parley token” do in a terminal is seen here too."""

    nouns = frozenset({ACCOUNT, TOKEN})

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(self.tr("People"), services.store, parent)
        self._services, self._look, self._tasks = services, look, tasks
        self.new_form: PersonForm | None = None
        self.add_button = QPushButton(self.tr("Add a person"), self.inside)
        self.add_button.clicked.connect(self._open_new)
        about = self.tr("Each has conversations of their own, which are not in your list.")
        self.row = Row(self.tr("Who may ask this computer"), about, self.add_button, look, self.inside)
        self.problem = words_label("", self.inside, "error")
        self.problem.hide()
        self.add(self.row)
        self.add(self.problem)
        self._first = self.column.count()
        self.column.setSpacing(8)
        self.end()

    def refresh(self) -> None:
        """Show who there is now."""
        tokens: dict[str, list[Token]] = {}
        for token in self._store.tokens.all():
            tokens.setdefault(token.account_id, []).append(token)
        accounts = self._store.accounts.all()
        before = len(self.cards)
        self._keep_only({account.id for account in accounts})
        for place, account in enumerate(accounts):
            card = self.cards.get(account.id) or self._made_card(account, place)
            card.show_account(account, tokens.get(account.id, ()))
        if len(self.cards) != before:
            tab_as_read(self.inside)

    def _made_card(self, account: Account, place: int) -> AccountCard:
        card = self.cards[account.id] = AccountCard(account, self.inside)
        self.column.insertWidget(self._first + place, card)
        card.edit_requested.connect(lambda: self._open_edit(card))
        card.turn_requested.connect(lambda: self._do(card, self._turn))
        card.remove_requested.connect(lambda: self._do(card, self._remove))
        card.token_requested.connect(lambda: self._open_token(card))
        card.tokens.renamed.connect(lambda number, name: self._do(card, lambda _: self._rename(number, name)))
        card.tokens.revoke_requested.connect(lambda token: self._do(card, lambda _: self._revoke(token)))
        return card

    def _do(self, card: AccountCard, act: Callable[[AccountCard], Awaitable[None]]) -> None:
        self._tasks.start(self._tried(card, act))

    async def _tried(self, card: AccountCard, act: Callable[[AccountCard], Awaitable[None]]) -> None:
        """Do something with an account; what goes wrong is said on its card."""
        card.show_problem("")
        try:
            await act(card)
        except ChatError as error:
            card.show_problem(error_text(error))

    # --- people
    def _open_new(self) -> None:
        if self.new_form is None:
            form = self.new_form = PersonForm(None, self._services.engine.toolbox.names, self.inside)
            self._offer_models(form)
            self.column.insertWidget(self._first, form)
            form.cancelled.connect(self._close_new)
            form.save_requested.connect(lambda: self._save(form, self._add))
            form.show()
            tab_as_read(self.inside)
        self.new_form.name.setFocus()
        self.ensureWidgetVisible(self.new_form)

    def _close_new(self) -> None:
        if self.new_form:
            self.new_form.hide()
            self.new_form.deleteLater()
            self.new_form = None
            self.add_button.setFocus()

    def _open_edit(self, card: AccountCard) -> None:
        form = PersonForm(card.account, self._services.engine.toolbox.names, card)
        self._offer_models(form)
        form.cancelled.connect(lambda: self._close(card))
        form.save_requested.connect(lambda: self._save(form, lambda draft: self._change_account(card, draft)))
        card.open_form(form)
        form.name.setFocus()
        form.name.selectAll()

    def _close(self, card: AccountCard) -> None:
        button = card.new_token if isinstance(card.form, TokenForm | Secret) else card.edit
        card.close_form()
        button.setFocus()

    def _offer_models(self, form: PersonForm) -> None:
        """Offer the models that are known, and look which there are."""
        catalog = self._services.catalog

        async def look() -> None:
            form.models.offer({each.id: each.name for each in catalog.providers()}, catalog.cached_models())
            await catalog.models()
            form.models.offer({each.id: each.name for each in catalog.providers()}, catalog.cached_models())

        stop = self._tasks.start(look())
        form.destroyed.connect(lambda _: stop())

    def _save(self, form: PersonForm, save: Callable[[PersonDraft], Awaitable[None]]) -> None:
        if (draft := form.draft) is not None:
            self._tasks.start(self._saved(form, save(draft)))

    async def _saved(self, form: Form, work: Awaitable[None]) -> None:
        form.save.setEnabled(False)
        try:
            await work
        except ChatError as error:
            form.show_fault(FIELDS.get(error.code, ""), error_text(error))
            form.save.setEnabled(True)

    async def _add(self, draft: PersonDraft) -> None:
        account = await self._services.credentials.add(
            draft.email, draft.password or None, name=draft.name.strip(), role=draft.role
        )
        if draft.permissions != account.permissions:
            await self._store.accounts.change(account.id, permissions=draft.permissions)
        self._close_new()
        self.refresh()
        self.cards[account.id].new_token.setFocus()

    async def _change_account(self, card: AccountCard, draft: PersonDraft) -> None:
        from parley.accounts import checked_email

        account = card.account
        unchanged = draft.email.strip() == account.email  # the owner needs none
        email = None if unchanged else checked_email(draft.email)
        accounts = self._store.accounts
        await accounts.change(account.id, name=draft.name.strip(), email=email)
        if account.id != OWNER:
            await accounts.change(account.id, role=draft.role, permissions=draft.permissions)
        if draft.password:
            credentials = self._services.credentials
            await credentials.set_password(account.id, draft.password, all_tokens=draft.all_tokens)
        self._close(card)

    async def _turn(self, card: AccountCard) -> None:
        await self._store.accounts.change(card.account.id, disabled=not card.account.disabled)

    async def _remove(self, card: AccountCard) -> None:
        account = card.account
        name, count = account_name(account), self._store.conversations.count(account.id)
        days = self._services.settings.options.trash_days
        chats = self.tr(
            "The tokens end at once. The name and the e-mail address are forgotten. Conversations that go to your "
            "trash, where they stay for {days} days: {count}."
        )
        question = Question(
            self.tr("Remove a person"),
            self.tr("{person} is removed. This cannot be undone.").format(person=name),
            chats.format(days=days, count=count),
            self.tr("Remove"),
            self.window(),
        )
        if await ask(question):
            await self._store.accounts.remove(account.id)

    # --- tokens
    def _open_token(self, card: AccountCard) -> None:
        form = TokenForm(self._look, card, admin=card.account.role == "admin")
        form.cancelled.connect(lambda: self._close(card))
        form.save_requested.connect(lambda: self._tasks.start(self._saved(form, self._issue(card, form))))
        card.open_form(form)
        form.name.setFocus()

    async def _issue(self, card: AccountCard, form: TokenForm) -> None:
        name = form.name.text().strip() or self.tr("Without a name")
        _, secret = await self._services.credentials.issue(card.account, name, admin=form.wants_admin)
        shown = Secret(secret, card)
        for end in (shown.save_requested, shown.cancelled):
            end.connect(lambda: self._close(card))
        card.open_form(shown)
        shown.copy.setFocus()

    async def _rename(self, number: int, name: str) -> None:
        await self._store.tokens.rename(number, name)

    async def _revoke(self, token: Token) -> None:
        question = Question(
            self.tr("Revoke a token"),
            self.tr("Whatever asks with “{token}” is ended at once, and has to be given another token.").format(
                token=token.name
            ),
            self.tr("This cannot be undone."),
            self.tr("Revoke"),
            self.window(),
        )
        if await ask(question):
            await self._store.tokens.revoke(token.number)
