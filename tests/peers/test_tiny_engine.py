"""The real engine says what its table of replies promises: otherwise no other test that uses it means anything."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.peers import replies
from tests.peers.tiny_engine import TinyEngine

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": replies.CALL_NAME,
            "description": "Tell the time",
            "parameters": {"type": "object", "properties": {"tz": {"type": "string"}}, "required": ["tz"]},
        },
    }
]


def request(engine: TinyEngine, path: str, body: dict[str, Any] | None = None) -> http.client.HTTPResponse:
    """POST the body as JSON, or GET. Closing the response closes the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=60)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    connection.request("GET" if body is None else "POST", path, json.dumps(body) if body else None, headers)
    response = connection.getresponse()  # owns the socket from here on: the server has said that it will close it
    assert response.status == http.HTTPStatus.OK, response.read()
    return response


def get(engine: TinyEngine, path: str) -> Any:
    with request(engine, path) as response:
        return json.loads(response.read())


def chat(engine: TinyEngine, *messages: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the assistant's message for a conversation."""
    body = {"model": engine.model, "messages": messages, **options}
    with request(engine, "/v1/chat/completions", body) as response:
        message: dict[str, Any] = json.loads(response.read())["choices"][0]["message"]
        return message


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def deltas(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Read the deltas of a stream of server-sent events."""
    for line in response:
        if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
            for choice in json.loads(line.removeprefix(b"data: "))["choices"]:
                yield choice["delta"]


def test_lists_its_one_model(tiny_engine: TinyEngine) -> None:
    assert [model["id"] for model in get(tiny_engine, "/v1/models")["data"]] == [tiny_engine.model]


def test_default_reply(tiny_engine: TinyEngine) -> None:
    assert chat(tiny_engine, user("Hi"))["content"] == replies.DEFAULT


def test_default_reply_streamed(tiny_engine: TinyEngine) -> None:
    body = {"model": tiny_engine.model, "messages": [user("Hi")], "stream": True}
    with request(tiny_engine, "/v1/chat/completions", body) as response:
        pieces = [delta["content"] for delta in deltas(response) if delta.get("content")]
    assert len(pieces) > 5
    assert "".join(pieces) == replies.DEFAULT


def test_markdown_reply(tiny_engine: TinyEngine) -> None:
    assert chat(tiny_engine, user("/markdown please"))["content"].strip() == replies.MARKDOWN.strip()


def test_only_the_last_message_decides(tiny_engine: TinyEngine) -> None:
    history = [user("/markdown"), {"role": "assistant", "content": replies.MARKDOWN}, user("and now?")]
    assert chat(tiny_engine, *history)["content"] == replies.DEFAULT


def test_think_reply_holds_its_reasoning_in_tags(tiny_engine: TinyEngine) -> None:
    assert chat(tiny_engine, user("/think about 2+2"))["content"] == replies.THINK


def test_tool_call_and_the_answer_after_it(tiny_engine: TinyEngine) -> None:
    asked = chat(tiny_engine, user("/call it"), tools=TOOLS)
    (call,) = asked["tool_calls"]
    assert call["function"]["name"] == replies.CALL_NAME
    assert json.loads(call["function"]["arguments"]) == replies.CALL_ARGUMENTS
    result = {"role": "tool", "tool_call_id": call["id"], "content": "12:00"}
    assert chat(tiny_engine, user("/call it"), asked, result, tools=TOOLS)["content"] == replies.AFTER_TOOL


def test_long_reply_ends_at_max_tokens(tiny_engine: TinyEngine) -> None:
    assert chat(tiny_engine, user("/long"), max_tokens=6)["content"] == " tick tock ding dong tick tock"


def test_a_client_that_leaves_frees_its_slot(tiny_engine: TinyEngine) -> None:
    body = {"model": tiny_engine.model, "messages": [user("/long")], "stream": True}
    with request(tiny_engine, "/v1/chat/completions", body) as response:
        stream = deltas(response)
        text = "".join(next(stream).get("content") or "" for _ in range(10))
        assert text.startswith("".join(replies.LONG_WORDS[:2]))
        assert any(slot["is_processing"] for slot in get(tiny_engine, "/slots"))
    deadline = time.monotonic() + 10
    while any(slot["is_processing"] for slot in get(tiny_engine, "/slots")):
        assert time.monotonic() < deadline, "the engine goes on for a client that has gone"
        time.sleep(0.05)


def test_stop_frees_the_port_and_may_be_repeated() -> None:
    engine = TinyEngine.start()
    with engine:
        port = engine.port
        assert "model loaded" in engine.log()
    engine.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
