"""A long chat with Ollama through store, engine and catalog: nothing that fits is cut, and few turns reload it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from parley.engine import ChatEngine, ChatRequest
from parley.events import Failed, Finished, Status
from parley.keys import Keys
from parley.options import ProviderRow
from parley.paths import Paths
from parley.providers import ollama
from parley.providers.catalog import Catalog
from parley.providers.guide import Guide
from parley.settings import Settings
from parley.store import Store
from tests.fakes import FakeOllama, OllamaModel, Reply


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    async with FakeOllama(OllamaModel("fake:latest", context=40_960)) as server:
        yield server


@pytest.fixture
def settings(paths: Paths, server: FakeOllama) -> Settings:
    settings = Settings(paths.settings)
    row = ProviderRow("here", server.url, "ollama")
    settings.update(default_model="here/fake:latest", providers=(row,), discover=False, keep_alive="4h")
    return settings


@pytest.fixture
async def engine(settings: Settings, paths: Paths, store: Store) -> AsyncIterator[ChatEngine]:
    catalog = Catalog(settings, Keys(paths.keys, environ={}), Guide(lambda words, limit: []), local=(), environ={})
    engine = ChatEngine(store, catalog, settings)
    yield engine
    await engine.close()
    await catalog.close()


@pytest.mark.parametrize("listed", [True, False])
async def test_a_long_chat_is_never_cut(
    engine: ChatEngine, server: FakeOllama, settings: Settings, listed: bool
) -> None:
    if listed:
        await engine._catalog.models()
    conversation, statuses = None, []
    for number in range(24):
        request = ChatRequest(f"Question {number}: " + "word " * 1200, conversation_id=conversation)
        turn = await engine.send(request)
        conversation = turn.conversation_id
        assert isinstance(await turn.wait(), Finished)
        statuses += [event.code async for event in turn if isinstance(event, Status)]
    assert not server.silently_cut
    windows = [window for _, window in server.loads]
    assert windows == [8192, 16384, 32768, *([] if listed else [40_960])]
    assert statuses == ["reloading"] * (len(windows) - 1)
    first, last = (server.asked("/api/chat")[place].json for place in (0, -1))
    assert first["messages"][0]["content"].startswith("Question 0:")
    assert first["keep_alive"] == "4h"
    if listed:  # the engine knows the context and leaves the oldest out, which the window shows
        assert last["messages"][-1]["content"].startswith("Question 23:")
        assert len(last["messages"]) < 47
    settings.update(keep_alive="0")
    turn = await engine.send(ChatRequest("Hi"))
    await turn.wait()
    assert server.asked("/api/chat")[-1].json["keep_alive"] == 0


async def test_a_model_that_is_not_there_can_be_fetched(engine: ChatEngine) -> None:
    last = await (await engine.send(ChatRequest("Hi", model="here/gone"))).wait()
    assert isinstance(last, Failed)
    assert last.failure.code == "model_absent"
    assert "here/gone" in last.failure.sentence


@pytest.mark.parametrize("at_work", [True, False])
async def test_who_is_at_work_is_waited_for(
    engine: ChatEngine, server: FakeOllama, settings: Settings, monkeypatch: pytest.MonkeyPatch, at_work: bool
) -> None:
    monkeypatch.setattr(ollama, "LOADING_SECONDS", 0.1)
    monkeypatch.setattr(ollama, "ALIVE_SECONDS", 0.1)
    settings.update(first_token_timeout=1.0)
    server.reply = Reply(hold=asyncio.Event(), hold_at=0)
    turn = await engine.send(ChatRequest("Read all this"))
    while not server.loads:
        await asyncio.sleep(0.01)
    server.deaf = not at_work
    assert await turn.wait(1.8 if at_work else None) is None or not at_work
    assert server.reply.hold
    server.reply.hold.set()
    last = await turn.wait()
    assert isinstance(last, Finished if at_work else Failed)
    codes = [event.code async for event in turn if isinstance(event, Status)]
    assert (len(codes) > 2) is at_work
