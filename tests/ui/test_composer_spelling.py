"""Spelling: wrong words of prose are marked, and the menu offers what may have been meant."""

import ctypes
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QTextCharFormat
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from parley.ui.composer.dictionaries import LIBRARIES, Speller, find
from tests.ui.conftest import Desk

AFFIXES = "SET UTF-8\nTRY esianrtolcdugmphbyfvkwz\nSFX S Y 1\nSFX S 0 s .\n"
WORDS = "11\nhello/S\nworld/S\nthe\nis\na\nletter/S\nword/S\nhere\nnaïve\nand\n"
GERMAN = "SET ISO8859-1\n"


def library_is_here() -> bool:
    for name in LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


pytestmark = pytest.mark.skipif(not library_is_here(), reason="hunspell's library is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small dictionaries, one of them in an encoding of its own."""
    folder = tmp_path / "dictionaries"
    folder.mkdir()
    (folder / "xx_XX.aff").write_text(AFFIXES, encoding="utf-8")
    (folder / "xx_XX.dic").write_text(WORDS, encoding="utf-8")
    (folder / "yy_YY.aff").write_text(GERMAN, encoding="latin-1")
    (folder / "yy_YY.dic").write_text("2\nschön\nwelt\n", encoding="latin-1")
    monkeypatch.setenv("DICPATH", str(folder))
    return folder


@pytest.fixture
def spelled(desk: Desk, folder: Path) -> Desk:
    desk.services.settings.update(spelling="xx")
    return desk


def marked(desk: Desk) -> list[str]:
    return desk.window.spelling.marked


def underlined(desk: Desk) -> list[str]:
    wave, found = QTextCharFormat.UnderlineStyle.WaveUnderline, list[str]()
    block = desk.window.page.composer.field.document().firstBlock()
    while block.isValid():
        units = block.text().encode("utf-16-le")
        for mark in block.layout().formats():
            assert mark.format.underlineStyle() == wave
            found.append(units[2 * mark.start : 2 * (mark.start + mark.length)].decode("utf-16-le"))
        block = block.next()
    return found


async def menu_at(desk: Desk, position: int) -> QMenu:
    field = desk.window.page.composer.field
    cursor = field.textCursor()
    cursor.setPosition(position)
    place = field.cursorRect(cursor).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, field.viewport().mapToGlobal(place))
    QApplication.sendEvent(field.viewport(), event)
    menus: list[QMenu] = []

    def opened() -> bool:
        menus[:] = [menu for menu in field.findChildren(QMenu) if menu.isVisible()]
        return bool(menus)

    await desk.until(opened)
    return menus[0]


