"""Every provider reads its server-sent events alike: in all their forms, cut at every byte."""

from collections.abc import AsyncGenerator

import pytest

from parley.errors import AnswerBroken
from parley.events import Event, Finished, TextDelta
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.gemini import Gemini
from parley.providers.openai import OpenAI
from tests.providers.fake_gemini import MODEL, call, said
from tests.providers.helpers import question
from tests.providers.sockets import sse
from tests.providers.streams import Stream, forms

GEMINI = sse(
    *(
        {"candidates": [{"content": {"parts": parts, "role": "model"}}]}
        for parts in (
            [said("Überlegt…", thought=True)],
            [said("café", thoughtSignature="c2ln")],
            [said(" 🙂\u2028"), call("f", {"ö": "🙂"}, "1", "c2ln")],
        )
    ),
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 2, "candidatesTokenCount": 3}},
)
OPENAI = sse(
    *(
        {"choices": [{"delta": delta}]}
        for delta in ({"reasoning": "Überlegt…"}, {"content": "café"}, {"content": " 🙂\u2028"})
    ),
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}},
    "[DONE]",
)

STREAMS = {
    "gemini": Stream(lambda url: Gemini(Endpoint("box", "Box", url), Access()), GEMINI, question(model=MODEL)),
    "openai": Stream(lambda url: OpenAI(Endpoint("box", "Box", url), Access()), OPENAI),
}

each = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)


@each
async def test_all_forms_of_the_bytes(stream: Stream) -> None:
    await stream.check_forms()


@each
async def test_cut_at_every_byte(stream: Stream) -> None:
    await stream.check_cuts()


class Careless(Gemini):
    """Takes every end for a proper one."""

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        try:
            async for event in super().stream(request):
                yield event
        except AnswerBroken:
            yield Finished()


async def test_the_check_notices_who_takes_every_end_for_a_proper_one() -> None:
    recording = sse({"candidates": [{"content": {"parts": [{"text": "é"}]}, "finishReason": "STOP"}]})
    stream = Stream(lambda url: Careless(Endpoint("box", "Box", url), Access()), recording)
    assert await stream.events() == [TextDelta("é"), Finished()]
    with pytest.raises(AssertionError):
        await stream.check_cuts()


def test_forms_differ() -> None:
    recording = sse({"a": "é"}, {"b": 1})
    found = [b"".join(pieces) for name, pieces in forms(recording) if name != "byte by byte"]
    assert recording not in found
    assert b'data:  "b": 1\r\ndata: }\r\n' in b"".join(found)
