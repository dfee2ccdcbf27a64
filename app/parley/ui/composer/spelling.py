"""Spelling: a red line below words that no dictionary of the system knows, and what may have been meant in the menu.

Nothing of it happens while a key is handled: a moment later the words in view are looked up, in a thread.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QPoint, QTimer
from PySide6.QtGui import QAction, QTextBlock, QTextCharFormat, QTextCursor, QTextLayout
from PySide6.QtWidgets import QMenu

from parley.ui.appearance.look import Look
from parley.ui.composer.composer_field import ComposerField
from parley.ui.tasks import Tasks

if TYPE_CHECKING:
    from parley.ui.composer.dictionaries import Speller

OFF = "off"
PAUSE_MS = 200
LONGEST_TEXT = 200_000
LONGEST_WORD = 40
SUGGEST_SECONDS = 1.0

CODE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"\S+")
NO_PROSE = re.compile(r"[\d_@\\/{}<>=#$]|\.\w+\.|^www\.")
"""In a piece of text between two spaces: it is no word but an address, a path, a name in code."""

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Spelling(QObject):
    """Marks the wrong words of one field."""

    def __init__(self, field: ComposerField, look: Look, tasks: Tasks, own_words: Path) -> None:
        super().__init__(field)
        self._field = field
        self._look = look
        self._tasks = tasks
        self._own_words = own_words
        self._setting = OFF
        self._speller: Speller | None = None
        self._checking = False
        self._known: dict[str, bool] = {}
        self._ignored: set[str] = set()
        self._marks: list[tuple[int, int, str]] = []
        self._revision = -1
        self._typing = False
        self._timer = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._timer.timeout.connect(self._check)
        field.textChanged.connect(self._soon)
        field.document().contentsChange.connect(self._move_marks)
        field.cursorPositionChanged.connect(self._moved)
        field.verticalScrollBar().valueChanged.connect(self._soon)
        field.focus_changed.connect(self._soon)
        field.prepare_menu = self._prepare_menu
        look.changed.connect(self._mark_anew)

    @property
    def marked(self) -> list[str]:
        """Return the words that are marked, from the first to the last."""
        return [word for _, _, word in self._marks]

    @property
    def languages(self) -> list[str]:
        """Return the names of the dictionaries in use; none are before anything has been written."""
        return self._speller.languages if self._speller else []

    @property
    def lacking(self) -> str:
        """Return the language that a dictionary is wanted for while there is none at all; empty otherwise."""
        wanted = self.wanted()
        return wanted[0] if wanted and self._speller and not self._speller.languages else ""

    def choose(self, setting: str) -> None:
        """Take languages such as `en_US, de_DE`; empty for the system's, `off` for none."""
        if setting != self._setting:
            self._setting = setting
            self._speller = None
            self._known.clear()
            self._timer.start()

    def wanted(self) -> list[str]:
        """Return the languages that the setting asks for."""
        return languages_in(self._setting)

    def _soon(self) -> None:
        self._timer.start()

    def _moved(self) -> None:
        """Tell typing from moving the caret: the word that is just being typed is not marked."""
        revision = self._field.document().revision()
        self._typing, self._revision = revision != self._revision, revision
        self._timer.start()

    def _check(self) -> None:
        if self._field.composing:
            return  # the formats of the layout are the input method's
        if self._field.document().characterCount() > LONGEST_TEXT or not self.wanted():
            self._mark([])
            return
        words = list(self._words())
        unknown = {word for _, _, word in words if word not in self._known}
        if unknown and not self._checking:
            self._checking = True
            self._tasks.start(self._look_up(unknown))
        self._mark([found for found in words if self._known.get(found[2]) is False and found[2] not in self._ignored])

    async def _look_up(self, words: set[str]) -> None:
        setting = self._setting
        try:
            if self._speller is None:
                speller = await asyncio.to_thread(_speller, self.wanted(), self._own_words)
                if setting == self._setting:
                    self._speller = speller
            if self._speller:
                wrong = await asyncio.to_thread(self._speller.wrong, words)
                if setting == self._setting:
                    self._known.update((word, word not in wrong) for word in words)
        finally:
            self._checking = False
        self._check()

    def _words(self) -> Iterator[tuple[int, int, str]]:
        """Yield the words of prose that are in view: where they begin and end in the document, and what they are."""
        text = self._field.toPlainText()
        wide = not text.isascii() and max(text, default="") > "\uffff"  # Qt counts such characters twice
        prose = CODE.sub(lambda found: " " * len(found[0]), text)
        area = self._field.viewport().rect()
        first = self._field.cursorForPosition(area.topLeft()).position()
        last = self._field.cursorForPosition(area.bottomRight()).position() + LONGEST_WORD
        caret = self._field.textCursor().position() if self._typing and self._field.hasFocus() else -1
        begin = len(text.encode("utf-16-le")[: 2 * first].decode("utf-16-le", "ignore")) if wide else first
        end_of_view = min(len(prose), begin + last - first)
        begin = max(prose.rfind(" ", 0, begin), prose.rfind("\n", 0, begin)) + 1
        for token in TOKEN.finditer(prose, begin, end_of_view):
            if len(token[0]) > LONGEST_TEXT or NO_PROSE.search(token[0]):
                continue
            for word in WORD.finditer(prose, *token.span()):
                start, end = word.span()
                if wide:
                    start = len(text[:start].encode("utf-16-le")) // 2
                    end = start + len(word[0].encode("utf-16-le")) // 2
                if 1 < len(word[0]) <= LONGEST_WORD and word[0][1:].islower() and end != caret:
                    yield start, end, word[0]

    def _mark(self, marks: list[tuple[int, int, str]]) -> None:
        document = self._field.document()
        before, self._marks = self._marks, marks
        for number in {document.findBlock(start).blockNumber() for start, _, _ in (*before, *marks)}:
            block = document.findBlockByNumber(number)
            if self._underline(block):
                document.markContentsDirty(block.position(), block.length())

    def _mark_anew(self) -> None:
        """Draw the marks in another theme's colour."""
        marks = self._marks
        self._mark([])
        self._mark(marks)

    def _move_marks(self, at: int, removed: int, added: int) -> None:
        """Keep the marks at their words while the text changes. A word that is changed loses its mark."""
        if not self._marks:
            return
        moved = [mark for mark in self._marks if mark[1] < at]
        for start, end, word in self._marks:
            if start >= at + removed:
                moved.append((start + added - removed, end + added - removed, word))
        self._marks = moved
        block, last = self._field.document().findBlock(at), self._field.document().findBlock(at + added)
        while block.isValid() and block.position() <= last.position():
            self._underline(block)  # the change itself has it drawn
            block = block.next()

    def _underline(self, block: QTextBlock) -> bool:
        """Give a paragraph the lines below its words, and return whether they are others than before.

        As formats of its layout: extra selections would have it drawn once for each of them.
        """
        begin, beyond = block.position(), block.position() + block.length()
        wanted = [(start - begin, end - start) for start, end, _ in self._marks if begin <= start < beyond]
        layout = block.layout()
        if [(found.start, found.length) for found in layout.formats()] == wanted:
            return False
        line = QTextCharFormat()
        line.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        line.setUnderlineColor(self._look.theme.color("danger"))
        ranges = []
        for start, length in wanted:
            found = QTextLayout.FormatRange()
            found.start, found.length, found.format = start, length, line
            ranges.append(found)
        layout.setFormats(ranges)
        return True

    def _cursor(self, start: int, end: int) -> QTextCursor:
        cursor = QTextCursor(self._field.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _prepare_menu(self, menu: QMenu, place: QPoint, done: Callable[[], None]) -> None:
        position = self._field.cursorForPosition(place).position()
        mark = next((mark for mark in self._marks if mark[0] <= position <= mark[1]), None)
        if mark and self._speller and self._cursor(*mark[:2]).selectedText() == mark[2]:
            self._tasks.start(self._offer(menu, *mark, done))
            return
        if self.lacking:
            why = self.tr("No spelling dictionary for {language} is installed").format(language=self.lacking)
            menu.addSeparator()
            menu.addAction(why).setEnabled(False)
        done()

    async def _offer(self, menu: QMenu, start: int, end: int, word: str, done: Callable[[], None]) -> None:
        """Put what may have been meant, and what else can be done, on top of the menu."""
        assert self._speller
        try:
            meant = await asyncio.wait_for(asyncio.to_thread(self._speller.suggest, word), SUGGEST_SECONDS)
        except TimeoutError:
            meant = []
        first = menu.actions()[0]
        for suggestion in meant:
            action = QAction(suggestion, menu)
            font = menu.font()
            font.setBold(True)
            action.setFont(font)
            action.triggered.connect(partial(self._replace, start, end, word, suggestion))
            menu.insertAction(first, action)
        if not meant:
            nothing = QAction(self.tr("No suggestion"), menu)
            nothing.setEnabled(False)
            menu.insertAction(first, nothing)
        menu.insertSeparator(first)
        for text, act in ((self.tr("Add to dictionary"), self._add), (self.tr("Ignore"), self._ignore)):
            action = QAction(text, menu)
            action.triggered.connect(partial(act, word))
            menu.insertAction(first, action)
        menu.insertSeparator(first)
        done()

    def _replace(self, start: int, end: int, word: str, other: str, _checked: bool = False) -> None:
        cursor = self._cursor(start, end)
        if cursor.selectedText() == word:
            cursor.insertText(other)

    def _add(self, word: str, _checked: bool = False) -> None:
        if self._speller:
            self._ignored.add(word)
            self._tasks.start(asyncio.to_thread(self._speller.add, word))
            self._check()

    def _ignore(self, word: str, _checked: bool = False) -> None:
        self._ignored.add(word)
        self._check()


def languages_in(setting: str) -> list[str]:
    """Return the languages that a setting asks for; those of the system if it is empty."""
    if setting.strip().lower() == OFF:
        return []
    named = [language for language in re.split(r"[,;\s]+", setting) if language]
    system = [language.replace("-", "_") for language in QLocale.system().uiLanguages()]
    return named or ["en_US" if language == "C" else language for language in system]


def _speller(languages: Sequence[str], own_words: Path) -> "Speller":
    from parley.ui.composer.dictionaries import Speller  # not before something is written: the start is quicker without

    return Speller(languages, own_words)