async def test_wrong_words_are_marked_once_they_are_typed(spelled: Desk) -> None:
    field = spelled.window.page.composer.field
    spelled.write("hello wrold")
    await spelled.until(lambda: spelled.window.spelling.languages == ["xx_XX"])
    await spelled.until(lambda: not spelled.window.tasks.busy)
    assert marked(spelled) == [], "the word at the caret may not be complete"
    spelled.write(" and helo ")
    await spelled.until(lambda: marked(spelled) == ["wrold", "helo"])
    assert underlined(spelled) == ["wrold", "helo"]
    QTest.keyClick(field, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    spelled.write("letters ")
    assert underlined(spelled) == ["wrold", "helo"], "the marks move with the words"
    await spelled.until(lambda: marked(spelled) == ["wrold", "helo"])
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert underlined(spelled) == ["wrold", "helo"], "over the end of a line too"
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClick(field, Qt.Key.Key_Left)
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert underlined(spelled) == ["wrold"], "a word that is changed loses its mark at once"
    field.clear()
    await spelled.until(lambda: marked(spelled) == [])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a wrod. ", ["wrod"]),
        ("`wrod` ```\nwrod\n``` wrod ", ["wrod"]),
        ("```python\nwrod = 1\n", []),
        ("https://wrod.example/wrod www.wrod.example wrod@wrod.example /wrod/wrod wrod_wrod ", []),
        ("WROD wrodWrod w3od x ", []),
        ("Wrod HELLO Hello ", ["Wrod"]),
        ("😀 wrod 😀 😀 wrld ", ["wrod", "wrld"]),
        ("слово 日本語 ", []),
        ("naïve naive ", ["naive"]),
        ("hello, (wrod) “wrld” ", ["wrod", "wrld"]),
    ],
)
async def test_only_prose_is_checked(spelled: Desk, text: str, wrong: list[str]) -> None:
    spelled.window.page.composer.field.setPlainText("qqqq\n" + text)
    QTest.keyClick(spelled.window.page.composer.field, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    await spelled.until(lambda: marked(spelled) == ["qqqq", *wrong])
    assert underlined(spelled) == ["qqqq", *wrong]


async def test_the_menu_replaces_a_word_and_that_can_be_undone(spelled: Desk) -> None:
    field = spelled.window.page.composer.field
    spelled.write("hello wrld here ")
    await spelled.until(lambda: marked(spelled) == ["wrld"])
    menu = await menu_at(spelled, 8)
    words = [action.text() for action in menu.actions()]
    assert words[0] == "world"
    assert [word for word in words if word in ("Add to dictionary", "Ignore")] == ["Add to dictionary", "Ignore"]
    spelled.press("Down", on=menu)
    spelled.press("Return", on=menu)
    assert field.toPlainText() == "hello world here "
    spelled.press("Ctrl+Z", on=field)
    assert field.toPlainText() == "hello wrld here "


async def test_words_are_added_for_good_and_ignored_for_now(spelled: Desk) -> None:
    spelled.write("Parlay wrod ")
    await spelled.until(lambda: marked(spelled) == ["Parlay", "wrod"])
    for position, text in ((2, "Add to dictionary"), (9, "Ignore")):
        menu = await menu_at(spelled, position)
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()
        await spelled.until(lambda: not spelled.window.tasks.busy)
    assert marked(spelled) == []
    await spelled.window.view.outbox.close()
    await spelled.reopen()
    spelled.write(" ")
    await spelled.until(lambda: marked(spelled) == ["wrod"])
    assert spelled.paths.words.read_text(encoding="utf-8") == "Parlay\n"


async def test_languages_are_a_setting(spelled: Desk) -> None:
    spelled.window.page.composer.field.setPlainText("schön hello wrod ")
    await spelled.until(lambda: marked(spelled) == ["schön", "wrod"])
    spelled.services.settings.update(spelling="xx, yy")
    await spelled.until(lambda: marked(spelled) == ["wrod"])
    assert spelled.window.spelling.languages == ["xx_XX", "yy_YY"]
    spelled.services.settings.update(spelling="off")
    await spelled.until(lambda: marked(spelled) == [])
    assert underlined(spelled) == []


async def test_without_a_dictionary_nothing_is_marked_and_the_menu_says_why(spelled: Desk) -> None:
    spelled.services.settings.update(spelling="zz_ZZ")
    spelled.write("wrod wrod ")
    await spelled.until(lambda: spelled.window.spelling.lacking)
    assert marked(spelled) == []
    menu = await menu_at(spelled, 2)
    assert "No spelling dictionary for zz_ZZ is installed" in [action.text() for action in menu.actions()]
    menu.close()


async def test_only_what_is_in_view_is_looked_up(spelled: Desk) -> None:
    field = spelled.window.page.composer.field
    field.setPlainText("\n".join(f"wrod{'x' * (number % 20)} here" for number in range(2000)))
    await spelled.until(lambda: marked(spelled))
    assert len(marked(spelled)) < 60
    assert "wrod" in field.document().lastBlock().text()


def test_the_nearest_dictionary_is_found(folder: Path, tmp_path: Path) -> None:
    for name in ("de_AT", "de_DE", "en_GB", "en_US", "pt_BR"):
        (folder / f"{name}.aff").write_text("SET UTF-8\n")
        (folder / f"{name}.dic").write_text("0\n")
    (folder / "hyph_de_DE.dic").write_text("x")
    found = {language: place.stem for language in ("de", "de-AT", "de_CH", "en", "en_GB.UTF-8", "pt", "xx", "dexx")
             if (place := find(language))}  # fmt: skip
    assert found["de"] == found["de_CH"] == "de_DE"
    assert found["de-AT"] == "de_AT"
    assert (found["en"], found["en_GB.UTF-8"]) == ("en_US", "en_GB")
    assert (found["pt"], found["xx"]) == ("pt_BR", "xx_XX")
    assert "dexx" not in found


def test_words_of_a_dictionary_in_another_encoding(folder: Path, tmp_path: Path) -> None:
    speller = Speller(["yy", "xx"], tmp_path / "own" / "words.txt")
    assert speller.wrong(["schön", "schoen", "hello", "“", "日本"]) == {"schoen"}
    speller.add("schoen")
    assert speller.wrong(["schoen"]) == set()
    assert Speller(["yy"], tmp_path / "own" / "words.txt").wrong(["schoen", "hello"]) == {"hello"}
    assert speller.suggest("hallo")[:1] == ["hello"]
    assert speller.suggest("日本") == []
