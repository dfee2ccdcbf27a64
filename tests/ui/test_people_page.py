"""People and their tokens: added, changed, turned off and removed by clicks and keys; other processes are seen."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from parley.people import Permissions
from parley.store import Store
from parley.ui.dialogs import Question
from parley.ui.preferences.account_card import AccountCard
from parley.ui.preferences.people_page import PeoplePage
from parley.ui.preferences.permission_fields import SOME, tokens_of
from parley.ui.preferences.person_form import PersonForm
from parley.ui.preferences.token_list import Secret, TokenForm
from tests.ui.conftest import Desk
from tests.ui.test_data_page import dialog
from tests.ui.test_settings import click, open_settings


async def people_page(desk: Desk) -> PeoplePage:
    page = (await open_settings(desk, "people")).pages["people"]
    assert isinstance(page, PeoplePage)
    return page


def write(field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClicks(field, text)


def answer(question: Question, text: str) -> None:
    click(next(each for each in question.findChildren(QPushButton) if each.text() == text))


async def added(desk: Desk, page: PeoplePage, email: str = "anna@example.org", name: str = "Anna") -> AccountCard:
    account = await desk.services.credentials.add(email, None, name=name)
    await desk.until(lambda: account.id in page.cards)
    return page.cards[account.id]


async def closed(desk: Desk, card: AccountCard) -> None:
    await desk.until(lambda: card.form is None)


async def shown_secret(desk: Desk, card: AccountCard) -> Secret:
    await desk.until(lambda: isinstance(card.form, Secret))
    assert isinstance(card.form, Secret)
    return card.form


async def test_the_owner_is_there_and_stays(guided_desk: Desk) -> None:
    page = await people_page(guided_desk)
    card = page.cards["owner"]
    assert card.name.text() == "You"
    assert card.who.text() == "Owner of this computer"
    assert not card.remove.isVisible()
    assert not card.turn.isVisible()
    click(card.edit)
    assert isinstance(card.form, PersonForm)
    write(card.form.name, "Maria")
    guided_desk.press("Return", on=card.form.name)
    await guided_desk.until(lambda: card.form is None)
    await guided_desk.until(lambda: card.name.text() == "Maria")
    assert guided_desk.services.store.accounts.get("owner").email == ""


async def test_a_person_is_added_by_keys_alone(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    page.add_button.setFocus()
    desk.press("Space")
    form = page.new_form
    assert form is not None
    assert form.name.hasFocus()
    QTest.keyClicks(form.name, "Anna")
    desk.press("Tab")
    assert form.email.hasFocus()
    QTest.keyClicks(form.email, "no address")
    desk.press("Return")
    await desk.until(lambda: any("no e-mail" in label.text() for label in form._problems.values()))
    form.email.selectAll()
    QTest.keyClicks(form.email, "anna@example.org")
    desk.press("Tab")
    assert form.password.hasFocus()
    QTest.keyClicks(form.password, "abc")
    assert form._problems["password"].isVisible(), "short ones are named so"
    QTest.keyClicks(form.password, "defghijk")
    assert not form._problems["password"].isVisible()
    desk.press("Return")
    await desk.until(lambda: page.new_form is None)
    account = desk.services.store.accounts.of_email("anna@example.org")
    assert (account.name, account.role) == ("Anna", "user")
    assert (await desk.services.credentials.login("anna@example.org", "abcdefghijk", "phone"))[0] == account
    assert page.cards[account.id].new_token.hasFocus()
    click(page.add_button)
    assert page.new_form is not None
    write(page.new_form.email, "ANNA@example.org")
    desk.press("Return", on=page.new_form.email)
    problem = page.new_form._problems["email"]
    await desk.until(lambda: "already" in problem.text())
    desk.press("Esc", on=page.new_form.email)
    assert page.add_button.hasFocus()


async def test_what_somebody_may_use(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    assert card.allowed.text() == "All models."
    click(card.edit)
    form = card.form
    assert isinstance(form, PersonForm)
    await desk.until(lambda: form.models.list.count() > 1)
    click(form.models.which.buttons[SOME])
    assert form.models.list.isVisible()
    form.models.list.setFocus()
    form.models.list.setCurrentRow(0)
    desk.press("Space", on=form.models.list)
    name = form.models.list.item(0).data(0x0100)
    click(form.tools.which.buttons["all"])
    click(form.role.buttons["admin"])
    write(form.tokens, "many")
    click(form.save)
    assert form._problems["tokens"].isVisible()
    form.tokens.selectAll()
    write(form.tokens, "500,000")
    click(form.save)
    await closed(desk, card)
    account = desk.services.store.accounts.of_email("anna@example.org")
    assert account.permissions == Permissions(frozenset({name}), None, frozenset(), 500_000)
    assert account.role == "admin"
    await desk.until(lambda: "tokens a month" in card.allowed.text())
    assert card.edit.hasFocus()


async def test_names_that_were_allowed_elsewhere_are_kept(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    allowed = Permissions(frozenset({"gone/model"}), frozenset({"web"}), frozenset({"manuals"}), None)
    await desk.services.store.accounts.change(card.account.id, permissions=allowed)
    await desk.until(lambda: "web" in card.allowed.text())
    click(card.edit)
    assert isinstance(card.form, PersonForm)
    click(card.form.save)
    await desk.until(lambda: card.form is None)
    assert desk.services.store.accounts.get(card.account.id).permissions == allowed


async def test_single_tools_are_allowed(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    click(card.edit)
    form = card.form
    assert isinstance(form, PersonForm)
    assert not form.tools.boxes["save_file"].isVisible()
    click(form.tools.which.buttons[SOME])
    form.tools.boxes["save_file"].setFocus()
    desk.press("Space")
    assert "some" not in form.knowledge.which.buttons, "there is none to choose from"
    click(form.save)
    await desk.until(lambda: "save_file" in card.allowed.text())
    assert desk.services.store.accounts.get(card.account.id).permissions.tools == frozenset({"save_file"})


async def test_another_password(guided_desk: Desk) -> None:
    desk, credentials = guided_desk, guided_desk.services.credentials
    page = await people_page(desk)
    card = await added(desk, page)
    anna = card.account
    for everything, left in ((False, ["her editor"]), (True, list[str]())):
        await credentials.set_password(anna.id, "correct horse")
        await credentials.login(anna.email, "correct horse", "her phone")
        if not everything:
            await credentials.issue(anna, "her editor")
        await desk.until(lambda: len(card.tokens.rows) == 2)
        assert {"by logging in" in row.facts.text() for row in card.tokens.rows.values()} == {True, False}
        click(card.edit)
        form = card.form
        assert isinstance(form, PersonForm)
        assert not form.all_tokens.isVisible()
        write(form.password, "battery staple")
        assert form.all_tokens.isVisible()
        if everything:
            form.all_tokens.setFocus()
            desk.press("Space")
        click(form.save)
        await closed(desk, card)
        assert [token.name for token in desk.services.store.tokens.all(anna.id)] == left


async def test_turned_off_and_on(guided_desk: Desk) -> None:
    page = await people_page(guided_desk)
    card = await added(guided_desk, page)
    click(card.turn)
    await guided_desk.until(lambda: card.turn.text() == "Turn on")
    assert guided_desk.services.store.accounts.get(card.account.id).disabled
    assert not card.new_token.isVisible()
    click(card.turn)
    await guided_desk.until(lambda: card.turn.text() == "Turn off")


async def test_removing_says_what_becomes_of_the_conversations(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    turns = desk.services.store.turns
    await turns.begin(conversation_id=None, title="Hers", parts=(), model="x/y", channel="api", account=card.account.id)
    click(card.remove)
    question = await dialog(desk, Question)
    texts = " ".join(label.text() for label in question.findChildren(type(card.name)))
    assert "Anna" in texts
    assert "30 days: 1." in texts
    answer(question, "Cancel")
    await desk.until(lambda: not question.isVisible())
    assert card.account.id in page.cards
    click(card.remove)
    answer(await dialog(desk, Question), "Remove")
    await desk.until(lambda: len(page.cards) == 1)
    assert [each.title for each in desk.services.store.conversations.trashed()] == ["Hers"]


async def test_a_token_is_shown_once(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = page.cards["owner"]
    click(card.new_token)
    assert isinstance(card.form, TokenForm)
    write(card.form.name, "my phone")
    desk.press("Return", on=card.form.name)
    shown = await shown_secret(desk, card)
    secret = shown.text.text()
    assert desk.services.credentials.identify(secret).token.name == "my phone"
    click(shown.copy)
    assert QGuiApplication.clipboard().text() == secret
    click(shown.save)
    assert card.new_token.hasFocus()
    await desk.until(lambda: card.tokens.rows)
    (row,) = card.tokens.rows.values()
    assert row.name.text() == "my phone"
    assert "used" in row.facts.text()
    click(row.rename)
    assert row.editor.hasFocus()
    QTest.keyClicks(row.editor, "her phone")
    desk.press("Return", on=row.editor)
    await desk.until(lambda: row.name.text() == "her phone")
    click(row.rename)
    QTest.keyClicks(row.editor, "never mind")
    desk.press("Esc", on=row.editor)
    assert row.editor.isHidden()
    assert row.name.text() == "her phone"
    assert page.isVisible(), "Escape has not closed the window"
    click(row.revoke)
    question = await dialog(desk, Question)
    assert "her phone" in " ".join(label.text() for label in question.findChildren(type(card.name)))
    answer(question, "Revoke")
    await desk.until(lambda: not card.tokens.rows)


async def test_only_admins_can_have_tokens_for_all(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    click(card.new_token)
    assert isinstance(card.form, TokenForm)
    assert not card.form.admin.isVisible()
    card.close_form()
    owner = page.cards["owner"]
    click(owner.new_token)
    assert isinstance(owner.form, TokenForm)
    click(owner.form.admin.box)
    click(owner.form.save)
    await desk.until(lambda: isinstance(owner.form, Secret))
    assert [token.admin for token in desk.services.store.tokens.all("owner")] == [True]


async def test_another_process_is_seen(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    other = Store.open(desk.paths.data)
    account = await other.accounts.add("bob@example.org", "Bob", "user", (), "")
    await desk.until(lambda: account.id in page.cards)
    token = await other.tokens.add(account.id, "his script", b"\0" * 32)
    await desk.until(lambda: page.cards[account.id].tokens.rows)
    await other.tokens.revoke(token.number)
    await desk.until(lambda: not page.cards[account.id].tokens.rows)
    await other.accounts.remove(account.id)
    await desk.until(lambda: account.id not in page.cards)
    await other.close()


async def test_an_open_form_outlives_news(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await people_page(desk)
    card = await added(desk, page)
    click(card.edit)
    assert isinstance(card.form, PersonForm)
    write(card.form.password, "half a pass")
    await added(desk, page, "bob@example.org", "Bob")
    assert isinstance(card.form, PersonForm)
    assert card.form.password.text() == "half a pass"


async def test_people_are_found_by_the_search(guided_desk: Desk) -> None:
    page = await people_page(guided_desk)
    card = await added(guided_desk, page)
    window = guided_desk.window.settings_door.window
    assert window is not None
    window.search.setText("anna")
    assert window.page == "people"
    assert card.isVisible()
    assert not page.cards["owner"].isVisible()
    window.search.clear()
    assert page.cards["owner"].isVisible()


@pytest.mark.parametrize("text", ["500000", "500,000", "500.000", "500 000", "500\u202f000", "٥٠٠٬٠٠٠", "500’000"])
def test_numbers_of_tokens_as_people_write_them(text: str) -> None:
    assert tokens_of(text) == 500_000


@pytest.mark.parametrize("text", ["many", "-5", "1e5", "9" * 16, "½"])
def test_what_is_no_number_of_tokens(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        tokens_of(text)


def test_no_number_is_no_limit() -> None:
    assert tokens_of(" ") is None
