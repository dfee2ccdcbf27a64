"""Permission fields: which models, tools and knowledge an account may use, and how many tokens in a month."""

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from parley.models import Model
from parley.options import QT_TRANSLATE_NOOP
from parley.ui.preferences.editors import Segments

ALL, NONE, SOME = "all", "none", "some"
HEIGHT = 168
LONGEST_NUMBER = 15
MODELS = {ALL: QT_TRANSLATE_NOOP("Settings", "All"), SOME: QT_TRANSLATE_NOOP("Settings", "Only these")}
KINDS = {NONE: QT_TRANSLATE_NOOP("Settings", "None"), ALL: QT_TRANSLATE_NOOP("Settings", "All")}
NAME = int(Qt.ItemDataRole.UserRole)


class ModelChecks(QWidget):
    """All models, or those that are ticked. A provider stands for all of its models."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.which = Segments(MODELS, self)
        self.which.set_name(self.tr("Models"), "")
        self.which.edited.connect(self._choose)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search models"))
        self.search.setAccessibleName(self.tr("Search models"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Models that may be used"))
        self.list.setObjectName("checks")
        self.list.setFixedHeight(HEIGHT)
        self.list.itemActivated.connect(_turn)
        self._all = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.which, self.search, self.list):
            column.addWidget(part)

    @property
    def names(self) -> frozenset[str] | None:
        """Return what is ticked; None for all."""
        if self._all:
            return None
        items = [self.list.item(row) for row in range(self.list.count())]
        return frozenset(item.data(NAME) for item in items if item.checkState() == Qt.CheckState.Checked)

    def show_names(self, names: frozenset[str] | None) -> None:
        """Tick these; None is for all."""
        self._all = names is None
        for name in sorted(names or ()):
            (self._item(name) or self._add(name, name)).setCheckState(Qt.CheckState.Checked)
        self.which.show_value(ALL if self._all else SOME)
        self._show_parts()

    def offer(self, providers: Mapping[str, str], models: Sequence[Model]) -> None:
        """Offer these beside those that are ticked already."""
        for id, name in providers.items():
            words = self.tr("{provider}: all models").format(provider=name)
            self._put(id, words)
            for model in models:
                if model.provider == id:
                    self._put(model.id, f"{name}: {model.label or model.name}")
        self._find(self.search.text())

    def _put(self, name: str, words: str) -> None:
        item = self._item(name) or self._add(name, words)
        item.setText(words)

    def _add(self, name: str, words: str) -> QListWidgetItem:
        item = QListWidgetItem(words, self.list)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked)
        item.setData(NAME, name)
        item.setToolTip(name)
        return item

    def _item(self, name: str) -> QListWidgetItem | None:
        items = (self.list.item(row) for row in range(self.list.count()))
        return next((item for item in items if item.data(NAME) == name), None)

    def _choose(self, value: object) -> None:
        self._all = value == ALL
        self._show_parts()

    def _show_parts(self) -> None:
        for part in (self.search, self.list):
            part.setVisible(not self._all)

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            letters = f"{item.text()} {item.data(NAME)}".casefold()
            item.setHidden(not all(word in letters for word in words))


class KindChoice(QWidget):
    """Everything of a kind, nothing of it, or what is ticked: of what there is, and of what has been allowed before."""

    def __init__(self, name: str, chosen: frozenset[str] | None, known: Collection[str], parent: QWidget) -> None:
        super().__init__(parent)
        names = sorted({*known, *(chosen or ())})
        self.which = Segments(KINDS | ({SOME: MODELS[SOME]} if names else {}), self)
        self.which.set_name(name, "")
        self.which.edited.connect(self._choose)
        self.boxes = {each: QCheckBox(each, self) for each in names}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.which)
        for each, box in self.boxes.items():
            box.setChecked(chosen is not None and each in chosen)
            column.addWidget(box)
        self._choose(ALL if chosen is None else SOME if chosen else NONE)

    @property
    def names(self) -> frozenset[str] | None:
        """Return what is allowed; None for all."""
        if self._value == ALL:
            return None
        return frozenset(name for name, box in self.boxes.items() if box.isChecked() and self._value == SOME)

    def _choose(self, value: object) -> None:
        self._value = str(value)
        self.which.show_value(self._value)
        for box in self.boxes.values():
            box.setVisible(self._value == SOME)


def _turn(item: QListWidgetItem) -> None:
    """Tick an item by Enter, as by the space bar."""
    checked = item.checkState() == Qt.CheckState.Checked
    item.setCheckState(Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked)


def tokens_text(tokens: int | None) -> str:
    """Return a number of tokens as people here write it; nothing for no limit."""
    return "" if tokens is None else QLocale().toString(tokens)


def tokens_of(text: str) -> int | None:
    """Return the number that a text names, however its digits are parted; None for no limit. Raises ValueError."""
    digits = "".join(letter for letter in text if letter not in ",._’' \u00a0\u202f\u066c")
    if not digits:
        return None
    if not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
        raise ValueError(text)
    return int(digits)
