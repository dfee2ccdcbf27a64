"""The model behind the list of chats, against a store that is a sorted list."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QWidget

from parley.messages import Conversation, new_id
from parley.store import NETWORK, Network, Spot
from parley.ui.appearance.look import Look
from parley.ui.sidebar import conversation_list
from parley.ui.sidebar.conversation_delegate import ConversationDelegate
from parley.ui.sidebar.conversation_list import BLOCK, ROOT, STEP, ConversationList, Index
from parley.ui.sidebar.dates import Groups
from parley.ui.sidebar.grouping import Grouping
from parley.ui.sidebar.uniform_list import UniformList

NOW = datetime.now(UTC).timestamp()
MANY = 10_000


class Shelf:
    """What the model reads from. It counts what is asked for."""

    def __init__(self, count: int) -> None:
        self.all = [Conversation(new_id(), f"Chat {n}", NOW, NOW - n * 5000, pinned=n % 9 == 0) for n in range(count)]
        self.read = 0

    def sorted(self) -> list[Conversation]:
        return sorted(self.all, key=Spot.of, reverse=True)

    def listed(self, folded: bool) -> list[Conversation]:
        return [c for c in self.sorted() if not folded or Spot.of(c).shelf != NETWORK]

    def page(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Conversation]:
        found = [c for c in self.listed(folded) if after is None or Spot.of(c) < after][:limit]
        self.read += len(found)
        return found

    def order(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Spot]:
        return [spot for c in self.listed(folded) if (spot := Spot.of(c)) < (after or (3,))][:limit]

    def network(self) -> Network:
        inside = [c for c in self.all if Spot.of(c).shelf == NETWORK]
        return Network(bool(inside), any(c.unread for c in inside))

    def find(self, id: str) -> Conversation | None:
        return next((c for c in self.all if c.id == id), None)


def titles(model: ConversationList) -> list[str]:
    found = [model.conversation(model.index(row)) for row in range(model.rowCount())]
    return [conversation.title for conversation in found if conversation]


def headings(model: ConversationList) -> list[str]:
    return [text for row in range(model.rowCount()) if (text := model.heading(model.index(row)))]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(BLOCK + 40)


@pytest.fixture
def model(shelf: Shelf, qapp: QObject) -> ConversationList:
    model = ConversationList(shelf, qapp)
    model.reload()
    return model


def test_it_reads_a_page_and_then_the_order_of_the_rest(
    model: ConversationList, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_list, "STEP", 7)
    assert len(titles(model)) == shelf.read == BLOCK
    while model.canFetchMore():
        model.fetchMore()
    assert shelf.read == BLOCK
    assert titles(model) == [conversation.title for conversation in shelf.sorted()]
    assert headings(model)[0] == "Pinned"
    assert len(set(headings(model))) == len(headings(model))


@pytest.mark.parametrize("folded", [False, True])
def test_whatever_happens_it_shows_what_the_store_has(model: ConversationList, shelf: Shelf, folded: bool) -> None:
    model.folded = folded
    model.reload()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    assert tester.model() is model
    chance = random.Random(7)
    for step in range(300):
        number = chance.randrange(len(shelf.all))
        what = chance.choice(("touch", "pin", "rename", "add", "remove", "more"))
        conversation = shelf.all[number]
        if what == "more" and model.canFetchMore():
            model.fetchMore()
        elif what == "remove" and len(shelf.all) > 30:
            del shelf.all[number]
            model.remove(conversation.id)
        elif what == "add":
            channel = chance.choice(("desktop", "cli", "api", "web"))
            conversation = Conversation(new_id(), f"New {step}", NOW, NOW + step, channel=channel)
            shelf.all.append(conversation)
            model.put(conversation)
        else:
            changes = {"touch": {"updated_at": NOW + step}, "pin": {"pinned": not conversation.pinned}}
            shelf.all[number] = replace(conversation, **changes.get(what, {"title": f"Renamed {step}"}))  # type: ignore[arg-type]
            model.put(shelf.all[number])
        expected = [conversation.title for conversation in shelf.listed(folded)]
        shown = titles(model)
        assert shown == expected[: len(shown)], what
        assert len(shown) >= min(len(expected), 10)
        lid = folded and shelf.network().there
        dates, spots = Groups(datetime.now().astimezone().date()), [Spot.of(c) for c in shelf.listed(folded)]
        plain = Grouping(dates, spots, lid=lid)
        every = [text for row in range(len(plain)) if (text := plain.heading_at(row))]
        assert headings(model) == every[: len(headings(model))]


def test_an_empty_title_is_no_title(model: ConversationList) -> None:
    renamed: list[tuple[str, str]] = []
    model.renamed.connect(lambda id, title: renamed.append((id, title)))
    index = model.index(1)
    assert not model.setData(index, "   ")
    assert model.setData(index, " New name ")
    assert [title for _, title in renamed] == ["New name"]


def test_neighbours_go_across_pages(model: ConversationList, shelf: Shelf) -> None:
    last = shelf.sorted()[BLOCK - 1]
    following = model.neighbour(last.id, 1)
    assert following == shelf.sorted()[BLOCK]
    assert model.neighbour(shelf.sorted()[0].id, -1) is None
    assert model.neighbour(None, 1) == shelf.sorted()[0]


def test_what_moves_keeps_its_place_in_the_selection(model: ConversationList, shelf: Shelf) -> None:
    from PySide6.QtCore import QPersistentModelIndex

    moved = shelf.sorted()[-1]
    model.fetchMore()
    kept = QPersistentModelIndex(model.index_of(moved.id))
    for changes in (
        {"updated_at": NOW + 5},
        {"pinned": not moved.pinned},
        {"updated_at": NOW - 9e6},
        {"pinned": False},
    ):
        moved = replace(moved, **changes)
        model.put(moved)
        assert kept.isValid()
        assert kept.data() == moved.title
        assert model.index_of(moved.id) == model.index(kept.row())


def test_after_midnight_the_groups_are_others(
    model: ConversationList, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Today" in headings(model)
    tomorrow = datetime.now().astimezone().date() + timedelta(days=1)
    monkeypatch.setattr(conversation_list, "_dates", lambda: Groups(tomorrow))
    model.regroup()
    assert "Today" not in headings(model)
    assert "Yesterday" in headings(model)
    assert titles(model) == [conversation.title for conversation in shelf.sorted()][:BLOCK]


def test_a_row_says_all_that_it_shows(model: ConversationList, shelf: Shelf) -> None:
    conversation = replace(shelf.sorted()[0], title="Bread", pinned=True, unread=True, answering=True)
    model.put(conversation)
    spoken = model.data(model.index_of(conversation.id), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Bread, pinned, unread answer, being answered"


@pytest.fixture
def long_list(look: Look, qapp: QApplication) -> Iterator[tuple[UniformList, ConversationList, Shelf]]:
    """Ten thousand chats in a list of a window."""
    window = QWidget()
    window.resize(260, 600)
    view = UniformList(window)
    view.resize(260, 600)
    shelf = Shelf(MANY)
    chats = ConversationList(shelf, view)
    view.setModel(chats)
    view.setItemDelegate(ConversationDelegate(look, view))
    chats.reload()
    for _ in range(MANY // STEP + 1):
        chats.fetchMore()
    window.show()
    window.activateWindow()
    view.setFocus()
    view.setCurrentIndex(chats.index(1))
    qapp.processEvents()
    yield view, chats, shelf
    window.close()
    window.deleteLater()


Long = tuple[UniformList, ConversationList, Shelf]


def test_the_end_of_ten_thousand_is_one_key_away(long_list: Long) -> None:
    view, chats, shelf = long_list
    read = shelf.read
    QTest.keyClick(view, Qt.Key.Key_End)
    view.grab()
    last = chats.conversation(view.currentIndex())
    assert last == shelf.sorted()[-1]
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum()
    assert shelf.read - read <= 2 * BLOCK
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert chats.conversation(view.currentIndex()) == shelf.sorted()[0]


def test_dragging_the_bar_reads_only_what_comes_into_sight(long_list: Long) -> None:
    view, chats, shelf = long_list
    bar = view.verticalScrollBar()
    read = shelf.read
    bar.setValue(bar.maximum() // 2)
    view.grab()
    assert shelf.read - read <= 3 * BLOCK
    index = view.indexAt(view.viewport().rect().center())
    assert abs(index.row() - chats.rowCount() / 2) < 20


def test_a_row_more_is_not_looked_for_among_all_others(long_list: Long, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt's own list asks for each of ten thousand rows when one comes."""
    view, chats, shelf = long_list
    asked: list[int] = []
    count = chats.rowCount

    def counted(parent: Index = ROOT) -> int:
        asked.append(1)
        return count(parent)

    monkeypatch.setattr(chats, "rowCount", counted)
    chats.put(Conversation(new_id(), "New", NOW, NOW + 10))
    chats.put(replace(shelf.sorted()[-1], updated_at=NOW + 20))
    view.grab()
    assert len(asked) < 2_000


def test_pages_by_key_and_headings_are_passed_over(long_list: Long) -> None:
    view, chats, _ = long_list
    rows = [view.currentIndex().row()]
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(view, key)
        assert chats.conversation(view.currentIndex())
        rows.append(view.currentIndex().row())
    page = view.viewport().height() // view.row_height - 1
    assert rows[1] - rows[0] == page
    assert rows[-1] == 1
