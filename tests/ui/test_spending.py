"""What is seen of money: the page of the settings, message information, the status line, and notices."""

import json
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QAccessible, QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from parley.messages import MessageStatus, Usage
from parley.store import spending
from parley.ui.chat.message_info import MessageInfo
from parley.ui.money import money
from parley.ui.notices import Notice
from parley.ui.preferences.spending_page import SpendingPage
from tests.conftest import Until
from tests.ui.conftest import Desk
from tests.ui.test_message_commands import ended_with, focus
from tests.ui.test_settings import open_settings

LEFT = Qt.MouseButton.LeftButton
DEAR = {"tiny/*": {"input": 1000, "output": 2000}}


async def spending_page(desk: Desk) -> SpendingPage:
    page = (await open_settings(desk, "spending")).pages["spending"]
    assert isinstance(page, SpendingPage)
    return page


def click(button: QWidget) -> None:
    QTest.mouseClick(button, LEFT)


async def spend(desk: Desk, model: str, usage: Usage, days_ago: int = 0) -> None:
    """Write down what an answer of some day cost."""
    day = (date.fromisoformat(spending.today()) - timedelta(days=days_ago)).isoformat()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spending, "today", lambda: day)
        await desk.services.store.spending.add(model, usage)


def labels(page: SpendingPage) -> Sequence[str]:
    return [line.label for line in page.report.table.lines]


@pytest.mark.parametrize(
    ("language", "dollars", "about", "text"),
    [
        ("en_US", 0.0, False, "$0.00"),
        ("en_US", 0.0003, False, "$0.0003"),
        ("en_US", 0.01234, False, "$0.012"),
        ("en_US", 1234.5, True, "about $1,234.50"),
        ("en_US", 0.00000001, True, "less than $0.000001"),
        ("de_DE", 1234.5, False, "1.234,50\N{NO-BREAK SPACE}$"),
        ("C", 0.5, False, "$0.50"),
    ],
)
def test_money_is_written_as_people_here_write_it(language: str, dollars: float, about: bool, text: str) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(language))
    try:
        assert money(dollars, about=about) == text
    finally:
        QLocale.setDefault(before)


async def test_a_page_without_anything_says_so(guided_desk: Desk) -> None:
    page = await spending_page(guided_desk)
    assert page.report.empty.isVisible()
    assert not page.report.table.isVisible()
    assert not page.report.bar.isVisible()


async def test_it_sums_up_by_day_month_and_model(desk: Desk) -> None:
    await spend(desk, "a/x", Usage(1000, 100, cost=1.5))
    await spend(desk, "a/x", Usage(10, 10, cost=0.0003, estimated=True), 1)
    await spend(desk, "lan/y", Usage(20, 30), 3)
    await spend(desk, "tiny/t", Usage(5, 5, cost=0.0), 3)
    await spend(desk, "a/x", Usage(5, 5, cost=9.0), 29)
    await spend(desk, "a/old", Usage(5, 5, cost=9.0), 70)
    page = await spending_page(desk)
    report = page.report
    assert len(report.table.lines) == 4
    today, yesterday, other, _ = report.table.lines
    assert (today.label, today.cost, today.detail) == ("Today", "$1.50", "1k tokens in, 100 out · 1 answer")
    assert (yesterday.label, yesterday.cost) == ("Yesterday", "about $0.0003")
    assert 0 < yesterday.share < today.share < 1
    assert (other.cost, other.share) == ("price not known", 0)
    click(report.by.buttons["model"])
    assert [(line.label, line.cost) for line in report.table.lines] == [
        ("a/x", "about $10.50"), ("lan/y", "price not known"), ("tiny/t", "free")
    ]  # fmt: skip
    assert report.period.text() == "The last 30 days"
    click(report.by.buttons["month"])
    assert len(labels(page)) >= 2
    assert str(date.fromisoformat(spending.today()).year) in labels(page)[0]


