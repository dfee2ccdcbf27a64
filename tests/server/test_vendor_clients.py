"""Other people's programs as judges: the clients of Anthropic and Ollama ask our server, unchanged."""

import asyncio
import json
from pathlib import Path

import pytest

from parley.errors import ProviderFailed, RateLimited
from parley.events import Finished, ReasoningDelta, ToolCalled
from parley.messages import Image, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Model
from parley.providers.anthropic_reply import REDACTED
from tests.conftest import ScriptedProvider
from tests.peers.tiny_engine import PYTHON
from tests.server.asked import Embedding, parts_of
from tests.server.conftest import Site

CLIENTS = Path(__file__).with_name("vendor_clients.py")
PNG = Image("image/png", b"\x89PNG\r\n\x1a\n")
CALL = ToolCall("call_1", "get_time", '{"tz": "Zürich"}')


@pytest.fixture
def provider() -> Embedding:
    return Embedding(models=[Model("scripted", "one", label="One", vision=True), Model("scripted", "two")])


def answers(provider: ScriptedProvider) -> None:
    """Write down what each client hears, in the order of its questions."""
    usage = Usage(input_tokens=20, output_tokens=4)
    called = Finished(usage, "tool_calls")
    provider.says("It is", " noon.", Finished(usage))
    thoughts = (ReasoningDelta("Hm"), ReasoningDelta("", "proof"), ReasoningDelta("", f"{REDACTED}Zm9v"))
    provider.says(*thoughts, "I look", ToolCalled(CALL), called)
    provider.says("Twelve", ".")
    provider.says(RateLimited(provider="Scripted"))
    provider.says("Tw", ProviderFailed(provider="Scripted", status=500))
    provider.says("It is", " noon.", Finished(usage))
    provider.says(ReasoningDelta("Hm"), "I look", ToolCalled(CALL), called)
    provider.says("{}")
    provider.says("Be", "cause")
    provider.says("Tw", ProviderFailed(provider="Scripted", status=500))


async def test_the_clients_understand(site: Site, provider: Embedding) -> None:
    answers(provider)
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        CLIENTS,
        site.url,
        site.owner.token,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    told = json.loads(output)
    of_anthropic(told["anthropic"])
    of_ollama(told["ollama"])
    asked = [parts_of(request) for request in provider.requests]
    question = (Role.USER, [PNG, Text("Time?")])
    assert asked[0] == asked[1] == asked[5] == asked[6] == [question]
    assert provider.requests[0].instruction == provider.requests[8].instruction == "Be brief."
    for place, result_id, seen in ((2, "call_1", [(Role.USER, [PNG])]), (7, "call_0", [])):
        heard, (role, said), *rest = asked[place]
        assert (heard, role, rest) == (question, Role.ASSISTANT, seen)
        assert said[-1] == ToolResult(result_id, "12:00")
    assert provider.requests[7].parameters.schema == {
        "type": "object",
        "properties": {"tz": {"type": "string"}},
        "required": ["tz"],
    }


def of_anthropic(told: dict[str, object]) -> None:
    assert told == {
        "plain": [{"type": "text", "text": "It is noon.", "citations": None}, "end_turn", 20, 4],
        "kinds": sorted(
            (
                "content_block_delta",
                "content_block_start",
                "content_block_stop",
                "input_json",
                "message_delta",
                "message_start",
                "message_stop",
                "signature",
                "text",
                "thinking",
            )
        ),
        "first": [
            {"type": "thinking", "thinking": "Hm", "signature": "proof"},
            {"type": "redacted_thinking", "data": "Zm9v"},
            {"type": "text", "text": "I look"},
            {"type": "tool_use", "name": "get_time", "input": {"tz": "Zürich"}},
        ],
        "reason": "tool_use",
        "second": "Twelve.",
        "models": [["scripted/one", "One"], ["scripted/two", "two"], ["guide/manual", "Guide to Parley"]],
        "model": "scripted/two",
        "counted": True,
        "errors": [
            ["NotFoundError", "not_found_error", True],
            ["BadRequestError", "invalid_request_error", True],
            ["AuthenticationError", "authentication_error", True],
            ["RateLimitError", "rate_limit_error", True],
            ["APIStatusError", "api_error", True],
        ],
    }


def of_ollama(told: dict[str, object]) -> None:
    assert told == {
        "plain": ["It is noon.", "stop", 20, 4],
        "first": ["I look", "Hm", [["get_time", {"tz": "Zürich"}]]],
        "second": "{}",
        "pieces": ["Be", "cause", ""],
        "loaded": "load",
        "models": ["scripted/one", "scripted/two", "guide/manual"],
        "capabilities": ["completion", "vision", "tools"],
        "running": 0,
        "vectors": [[1.0, 0.5], [2.0, 0.5]],
        "vector": [1.0, 0.5],
        "errors": [[404, True], [403, True], [403, True], [-1, True]],
    }
