"""Whatever a server may send: it is told as an error, or it does no harm."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from parley.errors import ChatError
from parley.events import Finished, ReasoningDelta, TextDelta, ToolCalled
from parley.models import Model
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from parley.providers.openai_models import entries_of, model_of
from parley.providers.openai_rows import OPENAI, PLAIN
from tests.providers.helpers import Player, question
from tests.providers.recordings import CHATS, RESPONSES
from tests.providers.sockets import sse
from tests.providers.vendors import RECORDINGS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def said_in(recording: bytes) -> list[Any]:
    """Return the JSON values of a recording."""
    lines = recording.decode().replace("\r\n", "\n").split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all that is in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a value with something else at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


CHAT_STREAMS = [said_in(content) for content in (*CHATS.values(), *(found.answer for found in RECORDINGS.values()))]
RESPONSES_STREAMS = [said_in(content) for content in RESPONSES.values()]


@settings(max_examples=150, deadline=None)
@given(st.data())
async def test_anything_anywhere_in_a_stream(data: st.DataObject) -> None:
    responses = data.draw(st.booleans())
    stream = list(data.draw(st.sampled_from(RESPONSES_STREAMS if responses else CHAT_STREAMS)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(stream) - 1))
        stream[at] = changed(stream[at], data.draw(st.sampled_from(places(stream[at]))), data.draw(JSON))
    provider = OpenAI(Endpoint("box", "Box", "http://127.0.0.1"), Access(), OPENAI if responses else PLAIN)
    events, error = await Player(provider).play(question(model="gpt-5.5"), sse(*map(json.dumps, stream)))
    await provider.close()
    assert isinstance(error, ChatError) or isinstance(events[-1], Finished)
    for event in events:
        if isinstance(event, TextDelta | ReasoningDelta):
            assert isinstance(event.text, str)
        elif isinstance(event, ToolCalled):
            assert all(isinstance(part, str) for part in (event.call.id, event.call.name, event.call.arguments))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_anything_anywhere_in_a_list(data: st.DataObject) -> None:
    listed = data.draw(st.sampled_from([found.listed for found in RECORDINGS.values() if found.listed]))
    for _ in range(data.draw(st.integers(1, 3))):
        listed = changed(listed, data.draw(st.sampled_from(places(listed))), data.draw(JSON))
    for entry in entries_of(listed) or []:
        model = model_of("box", entry, OPENAI)
        assert model is None or isinstance(model, Model)
        assert model is None or model.context is None or model.context > 0