async def test_the_table_is_for_keys_and_screen_readers(desk: Desk) -> None:
    for days in range(28):
        await spend(desk, "a/x", Usage(10, 10, cost=0.5), days)
    page = await spending_page(desk)
    table = page.report.table
    assert table.height() == sum(table.sizeHintForRow(row) for row in range(28))
    await desk.until(lambda: page.inside.height() > table.height())
    table.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(27):
        desk.press("Down", on=table)
    assert table.currentRow() == 27
    row = table.visualItemRect(table.item(27)).center()
    assert page.viewport().rect().contains(table.viewport().mapTo(page.viewport(), row))
    reader = QAccessible.queryAccessibleInterface(table)
    assert reader is not None
    assert reader.text(QAccessible.Text.Name) == "Spending by day"
    first = reader.child(0)
    assert first is not None
    assert first.text(QAccessible.Text.Name) == "Today, $0.50, 10 tokens in, 10 out · 1 answer"


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
async def test_a_narrow_window_has_room_for_it(desk: Desk, until: Until, direction: Qt.LayoutDirection) -> None:
    await spend(desk, "lan/" + "long" * 40, Usage(10_000_000, 10_000_000))
    await spend(desk, "a/x", Usage(10_000_000, 10_000_000, cost=12_345.678, estimated=True))
    page = await spending_page(desk)
    page.window().setLayoutDirection(direction)
    page.window().resize(360, 700)
    await until(lambda: page.viewport().width() < 400)
    click(page.report.by.buttons["model"])
    await until(lambda: page.inside.width() == page.viewport().width())
    for part in (page.report, page.report.table, page.report.total, page.report.unpriced, page.button):
        left = part.mapTo(page.inside, QPoint(0, 0)).x()
        assert left >= 0
        assert left + part.width() <= page.viewport().width()


@pytest.mark.parametrize(
    ("spent", "stops", "words"),
    [
        (1.0, False, "10 % of the budget."),
        (8.0, False, "80 % of the budget. Most of it is spent."),
        (10.0, False, "The budget is spent."),
        (10.5, True, "only models that cost nothing are asked."),
    ],
)
async def test_the_budget_stands_beside_what_was_spent(
    guided_desk: Desk, spent: float, stops: bool, words: str
) -> None:
    await spend(guided_desk, "a/x", Usage(10, 10, cost=spent))
    guided_desk.services.settings.update(budget=10.0, budget_stops=stops)
    page = await spending_page(guided_desk)
    assert page.report.bar.isVisible()
    assert page.report.bar.share == pytest.approx(spent / 10)
    assert words in page.report.budget.text()
    assert page.report.total.text() == f"{money(spent)} of $10.00"
    field = page.options["budget"].editor
    assert field.findChildren(QWidget)
    guided_desk.services.settings.update(budget=0.0)
    assert not page.report.bar.isVisible()
    assert page.report.total.text() == money(spent)


async def test_it_follows_what_is_being_spent(desk: Desk, until: Until) -> None:
    page = await spending_page(desk)
    await spend(desk, "a/x", Usage(10, 10, cost=0.25))
    await until(lambda: page.report.total.text() == "$0.25")
    assert page.report.tokens.text() == "10 tokens in, 10 out · 1 answer"
    assert not page.report.empty.isVisible()


