"""The rows of the model picker: models under their provider's name, and what keeps a provider from listing its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QLocale, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from parley.models import Model
from parley.ui.appearance.look import Look
from parley.ui.appearance.painting import line, row_box, sized, split_end, width_of
from parley.ui.chat.status_line import context_size

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROW_HEIGHT = 32


@dataclass(frozen=True, slots=True)
class ProviderName:
    """A heading."""

    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a provider's models are not there."""

    text: str


Row = ProviderName | Problem | Model


class ModelList(QAbstractListModel):
    """All models, or those that fit the words typed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._models: Sequence[Model] = ()
        self._names: Mapping[str, str] = {}
        self._problems: Sequence[tuple[str, str]] = ()
        self._words: list[str] = []
        self._rows: list[Row] = []

    def show(self, models: Sequence[Model], names: Mapping[str, str], problems: Sequence[tuple[str, str]]) -> None:
        """Show models; `names` are the providers' by id, `problems` pairs of a provider's name and a sentence."""
        self._models, self._names, self._problems = models, names, problems
        self._make_rows()

    def filter(self, words: str) -> None:
        """Show only what holds all of these words."""
        self._words = words.casefold().split()
        self._make_rows()

    def model(self, index: Index) -> Model | None:
        """Return the model of a row; None for other rows."""
        row = self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None
        return row if isinstance(row, Model) else None

    def step(self, row: int, direction: int) -> QModelIndex:
        """Return the next row in a direction that holds a model, or an invalid index."""
        row += direction
        while 0 <= row < len(self._rows):
            if isinstance(self._rows[row], Model):
                return self.index(row)
            row += direction
        return QModelIndex()

    def index_of(self, model_id: str) -> QModelIndex:
        """Return where a model stands; where it does not, the first model's row."""
        for number, row in enumerate(self._rows):
            if isinstance(row, Model) and row.id == model_id:
                return self.index(number)
        return self.step(-1, 1)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.model(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.label or row.name) if isinstance(row, Model) else row.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.id if isinstance(row, Model) else row.text
        return None

    def _make_rows(self) -> None:
        self.beginResetModel()
        self._rows = list(self._found())
        self.endResetModel()

    def _found(self) -> Iterator[Row]:
        last = None
        for model in self._models:
            haystack = f"{model.id} {model.label} {self._names.get(model.provider, '')}".casefold()
            if not all(word in haystack for word in self._words):
                continue
            if model.provider != last:
                yield ProviderName(self._names.get(model.provider, model.provider))
                last = model.provider
            yield model
        if not self._words:
            for name, sentence in self._problems:
                yield ProviderName(name)
                yield Problem(sentence)


class ModelDelegate(QStyledItemDelegate):
    """Draws the rows."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.current_id = ""
        self.width = 300

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row = index.data(ROW_ROLE)
        if isinstance(row, Problem):
            room = QRect(0, 0, self.width - 36, 10_000)
            metrics = QFontMetrics(sized(option.font, -1.0))
            return QSize(self.width, metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, row.text).height() + 8)
        return QSize(self.width, ROW_HEIGHT if isinstance(row, Model) else ROW_HEIGHT - 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, theme = index.data(ROW_ROLE), self._look.theme
        painter.save()
        if isinstance(row, Model):
            selected = bool(option.state & option.state.State_Selected)
            room = row_box(painter, option, theme, current=selected, pad=4)
            facts = _facts(row)
            small = sized(option.font, -1.5)
            chosen = row.id == self.current_id
            mark = 20 if chosen else 0
            start, end = split_end(option, room, width_of(facts, small) + mark)
            painter.setPen(theme.color("text"))
            line(painter, option, start, row.label or row.name, sized(option.font, 0.0, bold=chosen))
            words, tick = split_end(option, end, mark, gap=0)
            painter.setPen(theme.color("muted"))
            line(painter, option, words, facts, small, at_end=True)
            if chosen:
                tick.setSize(QSize(16, 16))
                tick.moveCenter(split_end(option, end, mark, gap=0)[1].center())
                self._look.icon("check", "accent").paint(painter, tick)
        else:
            painter.setPen(theme.color("muted"))
            room = option.rect.adjusted(14, 0, -14, 0)
            if isinstance(row, ProviderName):
                line(painter, option, room.adjusted(0, 6, 0, 0), row.text, sized(option.font, -1.0, bold=True))
            elif isinstance(row, Problem):
                painter.setFont(sized(option.font, -1.0))
                side = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop
                painter.drawText(room, side | Qt.TextFlag.TextWordWrap, row.text)
        painter.restore()


def _facts(model: Model) -> str:
    """Return what is known of a model, in a few characters."""
    facts: list[str] = []
    if model.size_bytes:
        facts.append(QLocale().formattedDataSize(model.size_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat))
    if model.context:
        facts.append(context_size(model.context))
    return " · ".join(facts)
