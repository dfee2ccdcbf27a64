"""Accounts and tokens as they are kept, and that no account reaches what is another's."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.errors import (
    AccountExists,
    AccountUnknown,
    ChatError,
    ConversationUnknown,
    MessageUnknown,
    OwnerStays,
    TokenUnknown,
)
from parley.messages import OWNER, MessageStatus, Text, Usage, new_id
from parley.models import Parameters
from parley.paths import Paths
from parley.people import EVERYTHING, NEWCOMER, Account, Permissions
from parley.store import ACCOUNT, ANYONE, CONVERSATION, TOKEN, Change, Store, tokens
from tests.conftest import Until
from tests.store.conftest import Ask, Child

DIGEST = bytes(range(32))


@pytest.fixture
async def anna(store: Store) -> Account:
    return await store.accounts.add("Anna@Example.org", "Anna", tags=["family", "family", "a\nb"])


async def test_the_owner_is_number_one(store: Store, anna: Account) -> None:
    owner = store.accounts.find("owner")
    assert owner == store.accounts.find("1") == store.accounts.get(OWNER)
    assert (owner.number, owner.id, owner.role, owner.permissions) == (1, OWNER, "admin", EVERYTHING)
    assert store.accounts.all() == [owner, anna]
    assert (anna.number, anna.id, anna.role, anna.permissions) == (2, "2", "user", NEWCOMER)
    assert (anna.email, anna.tags) == ("anna@example.org", ("family", "a b"))
    for changed in ({"role": "user"}, {"disabled": True}, {"permissions": NEWCOMER}):
        with pytest.raises(OwnerStays):
            await store.accounts.change(OWNER, **changed)
    with pytest.raises(OwnerStays):
        await store.accounts.remove(OWNER)
    assert (await store.accounts.change(OWNER, email="me@example.org", name="Me")).email == "me@example.org"


@pytest.mark.parametrize("email", ["anna@example.org", "ANNA@EXAMPLE.ORG", " Anna@example.org\n"])
async def test_an_address_is_had_once_in_whatever_case(store: Store, anna: Account, email: str) -> None:
    assert store.accounts.of_email(email) == store.accounts.find(email) == anna
    with pytest.raises(AccountExists):
        await store.accounts.add(email, "Another")
    berta = await store.accounts.add("berta@example.org", "Berta")
    with pytest.raises(AccountExists):
        await store.accounts.change(berta.id, email=email)
    assert (await store.accounts.change(anna.id, email=email)).email == "anna@example.org"


@pytest.mark.parametrize("text", ["", "0", "99", "-1", "9" * 5000, "٣", "\udcff", "x\0y", "nobody@example.org", "3.0"])
async def test_unknown_accounts(store: Store, anna: Account, text: str) -> None:
    for read in (store.accounts.find, store.accounts.get, store.accounts.of_email):
        with pytest.raises(AccountUnknown):
            read(text)
    for write in (store.accounts.remove, store.accounts.change):
        with pytest.raises(AccountUnknown):
            await write(text)


async def test_what_an_account_may_use_is_kept(store: Store, anna: Account) -> None:
    for permissions in (
        Permissions(frozenset({"a", "b/c"}), frozenset({"web"}), None, 10),
        Permissions(frozenset(), None, frozenset({"docs"}), 0),
        NEWCOMER,
    ):
        changed = await store.accounts.change(anna.id, permissions=permissions)
        assert changed.permissions == store.accounts.get(anna.id).permissions == permissions
    limited = Permissions(frozenset({"a", "b/c"}))
    assert [limited.allows_model(*pair) for pair in (("a", "x"), ("b", "c"), ("b", "d"), ("c", "a"))] == [
        *(True, True, False, False)
    ]
    assert not NEWCOMER.allows_tool("web")
    assert EVERYTHING.allows_tool("web")
    assert not NEWCOMER.allows_knowledge("docs")
    assert Permissions(knowledge=frozenset({"docs"})).allows_knowledge("docs")


async def test_a_removed_account_leaves_nothing_of_a_person_and_no_number(
    store: Store, anna: Account, ask: Ask, until: Until
) -> None:
    await store.accounts.set_password(anna.id, "a hash")
    conversation, _, reply = await ask("mine", account=anna.id)
    await store.turns.finish(reply.id, [Text("yes")], MessageStatus.COMPLETE, spent=Usage(10, 20))
    token = await store.tokens.add(anna.id, "phone", DIGEST)
    told: list[Change] = []
    store.subscribe(told.append)
    await store.accounts.remove(anna.id)
    await until(lambda: Change(ACCOUNT, anna.id) in told)
    assert {Change(TOKEN, str(token.number)), Change(CONVERSATION, conversation.id)} <= set(told)
    assert store.accounts.all() == [store.accounts.get(OWNER)]
    assert store.accounts.password("anna@example.org") is None
    assert store.tokens.find(token.number) is None
    assert store.tokens.all() == []
    assert [found.id for found in store.conversations.trashed()] == [conversation.id]
    assert store.conversations.page() == []
    assert store.spending.tokens_this_month(anna.id) == 30
    with closing(sqlite3.connect(store.path)) as connection:
        assert "anna" not in str(connection.execute("SELECT * FROM accounts").fetchall()).lower()
    again = await store.accounts.add("anna@example.org", "Anna")
    assert again.number == 3
    assert store.conversations.trashed(account=again.id) == []


async def test_tokens(store: Store, anna: Account) -> None:
    mine = await store.tokens.add(OWNER, " my\nphone ", DIGEST, admin=True)
    hers = await store.tokens.add(anna.id, "hers", DIGEST)
    assert (mine.number, mine.name, mine.admin, mine.used_at, hers.number) == (1, "my phone", True, None, 2)
    assert store.tokens.all() == [mine, hers]
    assert store.tokens.all(anna.id) == [hers]
    for write in (store.tokens.revoke, lambda number, account: store.tokens.rename(number, "x", account)):
        for number, account in ((mine.number, anna.id), (99, ANYONE), (99, anna.id)):
            with pytest.raises(TokenUnknown):
                await write(number, account)
    await store.tokens.rename(hers.number, "laptop", anna.id)
    store.tokens.mark_used(hers.number)
    await store.tokens.revoke(mine.number)
    (left,) = store.tokens.all()
    assert left.name == "laptop"
    assert left.used_at
    assert store.tokens.find(mine.number) is None
    with pytest.raises(TokenUnknown):
        await store.tokens.revoke(mine.number)
    assert (await store.tokens.add(OWNER, "next", DIGEST)).number == 3
    with pytest.raises(AccountUnknown):
        await store.tokens.add("nobody", "x", DIGEST)


@pytest.mark.parametrize(("whose", "foreign"), [(OWNER, "2"), ("2", "3"), ("3", OWNER)])
async def test_no_account_reaches_what_is_another_s(
    store: Store, anna: Account, ask: Ask, whose: str, foreign: str
) -> None:
    """Everything that is done by an id, tried by one on the other's; nothing has changed then."""
    await store.accounts.add("berta@example.org", "Berta")
    conversation, question, reply = await ask("a secret question", "a secret answer", account=whose)
    gone, *_ = await ask("gone", "away", account=whose)
    await store.conversations.trash(gone.id, account=whose)
    _, removed, cut = await ask("cut", "off", conversation=conversation, account=whose)
    await store.messages.trash(removed.id, cut.id, account=whose)
    before = [store.conversations.tree(conversation.id, account=ANYONE), store.conversations.trashed(account=whose)]
    id, chats, messages, turns = conversation.id, store.conversations, store.messages, store.turns

    reads: list[Callable[[], object]] = [
        lambda: chats.get(id, account=foreign),
        lambda: chats.find(id, account=foreign),
        lambda: chats.find(id[:13], account=foreign),
        lambda: chats.tree(id, account=foreign),
        lambda: chats.newest(id, 5, account=foreign),
        lambda: messages.get(question.id, account=foreign),
    ]
    for read in reads:
        with pytest.raises((ConversationUnknown, MessageUnknown)):
            read()
    begin: dict[str, Any] = {"title": "", "parts": [Text("x")], "model": "m", "account": foreign}
    own, *_ = await turns.begin(conversation_id=None, **begin)
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: chats.rename(id, "x", account=foreign),
        lambda: chats.pin(id, True, account=foreign),
        lambda: chats.set_model(id, "x", account=foreign),
        lambda: chats.set_parameters(id, Parameters(seed=1), account=foreign),
        lambda: chats.set_instruction(id, "x", account=foreign),
        lambda: chats.show_leaf(id, question.id, account=foreign),
        lambda: chats.show_leaf(own.id, question.id, account=foreign),
        lambda: chats.trash(id, account=foreign),
        lambda: chats.trash(own.id, id, account=foreign),
        lambda: chats.restore(gone.id, account=foreign),
        lambda: messages.rewrite(reply.id, "x", account=foreign),
        lambda: messages.trash(question.id, account=foreign),
        lambda: messages.restore(removed.id, account=foreign),
        lambda: turns.begin(conversation_id=id, **begin),
        lambda: turns.begin(conversation_id=id, parent_id=question.id, **begin),
        lambda: turns.begin(conversation_id=own.id, parent_id=question.id, **begin),
        lambda: turns.begin_reply(parent_id=question.id, model="m", account=foreign),
        lambda: turns.resume(reply.id, account=foreign),
    ]
    for write in writes:
        with pytest.raises((ConversationUnknown, MessageUnknown)):
            await write()
    await chats.see(id, account=foreign)
    assert await store.search("secret", account=foreign) == []
    assert chats.page(account=foreign) == [chats.get(own.id, account=foreign)]
    assert chats.trashed(account=foreign) == []
    assert chats.unread(foreign) == []
    assert before == [chats.tree(id, account=ANYONE), chats.trashed(account=whose)]
    assert chats.get(id, account=whose).unread