async def test_a_model_without_a_price_is_named_and_gets_one(
    desk: Desk, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    await spend(desk, "lan/y", Usage(20, 30))
    page = await spending_page(desk)
    assert page.report.unpriced.text().replace("\u200b", "").startswith("Price not known: lan/y. 1 answer of")
    assert page.button.text() == "Create prices.json"
    click(page.button)
    assert page.prices.note.isVisible()
    assert page.prices.problem.isHidden()
    rows = json.loads(desk.paths.prices.read_text(encoding="utf-8"))
    assert rows["#lan/y"] == {"input": 0, "output": 0}
    assert desk.services.prices.of("lan/y") is None
    assert page.button.text() == "Show in folder"
    click(page.button)
    assert opened == [str(desk.paths.data)]
    desk.paths.prices.write_text('{"lan/y": {"input": 1, "output": "x"}}', encoding="utf-8")
    await until(page.prices.problem.isVisible)
    assert "“lan/y”" in page.prices.problem.text()
    assert "output" in page.prices.problem.text()
    desk.paths.prices.write_text('{"lan/y": {"input": 1, "output": 2}}', encoding="utf-8")
    await until(page.prices.problem.isHidden)
    desk.paths.prices.write_text("{", encoding="utf-8")
    await until(lambda: "cannot be read" in page.prices.problem.text())


async def test_the_search_of_the_settings_finds_it(desk: Desk) -> None:
    window = await open_settings(desk, "appearance")
    QTest.keyClicks(window.search, "tokens money")
    assert window.page == "spending"
    page = window.pages["spending"]
    assert isinstance(page, SpendingPage)
    assert page.report.isVisible()
    assert not page.options["budget"].isVisible()
    window.search.clear()
    QTest.keyClicks(window.search, "stop at the budget")
    assert not page.report.isVisible()
    assert page.options["budget_stops"].isVisible()


async def test_an_answer_says_what_it_cost(desk: Desk, until: Until) -> None:
    desk.paths.prices.write_text(json.dumps(DEAR), encoding="utf-8")
    await desk.say("Hello")
    await desk.answered()
    tree = desk.window.view.tree
    assert tree is not None
    usage = tree.branch()[-1].usage
    assert usage is not None
    assert usage.input_tokens
    assert usage.output_tokens
    assert usage.cost == (usage.input_tokens * 1000 + usage.output_tokens * 2000) / 1_000_000
    focus(desk, 1)
    desk.press("I")
    info = desk.window.findChild(MessageInfo)
    assert isinstance(info, MessageInfo)
    await until(info.isVisible)
    assert dict(info.facts)["Cost"] == money(usage.cost)
    desk.press("Esc", on=info)
    line = desk.window.page.status_line
    await until(lambda: "Cost" in line.toolTip())
    click(line)
    popup = line.popup
    assert popup is not None
    told = [
        label.text().strip("\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}")
        for label in popup.findChildren(QLabel)
    ]
    assert told[told.index("Cost") + 1] == money(usage.cost)
    popup.close()


async def test_cost_and_cache_are_among_the_facts(desk: Desk) -> None:
    usage = Usage(1200, 410, estimated=True, cost=0.0123, cached_tokens=800, cache_writing_tokens=100)
    await ended_with(desk, "An answer", MessageStatus.COMPLETE, usage)
    focus(desk, 1)
    desk.press("I")
    info = desk.window.findChild(MessageInfo)
    assert isinstance(info, MessageInfo)
    facts = dict(info.facts)
    assert facts["Cost"] == "about $0.012"
    assert (facts["Tokens from the cache"], facts["Tokens into the cache"]) == ("about 800", "about 100")


async def test_notices_come_once_and_lead_to_the_page(desk: Desk, until: Until) -> None:
    desk.services.settings.update(budget=10.0)
    await spend(desk, "a/x", Usage(10, 10, cost=8.5))
    notices = desk.window.page.notices
    sentence = "85 % of this month’s budget is spent: $8.50 of $10.00."
    await until(lambda: sentence in notices.texts)
    notice = notices.findChildren(Notice)[-1]
    button = next(b for b in notice.findChildren(QPushButton) if b.text() == "Open settings")
    click(button)
    window = desk.window.settings_door.window
    assert window is not None
    assert window.page == "spending"
    await desk.reopen()
    await until(lambda: desk.window._started)
    desk.window.budget_notices.look()
    assert desk.window.page.notices.texts == []
    await spend(desk, "a/x", Usage(10, 10, cost=1.5))
    await until(lambda: "This month’s budget is spent: $10.00 of $10.00." in desk.window.page.notices.texts)


async def test_the_last_news_of_the_budget_take_the_place_of_those_before(desk: Desk, until: Until) -> None:
    desk.services.settings.update(budget=9.0)
    await spend(desk, "a/x", Usage(10, 10, cost=7.35))
    notices = desk.window.page.notices
    await until(lambda: notices.texts)
    assert notices.texts == ["81 % of this month’s budget is spent: $7.35 of $9.00."]
    page = await spending_page(desk)
    assert page.report.budget.text() == "81 % of the budget. Most of it is spent."
    await spend(desk, "a/x", Usage(10, 10, cost=5.0))
    await until(lambda: notices.texts == ["This month’s budget is spent: $12.35 of $9.00."])


async def test_a_spent_budget_stops_and_leads_to_its_page(desk: Desk, until: Until) -> None:
    desk.paths.prices.write_text(json.dumps(DEAR), encoding="utf-8")
    desk.services.settings.update(budget=0.01, budget_stops=True)
    await desk.say("Hello")
    await desk.answered()
    await until(lambda: any("Only models that cost nothing" in text for text in desk.window.page.notices.texts))
    await desk.say("And now?")
    await desk.answered()
    tree = desk.window.view.tree
    assert tree is not None
    failure = tree.branch()[-1].failure
    assert failure is not None
    assert failure.code == "budget_spent"
    focus(desk, 3)
    transcript = desk.window.page.transcript
    transcript.commands.run("settings", transcript.row_at(3))
    window = desk.window.settings_door.window
    assert window is not None
    assert window.page == "spending"
