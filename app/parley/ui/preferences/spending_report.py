"""SpendingReport: what this month has cost beside the budget, and what each day, month or model has."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from PySide6.QtCore import QDate, QLocale, QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from parley.options import QT_TRANSLATE_NOOP, Options
from parley.store.spending import Spending, Spent, today
from parley.ui.appearance.look import Look
from parley.ui.chat.status_line import short_number
from parley.ui.money import money
from parley.ui.notices import BREAKS, ZERO_WIDTH_SPACE
from parley.ui.preferences.editors import Segments
from parley.ui.preferences.row import NARROW, words_label
from parley.ui.preferences.spending_table import Line, ShareBar, SpendingTable

DAYS = 30
NEARLY = 0.8
NAMED = 5
"""So many models without a price are named."""


class SpendingReport(QWidget):
    """Reads the ledger when it is told to."""

    row_entered = Signal(QRect)

    def __init__(self, spending: Spending, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._spending = spending
        self._options = Options()
        self._by = "day"
        self.empty = words_label(
            self.tr("Nothing has been asked yet. What answers cost will stand here."), self, "muted"
        )
        self.total = words_label("", self)
        self.total.setObjectName("spendingTotal")
        self.bar = ShareBar(look, self)
        self.budget = words_label("", self)
        self.tokens = words_label("", self, "muted")
        self.unpriced = words_label("", self)
        self.unpriced.setMinimumWidth(1)  # whatever the names of models
        self.by = Segments(
            {
                "day": QT_TRANSLATE_NOOP("Settings", "Day"),
                "month": QT_TRANSLATE_NOOP("Settings", "Month"),
                "model": QT_TRANSLATE_NOOP("Settings", "Model"),
            },
            self,
        )
        self.by.set_name(self.tr("Sum up by"), "")
        self.by.show_value(self._by)
        self.by.edited.connect(self._choose)
        self.period = words_label("", self, "muted")
        self.table = SpendingTable(look, self)
        self.table.setAccessibleName(self.tr("Spending by day"))
        self.table.row_entered.connect(self._row_entered)
        self._switch = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._switch.setSpacing(8)
        self._switch.addWidget(self.by)
        self._switch.addWidget(self.period, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for part in (self.empty, self.total, self.bar, self.budget, self.tokens, self.unpriced):
            column.addWidget(part)
        column.addSpacing(12)
        column.addLayout(self._switch)
        column.addWidget(self.table)

    def show_options(self, options: Options) -> None:
        """Take the budget."""
        self._options = options
        self.refresh()

    def refresh(self) -> None:
        """Show what the ledger says now."""
        month = self._spending.by_model(f"{today()[:7]}-01")
        ever = bool(month) or bool(self._spending.by_month())
        for part in (self.tokens, self.by, self.period, self.table):
            part.setVisible(ever)
        self.total.setVisible(ever or bool(self._options.budget))
        self.empty.setVisible(not ever)
        self._show_month(month)
        self._show_table()

    def unpriced_models(self) -> list[str]:
        """Return the models of this month whose price nobody knows."""
        return [spent.key for spent in self._spending.by_model(f"{today()[:7]}-01") if spent.unpriced]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._switch.setDirection(way)

    # --- this month
    def _show_month(self, month: Sequence[Spent]) -> None:
        spent, budget = self._spending.this_month(), self._options.budget
        about = any(model.estimated and model.cost for model in month)
        words = self.tr("{spent} of {budget}") if budget else "{spent}"
        self.total.setText(words.format(spent=money(spent, about=about), budget=money(budget)))
        share = spent / budget if budget else 0.0
        for part in (self.bar, self.budget):
            part.setVisible(bool(budget))
        self.bar.show_share(share)
        self.budget.setText(self._budget_words(share) if budget else "")
        tokens_in, tokens_out = (sum(getattr(model, name) for model in month) for name in Spent._fields[2:4])
        self.tokens.setText(self._words(sum(model.replies for model in month), tokens_in, tokens_out))
        names = [re.sub(BREAKS, ZERO_WIDTH_SPACE, model.key) for model in month if model.unpriced]
        more = self.tr("{models} and others") if len(names) > NAMED else "{models}"
        unpriced = sum(model.unpriced for model in month)
        answers = self.tr("%n answers of this month are not in the sum.", "", unpriced)
        if unpriced == 1:
            answers = self.tr("1 answer of this month is not in the sum.")
        sentence = self.tr("Price not known: {models}.").format(models=more.format(models=", ".join(names[:NAMED])))
        self.unpriced.setText(f"{sentence} {answers}")
        self.unpriced.setVisible(bool(names))

    def _budget_words(self, share: float) -> str:
        if share >= 1 and self._options.budget_stops:
            following = (date.fromisoformat(today()).replace(day=1) + timedelta(days=31)).replace(day=1)
            until = QLocale().toString(QDate(following.year, following.month, 1), QLocale.FormatType.LongFormat)
            return self.tr("The budget is spent. Until {date} only models that cost nothing are asked.").format(
                date=until
            )
        if share >= 1:
            return self.tr("The budget is spent.")
        percent = QLocale().toString(int(100 * share))
        words = self.tr("{percent} % of the budget. Most of it is spent.") if share >= NEARLY else self.tr(
            "{percent} % of the budget."
        )  # fmt: skip
        return words.format(percent=percent)

    # --- the table
    def _choose(self, by: object) -> None:
        self._by = str(by)
        self._show_table()

    def _show_table(self) -> None:
        since = (date.fromisoformat(today()) - timedelta(days=DAYS - 1)).isoformat()
        last = self.tr("The last %n days", "", DAYS)
        readers: dict[str, tuple[Callable[[], list[Spent]], Callable[[str], str], str]] = {
            "day": (lambda: self._spending.by_day(since), self._day, last),
            "month": (self._spending.by_month, _month, ""),
            "model": (lambda: self._spending.by_model(since), str, last),
        }
        read, name, period = readers[self._by]
        found = read()
        dearest = max((spent.cost for spent in found), default=0.0)
        largest = max((spent.input_tokens + spent.output_tokens for spent in found), default=0)
        self.table.show_lines([self._line(spent, name(spent.key), dearest, largest) for spent in found])
        words = {"day": self.tr("Spending by day"), "month": self.tr("Spending by month")}
        self.table.setAccessibleName(words.get(self._by, self.tr("Spending by model")))
        self.period.setText(period)

    def _line(self, spent: Spent, label: str, dearest: float, largest: int) -> Line:
        """Return a row. Where nothing has cost anything its bar compares tokens."""
        detail = self._words(spent.replies, spent.input_tokens, spent.output_tokens)
        cost = money(spent.cost, about=bool(spent.estimated))
        if not spent.cost:
            cost = self.tr("price not known") if spent.unpriced else self.tr("free")
        elif spent.unpriced:
            detail = f"{detail} · " + self.tr("%n unpriced", "", spent.unpriced)
        tokens = spent.input_tokens + spent.output_tokens
        share = spent.cost / dearest if dearest else tokens / largest if largest else 0.0
        return Line(label, cost, detail, share)

    def _words(self, replies: int, tokens_in: int, tokens_out: int) -> str:
        words = self.tr("{tokens_in} tokens in, {tokens_out} out")
        told = words.format(tokens_in=short_number(tokens_in), tokens_out=short_number(tokens_out))
        answers = self.tr("1 answer") if replies == 1 else self.tr("%n answers", "", replies)
        return f"{told} · {answers}"

    def _day(self, day: str) -> str:
        age = (date.fromisoformat(today()) - date.fromisoformat(day)).days
        if age in (0, 1):
            return self.tr("Yesterday") if age else self.tr("Today")
        return QLocale().toString(QDate.fromString(day, "yyyy-MM-dd"), QLocale.FormatType.LongFormat)

    def _row_entered(self, place: QRect) -> None:
        if self.table.hasFocus():
            self.row_entered.emit(place.translated(self.table.pos()))


def _month(month: str) -> str:
    year, number = month.split("-")
    return f"{QLocale().standaloneMonthName(int(number))} {year}"
