"""The model behind the list of chats, against a store that is a sorted list."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QAbstractItemModelTester

from parley.messages import Conversation, new_id
from parley.ui.conversation_list import ConversationList

NOW = 1_790_000_000.0
SIZE = 20


class Shelf:
    """What the model reads from."""

    def __init__(self, count: int) -> None:
        self.all = [Conversation(new_id(), f"Chat {n}", NOW, NOW - n * 5000, pinned=n % 9 == 0) for n in range(count)]

    def sorted(self) -> list[Conversation]:
        return sorted(self.all, key=lambda c: (c.pinned, c.updated_at, c.id), reverse=True)

    def page(self, after: Conversation | None) -> Sequence[Conversation]:
        key = (after.pinned, after.updated_at, after.id) if after else (True, float("inf"), "")
        return [c for c in self.sorted() if (c.pinned, c.updated_at, c.id) < key][:SIZE]


def titles(model: ConversationList) -> list[str]:
    found = [model.conversation(model.index(row)) for row in range(model.rowCount())]
    return [conversation.title for conversation in found if conversation]


def headings(model: ConversationList) -> list[str]:
    rows = [model.index(row) for row in range(model.rowCount())]
    return [str(index.data()) for index in rows if model.conversation(index) is None]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(60)


@pytest.fixture
def model(shelf: Shelf, qapp: QObject) -> ConversationList:
    model = ConversationList(shelf.page, qapp)
    model.reload()
    return model


def test_it_reads_page_after_page(model: ConversationList, shelf: Shelf) -> None:
    assert len(titles(model)) == SIZE
    while model.canFetchMore():
        model.fetchMore()
    assert titles(model) == [conversation.title for conversation in shelf.sorted()]
    assert headings(model)[0] == "Pinned"
    assert len(set(headings(model))) == len(headings(model))


def test_whatever_happens_it_shows_what_the_store_has(model: ConversationList, shelf: Shelf) -> None:
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
            conversation = Conversation(new_id(), f"New {step}", NOW, NOW + step)
            shelf.all.append(conversation)
            model.put(conversation)
        else:
            changes = {"touch": {"updated_at": NOW + step}, "pin": {"pinned": not conversation.pinned}}
            shelf.all[number] = replace(conversation, **changes.get(what, {"title": f"Renamed {step}"}))  # type: ignore[arg-type]
            model.put(shelf.all[number])
        expected = [conversation.title for conversation in shelf.sorted()]
        shown = titles(model)
        assert shown == expected[: len(shown)], what
        assert len(shown) >= min(len(expected), 10)


def test_an_empty_title_is_no_title(model: ConversationList) -> None:
    renamed: list[tuple[str, str]] = []
    model.renamed.connect(lambda id, title: renamed.append((id, title)))
    index = model.index(1)
    assert not model.setData(index, "   ")
    assert model.setData(index, " New name ")
    assert [title for _, title in renamed] == ["New name"]


def test_neighbours_go_across_pages(model: ConversationList, shelf: Shelf) -> None:
    last = shelf.sorted()[SIZE - 1]
    following = model.neighbour(last.id, 1)
    assert following == shelf.sorted()[SIZE]
    assert model.neighbour(shelf.sorted()[0].id, -1) is None
    assert model.neighbour(None, 1) == shelf.sorted()[0]
