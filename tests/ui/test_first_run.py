"""A first start: three steps at most, honest about what was found, and never again once a model works."""

from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from parley.options import ProviderRow
from parley.settings import Settings
from parley.ui.welcome.first_steps import FirstSteps
from tests.fakes import FakeOllama, OllamaModel
from tests.ui.conftest import Desk

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
async def ollama() -> AsyncIterator[FakeOllama]:
    async with FakeOllama() as server:
        server.models = []
        yield server


def steps(desk: Desk) -> FirstSteps:
    found = desk.window.page.welcome.steps
    assert found is not None
    return found


def button(desk: Desk, text: str) -> QPushButton:
    return next(button for button in steps(desk).buttons if button.text().startswith(text))


async def looked(desk: Desk) -> None:
    await desk.until(lambda: desk.window.models.looked and not desk.window.models.looking)


async def test_nothing_is_there(guided_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = guided_desk
    assert steps(desk).bar.isVisible()
    assert steps(desk).heading.text() == "Looking for models…"
    await looked(desk)
    assert steps(desk).heading.text() == "Find a model"
    assert not steps(desk).bar.isVisible()
    assert all(question.isVisible() for question in desk.window.page.welcome.questions)
    QTest.mouseClick(button(desk, "Connect a service"), LEFT)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isVisible)
    assert window.page == "providers"
    window.close()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(QUrl(url).toString()))
    steps(desk).show_none(empty_server="", looks=True)
    QTest.mouseClick(button(desk, "Install Ollama"), LEFT)
    await desk.until(lambda: opened == ["https://ollama.com/download"])


async def test_skipped_is_skipped_and_can_be_taken_up(guided_desk: Desk) -> None:
    desk = guided_desk
    await looked(desk)
    QTest.mouseClick(steps(desk).skip, LEFT)
    welcome = desk.window.page.welcome
    assert welcome.steps is None
    assert desk.window.page.composer.field.hasFocus()
    assert welcome.questions[0].isVisible()
    await desk.reopen()
    await looked(desk)
    assert desk.window.page.welcome.steps is None
    QTest.mouseClick(desk.window.page.welcome.connect_button, LEFT)
    await looked(desk)
    assert steps(desk).heading.text() == "Find a model"


async def test_a_server_without_a_model_then_with_two(guided_desk: Desk, ollama: FakeOllama) -> None:
    desk = guided_desk
    desk.services.settings.update(providers=(ProviderRow("here", ollama.root, "ollama"),))
    await desk.window.models.look_for_models(refresh=True)
    assert steps(desk).words.text().startswith("here is running, but has no model yet.")
    ollama.models = [OllamaModel("small:latest"), OllamaModel("large:latest")]
    QTest.mouseClick(button(desk, "Look again"), LEFT)
    await desk.until(lambda: steps(desk).heading.text() == "Choose a model")
    assert [button.text() for button in steps(desk).buttons] == ["large:latest  ·  here", "small:latest  ·  here"]
    QTest.mouseClick(button(desk, "small"), LEFT)
    assert Settings(desk.paths.settings).options.default_model == "here/small:latest"
    assert desk.window.page.welcome.steps is None
    assert desk.window.page.composer.field.hasFocus()
    assert desk.window.models.current == "here/small:latest"
    await desk.reopen()
    await looked(desk)
    assert desk.window.page.welcome.steps is None


async def test_who_has_chatted_is_not_led(guided_desk: Desk) -> None:
    desk = guided_desk
    await looked(desk)
    QTest.mouseClick(desk.window.page.welcome.questions[0], LEFT)
    await desk.answered()
    desk.press("Ctrl+N", on=desk.window.page.composer.field)
    await desk.until(desk.window.page.welcome.isVisible)
    assert desk.window.page.welcome.steps is None


async def test_a_chosen_model_needs_no_steps(desk: Desk) -> None:
    await looked(desk)
    assert desk.window.page.welcome.steps is None


async def test_servers_of_this_computer_can_be_looked_for(guided_desk: Desk) -> None:
    desk = guided_desk
    await looked(desk)
    QTest.mouseClick(button(desk, "Look on this computer"), LEFT)
    assert Settings(desk.paths.settings).options.discover
    await looked(desk)


async def test_nothing_of_it_is_made_where_a_chat_is_opened(desk: Desk) -> None:
    await desk.say("Hello")
    await desk.answered()
    await desk.reopen()
    await looked(desk)
    assert "welcome" not in vars(desk.window.page)
    desk.press("Ctrl+N", on=desk.window.page.composer.field)
    assert desk.window.page.welcome.isVisible()
    assert desk.window.page.welcome.steps is None