async def test_a_changed_tree_is_read_for_the_account_that_it_is_of(store: Store, anna: Account, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1", account=anna.id)
    tree = store.conversations.newest(conversation.id, 1, account=anna.id)
    _, question, _ = await ask("two", "2", conversation=conversation, account=anna.id)
    assert question.id in {message.id for message in store.conversations.changed(tree, [question.id]).messages}
    assert len(store.conversations.earlier(tree, 5).messages) == 2
    await store.accounts.remove(anna.id)
    with pytest.raises(ConversationUnknown):
        store.conversations.changed(tree, [question.id])


async def test_another_process_sees_at_once_what_is_revoked(
    paths: Paths, store: Store, anna: Account, child: Callable[..., Child]
) -> None:
    token = await store.tokens.add(anna.id, "phone", DIGEST)
    other = child("tokens", paths.data, token.number)
    assert other.hear() == {"good": True}
    await store.tokens.revoke(token.number)
    other.go_on()
    assert other.hear() == {"good": False}


async def test_killed_between_accounts(directory: Path, child: Callable[..., Child]) -> None:
    """A process that adds accounts with tokens and removes them is killed: what it had told is there, whole."""
    Store.open(directory)._database.close_now()
    for steps in (1, 2, 5):
        other = child("accounts", directory)
        told = [other.hear() for _ in range(steps)]
        other.kill()
        store = Store.open(directory)
        for line in told:
            with pytest.raises(ChatError):
                store.accounts.get(line["removed"])
            assert line["added"] in [account.id for account in store.accounts.all()]
            assert [token.name for token in store.tokens.all(line["added"])] == ["kept"]
        numbers = [account.number for account in store.accounts.all()]
        assert len(numbers) == len(set(numbers))
        assert all(finding.ok for finding in await store.check())
        await store.close()


async def test_nothing_is_kept_for_an_account_that_has_been_removed(store: Store, anna: Account) -> None:
    """What was under way may come to an end after that: nobody would see it, and it would stay for ever."""
    conversation = await store.conversations.add("Hi", account=anna.id)

    async def bytes_of_file() -> AsyncIterator[bytes]:
        yield b"Hi"

    await store.accounts.remove(anna.id)
    late = replace(conversation, id=new_id())
    for write in (
        lambda: store.conversations.add("Hi", account=anna.id),
        lambda: store.folders.add("Hi", account=anna.id),
        lambda: store.turns.record(late, ()),
        lambda: store.turns.begin(conversation_id=None, title="Hi", parts=(), model="", account=anna.id),
    ):
        with pytest.raises(AccountUnknown):
            await write()
    async with store.files.receive(bytes_of_file()) as incoming:
        with pytest.raises(AccountUnknown):
            await store.files.add(incoming, "x.txt", "text/plain", account=anna.id)
    assert store.files.all(account=anna.id) == []


async def test_an_account_keeps_its_latest_tokens(store: Store, anna: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that logs in at each start fills no list, and nobody gets round a token's limits by having more."""
    monkeypatch.setattr(tokens, "MOST", 3)
    admin = await store.tokens.add(OWNER, "admin", b"a" * 32, admin=True)
    for number in range(4):
        await store.tokens.add(OWNER, f"mine {number}", b"m" * 32)
    assert [token.name for token in store.tokens.all(OWNER)] == ["admin", "mine 1", "mine 2", "mine 3"]
    kept = [await store.tokens.add(anna.id, f"{number}", b"t" * 32) for number in range(3)]
    store.tokens.mark_used(kept[0].number)
    heard: list[Change] = []
    store.subscribe(heard.append)
    await store.tokens.add(anna.id, "another", b"t" * 32)
    assert [token.name for token in store.tokens.all(anna.id)] == ["0", "2", "another"]
    assert Change(TOKEN, str(kept[1].number)) in heard
    assert store.tokens.find(admin.number) is not None
