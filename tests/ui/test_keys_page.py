"""The settings tell where keys are kept, move them, and try them out; a person may stop that."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from parley import keys as keys_module
from parley.errors import ChatError, InternalError, KeyMissing, ProxyLoginNeeded
from parley.keys import PROXY, Keys
from parley.messages import Message, MessageStatus, Role
from parley.network import Network
from parley.options import ProviderRow
from parley.ui.preferences.network_editors import AuthorityEditor, ProxyEditor
from parley.ui.preferences.options_page import OptionsPage
from parley.ui.preferences.provider_card import ProviderCard
from parley.ui.preferences.providers_page import ProvidersPage
from parley.ui.transcript.commands import page_of
from tests.fakes import FakeOpenAI, Reply
from tests.keychains import demand_programs, lock, session
from tests.providers.sockets import openai_error
from tests.ui.conftest import Desk
from tests.ui.test_providers_page import KEY, click, paste, providers
from tests.ui.test_settings import open_settings

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of keyring's connections


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("one", "two") as server:
        server.key = KEY
        yield server


async def office(desk: Desk, server: FakeOpenAI, key: str = KEY) -> tuple[ProvidersPage, ProviderCard]:
    """Add a server with a key in the file, and return its card."""
    if key:
        desk.services.keys.set("office", key)
    rows = desk.services.settings.options.providers
    desk.services.settings.update(providers=(*rows, ProviderRow("office", server.url)))
    page = await providers(desk)
    return page, page.cards["office"]


class TestPlaces:
    async def test_the_file_is_named_and_why(self, desk: Desk, server: FakeOpenAI) -> None:
        page, card = await office(desk, server)
        await desk.until(page.keeping.text)
        assert f"in the file {desk.paths.keys}, which only you can read" in page.keeping.text()
        assert "no D-Bus session" in page.keeping.text().replace("There is no", "no")
        assert card.key_place.text() == f"Key: in the file {desk.paths.keys}"
        assert not page.move_keys.isVisible()
        click(card.edit)
        assert card.form is not None
        assert card.form.key_place.text() == card.key_place.text()

    async def test_the_environment_is_named(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OFFICE_KEY", KEY)
        rows = desk.services.settings.options.providers
        added = ProviderRow("office", "http://127.0.0.1:9/v1", key_env="OFFICE_KEY")
        desk.services.settings.update(providers=(*rows, added))
        page = await providers(desk)
        assert page.cards["office"].key_place.text() == "Key: from the environment variable OFFICE_KEY"
        assert not page.cards["tiny"].key_place.isVisible()

    async def test_keys_are_moved_into_the_keychain(
        self, desk: Desk, server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        demand_programs()
        with session("gnome", tmp_path / "session") as address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            page, card = await office(desk, server)
            await desk.until(page.move_keys.isVisible)
            assert page.keeping.text() == "Keys that you give are kept in the keychain of this computer."
            click(page.move_keys)
            await desk.until(lambda: card.key_place.text() == "Key: in the keychain")
            assert not page.move_keys.isVisible()
            assert json.loads(desk.paths.keys.read_text()) == {"office": {"keychain": "office"}}
            click(card.edit)
            assert card.form is not None
            paste(card.form.key, "another-key-7654321")
            click(card.form.save)
            await desk.until(lambda: card.form is None)
            assert await desk.services.keys.find("office") == "another-key-7654321"
            lock()
            desk.services.keys._unlocked = {}  # as in a new process
            click(card.test)
            await desk.until(lambda: "is in the keychain of this computer" in card.state.text())
            click(card.edit)
            assert card.form is not None
            click(card.form.remove_key)
            await desk.until(lambda: "“office” of “Parley” is still in it" in page.problem.text())

    async def test_a_keychain_that_does_not_answer_stops_nothing(
        self, desk: Desk, server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        demand_programs()
        monkeypatch.setattr(keys_module, "SECONDS", 0.5)
        with session("silent", tmp_path / "session") as address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            page, card = await office(desk, server, key="")
            click(card.edit)
            assert card.form is not None
            paste(card.form.key, KEY)
            click(card.form.save)
            assert not card.form.save.isEnabled()
            await desk.until(lambda: card.key_place.text() == f"Key: in the file {desk.paths.keys}")
            assert "The keychain does not answer." in page.keeping.text()
            await desk.until(lambda: card.state.text() == "2 models")


class TestTrials:
    async def test_a_question_shows_that_there_is_no_credit(self, desk: Desk, server: FakeOpenAI) -> None:
        words = "You exceeded your current quota, please check your plan and billing details."
        server.reply = Reply(error=(429, openai_error(words, "insufficient_quota", "insufficient_quota")))
        _, card = await office(desk, server)
        assert card.state.text() == "2 models"
        click(card.test)
        await desk.until(lambda: "has no credit left" in card.state.text())
        assert words in card.state.text()
        server.reply = Reply()
        click(card.test)
        await desk.until(lambda: card.state.text().endswith("“one” has answered."))
        assert len(server.asked("/v1/chat/completions")) == 2

    async def test_what_was_pasted_is_not_charged_for(self, desk: Desk, server: FakeOpenAI) -> None:
        _, card = await office(desk, server, key="")
        click(card.edit)
        assert card.form is not None
        paste(card.form.key, KEY)
        await desk.until(lambda: card.form and "“Test” also asks a model" in card.form.result.text())
        assert server.asked("/v1/chat/completions") == []

    async def test_without_a_key_no_model_is_asked(self, desk: Desk, server: FakeOpenAI) -> None:
        server.key = ""
        _, card = await office(desk, server, key="")
        click(card.test)
        await desk.until(lambda: card.state.text().startswith("Works: 2 models, "))
        assert server.asked("/v1/chat/completions") == []

    async def test_a_default_model_that_is_gone(self, desk: Desk, server: FakeOpenAI) -> None:
        desk.services.settings.update(default_model="office/gone")
        _, card = await office(desk, server)
        click(card.test)
        await desk.until(lambda: "no model named “office/gone”" in card.state.text())
        assert "It is the default model of the settings." in card.state.text()
        click(card.edit)
        assert card.form is not None
        paste(card.form.key, KEY)
        await desk.until(lambda: card.form and "no model named “office/gone”" in card.form.result.text())

    async def test_is_stopped(self, desk: Desk, server: FakeOpenAI) -> None:
        server.reply = Reply(hold=asyncio.Event(), hold_at=0)
        _, card = await office(desk, server)
        click(card.test)
        await desk.until(lambda: server.asked("/v1/chat/completions"))
        assert (card.test.text(), card.state.text()) == ("Stop", "Testing…")
        assert card.test.accessibleName() == "Stop testing office"
        click(card.test)
        assert (card.test.text(), card.state.text()) == ("Test", "Stopped.")
        await desk.until(server.all_gone.is_set)
        assert card.state.text() == "Stopped."

    async def test_a_form_that_is_left_stops_it(self, desk: Desk, server: FakeOpenAI) -> None:
        server.reply = Reply(hold=asyncio.Event(), hold_at=0)
        _, card = await office(desk, server)
        click(card.edit)
        form = card.form
        assert form is not None
        click(form.test)
        await desk.until(lambda: server.asked("/v1/chat/completions"))
        assert form.test.text() == "Stop"
        click(form.cancel)
        await desk.until(server.all_gone.is_set)

    async def test_a_second_paste_begins_anew(self, desk: Desk, server: FakeOpenAI) -> None:
        _, card = await office(desk, server, key="")
        click(card.edit)
        form = card.form
        assert form is not None
        paste(form.key, "wrong-key-123456")
        form.key.clear()
        paste(form.key, KEY)
        await desk.until(lambda: form.result.text().startswith("Works: 2 models"))
        assert form.test.text() == "Test"


class TestNetwork:
    async def page(self, desk: Desk) -> OptionsPage:
        page = (await open_settings(desk, "behaviour")).pages["behaviour"]
        assert isinstance(page, OptionsPage)
        return page

    async def test_a_password_is_taken_out_of_the_proxy(self, desk: Desk) -> None:
        page = await self.page(desk)
        row = page.options["proxy"]
        editor = row.editor
        assert isinstance(editor, ProxyEditor)
        editor.field.setFocus()
        QTest.keyClicks(editor.field, "http://ann:s3cret-word@proxy.example:8080")
        desk.press("Return", on=editor.field)
        assert editor.field.text() == "http://proxy.example:8080"
        await desk.until(lambda: "are kept in the file" in row.note.text())
        assert desk.services.settings.options.proxy == "http://proxy.example:8080"
        assert "s3cret" not in desk.paths.settings.read_text()
        assert Keys(desk.paths.keys, {}).get(PROXY) == "http://ann:s3cret-word@proxy.example:8080"
        roster = desk.services.catalog._roster
        assert await roster._network() == Network("http://proxy.example:8080", "", "ann:s3cret-word")
        desk.services.settings.update(proxy="http://other.example:8080")
        assert await roster._network() == Network("http://other.example:8080")

    async def test_what_is_no_proxy(self, desk: Desk) -> None:
        row = (await self.page(desk)).options["proxy"]
        assert isinstance(row.editor, ProxyEditor)
        row.editor.field.setFocus()
        QTest.keyClicks(row.editor.field, "ftp://ann:s3cret@x")
        desk.press("Return", on=row.editor.field)
        assert row.problem.text() == "An address such as http://proxy.example:8080, or “none”."
        assert desk.services.settings.options.proxy == ""

    async def test_a_file_of_certificates(self, desk: Desk, tmp_path: Path) -> None:
        trustme.CA().cert_pem.write_to_path(tmp_path / "company.pem")
        row = (await self.page(desk)).options["ca_file"]
        assert isinstance(row.editor, AuthorityEditor)
        for name, words in (("nowhere.pem", "cannot be used"), ("company.pem", "")):
            row.editor.field.setFocus()
            row.editor.field.clear()
            QTest.keyClicks(row.editor.field, str(tmp_path / name))
            desk.press("Return", on=row.editor.field)
            await desk.until(lambda: not desk.window.tasks.busy)
            assert words in row.note.text()
            assert bool(words) == bool(row.note.text())
        assert desk.services.settings.options.ca_file == str(tmp_path / "company.pem")


async def test_details_to_copy_hold_no_key(desk: Desk) -> None:
    desk.services.keys.set("office", KEY)
    desk.services.keys.get("office")
    desk.window.report(InternalError(detail=f"ValueError('{KEY}')"))
    (button,) = [found for found in desk.window.findChildren(QPushButton) if found.text() == "Copy details"]
    click(button)
    assert QApplication.clipboard().text().endswith("ValueError('[key]')")
    assert not [label for label in desk.window.findChildren(QLabel) if KEY in label.text() + label.toolTip()]


@pytest.mark.parametrize(
    ("error", "name"),
    [(ProxyLoginNeeded(proxy="http://p", provider="X"), "behaviour"), (KeyMissing(provider="X"), "providers")],
)
async def test_an_error_leads_to_where_it_is_mended(desk: Desk, error: ChatError, name: str) -> None:
    desk.window.report(error)
    (button,) = [found for found in desk.window.findChildren(QPushButton) if found.text() == "Open settings"]
    click(button)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isVisible)
    assert window.page == name
    failed = Message("m", "c", None, Role.ASSISTANT, (), MessageStatus.FAILED, 0.0, failure=error.to_failure())
    assert page_of(failed) == name
