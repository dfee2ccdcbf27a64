"""Bodies that nobody sends who means well: each is answered, in its dialect's words, and none is a bug of ours."""

import json
from typing import Any

import pytest

from parley.settings import Settings
from tests.server.conftest import Site

SAYS: dict[str, dict[str, Any]] = {
    "/v1/messages": {"model": "one", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages/count_tokens": {"model": "one", "messages": [{"role": "user", "content": "Hi"}]},
    "/api/chat": {"model": "one", "messages": [{"role": "user", "content": "Hi"}]},
    "/api/generate": {"model": "one", "prompt": "Hi"},
    "/api/embed": {"model": "one", "input": "Hi"},
    "/api/embeddings": {"model": "one", "prompt": "Hi"},
    "/api/show": {"model": "one"},
    "/api/chat/stream": {"text": "Hi", "provider": "scripted"},
    "/api/chat/folders": {"name": "F"},
}
STRANGE: list[Any] = [
    None, True, -1, 10**30, 1.5, 1e308, "", "\ud83d", "\0", "x" * 10_000, [], [None], [[]], {}, {"type": None},
    {"\ud83d": "\0"}, [{"role": "user", "content": [{"type": "text", "text": "\ud83d\0"}]}],
    "../../etc/passwd", "%s{0}",
]  # fmt: skip
FURTHER = (
    "system", "tools", "tool_choice", "thinking", "output_config", "stop_sequences", "stream", "metadata", "options",
    "format", "think", "images", "keep_alive", "template", "suffix", "dimensions", "name", "mood", "web", "channel",
    "conversation_id", "image_base64", "provider", "text", "message", "messages", "temperature",
)  # fmt: skip


def deep(depth: int, kind: str = "object") -> str:
    """Return JSON that is so deep."""
    return '{"a":' * depth + "1" + "}" * depth if kind == "object" else "[" * depth + "]" * depth


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.update(server_requests=1_000_000)
    return settings


async def answered(site: Site, path: str, body: str | bytes) -> int:
    """Return the status of an answer, which is in the shape of its dialect."""
    answer = await site.owner.client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, (path, body[:200], answer.text)
    if answer.status_code != 200:
        told = answer.json()
        assert isinstance(told["error"], dict if path.startswith("/v1") else str), (path, body[:200], told)
    return answer.status_code


@pytest.mark.parametrize("path", SAYS)
async def test_strange_values(site: Site, path: str) -> None:
    for name in {*SAYS[path], *FURTHER}:
        for value in STRANGE:
            await answered(site, path, json.dumps({**SAYS[path], name: value}))


@pytest.mark.parametrize("path", SAYS)
async def test_bodies_that_are_none(site: Site, path: str) -> None:
    bodies: list[str | bytes] = [
        "", "nul", "[]", "1", '"text"', "null", "{", '{"model"}', "\ufeff{}", b"\xff\xfe{\0}\0", b'{"model": "\xff"}',
        '{"model": NaN}', '{"a": 1} {"b": 2}', deep(100_000), deep(100_000, "array"), deep(600), "{}" * 1000,
    ]  # fmt: skip
    for body in bodies:
        status = await answered(site, path, body)
        assert status == 400 or path == "/api/chat/folders", body[:80]


async def test_depths_where_one_still_reads_and_another_no_longer_writes(site: Site) -> None:
    question = '{"role":"user","content":"Hi"}'
    for depth in (50, 200, 300, 320, 330, 400, 490, 500, 700, 900, 950, 980, 990, 1000, 2000):
        nested = deep(depth)
        call = '{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":DEEP}]}'.replace(
            "DEEP", nested
        )
        tools = '[{"name":"f","input_schema":DEEP}]'.replace("DEEP", nested)
        schema = '{"format":{"type":"json_schema","schema":DEEP}}'.replace("DEEP", nested)
        head = '{"model":"one","max_tokens":9,"messages":['
        await answered(site, "/v1/messages", f"{head}{question},{call}]}}")
        await answered(site, "/v1/messages", f'{head}{question}],"tools":{tools}}}')
        await answered(site, "/v1/messages/count_tokens", f'{head}{question}],"tools":{tools}}}')
        await answered(site, "/v1/messages", f'{head}{question}],"output_config":{schema}}}')
        called = '{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":DEEP}}]}'.replace(
            "DEEP", nested
        )
        offered = '[{"type":"function","function":{"name":"f","parameters":DEEP}}]'.replace("DEEP", nested)
        head = '{"model":"one","messages":['
        await answered(site, "/api/chat", f"{head}{question},{called}]}}")
        await answered(site, "/api/chat", f'{head}{question}],"tools":{offered}}}')
        await answered(site, "/api/chat", f'{head}{question}],"format":{nested}}}')
        await answered(site, "/api/chat", f'{{"text":"Hi","more":{nested}}}')
