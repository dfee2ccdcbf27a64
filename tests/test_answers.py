"""Asking again, and asking another: only before the first word, and never when it would be no help."""

import asyncio
from unittest.mock import ANY

import pytest

from parley.engine import ChatEngine, ChatRequest
from parley.errors import (
    AnswerBroken,
    AnswerEmpty,
    CertificateBad,
    ChatError,
    ConnectionLost,
    ConnectTimeout,
    KeyRefused,
    ModelUnknown,
    NoCredit,
    Overloaded,
    PromptTooLong,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)
from parley.events import Event, Failed, Finished, ReasoningDelta, Started, Status, TextDelta
from parley.messages import Message, MessageStatus, Reasoning, Role, Text, Usage
from parley.models import Model, Price
from parley.providers import retries
from parley.providers.catalog import Catalog
from parley.providers.retries import LONGEST_PAUSE, pause_after
from parley.settings import Settings
from parley.store import Store
from parley.turn import Turn
from tests.conftest import ScriptedProvider, Until

BUSY = ProviderFailed(provider="Scripted", status=500)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Have hardly any time between attempts."""
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.001)
    settings.update(retries=3)


async def events_of(turn: Turn) -> list[Event]:
    return [event async for event in turn]


async def test_a_failure_that_passes_is_not_seen(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(BUSY)
    provider.says(RateLimited(provider="Scripted"))
    provider.says("Hello")
    turn = await engine.send(ChatRequest("Hi"))
    events = await events_of(turn)
    waits = [event for event in events if isinstance(event, Status)]
    assert [wait.code for wait in waits] == ["retrying", "retrying"]
    assert all(wait.seconds is not None and 0 < wait.seconds < 1 for wait in waits)
    assert waits[1].text == "Too many requests: trying again"
    assert store.messages.get(turn.reply_id).text == "Hello"
    assert len(provider.requests) == 3


async def test_it_is_not_tried_for_ever(engine: ChatEngine, provider: ScriptedProvider) -> None:
    for _ in range(9):
        provider.says(BUSY)
    events = await events_of(await engine.send(ChatRequest("Hi")))
    assert isinstance(events[-1], Failed)
    assert len(provider.requests) == 4


@pytest.mark.parametrize("come", [TextDelta("H"), ReasoningDelta("hm")])
async def test_nothing_is_paid_for_twice(engine: ChatEngine, provider: ScriptedProvider, come: Event) -> None:
    provider.says(come, ConnectionLost(provider="Scripted"))
    events = await events_of(await engine.send(ChatRequest("Hi")))
    assert isinstance(events[-1], Failed)
    assert len(provider.requests) == 1


async def test_the_provider_says_how_long(engine: ChatEngine, provider: ScriptedProvider, until: Until) -> None:
    provider.says(RateLimited(provider="Scripted", retry_after=30.0))
    turn = await engine.send(ChatRequest("Hi"))
    await until(lambda: turn.size == 2)
    status = (await events_of_so_far(turn))[1]
    assert isinstance(status, Status)
    assert status.seconds is not None
    assert 30 <= status.seconds < 31
    turn.stop()
    await turn.wait()
    assert len(provider.requests) == 1


async def events_of_so_far(turn: Turn) -> list[Event]:
    async for batch in turn.batches():
        return batch
    return []


async def test_a_pause_is_no_silence(engine: ChatEngine, settings: Settings, provider: ScriptedProvider) -> None:
    settings.update(first_token_timeout=1.0)
    provider.says(RateLimited(provider="Scripted", retry_after=1.3))
    provider.says("Hello")
    events = await events_of(await engine.send(ChatRequest("Hi")))
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (BUSY, True),
        (Overloaded(provider="X", status=529), True),
        (RateLimited(provider="X"), True),
        (RequestRefused(provider="X", status=408), True),
        (RequestRefused(provider="X", status=409), True),
        (ConnectionLost(provider="X"), True),
        (AnswerBroken(provider="X"), False),
        (ProviderUnreachable(provider="X", address="a"), True),
        (RequestRefused(provider="X", status=400), False),
        (CertificateBad(provider="X", address="a"), False),
        (NoCredit(provider="X"), False),
        (KeyRefused(provider="X"), False),
        (PromptTooLong(provider="X", model="m"), False),
        (ModelUnknown(model="m"), False),
        (RateLimited(provider="X", retry_after=LONGEST_PAUSE + 1), False),
        (ConnectTimeout(provider="X", address="a"), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ChatError) else "",
)
def test_what_passes(error: ChatError, again: bool) -> None:
    assert (pause_after(error, 0) is not None) is again


def test_pauses_grow_and_are_not_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pauses = [pause_after(BUSY, attempt) or 0.0 for attempt in range(4)]
    assert all(2**attempt / 2 <= pause <= 2**attempt for attempt, pause in enumerate(pauses))
    assert len({pause_after(BUSY, 2) for _ in range(20)}) > 1
    assert (pause_after(BUSY, 30) or 0) <= LONGEST_PAUSE


def test_at_once_is_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert (pause_after(RateLimited(provider="X", retry_after=0.0), 3) or 0) >= 4


def test_a_server_of_this_computer_that_is_off_stays_off() -> None:
    assert pause_after(ProviderUnreachable(provider="X", address="a"), 0, local=True) is None


async def test_another_model_steps_in(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(retries=0, fallback_model="scripted/two")
    provider.says(NoCredit(provider="Scripted"))
    provider.says("From two")
    turn = await engine.send(ChatRequest("Hi"))
    events = await events_of(turn)
    assert [event for event in events if isinstance(event, Started)] == [
        Started("scripted/one"),
        Started("scripted/two"),
    ]
    reply = store.messages.get(turn.reply_id)
    assert (reply.text, reply.model, reply.status) == ("From two", "scripted/two", MessageStatus.COMPLETE)
    assert store.conversations.get(turn.conversation_id).model == "scripted/one"


async def test_another_steps_in_for_one_that_hangs(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(fallback_model="scripted/two", first_token_timeout=1.0)
    provider.says(Status("loading", "Loading the model"), asyncio.Event())
    provider.says("From two")
    turn = await engine.send(ChatRequest("Hi"))
    assert isinstance(await turn.wait(), Finished)
    assert store.messages.get(turn.reply_id).text == "From two"
    assert provider.streaming == 0


async def test_one_that_has_spoken_may_take_its_time(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(fallback_model="scripted/two", first_token_timeout=1.0)
    provider.says(Status("reading", "Reading", 1.5), ReasoningDelta("hm"), asyncio.Event())
    last = await (await engine.send(ChatRequest("Hi"))).wait()
    assert isinstance(last, Failed)
    assert last.failure.code == "provider_timeout"
    assert len(provider.requests) == 1


async def test_a_spent_budget_stops_what_costs(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider, catalog: Catalog
) -> None:
    provider.listed = [
        Model("scripted", "one", price=Price(1.0, 10.0)),
        Model("scripted", "two", price=Price(0.0, 0.0)),
    ]
    await catalog.models(refresh=True)
    settings.update(budget=5.0)
    provider.says("dear", Finished(Usage(1_000_000, 400_000)))
    dear = await engine.send(ChatRequest("Hi"))
    await dear.wait()
    usage = store.messages.get(dear.reply_id).usage
    assert usage is not None
    assert usage.cost == 5.0
    assert store.spending.this_month() == 5.0
    assert isinstance(await (await engine.send(ChatRequest("On"))).wait(), Finished)
    settings.update(budget_stops=True)
    last = await (await engine.send(ChatRequest("And on"))).wait()
    assert isinstance(last, Failed)
    assert last.failure.sentence.startswith("This month’s budget of $5 is spent.")
    assert isinstance(await (await engine.send(ChatRequest("For nothing", model="scripted/two"))).wait(), Finished)
    settings.update(fallback_model="scripted/two")
    assert isinstance(await (await engine.send(ChatRequest("Hi"))).wait(), Finished)
    assert [request.model for request in provider.requests] == ["one", "one", "two", "two"]


async def test_what_is_stored_nowhere_is_paid_for_too(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("Hello", Finished(Usage(10, 20, cost=0.5)))
    question = Message("m", "", None, Role.USER, (Text("Hi"),), MessageStatus.COMPLETE, 0.0)
    guest = (await store.accounts.add("guest@example.org", "Guest")).id
    await (await engine.complete([question], "scripted/one", account=guest)).wait()
    await until(lambda: store.spending.by_model(account=guest))
    (spent,) = store.spending.by_model(account=guest)
    assert (spent.key, spent.input_tokens, spent.output_tokens, spent.cost) == ("scripted/one", 10, 20, 0.5)


@pytest.mark.parametrize("fallback", ["", "scripted/one", "nobody/none"])
async def test_without_another_the_failure_stays(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider, fallback: str
) -> None:
    settings.update(retries=0, fallback_model=fallback)
    provider.says(NoCredit(provider="Scripted"))
    last = await (await engine.send(ChatRequest("Hi"))).wait()
    assert isinstance(last, Failed)
    assert last.failure.code == "no_credit"
    assert len(provider.requests) == 1


async def test_no_other_after_the_first_word(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(fallback_model="scripted/two")
    provider.says("H", BUSY)
    last = await (await engine.send(ChatRequest("Hi"))).wait()
    assert isinstance(last, Failed)
    assert len(provider.requests) == 1


async def test_what_the_vendor_does_not_count_is_guessed(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("four letters " * 8)
    turn = await engine.send(ChatRequest("How many? " * 4))
    await turn.wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (14, 26, True)


async def test_what_the_vendor_counts_is_taken(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says("Hello", Finished(Usage(1000, 2000)))
    turn = await engine.send(ChatRequest("Hi"))
    await turn.wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (1000, 2000, False)


async def test_a_stopped_answer_has_cost_something(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("twelve bytes", asyncio.Event())
    turn = await engine.send(ChatRequest("Hi"))
    await until(lambda: turn.text)
    turn.stop()
    await turn.wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.output_tokens, usage.estimated) == (3, True)


@pytest.mark.parametrize(
    ("failure", "tokens"), [(NoCredit(provider="Scripted"), None), (ConnectionLost(provider="Scripted"), 1)]
)
async def test_a_question_that_was_refused_has_cost_nothing(
    engine: ChatEngine,
    store: Store,
    settings: Settings,
    provider: ScriptedProvider,
    failure: ChatError,
    tokens: int | None,
) -> None:
    settings.update(retries=0)
    provider.says(failure)
    turn = await engine.send(ChatRequest("Hi"))
    await turn.wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.input_tokens is None) is (tokens is None)
    assert usage.estimated is (tokens is not None)


async def test_a_stop_before_the_next_attempt_has_cost_nothing(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE", 1000)
    provider.says(RateLimited(provider="Scripted"))
    turn = await engine.send(ChatRequest("Hi"))
    await until(lambda: turn.size > 1)
    turn.stop()
    await turn.wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.input_tokens, usage.estimated) == (None, False)


async def test_what_goes_on_counts_what_is_new(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("twelve bytes", asyncio.Event())
    turn = await engine.send(ChatRequest("Hi"))
    await until(lambda: turn.text)
    turn.stop()
    await turn.wait()
    provider.says("and more")
    await (await engine.resume(turn.reply_id)).wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert usage.output_tokens == 3 + 2


async def test_what_was_refused_costs_nothing(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider, catalog: Catalog
) -> None:
    provider.listed = [Model("scripted", "one", price=Price(1.0, 10.0))]
    await catalog.models(refresh=True)
    provider.says(KeyRefused(provider="Scripted"))
    turn = await engine.send(ChatRequest("How many? " * 400))
    assert isinstance(await turn.wait(), Failed)
    assert store.spending.by_model() == []
    usage = store.messages.get(turn.reply_id).usage
    assert usage is None or (usage.input_tokens, usage.output_tokens, usage.cost) == (None, None, None)


async def test_an_empty_answer_has_cost_its_question(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says(AnswerEmpty(provider="Scripted"))
    assert isinstance(await (await engine.send(ChatRequest("How many? " * 4))).wait(), Failed)
    (spent,) = store.spending.by_model()
    assert (spent.input_tokens, spent.output_tokens, spent.estimated) == (14, 0, 1)


async def test_what_broke_off_has_cost_something(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says("twelve bytes", ConnectionLost(provider="Scripted"))
    turn = await engine.send(ChatRequest("Hi"))
    assert isinstance(await turn.wait(), Failed)
    (spent,) = store.spending.by_model()
    assert (spent.output_tokens, spent.estimated) == (3, 1)


async def test_no_signature_passes_for_that_of_another_model(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(retries=0, fallback_model="scripted/two")
    provider.says(ReasoningDelta("hm", "signed by one"), "Half", ConnectionLost(provider="Scripted"))
    turn = await engine.send(ChatRequest("Hi"))
    await turn.wait()
    assert store.messages.get(turn.reply_id).parts[0] == Reasoning("hm", ANY, "signed by one")
    provider.says(NoCredit(provider="Scripted"))
    provider.says(ReasoningDelta("ah", "signed by two"), " and half")
    await (await engine.resume(turn.reply_id)).wait()
    reply = store.messages.get(turn.reply_id)
    assert reply.model == "scripted/two"
    assert [part.signature for part in reply.parts if isinstance(part, Reasoning)] == ["", "signed by two"]


async def test_another_model_is_sent_what_fits_its_context(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider, catalog: Catalog
) -> None:
    provider.listed = [Model("scripted", "one", context=100_000), Model("scripted", "two", context=1000)]
    await catalog.models(refresh=True)
    settings.update(retries=0, fallback_model="scripted/two")
    provider.says("Yes")
    first = await engine.send(ChatRequest("Long ago. " * 1000, model="scripted/one"))
    await first.wait()
    provider.says(BUSY)
    provider.says("From two")
    await (await engine.send(ChatRequest("And now?", first.conversation_id, "scripted/one"))).wait()
    assert [len(request.messages) for request in provider.requests] == [1, 3, 1]


async def test_what_could_not_go_on_costs_what_it_had_cost(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("Half", Finished(Usage(10, 20, cost=0.5), "length"))
    turn = await engine.send(ChatRequest("Hi"))
    await turn.wait()
    provider.says(KeyRefused(provider="Scripted"))
    await (await engine.resume(turn.reply_id)).wait()
    usage = store.messages.get(turn.reply_id).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cost) == (10, 20, 0.5)
