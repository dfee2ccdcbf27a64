"""The up key: earlier messages of this conversation, and the way back to what was being written."""

from parley.ui.composer.drafts import Draft
from tests.peers.replies import DEFAULT
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat, row_of


async def spoken(desk: Desk) -> str:
    """Have a conversation in which two things were said; return its id."""
    turns = desk.services.store.turns
    place = await past_chat(desk, "Spoken", "first", "1")
    from parley.messages import MessageStatus, Text

    _, _, reply = await turns.begin(
        conversation_id=place, title="", parts=(Text("second\nof two lines"),), model="tiny/tiny"
    )
    await turns.finish(reply.id, (Text("2"),), MessageStatus.COMPLETE)
    desk.window.view.open(place)
    return place


async def test_up_and_down_go_through_what_was_said(desk: Desk) -> None:
    await spoken(desk)
    field = desk.window.page.composer.field
    desk.press("Up", on=field)
    assert field.toPlainText() == "second\nof two lines"
    desk.press("Up", on=field)
    assert field.toPlainText() == "second\nof two lines", "the caret goes up in the text first"
    assert field.textCursor().blockNumber() == 0
    desk.press("Up", on=field)
    assert field.toPlainText() == "first"
    desk.press("Up", on=field)
    assert field.toPlainText() == "first", "there is none before it"
    desk.press("Down", on=field)
    assert field.toPlainText() == "second\nof two lines"
    desk.press("Down", on=field)
    assert field.toPlainText() == ""


async def test_what_was_being_written_comes_back(desk: Desk) -> None:
    place = await spoken(desk)
    composer = desk.window.page.composer
    desk.write("half a thought")
    desk.press("Up", on=composer.field)
    assert composer.field.toPlainText() == "half a thought", "Up is the caret's, but at the very start"
    desk.press("Home", on=composer.field)
    desk.press("Up", on=composer.field)
    assert composer.field.toPlainText() == "second\nof two lines"
    await desk.window.view.outbox.close()
    assert Draft.from_stored(desk.services.store.drafts.get(place)).text == "half a thought"
    desk.press("Esc", on=composer.field)
    assert composer.field.toPlainText() == "half a thought"
    desk.press("Home", on=composer.field)
    desk.press("Up", on=composer.field)
    desk.press("Ctrl+Z", on=composer.field)
    assert composer.field.toPlainText() == "half a thought"


async def test_one_that_is_changed_becomes_the_draft(desk: Desk) -> None:
    place = await spoken(desk)
    composer = desk.window.page.composer
    desk.press("Up", on=composer.field)
    desk.press("Up", on=composer.field)
    desk.press("Up", on=composer.field)
    assert composer.field.toPlainText() == "first"
    desk.write("!")
    desk.press("Down", on=composer.field)
    assert composer.field.toPlainText() == "first!"
    await desk.until(lambda: Draft.from_stored(desk.services.store.drafts.get(place)).text == "first!")
    desk.press("Return", on=composer.field)
    await desk.until(lambda: desk.texts[-2:] == ["first!", DEFAULT])
    assert composer.draft.empty


async def test_sending_an_old_one_again_leaves_what_was_being_written(desk: Desk) -> None:
    place = await spoken(desk)
    composer = desk.window.page.composer
    desk.write("later")
    desk.press("Home", on=composer.field)
    desk.press("Up", on=composer.field)
    desk.press("Return", on=composer.field)
    await desk.until(lambda: desk.texts[-2:] == ["second\nof two lines", DEFAULT])
    assert composer.draft.text == "later"
    await desk.reopen()
    desk.window.view.open(place)
    assert composer is not desk.window.page.composer
    assert desk.window.page.composer.draft.text == "later"


async def test_it_belongs_to_the_conversation(desk: Desk) -> None:
    await spoken(desk)
    await past_chat(desk, "Other", "something else", "1")
    field = desk.window.page.composer.field
    desk.press("Up", on=field)
    click_row(desk.window.sidebar.list, row_of(desk, "Other"))
    desk.press("Up", on=field)
    assert field.toPlainText() == "something else"
    desk.press("Ctrl+N", on=desk.window)
    desk.press("Up", on=field)
    assert field.toPlainText() == ""
    click_row(desk.window.sidebar.list, row_of(desk, "Spoken"))
    assert field.toPlainText() == "", "looking leaves no draft behind"
