"""The list of search results: a title, and the words found with what stands around them."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from parley.store import Hit
from parley.ui.appearance.look import Look
from parley.ui.appearance.painting import bar, line, row_box, sized, split_end, width_of
from parley.ui.sidebar.dates import short_time

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
RESULT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
PADDING = 7
GAP = 2
ASIDE = 18
"""What `row_box` leaves free at each side of the words."""

LINES = 2
SIGNS = r"\*\*|`+|(?:^|(?<=\s))#{1,6}\s+|!?\[(?=[^\[\]]*\]\()|\]\([^()\s]*\)"
"""Markdown's signs that are in the way of reading: of strong words, code, headings and links."""

Marks = tuple[tuple[int, int], ...]


class Result(NamedTuple):
    """A conversation, or a message in it. `marks` are where the words stand in the snippet, as (start, end)."""

    conversation_id: str
    title: str
    time: float
    message_id: str = ""
    snippet: str = ""
    marks: Marks = ()
    words: str = ""
    """What was searched for."""

    @classmethod
    def of(cls, hit: Hit, words: str) -> "Result":
        """Return a hit as a row shows it."""
        if hit.message_id is None:
            return cls(hit.conversation_id, hit.title, hit.created_at)
        text, marks = without_signs(hit.snippet, hit.marks)
        return cls(hit.conversation_id, hit.title, hit.created_at, hit.message_id, text, marks, words)


def without_signs(text: str, marks: Marks) -> tuple[str, Marks]:
    """Return a text without Markdown's signs, and where its marks are then. What was searched for stays."""
    kept, gone, last = [], [0] * (len(text) + 1), 0
    for sign in re.finditer(SIGNS, text):
        start, end = sign.span()
        if any(first < end and start < until for first, until in marks):
            continue
        kept.append(text[last:start])
        gone[start + 1 : end + 1] = [1] * (end - start)
        last = end
    before = list(accumulate(gone))
    return "".join(kept) + text[last:], tuple((first - before[first], until - before[until]) for first, until in marks)


class SearchResults(QListView):
    """The results, one of which is chosen."""

    opened = Signal(str, str, str)
    """A conversation, a message in it, and the words it was found by."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._results = ResultModel(self)
        self.setModel(self._results)
        self.setItemDelegate(ResultDelegate(look, self))
        self.clicked.connect(self._open)
        look.changed.connect(lambda: self.viewport().update())

    def show_results(self, results: Sequence[Result]) -> None:
        """Show these instead of the ones before, and choose the first."""
        self._results.show(results)
        self.setCurrentIndex(self._results.index(0))

    def step(self, rows: int) -> None:
        """Choose another one, so many rows below."""
        wanted = max(0, min(self._results.rowCount() - 1, self.currentIndex().row() + rows))
        self.setCurrentIndex(self._results.index(wanted))

    def open_chosen(self) -> None:
        """Open the one that is chosen, if there are any."""
        self._open(self.currentIndex())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setAutoScroll(False)  # else Qt scrolls back to the result half a second later, wherever one has gone
        super().mousePressEvent(event)
        self.setAutoScroll(True)

    def _open(self, index: QModelIndex) -> None:
        self.scrollTo(index)
        if result := self._results.result(index):
            self.opened.emit(result.conversation_id, result.message_id, result.words)


class NothingFound(QLabel):
    """A sentence in the place of results."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setProperty("muted", True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self.setContentsMargins(24, 16, 24, 0)


class ResultModel(QAbstractListModel):
    """The results on show."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._results: list[Result] = []

    def show(self, results: Sequence[Result]) -> None:
        """Show these instead of the ones before."""
        self.beginResetModel()
        self._results = list(results)
        self.endResetModel()

    def result(self, index: Index) -> Result | None:
        """Return the result of a row."""
        return self._results[index.row()] if index.isValid() and index.row() < len(self._results) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._results)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        result = self.result(index)
        if result is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return result.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{result.title}. {result.snippet}".rstrip(". ")
        return result if role == RESULT_ROLE else None


class ResultDelegate(QStyledItemDelegate):
    """Two lines a row: title and time; the snippet with its marked words."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        result = index.data(RESULT_ROLE)
        height = QFontMetrics(option.font).height()
        if isinstance(result, Result) and result.snippet:
            layout = self._laid_out(option, result, option.rect.width() - 2 * ASIDE)
            height += GAP + int(sum(layout.lineAt(number).height() for number in range(layout.lineCount())))
        return QSize(120, height + 2 * PADDING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        result = index.data(RESULT_ROLE)
        if not isinstance(result, Result):
            return
        painter.save()
        theme = self._look.theme
        current = bool(option.state & option.state.State_Selected)
        room = row_box(painter, option, theme, current=current).adjusted(0, PADDING - 1, 0, 0)
        if current:
            bar(painter, option, theme)
        font, small = option.font, sized(option.font, -1.0)
        first = QRect(room)
        first.setHeight(QFontMetrics(font).height())
        time = short_time(result.time, datetime.now().astimezone().date())
        start, end = split_end(option, first, width_of(time, small))
        painter.setPen(theme.color("text"))
        line(painter, option, start, result.title, sized(font, 0.0, bold=True))
        painter.setPen(theme.color("muted"))
        line(painter, option, end, time, small, at_end=True)
        layout = self._laid_out(option, result, room.width())
        layout.draw(painter, QPointF(room.left(), room.top() + first.height() + GAP))
        painter.restore()

    def _laid_out(self, option: QStyleOptionViewItem, result: Result, width: int) -> QTextLayout:
        """Return the first lines of a snippet, with the words found marked."""
        layout = QTextLayout(result.snippet.replace("\n", " "), sized(option.font, -1.0))
        wrapping = QTextOption()
        wrapping.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(wrapping)
        marked = QTextCharFormat()
        marked.setForeground(self._look.theme.color("text"))
        marked.setBackground(self._look.theme.color("selection"))
        layout.setFormats([_range(start, end - start, marked) for start, end in result.marks])
        layout.beginLayout()
        top = 0.0
        for _ in range(LINES):
            row = layout.createLine()
            if not row.isValid():
                break
            row.setLineWidth(width)
            row.setPosition(QPointF(0, top))
            top += row.height()
        layout.endLayout()
        return layout


def _range(start: int, length: int, style: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, style
    return made
