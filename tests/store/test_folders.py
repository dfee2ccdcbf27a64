"""Folders, the archive, and lists by number, channel and time; how far SQLite reads for them."""

import pytest

from parley.errors import ConversationUnknown, FolderNameless, FolderUnknown
from parley.messages import Conversation
from parley.store import Change, Store
from tests.store.conftest import Ask


async def guest(store: Store) -> str:
    return (await store.accounts.add("ann@example.org", "Ann")).id


async def test_folders_by_name(store: Store) -> None:
    told = list[Change]()
    store.subscribe(told.append)
    work = await store.folders.add("  work\n")
    art = await store.folders.add("Art")
    assert [folder.name for folder in store.folders.all()] == ["Art", "work"]
    assert (await store.folders.rename(work.id, "Æsop")).name == "Æsop"
    assert store.folders.get(work.id).created_at == work.created_at
    await store.folders.remove(art.id)
    assert [folder.id for folder in store.folders.all()] == [work.id]
    assert told == [Change("folder", id) for id in (work.id, art.id, work.id, art.id)]
    for name in ("", " \n", "\0"):
        with pytest.raises(FolderNameless):
            await store.folders.add(name)
        with pytest.raises(FolderNameless):
            await store.folders.rename(work.id, name)


async def test_folders_of_others_are_unknown(store: Store, ask: Ask) -> None:
    ann = await guest(store)
    mine, theirs = await store.folders.add("mine"), await store.folders.add("theirs", account=ann)
    conversation, *_ = await ask("hello")
    others, *_ = await ask("hello", account=ann)
    assert [folder.id for folder in store.folders.all(ann)] == [theirs.id]
    for id in (theirs.id, "", "nonsense", "\udcff"):
        with pytest.raises(FolderUnknown):
            store.folders.get(id)
        with pytest.raises(FolderUnknown):
            await store.folders.rename(id, "x")
        with pytest.raises(FolderUnknown):
            await store.folders.remove(id)
        with pytest.raises(FolderUnknown):
            await store.conversations.set_folder(conversation.id, id)
    with pytest.raises(FolderUnknown):
        await store.conversations.set_folder(others.id, mine.id, account=None)
    with pytest.raises(ConversationUnknown):
        await store.conversations.set_folder(others.id, mine.id)
    assert store.conversations.get(conversation.id).folder_id is None


async def test_a_folder_that_is_removed_leaves_its_conversations(store: Store, ask: Ask) -> None:
    folder = await store.folders.add("work")
    conversation, *_ = await ask("hello")
    gone, *_ = await ask("gone")
    for each in (conversation, gone):
        await store.conversations.set_folder(each.id, folder.id)
    assert store.conversations.page()[-1].folder_id == folder.id
    await store.conversations.trash(gone.id)
    told = list[Change]()
    store.subscribe(told.append)
    await store.folders.remove(folder.id)
    assert {Change("conversation", conversation.id), Change("folder", folder.id)} <= set(told)
    assert store.conversations.get(conversation.id).folder_id is None
    await store.conversations.restore(gone.id)
    assert store.conversations.get(gone.id).folder_id is None


async def test_out_of_a_folder(store: Store, ask: Ask) -> None:
    folder = await store.folders.add("work")
    conversation, *_ = await ask("hello")
    await store.conversations.set_folder(conversation.id, folder.id)
    await store.conversations.set_folder(conversation.id, None)
    assert store.conversations.get(conversation.id).folder_id is None


async def test_a_removed_account_has_no_folders(store: Store, ask: Ask) -> None:
    ann = await guest(store)
    folder = await store.folders.add("theirs", account=ann)
    conversation, *_ = await ask("hello", account=ann)
    await store.conversations.set_folder(conversation.id, folder.id, account=ann)
    await store.accounts.remove(ann)
    await store.conversations.restore(conversation.id)
    assert store.conversations.get(conversation.id).folder_id is None
    assert store.folders.all(ann) == []


async def test_the_archive(store: Store, ask: Ask) -> None:
    first, *_ = await ask("one", "1")
    second, *_ = await ask("two", "2")
    await store.conversations.set_archived(second.id, True)
    assert [found.id for found in store.conversations.page()] == [first.id]
    assert [found.id for found in store.conversations.page(archived=True)] == [second.id]
    assert store.conversations.get(second.id).archived
    assert [found.id for found in store.conversations.recent()] == [second.id, first.id]
    latest = store.conversations.latest()
    assert latest
    assert latest.id == first.id
    assert len(await store.search("two")) == 1
    await store.conversations.set_archived(second.id, False)
    assert len(store.conversations.page()) == 2


async def test_an_empty_conversation(store: Store) -> None:
    ann = await guest(store)
    made = await store.conversations.add("  Plans\n", model="a/b", channel="api", account=ann)
    assert (made.title, made.model, made.channel, made.account_id, made.message_count) == (
        "Plans",
        "a/b",
        "api",
        ann,
        0,
    )
    assert store.conversations.recent(account=ann) == [made]
    assert store.conversations.page() == []


async def some(store: Store, number: int, channel: str = "desktop") -> list[Conversation]:
    return [await store.conversations.add(f"number {n}", channel=channel) for n in range(number)]


@pytest.mark.parametrize("channel", [None, "web"])
async def test_recent_ones_page_by_page(store: Store, channel: str | None) -> None:
    made = [*await some(store, 7, "web"), *await some(store, 7)]
    await store.conversations.pin(made[2].id, True)
    wanted = [each.id for each in made if channel in (None, each.channel)][::-1]
    seen, after = list[str](), None
    while page := store.conversations.recent(after=after, limit=3, channel=channel):
        seen += [found.id for found in page]
        after = page[-1]
    assert seen == wanted
    assert store.conversations.recent(channel="nowhere") == []


async def test_pages_by_number(store: Store) -> None:
    made = await some(store, 7)
    await store.conversations.pin(made[2].id, True)
    await store.conversations.set_archived(made[0].id, True)
    pages = [store.conversations.numbered(number, 4) for number in (1, 2, 3)]
    assert [total for _, total in pages] == [6, 6, 6]
    order = [made[2], *reversed(made[3:]), made[1]]
    assert [[found.id for found in page] for page, _ in pages] == [
        [each.id for each in order[:4]],
        [each.id for each in order[4:]],
        [],
    ]
    for strange in (0, -1, 10**30):
        assert store.conversations.numbered(strange, 4) == ([], 6)
    assert store.conversations.numbered(1, 4, account="nobody") == ([], 0)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "account_id = ? AND deleted_at IS NULL AND archived = ? ORDER BY pinned DESC, active_at DESC, id DESC",
            "listed",
        ),
        ("account_id = ? AND deleted_at IS NULL ORDER BY active_at DESC, id DESC", "recent"),
        ("account_id = ? AND deleted_at IS NULL AND channel = ? ORDER BY active_at DESC, id DESC", "of_channel"),
        ("folder_id = ?", "in_folder"),
    ],
)
async def test_lists_are_read_from_their_index(store: Store, query: str, index: str) -> None:
    plan = await store.write(
        lambda connection: connection.execute(
            f"EXPLAIN QUERY PLAN SELECT title FROM conversations WHERE {query}", ("x",) * query.count("?")
        ).fetchall()
    )
    (step,) = [row[3] for row in plan]
    assert f"USING INDEX conversations_{index} " in step
