"""Tools: a model wishes for one, it is carried out, and the model goes on."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from parley.engine import ChatEngine, ChatRequest
from parley.errors import RateLimited
from parley.events import Event, Failed, Finished, Started, Stopped, TextDelta, ToolCalled, ToolFinished, ToolStarted
from parley.messages import (
    Message,
    MessageStatus,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    part_from_json,
    part_to_json,
)
from parley.models import Model, ToolSpec
from parley.people import Permissions
from parley.providers.catalog import Catalog
from parley.rounds import MOST_ROUNDS
from parley.settings import Settings
from parley.store import Store
from parley.tools import Outcome, Place, Toolbox
from parley.turn import Turn
from tests.conftest import ScriptedProvider, Until

SAVE = frozenset({"save_file"})


def call(name: str = "report.md", content: str = "# Report", id: str = "c1") -> ToolCalled:
    return ToolCalled(ToolCall(id, "save_file", json.dumps({"name": name, "content": content})))


async def events_of(turn: Turn) -> list[Event]:
    return [event async for event in turn]


class Waiting:
    """A tool that waits until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.running = 0

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec("wait")

    @property
    def label(self) -> str:
        return "Waiting"

    async def run(self, arguments: Mapping[str, Any], place: Place) -> Outcome:
        self.running += 1
        try:
            await self.go.wait()
        finally:
            self.running -= 1
        return Outcome("It is over.")


