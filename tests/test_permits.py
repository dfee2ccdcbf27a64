"""What accounts may use, asked of the engine; and that no account gets at another's turns."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from parley import permits
from parley.engine import ChatEngine, ChatRequest
from parley.errors import (
    AccountDisabled,
    AccountUnknown,
    AnswersFull,
    ConversationUnknown,
    MessageUnknown,
    ModelForbidden,
    NoCredit,
    TokensSpent,
)
from parley.events import Failed, Finished
from parley.messages import OWNER, Message, MessageStatus, Role, Text, Usage
from parley.people import Account, Permissions
from parley.settings import Settings
from parley.store import ANYONE, Store
from parley.turn import Turn
from tests.conftest import ScriptedProvider, Until

QUESTION = Message("m", "", None, Role.USER, (Text("Hi"),), MessageStatus.COMPLETE, 0.0)


@pytest.fixture
async def anna(store: Store) -> Account:
    return await store.accounts.add("anna@example.org", "Anna")


async def allow(store: Store, account: Account, *models: str, tokens: int | None = None) -> None:
    permissions = Permissions(frozenset(models) if models else None, tokens_a_month=tokens)
    await store.accounts.change(account.id, permissions=permissions)


async def test_a_newcomer_may_ask_all_models(engine: ChatEngine, store: Store, anna: Account) -> None:
    for model in ("", "scripted/one", "two", "guide/manual"):
        turn = await engine.send(ChatRequest("Hi", model=model, account=anna.id))
        assert isinstance(await turn.wait(), Finished)
        assert store.conversations.get(turn.conversation_id, account=anna.id).account_id == anna.id
    assert store.conversations.page() == []


async def test_models_that_are_not_allowed(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider, settings: Settings
) -> None:
    turn = await engine.send(ChatRequest("Hi", model="scripted/one", account=anna.id))
    await turn.wait()
    await allow(store, anna, "scripted/two", "guide")
    her = anna.id
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: engine.send(ChatRequest("Hi", model="scripted/one", account=her)),
        lambda: engine.send(ChatRequest("Hi", turn.conversation_id, account=her)),
        lambda: engine.send(ChatRequest("Hi", model="one", account=her)),
        lambda: engine.edit(store.messages.get(turn.reply_id, account=her).parent_id or "", "Hello", account=her),
        lambda: engine.regenerate(turn.reply_id, account=her),
        lambda: engine.resume(turn.reply_id, account=her),
        lambda: engine.complete([QUESTION], "scripted/one", account=her),
    ]
    for ask in asked:
        with pytest.raises(ModelForbidden):
            await ask()
    assert len(store.conversations.tree(turn.conversation_id, account=her).messages) == 2
    assert len(provider.requests) == 1
    chosen = await engine.send(ChatRequest("Hi", account=her))
    await chosen.wait()
    assert chosen.model == "scripted/two", "the usual model is not hers"
    for model in ("scripted/two", "guide/manual"):
        assert isinstance(await (await engine.complete([QUESTION], model, account=her)).wait(), Finished)
    await allow(store, anna, "nothing")
    with pytest.raises(ModelForbidden):
        await engine.send(ChatRequest("Hi", account=her))
    assert isinstance(await (await engine.send(ChatRequest("Hi"))).wait(), Finished), "the owner may"


async def test_the_fallback_is_not_asked_for_whom_it_is_not_allowed(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider, settings: Settings
) -> None:
    settings.update(fallback_model="scripted/two")
    await allow(store, anna, "scripted/one")
    for account, ends in ((OWNER, Finished), (anna.id, Failed)):
        provider.says(NoCredit(provider="Scripted"))
        turn = await engine.send(ChatRequest("Hi", model="scripted/one", account=account))
        assert isinstance(await turn.wait(), ends)
    assert [request.model for request in provider.requests] == ["one", "two", "one"]


async def test_tokens_of_a_month(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider, until: Until
) -> None:
    await allow(store, anna, tokens=100)
    her = anna.id
    provider.says("Hello", Finished(Usage(60, 39)))
    turn = await engine.send(ChatRequest("Hi", account=her))
    await turn.wait()
    provider.says("x", Finished(Usage(1, 1)))
    await (await engine.complete([QUESTION], "scripted/one", account=her)).wait()
    await until(lambda: store.spending.tokens_this_month(anna.id) == 101)
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: engine.send(ChatRequest("Hi", turn.conversation_id, account=her)),
        lambda: engine.regenerate(turn.reply_id, account=her),
        lambda: engine.complete([QUESTION], "scripted/two", account=her),
    ]
    for ask in asked:
        with pytest.raises(TokensSpent, match="100 tokens"):
            await ask()
    berta = await store.accounts.add("berta@example.org", "Berta")
    await allow(store, berta, tokens=100)
    assert isinstance(await (await engine.send(ChatRequest("Hi", account=berta.id))).wait(), Finished)
    await allow(store, anna, tokens=1000)
    assert isinstance(await (await engine.send(ChatRequest("Hi", account=her))).wait(), Finished)


async def test_what_is_under_way_counts(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider, until: Until
) -> None:
    await allow(store, anna, tokens=500)
    go_on = asyncio.Event()
    provider.says("word " * 1000, go_on, "end", Finished(Usage(1, 1)))
    provider.says("word " * 1000, go_on, "end", Finished(Usage(1, 1)))
    first = await engine.complete([QUESTION], "scripted/one", account=anna.id)
    await until(lambda: first.text)
    for ask in (ChatRequest("Hi", account=anna.id), ChatRequest("Hi", model="scripted/two", account=anna.id)):
        with pytest.raises(TokensSpent):
            await engine.send(ask)
    assert isinstance(await engine.send(ChatRequest("mine")), Turn), "the owner has no budget"
    go_on.set()
    await first.wait()
    turn = await engine.send(ChatRequest("Hi", account=anna.id))
    assert isinstance(await turn.wait(), Finished), "it had fewer tokens than it looked like"


async def test_what_waits_for_its_turn_is_looked_at_again(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider
) -> None:
    go_on = asyncio.Event()
    provider.says(go_on, "x", Finished(Usage(100, 100)))
    await allow(store, anna, tokens=50)
    first = await engine.send(ChatRequest("one", account=anna.id))
    second = await engine.send(ChatRequest("two", first.conversation_id, account=anna.id))
    go_on.set()
    assert isinstance(await first.wait(), Finished)
    last = await second.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == "tokens_spent"
    assert len(provider.requests) == 1


async def test_accounts_that_are_gone_or_switched_off(engine: ChatEngine, store: Store, anna: Account) -> None:
    await store.accounts.change(anna.id, disabled=True)
    with pytest.raises(AccountDisabled):
        await engine.send(ChatRequest("Hi", account=anna.id))
    await store.accounts.remove(anna.id)
    for account in (anna.id, "nobody", ""):
        with pytest.raises(AccountUnknown):
            await engine.send(ChatRequest("Hi", account=account))
        with pytest.raises(AccountUnknown):
            await engine.complete([QUESTION], "scripted/one", account=account)
    assert store.conversations.page() == []


@pytest.mark.parametrize(("whose", "foreign"), [(OWNER, "2"), ("2", "3"), ("3", OWNER)])
async def test_no_account_gets_at_another_s_turns(
    engine: ChatEngine, store: Store, anna: Account, provider: ScriptedProvider, whose: str, foreign: str
) -> None:
    await store.accounts.add("berta@example.org", "Berta")
    go_on = asyncio.Event()
    provider.says("a secret", go_on)
    turn = await engine.send(ChatRequest("Hi", account=whose))
    question = store.messages.get(turn.reply_id, account=whose).parent_id or ""
    id = turn.conversation_id
    assert engine.running(id, account=whose) is engine.turn(turn.reply_id, account=whose) is turn
    assert engine.turns(id, account=whose) == [turn]
    assert engine.running(id, account=foreign) is None
    assert engine.turn(turn.reply_id, account=foreign) is None
    assert engine.turns(id, account=foreign) == []
    asked: list[Callable[[], Awaitable[object]]] = [
        lambda: engine.send(ChatRequest("x", id, account=foreign)),
        lambda: engine.edit(question, "x", account=foreign),
        lambda: engine.regenerate(turn.reply_id, account=foreign),
        lambda: engine.regenerate(question, account=foreign),
        lambda: engine.resume(turn.reply_id, account=foreign),
        lambda: engine.withdraw(turn.reply_id, account=foreign),
    ]
    for ask in asked:
        with pytest.raises((ConversationUnknown, MessageUnknown)):
            await ask()
    assert not turn.ended
    go_on.set()
    assert isinstance(await turn.wait(), Finished)
    assert len(store.conversations.tree(id, account=ANYONE).messages) == 2
    assert store.conversations.page(account=foreign) == []


async def test_how_much_is_under_way_for_one_account(
    engine: ChatEngine, anna: Account, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what nobody waits for: an answer holds memory, and a connection to whoever gives it."""
    monkeypatch.setattr(permits, "MOST_ANSWERS", 2)
    go_on = asyncio.Event()
    provider.says(go_on)
    provider.says(go_on)
    first = await engine.complete([QUESTION], "scripted/one", account=anna.id)
    await engine.send(ChatRequest("Hi", account=anna.id))
    with pytest.raises(AnswersFull):
        await engine.send(ChatRequest("Hi", account=anna.id))
    with pytest.raises(AnswersFull):
        await engine.complete([QUESTION], "scripted/one", account=anna.id)
    assert isinstance(await (await engine.send(ChatRequest("mine"))).wait(), Finished)
    first.stop()
    await first.wait()
    assert isinstance(await (await engine.send(ChatRequest("Hi", account=anna.id))).wait(), Finished)
    engine.stop(anna.id)
