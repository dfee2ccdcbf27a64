"""Servers are added, tested, changed and removed; a key is never shown again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from parley.keys import Keys
from parley.options import ProviderRow
from parley.settings import Settings
from parley.ui.notices import Notice
from parley.ui.preferences.editors import Segments
from parley.ui.preferences.providers_page import ProvidersPage
from tests.fakes import FakeOpenAI
from tests.providers.fake_gemini import FakeGemini
from tests.ui.conftest import Desk
from tests.ui.test_settings import open_settings

LEFT = Qt.MouseButton.LeftButton
KEY = "secret-key-1234567"


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("one", "two") as server:
        server.key = KEY
        yield server


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT)


async def providers(desk: Desk) -> ProvidersPage:
    page = (await open_settings(desk, "providers")).pages["providers"]
    assert isinstance(page, ProvidersPage)
    await desk.until(page.look_again.isEnabled)
    return page


def paste(field: QLineEdit, text: str) -> None:
    QApplication.clipboard().setText(text)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


async def test_one_that_speaks_like_gemini_is_added(desk: Desk) -> None:
    async with FakeGemini() as server:
        server.key = KEY
        page = await providers(desk)
        click(page.add_button)
        form = page.new_form
        assert form is not None
        QTest.keyClicks(form.name, "lab")
        QTest.keyClicks(form.address, server.root)
        click(form.dialect.buttons["gemini"])
        paste(form.key, KEY)
        await desk.until(lambda: "1 model" in form.result.text())
        click(form.save)
        await desk.until(lambda: page.new_form is None)
    *_, row = desk.services.settings.options.providers
    assert row == ProviderRow("lab", server.url, "gemini")


async def test_what_a_server_speaks_stands_in_rows_of_three(desk: Desk) -> None:
    page = await providers(desk)
    choices = Segments({name: name for name in "abcde"}, page, columns=3)
    choices.show()
    choices.adjustSize()
    places = [choices.buttons[name].pos() for name in "abcde"]
    assert [place.y() > places[0].y() for place in places] == [False, False, False, True, True]
    assert places[3].x() == places[0].x()


async def test_a_server_is_added_with_its_key(desk: Desk, server: FakeOpenAI) -> None:
    page = await providers(desk)
    click(page.add_button)
    form = page.new_form
    assert form is not None
    QTest.keyClicks(form.name, "office")
    QTest.keyClicks(form.address, server.root.removeprefix("http://"))
    click(form.test)
    await desk.until(lambda: "needs a key" in form.result.text())
    paste(form.key, "wrong-key-7654321")
    await desk.until(lambda: "refused" in form.result.text())
    form.key.clear()
    paste(form.key, KEY)
    await desk.until(lambda: form.result.text().startswith("Works: 2 models, "))
    assert form.key.displayText() != KEY
    assert stored(desk) == ("tiny",)
    click(form.save)
    await desk.until(lambda: stored(desk) == ("tiny", "office"))
    assert Keys(desk.paths.keys, environ={}).get("office") == KEY
    assert KEY not in desk.paths.settings.read_text(encoding="utf-8")
    card = page.cards["office"]
    await desk.until(lambda: card.state.text() == "2 models")
    assert card.place.endpoint.base_url == server.url
    await desk.until(lambda: "office/two" in [model.id for model in desk.services.catalog.cached_models()])
    click(card.edit)
    assert card.form is not None
    assert card.form.key.text() == ""
    assert "A key is kept" in card.form.key.placeholderText()


async def test_a_button_keeps_the_keyboard_while_its_test_runs(desk: Desk) -> None:
    page = await providers(desk)
    card = page.cards["tiny"]

    rested: list[QPushButton] = []

    class Rests(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.EnabledChange and isinstance(watched, QPushButton):
                rested.append(watched)
            return False

    rests = Rests()
    page.look_again.installEventFilter(rests)
    page.look_again.setFocus()
    for _ in range(2):
        rested.clear()
        desk.press("Space", on=page.look_again)
        await desk.until(lambda: len(rested) == 2)  # off and on again
        assert page.look_again.hasFocus()
    card.test.setFocus()
    desk.press("Space", on=card.test)
    await desk.until(lambda: card.test.text() == "Test" and "Works" in card.state.text())
    assert card.test.hasFocus()
    rested.clear()
    desk.press("Space", on=page.look_again)
    await desk.until(lambda: rested)
    card.remove.setFocus()  # one goes on meanwhile
    await desk.until(lambda: len(rested) == 2)
    assert card.remove.hasFocus()


async def test_azure_is_added_by_its_address(desk: Desk, server: FakeOpenAI) -> None:
    page = await providers(desk)
    click(page.add_button)
    form = page.new_form
    assert form is not None
    QTest.keyClicks(form.name, "work")
    QTest.keyClicks(form.address, f"{server.root}/openai/deployments/fast/chat/completions?api-version=2024-10-21")
    assert "azure" not in form.address.placeholderText()
    click(form.dialect.buttons["azure"])
    assert "azure" in form.address.placeholderText()
    paste(form.key, KEY)
    await desk.until(lambda: form.test.text() == "Test" and form.result.text() not in ("", "Testing…"))
    assert server.asked("/openai/deployments?api-version=2022-12-01")
    click(form.save)
    await desk.until(lambda: stored(desk) == ("tiny", "work"))
    row = Settings(desk.paths.settings).options.providers[-1]
    assert (row.name, row.dialect, row.base_url) == ("work", "azure", f"{server.root}/openai/v1")
    assert server.requests[-1].headers["api-key"] == KEY


def stored(desk: Desk) -> tuple[str, ...]:
    return tuple(row.name for row in Settings(desk.paths.settings).options.providers)


@pytest.mark.parametrize(
    ("name", "address", "variable", "said"),
    [
        ("two words", "http://127.0.0.1:1", "", "Letters, digits"),
        ("openai", "http://127.0.0.1:1", "", "Parley uses this name itself"),
        ("office", "ftp://127.0.0.1", "", "An address such as"),
        ("office", "http://me:hush@127.0.0.1", "", "An address without a password"),
        ("office", "http://127.0.0.1:1", "sk-hush", "The name of an environment variable"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    desk: Desk, name: str, address: str, variable: str, said: str
) -> None:
    page = await providers(desk)
    click(page.add_button)
    form = page.new_form
    assert form is not None
    QTest.keyClicks(form.name, name)
    QTest.keyClicks(form.address, address)
    QTest.keyClicks(form.key_env, variable)
    desk.press("Return", on=form.key_env)
    await desk.until(lambda: any(label.isVisible() for label in form._problems.values()))
    shown = [label.text() for label in form._problems.values() if label.isVisible()]
    assert len(shown) == 1
    assert shown[0].startswith(said)
    assert stored(desk) == ("tiny",)
    click(form.cancel)
    assert page.add_button.isVisible()


async def test_escape_leaves_the_form_then_the_window(desk: Desk) -> None:
    page = await providers(desk)
    click(page.add_button)
    form = page.new_form
    assert form is not None
    desk.press("Esc", on=form.address)
    assert page.new_form is None
    assert page.window().isVisible()
    desk.press("Esc", on=page.window())
    assert not page.window().isVisible()


async def test_a_service_asks_for_its_key(desk: Desk) -> None:
    page = await providers(desk)
    click(page.cards["groq"].edit)
    form = page.cards["groq"].form
    assert form is not None
    assert form.key.placeholderText() == "Paste it here"


async def test_a_server_is_removed_with_its_key_and_comes_back(desk: Desk, server: FakeOpenAI) -> None:
    desk.services.keys.set("office", KEY)
    rows = desk.services.settings.options.providers
    desk.services.settings.update(providers=(ProviderRow("office", server.url), *rows))
    page = await providers(desk)
    click(page.cards["office"].remove)
    await desk.until(lambda: page.findChild(Notice))
    assert stored(desk) == ("tiny",)
    assert "office" not in page.cards
    assert KEY not in desk.paths.keys.read_text(encoding="utf-8")
    notice = page.findChild(Notice)
    assert isinstance(notice, Notice)
    undo = next(button for button in notice.findChildren(QPushButton) if button.text() == "Undo")
    click(undo)
    await desk.until(lambda: stored(desk) == ("office", "tiny"))
    assert Keys(desk.paths.keys, environ={}).get("office") == KEY
    assert "office" in page.cards


async def test_a_service_takes_a_key_and_forgets_it(desk: Desk) -> None:
    page = await providers(desk)
    card = page.cards["groq"]
    assert card.state.text() == "Needs a key"
    click(card.edit)
    form = card.form
    assert form is not None
    assert not form.address.isVisible()
    form.key.pasted.disconnect()  # it would be tried out on the service
    paste(form.key, "half a key")
    click(form.save)
    await desk.until(lambda: "one line" in form._problems["key"].text())
    desk.services.keys.set("groq", KEY)
    form.show_key("Key: in the file")
    await desk.until(form.remove_key.isEnabled)
    click(form.remove_key)
    await desk.until(lambda: card.form is None)
    assert Keys(desk.paths.keys, environ={}).get("groq") is None


async def test_a_server_that_is_down_says_so(desk: Desk, tmp_path: Path) -> None:
    rows = desk.services.settings.options.providers
    desk.services.settings.update(providers=(*rows, ProviderRow("down", "http://127.0.0.1:9/v1")))
    page = await providers(desk)
    card = page.cards["down"]
    await desk.until(lambda: "down cannot be reached at http://127.0.0.1:9" in card.state.text())
    click(page.cards["tiny"].test)
    await desk.until(lambda: page.cards["tiny"].state.text().startswith("Works: 1 model, "))


async def test_servers_added_elsewhere_appear(desk: Desk, server: FakeOpenAI) -> None:
    page = await providers(desk)
    rows = desk.services.settings.options.providers
    Settings(desk.paths.settings).update(providers=(*rows, ProviderRow("elsewhere", server.url)))
    await desk.until(lambda: "elsewhere" in page.cards)


async def test_the_picker_leads_here(desk: Desk) -> None:
    desk.press("Ctrl+M", on=desk.window.page.composer.field)
    popup = desk.window.models.popup
    await desk.until(popup.isVisible)
    click(popup.add)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isVisible)
    assert window.page == "providers"


async def test_a_key_of_the_environment_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await providers(desk)
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    click(page.cards["groq"].edit)
    form = page.cards["groq"].form
    assert form is not None
    assert form.result.text() == "The key in the environment variable GROQ_API_KEY comes first."


async def test_a_server_added_while_others_are_asked_is_asked_too(desk: Desk, server: FakeOpenAI) -> None:
    page = await providers(desk)
    server.key = ""
    page.refresh()
    while page.look_again.isEnabled():  # it may be over before anybody looks again
        await asyncio.sleep(0)
    rows = desk.services.settings.options.providers
    desk.services.settings.update(providers=(*rows, ProviderRow("late", server.url)))
    await desk.until(lambda: page.cards["late"].state.text() == "2 models")


async def test_services_stand_in_the_order_of_their_names(desk: Desk) -> None:
    cards = sorted((await providers(desk)).cards.values(), key=lambda card: card.y())
    names = [card.place.endpoint.name for card in cards if card.place.kind == "service"]
    assert len(names) > 10
    assert names == sorted(names, key=str.casefold)