async def test_a_file_is_saved_and_the_model_goes_on(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("I save it.", call(), Finished(Usage(10, 5), reason="tool_calls"))
    provider.says("Done", "!", Finished(Usage(20, 2)))
    turn = await engine.send(ChatRequest("Write a report", tools=SAVE))
    events = await events_of(turn)
    (file,) = store.files.all()
    result = ToolResult("c1", "Saved as “report.md”, 8 bytes. The person can fetch it.", title="report.md")
    assert events[:-1] == [
        Started("scripted/one"),
        TextDelta("I save it."),
        call(),
        ToolStarted("c1", "save_file", "Saving a file", 60.0),
        ToolFinished(result, "save_file", "Saving a file", (file.id,)),
        TextDelta("\n\nDone"),
        TextDelta("!"),
    ]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage
    assert (last.reason, last.usage.input_tokens, last.usage.output_tokens) == ("stop", 30, 7)
    assert (file.name, file.origin, file.message_id) == ("report.md", "produced", turn.reply_id)
    assert (file.conversation_id, await store.files.read(file)) == (turn.conversation_id, b"# Report")
    reply = store.messages.get(turn.reply_id)
    assert reply.parts == (Text("I save it."), call().call, result, Text("\n\nDone!"))
    first, second = provider.requests
    assert [tool.name for tool in first.tools] == [tool.name for tool in second.tools] == ["save_file"]
    assert [message.role for message in second.messages] == [Role.USER, Role.ASSISTANT]
    assert second.messages[-1].parts == (Text("I save it."), call().call, result)


async def test_what_was_done_is_sent_again_later(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(call())
    provider.says("Done")
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    await turn.wait()
    await (await engine.send(ChatRequest("And now?", turn.conversation_id))).wait()
    assert provider.requests[-1].tools == ()
    assert provider.requests[-1].messages[1].parts == store.messages.get(turn.reply_id).parts


async def test_only_where_it_is_asked_for_and_allowed(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    clerk = await store.assistants.add("Clerk", tools=["save_file", "no_such_tool"])
    for request, offered in (
        (ChatRequest("Hi"), []),
        (ChatRequest("Hi", tools=frozenset({"no_such_tool"})), []),
        (ChatRequest("Hi", assistant="clerk"), ["save_file"]),
        (ChatRequest("Hi", tools=SAVE, account=ann), []),
        (ChatRequest("Hi", assistant="clerk", account=ann), []),
    ):
        await (await engine.send(request)).wait()
        assert [tool.name for tool in provider.requests[-1].tools] == offered
    await store.accounts.change(ann, permissions=Permissions(tools=SAVE))
    turn = await engine.send(ChatRequest("Hi", assistant="clerk", account=ann))
    await turn.wait()
    assert [tool.name for tool in provider.requests[-1].tools] == ["save_file"]
    await (await engine.regenerate(turn.reply_id, account=ann)).wait()
    assert [tool.name for tool in provider.requests[-1].tools] == ["save_file"]
    assert clerk.tools == ("save_file", "no_such_tool")


async def test_a_model_that_calls_no_tools_is_offered_none(
    engine: ChatEngine, catalog: Catalog, provider: ScriptedProvider
) -> None:
    provider.listed = [Model("scripted", "one", tools=False)]
    await catalog.models()
    await (await engine.send(ChatRequest("Hi", model="scripted/one", tools=SAVE))).wait()
    assert provider.requests[-1].tools == ()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("save_file", "{", "no JSON object"),
        ("save_file", "[]", "no JSON object"),
        ("save_file", "[" * 100_000, "no JSON object"),
        ("save_file", "", "needs “name”"),
        ("save_file", '{"name": "x"}', "needs “name”"),
        ("save_file", '{"name": 1, "content": "x"}', "needs “name”"),
        ("rm", "{}", "no tool “rm”"),
    ],
)
async def test_a_wish_that_cannot_be_met_is_told_to_the_model(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, name: str, arguments: str, words: str
) -> None:
    provider.says(ToolCalled(ToolCall("c1", name, arguments)))
    provider.says("Sorry")
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    assert isinstance(await turn.wait(), Finished)
    result = store.messages.get(turn.reply_id).parts[1]
    assert isinstance(result, ToolResult)
    assert result.failed
    assert words in result.text
    assert store.files.all() == []


async def test_a_name_is_made_safe(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(call("../../etc/cron.d/evil\0.sh"), call("CON", "x", "c2"))
    provider.says("Done")
    await (await engine.send(ChatRequest("Write", tools=SAVE))).wait()
    assert {file.name for file in store.files.all()} == {"evil.sh", "_CON"}


async def test_no_room_is_told_to_the_model(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(files_mb=1)
    provider.says(call(content="x" * 1_000_001))
    provider.says("Sorry")
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    await turn.wait()
    result = store.messages.get(turn.reply_id).parts[1]
    assert isinstance(result, ToolResult)
    assert (result.failed, "1 MB" in result.text) == (True, True)


async def test_rounds_end(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    for number in range(MOST_ROUNDS + 1):
        provider.says(call(id=f"c{number}"))
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    last = await turn.wait()
    assert isinstance(last, Finished)
    assert (last.reason, len(provider.requests)) == ("stop", MOST_ROUNDS + 1)
    assert [request.tool_choice for request in provider.requests] == ["auto"] * MOST_ROUNDS + ["none"]
    assert len(store.files.all()) == MOST_ROUNDS


async def test_a_model_that_has_nothing_to_add(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(call())
    provider.says()
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    last = await turn.wait()
    assert isinstance(last, Finished)
    assert last.usage
    assert last.usage.estimated
    assert store.messages.get(turn.reply_id).status is MessageStatus.COMPLETE


async def test_a_failure_between_keeps_what_was_done(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(fallback_model="scripted/two")
    provider.says("First", call())
    provider.says(RateLimited(provider="Scripted"))
    turn = await engine.send(ChatRequest("Write", tools=SAVE))
    assert isinstance(await turn.wait(), Failed)
    assert len(provider.requests) == 2, "who has begun goes on alone"
    reply = store.messages.get(turn.reply_id)
    assert [type(part) for part in reply.parts] == [Text, ToolCall, ToolResult]
    provider.says("Done")
    again = await engine.resume(turn.reply_id)
    await again.wait()
    assert provider.requests[-1].messages[-1].parts == reply.parts
    assert store.messages.get(turn.reply_id).text == "FirstDone"


async def test_the_fallback_goes_on_with_its_tools(
    engine: ChatEngine, store: Store, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(fallback_model="scripted/two")
    provider.says(RateLimited(provider="Scripted"))
    provider.says(call())
    provider.says("Done")
    turn = await engine.send(ChatRequest("Write", model="scripted/one", tools=SAVE))
    await turn.wait()
    assert [request.model for request in provider.requests] == ["one", "two", "two"]
    assert store.messages.get(turn.reply_id).model == "scripted/two"


async def test_stop_while_a_tool_runs(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    tool = Waiting()
    engine.toolbox.add(tool)
    provider.says("Well", ToolCalled(ToolCall("c1", "wait", "{}")))
    turn = await engine.send(ChatRequest("Wait", tools=frozenset({"wait"})))
    await until(lambda: tool.running)
    turn.stop()
    assert isinstance(await turn.wait(), Stopped)
    assert tool.running == 0
    reply = store.messages.get(turn.reply_id)
    assert (reply.status, reply.parts) == (MessageStatus.STOPPED, (Text("Well"), ToolCall("c1", "wait", "{}")))


async def test_a_tool_is_no_silence(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider, until: Until
) -> None:
    settings.update(first_token_timeout=1)
    tool = Waiting()
    engine.toolbox.add(tool)
    provider.says(ToolCalled(ToolCall("c1", "wait", "{}")))
    provider.says("Done")
    turn = await engine.send(ChatRequest("Wait", tools=frozenset({"wait"})))
    await until(lambda: tool.running)
    assert await turn.wait(1.5) is None
    tool.go.set()
    assert isinstance(await turn.wait(), Finished)


async def test_without_a_conversation(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    question = Message("q", "", None, Role.USER, (Text("Write"),), MessageStatus.COMPLETE, 0.0)
    provider.says(call())
    provider.says("Done")
    turn = await engine.complete([question], own_tools=SAVE)
    events = await events_of(turn)
    (file,) = store.files.all()
    assert [event.files for event in events if isinstance(event, ToolFinished)] == [(file.id,)]
    assert (file.conversation_id, file.message_id) == (None, None)
    provider.says(call())
    turn = await engine.complete([question], own_tools=SAVE, tools=[ToolSpec("save_file")])
    assert isinstance(await turn.wait(), Finished)
    assert len(store.files.all()) == 1, "tools of the caller are the caller's affair"


def test_a_title_is_kept() -> None:
    for result in (ToolResult("c", "x"), ToolResult("c", "x", failed=True, title="y")):
        assert part_from_json(part_to_json(result)) == result
    assert "title" not in part_to_json(ToolResult("c", "x"))
    assert Toolbox().names == frozenset()
