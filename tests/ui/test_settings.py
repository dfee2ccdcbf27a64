"""The settings window: what is changed holds at once, and what is wrong says so beside its field."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

import parley
from parley.options import ProviderRow, ShortcutRow, visible_options
from parley.settings import Settings
from parley.ui.composer import dictionaries
from parley.ui.preferences.choices import LanguageEditor, ModelEditor, SpellingEditor, TrayEditor, language_name
from parley.ui.preferences.editors import Lines, Number, Segments, Switch
from parley.ui.preferences.options_page import OptionRow, OptionsPage
from parley.ui.preferences.shortcuts_page import ShortcutsPage
from parley.ui.preferences.window import SettingsWindow
from tests.fakes import FakeOpenAI
from tests.ui.conftest import Desk

LEFT = Qt.MouseButton.LeftButton


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT)


async def open_settings(desk: Desk, page: str) -> SettingsWindow:
    desk.press("Ctrl+,", on=desk.window.page.composer.field)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isActiveWindow)
    row = list(window.pages).index(page)
    place = window.list.visualItemRect(window.list.item(row)).center()
    QTest.mouseClick(window.list.viewport(), LEFT, pos=place)
    assert window.page == page
    assert window.pages[page].isVisible()
    return window


def option(window: SettingsWindow, key: str) -> OptionRow:
    for page in window.pages.values():
        if isinstance(page, OptionsPage) and key in page.options:
            return page.options[key]
    raise KeyError(key)


def stored(desk: Desk) -> Settings:
    """Return the settings as another process reads them."""
    return Settings(desk.paths.settings)


async def test_every_option_of_the_table_has_its_row(desk: Desk) -> None:
    window = await open_settings(desk, "appearance")
    for found in visible_options():
        row = option(window, found.name)
        assert row.label.text()
        assert row.label.text() == found.metadata["label"]


async def test_a_choice_holds_at_once_and_can_be_taken_back(desk: Desk) -> None:
    window = await open_settings(desk, "appearance")
    row = option(window, "theme")
    segments = row.editor
    assert isinstance(segments, Segments)
    assert not row.reset_button.isVisible()
    click(segments.buttons["dark"])
    assert stored(desk).options.theme == "dark"
    assert desk.window.page.transcript.kit.style.theme.dark
    assert window.palette().window().color().lightness() < 60
    click(row.reset_button)
    assert stored(desk).options.theme == "system"
    assert segments.buttons["system"].isChecked()
    assert not row.reset_button.isVisible()


async def test_a_switch_and_a_long_text(desk: Desk) -> None:
    window = await open_settings(desk, "behaviour")
    switch = option(window, "discover").editor
    assert isinstance(switch, Switch)
    click(switch.box)
    assert stored(desk).options.discover is True
    lines = option(window, "instruction").editor
    assert isinstance(lines, Lines)
    click(lines.field.viewport())
    QTest.keyClicks(lines.field, "Answer in verse")
    await desk.until(lambda: stored(desk).options.instruction == "Answer in verse")
    QTest.keyClicks(lines.field, ".")
    desk.press("Tab", on=lines.field)
    assert stored(desk).options.instruction == "Answer in verse."


@pytest.mark.parametrize(("typed", "value"), [("45", 45.0), ("2.5", 2.5), (" 300 ", 300.0)])
async def test_a_number_is_taken_when_it_is_finished(desk: Desk, typed: str, value: float) -> None:
    window = await open_settings(desk, "behaviour")
    row = option(window, "first_token_timeout")
    number = row.editor
    assert isinstance(number, Number)
    number.field.setFocus()
    number.field.selectAll()
    QTest.keyClicks(number.field, typed)
    assert stored(desk).options.first_token_timeout == 120.0
    desk.press("Return", on=number.field)
    assert stored(desk).options.first_token_timeout == value
    assert number.field.text() == f"{value:g}"
    assert row.reset_button.isVisible()


@pytest.mark.parametrize("typed", ["many", "0", "99999", ""])
async def test_what_is_no_value_says_why_and_changes_nothing(desk: Desk, typed: str) -> None:
    window = await open_settings(desk, "behaviour")
    row = option(window, "first_token_timeout")
    number = row.editor
    assert isinstance(number, Number)
    number.field.setFocus()
    number.field.selectAll()
    desk.press("Delete", on=number.field)
    QTest.keyClicks(number.field, typed)
    desk.press("Return", on=number.field)
    assert row.problem.isVisible()
    assert row.problem.text() == "A number from 1 to 3600."
    assert number.field.text() == typed
    assert stored(desk).options.first_token_timeout == 120.0
    desk.press("Esc", on=number.field)
    assert number.field.text() == "120"
    assert not row.problem.isVisible()
    assert window.isVisible()


async def test_the_window_follows_other_processes(desk: Desk) -> None:
    window = await open_settings(desk, "appearance")
    stored(desk).update(theme="dark", zoom=150, trash_days=7)
    theme, zoom = option(window, "theme").editor, option(window, "zoom").editor
    assert isinstance(theme, Segments)
    assert isinstance(zoom, Number)
    await desk.until(theme.buttons["dark"].isChecked)
    assert zoom.field.text() == "150"
    await desk.until(lambda: desk.window.zoom.percent == 150)


async def test_the_search_leaves_what_fits(desk: Desk) -> None:
    window = await open_settings(desk, "appearance")
    click(window.search)
    QTest.keyClicks(window.search, "wait")
    assert window.page == "behaviour"
    assert option(window, "first_token_timeout").isVisible()
    assert not option(window, "instruction").isVisible()
    hidden = [window.list.item(row).isHidden() for row in range(window.list.count())]
    assert hidden.count(False) == 1
    desk.press("Esc", on=window.search)
    assert window.search.text() == ""
    assert window.isVisible()
    assert option(window, "instruction").isVisible()
    desk.press("Esc", on=window.search)
    await desk.until(lambda: not window.isVisible())


async def test_the_default_model_is_chosen_from_what_there_is(desk: Desk) -> None:
    window = await open_settings(desk, "behaviour")
    row = option(window, "default_model")
    editor = row.editor
    assert isinstance(editor, ModelEditor)
    click(row.reset_button)
    assert stored(desk).options.default_model == ""
    await desk.services.catalog.models()
    click(editor.button)
    await desk.until(lambda: editor.popup.isVisible() and editor.popup.refresh.isEnabled())
    desk.press("Return", on=editor.popup.search)
    assert stored(desk).options.default_model == "tiny/tiny"
    assert editor.button.text() == "tiny"


async def test_settings_stand_at_the_foot_of_the_sidebar(desk: Desk) -> None:
    button = desk.window.sidebar.findChild(QPushButton, "openSettings")
    assert isinstance(button, QPushButton)
    click(button)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isVisible)
    window.resize(360, 500)
    await desk.until(window.menu.isVisible)
    assert not window.list.isVisible()
    click(window.menu)
    await desk.until(window.menu.menu_.isVisible)
    desk.press("Down", on=window.menu.menu_)
    desk.press("Down", on=window.menu.menu_)
    desk.press("Return", on=window.menu.menu_)
    assert window.page == "models"


def shortcuts_of(window: SettingsWindow) -> ShortcutsPage:
    page = window.pages["shortcuts"]
    assert isinstance(page, ShortcutsPage)
    return page


async def test_a_key_shows_the_keys(desk: Desk) -> None:
    desk.press("Ctrl+/", on=desk.window.page.composer.field)
    window = desk.window.settings_door.window
    assert window is not None
    await desk.until(window.isActiveWindow)
    assert window.page == "shortcuts"
    assert shortcuts_of(window).commands["shortcuts"].recorder.text() == "Ctrl+/"


async def test_a_shortcut_is_changed_by_pressing_it(desk: Desk) -> None:
    page = shortcuts_of(await open_settings(desk, "shortcuts"))
    row = page.commands["new_chat"]
    assert row.recorder.text() == "Ctrl+N"
    click(row.recorder)
    assert row.recorder.listening
    desk.press("Ctrl+Alt+J", on=row.recorder)
    assert row.recorder.text() == "Ctrl+Alt+J"
    assert stored(desk).options.shortcuts == (ShortcutRow("new_chat", "Ctrl+Alt+J"),)
    assert desk.window.actions_["new_chat"].shortcut() == QKeySequence("Ctrl+Alt+J")
    assert any("Ctrl+Alt+J" in label.text() for label in desk.window.sidebar.findChildren(QLabel))
    click(row.reset_button)
    assert desk.window.actions_["new_chat"].shortcut() == QKeySequence("Ctrl+N")
    assert stored(desk).options.shortcuts == ()
    assert not row.reset_button.isVisible()


async def test_a_chosen_shortcut_works_and_the_old_one_does_not(desk: Desk) -> None:
    desk.services.settings.update(shortcuts=(ShortcutRow("search", "Ctrl+Alt+S"), ShortcutRow("gone", "Ctrl+N")))
    field = desk.window.page.composer.field
    desk.press("Ctrl+K", on=field)
    assert not desk.window.sidebar.search.hasFocus()
    desk.press("Ctrl+Alt+S", on=field)
    assert desk.window.sidebar.search.hasFocus()


async def test_keys_that_are_taken_name_their_command(desk: Desk) -> None:
    page = shortcuts_of(await open_settings(desk, "shortcuts"))
    row, other = page.commands["rename"], page.commands["search"]
    click(row.recorder)
    desk.press("Ctrl+K", on=row.recorder)
    assert row.problem.text() == "Ctrl+K is “Search everything” already."
    assert row.recorder.text() == "F2"
    click(row.take_over)
    assert row.recorder.text() == "Ctrl+K"
    assert other.recorder.text() == "Ctrl+Shift+F"
    assert not row.take_over.isVisible()
    click(other.reset_button)
    assert other.problem.text() == "Ctrl+K is “Rename” already."
    click(page.reset_all)
    assert stored(desk).options.shortcuts == ()
    assert (row.recorder.text(), other.recorder.text()) == ("F2", "Ctrl+K, Ctrl+Shift+F")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("A", "A alone is needed for writing. Add Ctrl or Alt."),
        ("Shift+A", "Shift+A alone is needed for writing. Add Ctrl or Alt."),
        ("Tab", "Tab alone is needed for writing. Add Ctrl or Alt."),
        ("Ctrl+C", "Ctrl+C is for editing text."),
    ],
)
async def test_keys_that_cannot_be_taken(desk: Desk, keys: str, problem: str) -> None:
    page = shortcuts_of(await open_settings(desk, "shortcuts"))
    row = page.commands["pin"]
    click(row.recorder)
    desk.press(keys, on=row.recorder)
    assert row.problem.text() == problem
    assert row.recorder.text() == "Ctrl+Shift+P"
    assert stored(desk).options.shortcuts == ()


async def test_backspace_takes_keys_away_and_escape_leaves_them(desk: Desk) -> None:
    window = await open_settings(desk, "shortcuts")
    row = shortcuts_of(window).commands["pin"]
    click(row.recorder)
    desk.press("Esc", on=row.recorder)
    assert window.isVisible()
    assert row.recorder.text() == "Ctrl+Shift+P"
    click(row.recorder)
    desk.press("Backspace", on=row.recorder)
    assert row.recorder.text() == "None"
    assert desk.window.actions_["pin"].shortcuts() == []


async def test_shortcuts_are_found_by_name_and_by_keys(desk: Desk) -> None:
    window = await open_settings(desk, "shortcuts")
    page = shortcuts_of(window)
    QTest.keyClicks(window.search, "ctrl+shift+p")
    assert [id for id, row in page.commands.items() if row.isVisible()] == ["pin"]


def wheel(on: QWidget, turned: int, held: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    place = QPointF(on.rect().center())
    event = QWheelEvent(
        place, on.mapToGlobal(place), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, held,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(on, event)


async def test_zoom_by_keys_wheel_and_setting(desk: Desk) -> None:
    field, transcript = desk.window.page.composer.field, desk.window.page.transcript
    before = field.font().pointSizeF()
    desk.press("Ctrl++", on=field)
    assert desk.window.zoom.percent == 110
    assert transcript.kit.style.zoom == pytest.approx(1.1)
    assert field.font().pointSizeF() == pytest.approx(before * 1.1)
    assert field.viewport().font() == field.font(), "the placeholder is drawn with it"
    await desk.until(lambda: stored(desk).options.zoom == 110)
    wheel(transcript.viewport(), -120)
    wheel(transcript.viewport(), -120)
    assert desk.window.zoom.percent == 90
    wheel(transcript.viewport(), -120, Qt.KeyboardModifier.NoModifier)
    assert desk.window.zoom.percent == 90
    desk.press("Ctrl+0", on=field)
    assert transcript.kit.style.zoom == 1.0
    for _ in range(20):
        desk.press("Ctrl+-", on=field)
    assert desk.window.zoom.percent == 50
    await desk.reopen()
    assert desk.window.zoom.percent == 50
    assert desk.window.page.transcript.kit.style.zoom == 0.5


async def test_errors_that_settings_mend_lead_there(desk: Desk) -> None:
    async with FakeOpenAI("one") as server:
        server.key = "secret-key-1234"
        rows = desk.services.settings.options.providers
        desk.services.settings.update(providers=(*rows, ProviderRow("locked", server.url)), default_model="locked/one")
        await desk.say("hello")
        await desk.answered()
        tree = desk.window.view.tree
        assert tree is not None
        failure = tree.branch()[-1].failure
        assert failure is not None
        assert failure.code == "key_missing"
        desk.window.page.transcript.settings_requested.emit("providers")
        window = desk.window.settings_door.window
        assert window is not None
        await desk.until(window.isVisible)
        assert window.page == "providers"
        window.close()
    desk.services.settings.update(default_model="gone/one")
    desk.window.open_chat(None)  # no key: the settings window may still have the keyboard
    await desk.until(lambda: desk.window.view.shown_id is None)
    desk.write("hello")
    desk.press("Return", on=desk.window.page.composer.field)
    await desk.until(lambda: desk.window.page.composer.error)
    action = next(
        button for button in desk.window.page.composer.findChildren(QPushButton) if button.text() == "Open settings"
    )
    click(action)
    await desk.until(window.isVisible)


def test_nothing_of_it_is_imported_before_it_is_opened() -> None:
    words = "import sys, parley.ui.window; print([name for name in sys.modules if 'preferences' in name])"
    env = {**os.environ, "PYTHONPATH": str(Path(parley.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", words], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def two_dictionaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("de_DE", "pt_BR"):
        (tmp_path / f"{name}.aff").write_text("SET UTF-8\n")
        (tmp_path / f"{name}.dic").write_text("1\nein\n")
    monkeypatch.setattr(dictionaries, "FOLDERS", (str(tmp_path),))


async def test_dictionaries_are_chosen_and_told(two_dictionaries: None, desk: Desk) -> None:
    window = await open_settings(desk, "behaviour")
    row = option(window, "spelling")
    editor = row.editor
    assert isinstance(editor, SpellingEditor)

    def pick(words: str) -> None:
        next(action for action in editor.button.menu_.actions() if action.text() == words).trigger()

    def ticked() -> list[str]:
        return [action.text() for action in editor.button.menu_.actions() if action.isChecked()]

    await desk.until(lambda: len(editor.button.menu_.actions()) == 4)
    assert ticked() == ["As the system"]
    pick("Deutsch (Deutschland)")
    pick("Português (Brasil)")
    assert stored(desk).options.spelling == "de_DE, pt_BR"
    assert ticked() == ["Deutsch (Deutschland)", "Português (Brasil)"]
    await desk.until(lambda: row.note.text() == "In use: Deutsch (Deutschland), Português (Brasil)")
    pick("Deutsch (Deutschland)")
    assert stored(desk).options.spelling == "pt_BR"
    pick("Off")
    assert stored(desk).options.spelling == "off"
    await desk.until(lambda: not row.note.isVisible())
    desk.services.settings.update(spelling="fr_FR")
    await desk.until(lambda: "no dictionary for Français (France)" in row.note.text())


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("en_GB", "British English"),
        ("de_DE", "Deutsch (Deutschland)"),
        ("de_AT", "Österreichisches Deutsch"),
        ("es", "Español"),
        ("pt_BR", "Português (Brasil)"),
        ("xx", "xx"),
    ],
)
def test_languages_are_called_as_their_speakers_do(code: str, name: str) -> None:
    assert language_name(code) == name


async def test_a_restart_that_would_stop_an_answer_says_so_first(desk: Desk) -> None:
    asked: list[bool] = []
    desk.window.restart_requested.connect(lambda: asked.append(True))
    row = option(await open_settings(desk, "appearance"), "language")
    row.set_value("ar")
    assert isinstance(row.editor, LanguageEditor)
    await desk.say("/long")
    await desk.until(lambda: desk.services.engine.answering and desk.window.page.composer.answering)
    click(row.editor.restart)
    assert asked == []
    assert "A restart stops it" in row.note.text()
    row.set_value("")  # one thinks again
    assert (row.note.text(), row.editor.restart.text()) == ("", "Restart now")
    row.set_value("ar")
    click(row.editor.restart)
    assert row.editor.restart.text() == "Restart anyway"
    click(row.editor.restart)
    assert asked == [True]
    desk.window.view.stop()
    await desk.answered()
    row.set_value("")
    row.set_value("ar")
    click(row.editor.restart)
    assert asked == [True, True]


async def test_staying_in_the_tray_needs_one(desk: Desk) -> None:
    row = option(await open_settings(desk, "behaviour"), "on_close")
    assert isinstance(row.editor, TrayEditor)
    assert not row.editor.buttons["tray"].isEnabled()
    assert row.note.text() == "This desktop has no tray: closing quits."


async def test_the_window_opens_in_sight(desk: Desk) -> None:
    desk.window.setGeometry(0, 0, 360, 400)
    window = await open_settings(desk, "data")
    assert window.screen().availableGeometry().contains(window.geometry())


@pytest.mark.parametrize("width", [800, 340])
@pytest.mark.parametrize("name", ["providers", "models", "appearance", "behaviour", "shortcuts", "data"])
async def test_no_page_is_wider_than_its_window(desk: Desk, name: str, width: int) -> None:
    window = await open_settings(desk, name)
    window.resize(width, 620)
    page = window.pages[name]
    await desk.until(lambda: page.inside.width() <= page.viewport().width() <= width)
