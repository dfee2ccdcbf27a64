"""The page of the models that Ollama keeps, and a first start that gets one."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from PySide6.QtCore import QLocale, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from parley.options import ProviderRow
from parley.providers.library import PullProgress
from parley.settings import Settings
from parley.ui.models.download_bar import DownloadBar, progress_text
from parley.ui.preferences.library_section import LibrarySection
from parley.ui.preferences.models_page import ModelsPage
from tests.fakes import FakeOllama, OllamaModel, Pull
from tests.ui.conftest import Desk
from tests.ui.test_first_run import button, looked, steps
from tests.ui.test_keyboard import focusable, nameless
from tests.ui.test_settings import open_settings

LEFT = Qt.MouseButton.LeftButton
GIGABYTE = 1_000_000_000


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeOllama]:
    for place in ("ui.preferences.library_section", "ui.welcome.first_run"):
        monkeypatch.setattr(f"parley.{place}.memory_bytes", lambda: 16 * GIGABYTE)
    models = (
        OllamaModel("llama3.2:latest", ("completion", "tools", "vision"), context=131_072),
        OllamaModel("nomic-embed-text:latest", ("embedding",), size=274_000_000, quantization="F16"),
    )
    async with FakeOllama(*models) as server:
        server.library["small:latest"] = Pull(files=(2 * GIGABYTE, 500))
        server.library["phi4:latest"] = Pull(files=(9 * GIGABYTE,))
        yield server


def add(desk: Desk, server: FakeOllama) -> None:
    rows = desk.services.settings.options.providers
    desk.services.settings.update(providers=(*rows, ProviderRow("here", server.root, "ollama")))


async def page_of(desk: Desk, server: FakeOllama) -> ModelsPage:
    add(desk, server)
    page = (await open_settings(desk, "models")).pages["models"]
    assert isinstance(page, ModelsPage)
    await desk.until(lambda: "here" in page.sections and not page._looking)
    return page


def bar_of(section: LibrarySection) -> DownloadBar:
    (bar,) = section.bars.values()
    return bar


async def typed(desk: Desk, section: LibrarySection, name: str) -> None:
    section.field.setFocus()
    QTest.keyClicks(section.field, name)
    desk.press("Return", on=section.field)
    assert section.field.text() == ""


async def test_what_is_there(desk: Desk, server: FakeOllama) -> None:
    server.in_memory["llama3.2:latest"] = 8192
    page = await page_of(desk, server)
    section = page.sections["here"]
    assert not page.absent.isVisible()
    assert section.heading.text() == "here 0.40.12"
    card = section.cards["llama3.2:latest"]
    context, window = map(QLocale().toString, (131_072, 8192))
    assert card._facts.text() == f"2.0 GB · Q4_K_M · {context} tokens · sees images · uses tools"
    assert card.state.text() == f"In memory · 2.5 GB · room for {window} tokens"
    assert section.cards["nomic-embed-text:latest"]._facts.text().endswith("finds texts, does not chat")
    assert not section.cards["nomic-embed-text:latest"].unload.isVisible()
    click(card.unload)
    await desk.until(lambda: not card.state.isVisible())
    assert server.in_memory == {}
    assert nameless(page.window()) == []
    assert section.field in list(focusable(page))


async def test_details_open_and_close(desk: Desk, server: FakeOllama) -> None:
    page = await page_of(desk, server)
    card = page.sections["here"].cards["llama3.2:latest"]
    click(card.details)
    await desk.until(card.told.isVisible)
    told = card.told.toPlainText()
    assert "Family: llama" in told
    assert "Quantisation: Q4_K_M" in told
    assert "Licence:\nA licence\nof two lines" in told
    click(card.details)
    assert not card.told.isVisible()


async def test_one_is_fetched_with_a_bar_and_goes_on_when_the_window_is_closed(desk: Desk, server: FakeOllama) -> None:
    pull = server.library["small:latest"]
    pull.hold = asyncio.Event()
    page = await page_of(desk, server)
    section = page.sections["here"]
    assert not section.get.isEnabled()
    await typed(desk, section, "ollama pull small")
    bar = bar_of(section)
    await desk.until(lambda: bar.words.text() == "500.0 MB of 2.0 GB")
    assert bar.bar.value() == 250
    assert bar.bar.maximum() == 1000
    assert bar.stop.isVisible()
    desk.press("Esc", on=page.window())
    assert not page.window().isVisible()
    pull.hold.set()
    await desk.until(lambda: "“small” is there." in desk.window.page.notices.texts)
    assert not desk.window.downloads.all
    known = desk.services.catalog.cached_models
    await desk.until(lambda: "here/small:latest" in [model.id for model in known()])
    page.window().show()
    page.entered()
    await desk.until(lambda: "small:latest" in section.cards)
    assert not section.bars


async def test_cancelled_and_taken_up_again(desk: Desk, server: FakeOllama) -> None:
    pull = server.library["small:latest"]
    pull.hold = asyncio.Event()
    section = (await page_of(desk, server)).sections["here"]
    await typed(desk, section, "small")
    bar = bar_of(section)
    await desk.until(lambda: bar.download.progress.completed)
    click(bar.stop)
    await desk.until(bar.go_on.isVisible)
    assert bar.words.text() == "Stopped. What has come is kept."
    assert not bar.bar.isVisible()
    await asyncio.wait_for(server.all_gone.wait(), 2)
    pull.hold.set()
    click(bar.go_on)
    await desk.until(lambda: "small:latest" in section.cards)
    assert len(server.asked("/api/pull")) == 2


async def test_what_fails_says_why_and_goes_on(desk: Desk, server: FakeOllama) -> None:
    pull = server.library["small:latest"]
    pull.error = "max retries exceeded: unexpected EOF"
    section = (await page_of(desk, server)).sections["here"]
    await typed(desk, section, "small")
    bar = bar_of(section)
    await desk.until(bar.problem.isVisible)
    assert bar.problem.text().startswith("small could not be fetched. What has come is kept")
    assert bar.detail.text() == "max retries exceeded: unexpected EOF"
    await typed(desk, section, "nope")
    await desk.until(lambda: any("no model named “nope”" in one.problem.text() for one in section.bars.values()))
    pull.error = ""
    await typed(desk, section, "small")  # asked for anew, it goes on
    await desk.until(lambda: "small:latest" in section.cards)
    other = bar_of(section)
    click(other.dismiss)
    assert not section.bars
    assert not desk.window.downloads.all


async def test_the_same_one_is_fetched_once(desk: Desk, server: FakeOllama) -> None:
    server.library["small:latest"].hold = asyncio.Event()
    section = (await page_of(desk, server)).sections["here"]
    await typed(desk, section, "small")
    await typed(desk, section, "small")
    assert len(section.bars) == 1
    click(bar_of(section).stop)


async def test_suggestions_fit_the_memory(desk: Desk, server: FakeOllama) -> None:
    section = (await page_of(desk, server)).sections["here"]
    assert not section.offers
    click(section.more)
    assert section.fit.text() == "These fit this computer, which has 16.0 GB of memory."
    assert [offer.text() for offer in section.offers] == [
        "phi4  ·  9.1 GB  ·  good at most things",
        "gemma3:12b  ·  8.1 GB  ·  sees images",
        "qwen3:8b  ·  5.2 GB  ·  thinks before it answers",
        "gemma3:1b  ·  815.0 MB  ·  small and quick",
    ]
    section.more.setFocus()
    desk.press("Tab", on=section.more)
    assert section.offers[0].hasFocus()
    desk.press("Space", on=section.offers[0])
    await desk.until(lambda: "phi4:latest" in section.cards)
    assert not any(offer.text().startswith("phi4") for offer in section.offers)


async def test_all_of_it_fits_a_narrow_window(desk: Desk, server: FakeOllama) -> None:
    server.models[0].name = "a-model-whose-name-is-longer-than-most-and-has-no-place-to-break:70b-instruct-q4_K_M"
    server.in_memory[server.models[0].name] = 8192
    server.library["small:latest"].error = "max retries exceeded: " + "x" * 60
    page = await page_of(desk, server)
    section = page.sections["here"]
    section.more.setChecked(True)
    await typed(desk, section, "small")
    await desk.until(bar_of(section).problem.isVisible)
    for card in section.cards.values():
        card.ask()
    page.window().resize(340, 620)
    await desk.until(lambda: page.inside.width() <= page.viewport().width() < 340)
    assert section.offers[2].text().endswith("…")
    page.window().resize(800, 620)
    await desk.until(lambda: section.offers[2].text().endswith("answers"))


async def test_a_model_is_deleted_after_a_question_in_place(desk: Desk, server: FakeOllama) -> None:
    desk.services.settings.update(default_model="here/llama3.2:latest")
    page = await page_of(desk, server)
    section = page.sections["here"]
    card = section.cards["llama3.2:latest"]
    click(card.delete)
    assert card.question_words.text() == (
        "Delete llama3.2:latest? It can only be fetched anew. Your chats stay. 2.0 GB are freed. "
        "It answers your new chats."
    )
    assert card.keep.hasFocus()
    desk.press("Esc", on=card.keep)
    assert not card.question.isVisible()
    assert page.window().isVisible()
    assert card.delete.hasFocus()
    desk.press("Space", on=card.delete)
    assert card.keep.hasFocus()
    desk.press("Space", on=card.keep)
    assert not card.question.isVisible()
    assert len(server.models) == 2
    click(card.delete)
    click(card.sure)
    await desk.until(lambda: "llama3.2:latest" not in section.cards)
    assert [model.name for model in server.models] == ["nomic-embed-text:latest"]
    assert section.field.hasFocus()


async def test_one_that_is_gone_already_says_so(desk: Desk, server: FakeOllama) -> None:
    section = (await page_of(desk, server)).sections["here"]
    card = section.cards["llama3.2:latest"]
    server.models.clear()
    click(card.details)
    await desk.until(card.problem.isVisible)
    assert "is not on the server" in card.problem.text()
    assert not card.details.isChecked()
    click(card.delete)
    click(card.sure)
    await desk.until(lambda: not card.question.isVisible())
    assert "is not on the server" in card.problem.text()


async def test_without_ollama_it_says_what_to_do(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (await open_settings(desk, "models")).pages["models"]
    assert isinstance(page, ModelsPage)
    await desk.until(page.absent.isVisible)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(QUrl(url).toString()))
    await desk.until(page.look_again.isEnabled)
    click(page.install)
    await desk.until(lambda: opened == ["https://ollama.com/download"])
    assert nameless(page.window()) == []


async def test_look_again_finds_it(desk: Desk, server: FakeOllama) -> None:
    page = (await open_settings(desk, "models")).pages["models"]
    assert isinstance(page, ModelsPage)
    await desk.until(page.absent.isVisible)
    add(desk, server)
    await desk.until(page.look_again.isEnabled)
    click(page.look_again)
    await desk.until(lambda: "here" in page.sections and page.sections["here"].cards)
    assert not page.absent.isVisible()


async def test_a_server_that_stops_says_so(desk: Desk, server: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await page_of(desk, server)
    section = page.sections["here"]
    monkeypatch.setattr(server, "models", [])
    await server.__aexit__(None, None, None)
    page.refresh()
    await desk.until(section.problem.isVisible)
    assert "here cannot be reached" in section.problem.text()
    await server.__aenter__()
    page.refresh()
    await desk.until(lambda: not section.problem.isVisible())


async def test_the_search_of_the_window_finds_models(desk: Desk, server: FakeOllama) -> None:
    page = await page_of(desk, server)
    window = desk.window.settings_door.window
    assert window is not None
    QTest.keyClicks(window.search, "llama3.2")
    assert page.sections["here"].cards["llama3.2:latest"].isVisible()
    assert not page.sections["here"].cards["nomic-embed-text:latest"].isVisible()
    assert window.page == "models"
    window.search.clear()
    assert page.sections["here"].cards["nomic-embed-text:latest"].isVisible()


async def test_a_first_start_gets_a_model_right_there(guided_desk: Desk, server: FakeOllama) -> None:
    desk = guided_desk
    server.models.clear()
    pull = server.library["phi4:latest"]
    pull.hold, pull.hold_at = asyncio.Event(), 3
    await looked(desk)
    add(desk, server)
    await desk.window.models.look_for_models(refresh=True)
    assert steps(desk).words.text().startswith("here is running, but has no model yet.")
    click(button(desk, "phi4"))
    bar = steps(desk).download
    assert bar is not None
    await desk.until(lambda: bar.bar.value() == 250)
    assert steps(desk).heading.text() == "Getting a model"
    click(bar.stop)
    await desk.until(bar.go_on.isVisible)
    click(bar.go_on)
    pull.hold.set()
    await desk.until(lambda: steps(desk).heading.text() == "Choose a model")
    click(button(desk, "phi4"))
    assert Settings(desk.paths.settings).options.default_model == "here/phi4:latest"
    assert desk.window.page.composer.field.hasFocus()
    assert not desk.window.page.notices.texts


async def test_a_first_start_leads_to_the_page(guided_desk: Desk, server: FakeOllama) -> None:
    desk = guided_desk
    server.models.clear()
    await looked(desk)
    add(desk, server)
    await desk.window.models.look_for_models(refresh=True)
    click(button(desk, "Another model…"))
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isVisible)
    assert window.page == "models"
    page = window.pages["models"]
    assert isinstance(page, ModelsPage)
    await desk.until(lambda: "here" in page.sections and len(page.sections["here"].offers) == 4)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (PullProgress("preparing"), "Asking for it…"),
        (PullProgress("downloading", 1, 2 * GIGABYTE), "1 bytes of 2.0 GB"),
        (
            PullProgress("downloading", GIGABYTE, 2 * GIGABYTE, 1e8),
            "of 2.0 GB · 100.0 MB per second · less than",
        ),
        (PullProgress("downloading", GIGABYTE, 2 * GIGABYTE, 1e7), "per second · a minute left"),
        (PullProgress("downloading", GIGABYTE, 2 * GIGABYTE, 1e6), "per second · 17 minutes left"),
        (PullProgress("downloading", GIGABYTE, 9 * GIGABYTE, 1e6), "per second · 2 h 13 min left"),
        (PullProgress("downloading", GIGABYTE, 2 * GIGABYTE, 0.0), "nothing comes, but Ollama goes on trying"),
        (PullProgress("checking", 1, 1), "Checking what has come…"),
    ],
)
def test_how_far_it_is_in_words(step: PullProgress, words: str, qapp: QApplication) -> None:
    assert words in progress_text(step)


async def test_nothing_is_left_running(desk: Desk, server: FakeOllama, qapp: QApplication) -> None:
    server.library["small:latest"].hold = asyncio.Event()
    section = (await page_of(desk, server)).sections["here"]
    await typed(desk, section, "small")
    await desk.until(lambda: desk.window.downloads.all[0].progress.completed)
    gone: Callable[[], bool] = server.all_gone.is_set
    assert not gone()
    await desk.close()
    await desk.until(gone)
    await desk.open()
