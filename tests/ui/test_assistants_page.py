"""Assistants: kept in the settings, chosen with a mood in the sheet of a chat, named in its header."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from parley.assistants import Assistant
from parley.errors import AssistantExists, AssistantUnknown
from parley.messages import Mood
from parley.models import Parameters
from parley.options import ProviderRow
from parley.store import Store
from parley.ui.chat.chat_setup import ChatSetup
from parley.ui.chat.manner_rows import ASSISTANT, MOOD, AssistantEditor
from parley.ui.chat.setup_editors import Amount
from parley.ui.notices import Notice
from parley.ui.preferences.assistants_page import AssistantsPage
from parley.ui.preferences.editors import Segments
from tests.fakes import FakeOpenAI
from tests.ui.conftest import Desk
from tests.ui.test_settings import click, open_settings


async def assistants_page(desk: Desk) -> AssistantsPage:
    page = (await open_settings(desk, "assistants")).pages["assistants"]
    assert isinstance(page, AssistantsPage)
    return page


def all_of(desk: Desk) -> list[Assistant]:
    return desk.services.store.assistants.all()


async def test_one_is_added_by_keys_alone(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await assistants_page(desk)
    assert page.nobody.isVisible()
    page.add_button.setFocus()
    desk.press("Space")
    form = page.new_form
    assert form is not None
    assert form.name.hasFocus()
    desk.press("Return")
    await desk.until(form._problems["name"].isVisible)
    QTest.keyClicks(form.name, "Editor")
    desk.press("Tab")
    QTest.keyClicks(form.description, "Makes texts shorter")
    desk.press("Tab")
    QTest.keyClicks(form.instruction.field, "You shorten texts.")
    desk.press("Return", on=form.description)
    await desk.until(lambda: page.new_form is None)
    (made,) = all_of(desk)
    assert (made.name, made.description, made.instruction) == ("Editor", "Makes texts shorter", "You shorten texts.")
    await desk.until(lambda: made.id in page.cards)
    assert not page.nobody.isVisible()
    click(page.add_button)
    again = page.new_form
    assert again is not None
    QTest.keyClicks(again.name, "editor")
    click(again.save)
    await desk.until(again._problems["name"].isVisible)
    desk.press("Esc", on=again.name)
    assert len(all_of(desk)) == 1


async def test_all_of_it_can_be_changed(guided_desk: Desk) -> None:
    desk = guided_desk
    made = await desk.services.store.assistants.add("Editor", instruction="Shorten.", tools=["web"], model="a/b")
    page = await assistants_page(desk)
    card = page.cards[made.id]
    assert card.model.text().endswith("a/b")
    click(card.edit)
    form = card.form
    assert form is not None
    assert not form.rows["seed"].isVisible()
    click(form.model_row.reset_button)
    form.name.selectAll()
    QTest.keyClicks(form.name, "Shortener")
    click(form.fold)
    seed = form.rows["seed"].editor
    assert isinstance(seed, Amount)
    QTest.keyClicks(seed.field, "42")
    click(form.save)
    await desk.until(lambda: card.form is None)
    (kept,) = all_of(desk)
    assert (kept.name, kept.slug, kept.model, kept.tools) == ("Shortener", "shortener", "", ("web",))
    assert kept.parameters == Parameters(seed=42)
    await desk.until(lambda: card.name.text() == "Shortener")
    click(card.edit)
    assert card.form is not None
    assert card.form.rows["seed"].isVisible(), "what is set is in sight"
    desk.press("Esc", on=card.form.name)
    assert card.edit.hasFocus()


async def test_removing_is_taken_back(guided_desk: Desk) -> None:
    desk = guided_desk
    made = await desk.services.store.assistants.add("Editor")
    page = await assistants_page(desk)
    click(page.cards[made.id].remove)
    await desk.until(lambda: not page.cards)
    assert page.nobody.isVisible()
    (notice,) = page.findChildren(Notice)
    click(next(button for button in notice.findChildren(QPushButton) if button.text() == "Undo"))
    await desk.until(lambda: made.id in page.cards)
    assert all_of(desk) == [made]


async def test_another_process_is_seen(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await assistants_page(desk)
    other = Store.open(desk.paths.data)
    made = await other.assistants.add("Editor")
    await desk.until(lambda: made.id in page.cards)
    await other.assistants.remove(made.id)
    await desk.until(lambda: not page.cards)
    await other.close()


async def test_a_name_may_be_taken_when_a_removal_is_taken_back(store: Store) -> None:
    made = await store.assistants.add("Editor")
    with pytest.raises(AssistantUnknown):
        await store.assistants.restore(made.id)
    await store.assistants.remove(made.id)
    other = await store.assistants.add("Editor")
    with pytest.raises(AssistantExists):
        await store.assistants.restore(made.id)
    await store.assistants.remove(other.id)
    await store.assistants.restore(made.id)
    assert store.assistants.all() == [made]


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("plain", "hers") as server:
        yield server


@pytest.fixture
async def chatting(guided_desk: Desk, server: FakeOpenAI) -> Desk:
    desk = guided_desk
    desk.services.settings.update(providers=(ProviderRow("fake", server.url),), default_model="fake/plain")
    await desk.services.catalog.models(refresh=True)
    desk.window.models.refresh()
    await desk.services.store.assistants.add("Pirate Pete", instruction="Talk like a pirate.", model="fake/hers")
    return desk


def choose(desk: Desk, name: str) -> None:
    """Choose an assistant from the menu of the sheet."""
    editor = desk.window.chat_settings.sheet.form.manner[ASSISTANT].editor
    assert isinstance(editor, AssistantEditor)
    click(editor.button)
    action = next(action for action in editor.button.menu_.actions() if action.text() == name)
    action.trigger()
    editor.button.menu_.close()


def set_mood(desk: Desk, mood: str) -> None:
    editor = desk.window.chat_settings.sheet.form.manner[MOOD].editor
    assert isinstance(editor, Segments)
    click(editor.buttons[mood])


def sent(server: FakeOpenAI) -> dict[str, Any]:
    return next(request.json for request in reversed(server.requests) if request.method == "POST")


async def test_a_new_chat_with_an_assistant_and_a_mood(chatting: Desk, server: FakeOpenAI) -> None:
    desk = chatting
    header = desk.window.page.header
    desk.press("Ctrl+Shift+I", on=desk.window)
    choose(desk, "Pirate Pete")
    set_mood(desk, "serious")
    assert header.assistant.isVisible()
    assert header.assistant.text() == "Pirate Pete"
    assert desk.window.models.current == "fake/hers", "its model answers unless another one is chosen"
    assert desk.window.chat_settings.mark.isVisible()
    desk.press("Esc", on=desk.window.chat_settings.sheet.form)
    await desk.say("Where is the treasure?")
    await desk.answered()
    body = sent(server)
    assert body["model"] == "hers"
    assert "Talk like a pirate." in body["messages"][0]["content"]
    assert "serious" in body["messages"][0]["content"]
    kept = desk.services.store.conversations.get(desk.window.view.shown_id or "")
    assert kept.mood is Mood.SERIOUS
    assert header.assistant.text() == "Pirate Pete"
    desk.window.activateWindow()  # a menu of the offscreen screen leaves none active
    await desk.until(desk.window.isActiveWindow)
    desk.press("Ctrl+N", on=desk.window.page.composer.field)
    assert desk.window.view.shown_id is None
    assert desk.services.settings.options.new_chat == ""
    assert not header.assistant.isVisible(), "the next chat is another one"
    assert desk.window.models.current == "fake/plain"


async def test_a_chat_gets_one_and_loses_it_again(chatting: Desk, server: FakeOpenAI) -> None:
    desk = chatting
    await desk.say("Good day")
    await desk.answered()
    conversations = desk.services.store.conversations
    shown = desk.window.view.shown_id or ""
    desk.press("Ctrl+Shift+I", on=desk.window)
    choose(desk, "Pirate Pete")
    set_mood(desk, "friendly")
    await desk.until(lambda: conversations.get(shown).mood is Mood.FRIENDLY)
    pete = all_of(desk)[0]
    assert conversations.get(shown).assistant_id == pete.id
    await desk.services.store.assistants.remove(pete.id)
    row = desk.window.chat_settings.sheet.form.manner[ASSISTANT]
    await desk.until(lambda: desk.window.page.header.assistant.text() == "Pirate Pete")
    assert row.isVisible(), "who has been removed still answers here"
    click(row.reset_button)
    await desk.until(lambda: conversations.get(shown).assistant_id is None)
    assert not desk.window.page.header.assistant.isVisible()
    await desk.until(lambda: not row.isVisible())
    click(desk.window.chat_settings.sheet.form.manner[MOOD].reset_button)
    await desk.until(lambda: conversations.get(shown).mood is None)


async def test_a_new_chat_forgets_an_assistant_that_is_removed(chatting: Desk, server: FakeOpenAI) -> None:
    desk = chatting
    desk.press("Ctrl+Shift+I", on=desk.window)
    choose(desk, "Pirate Pete")
    assert desk.window.page.header.assistant.isVisible()
    await desk.services.store.assistants.remove(all_of(desk)[0].id)
    await desk.until(lambda: not desk.window.page.header.assistant.isVisible())
    desk.press("Esc", on=desk.window.chat_settings.sheet.form)
    await desk.say("Hello?")
    await desk.answered()
    assert all(message["role"] != "system" for message in sent(server)["messages"])


def test_what_is_kept_of_the_next_chat() -> None:
    setup = ChatSetup("Be brief.", Parameters(seed=1), "some-id", "serious")
    assert ChatSetup.from_stored(setup.to_stored()) == setup
    before = '{"instruction": "x", "parameters": {}}'
    assert ChatSetup.from_stored(before) == ChatSetup("x")
    odd = '{"instruction": "x", "parameters": {}, "assistant": 7, "mood": "furious"}'
    assert ChatSetup.from_stored(odd) == ChatSetup("x")
