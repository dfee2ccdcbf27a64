"""Answers as the vendors' documents show them, byte for byte but for their length. Each names its document."""

from typing import Any

from tests.providers.sockets import sse


def piece(reason: str | None = None, *, beside: dict[str, Any] | None = None, **delta: Any) -> dict[str, Any]:
    """Return a chunk of a streamed chat completion."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "m"}
    return base | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]} | (beside or {})


def call(index: int | None, id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    """Return a piece of a tool call; what is None is left out."""
    facts: dict[str, Any] = {"index": index, "id": id, "type": "function" if id else None}
    function = {"name": name, "arguments": arguments}
    whole = facts | {"function": {key: value for key, value in function.items() if value is not None}}
    return {key: value for key, value in whole.items() if value is not None}


def usage(**counts: Any) -> dict[str, Any]:
    """Return the last chunk, which holds the tokens only."""
    return piece(beside={"choices": [], "usage": counts})


TOOLS_CALLED = (
    piece(role="assistant", content=None),
    piece(tool_calls=[call(0, "call_a", "get_time", "")]),
    piece(tool_calls=[call(0, None, None, '{"tz":')]),
    piece(tool_calls=[call(1, "call_b", "get_weather", "")]),
    piece(tool_calls=[call(1, None, None, '{"city": "Köln", ')]),
    piece(tool_calls=[call(0, None, None, ' "UTC"}')]),
    piece(tool_calls=[call(1, None, None, '"days": 2}')]),
    piece("tool_calls"),
)
"""https://developers.openai.com/api/docs/guides/function-calling, streaming, with two calls between each other."""

CHATS: dict[str, bytes] = {
    "text": sse(
        piece(role="assistant", content="", refusal=None),
        piece(content="Grüße"),
        piece(content=" 🙂"),
        piece("stop"),
        usage(
            prompt_tokens=19,
            completion_tokens=10,
            total_tokens=29,
            prompt_tokens_details={"cached_tokens": 4, "audio_tokens": 0},
            completion_tokens_details={"reasoning_tokens": 3, "audio_tokens": 0},
        ),
        "[DONE]",
    ),
    "parallel tools": sse(
        *TOOLS_CALLED, usage(prompt_tokens=81, completion_tokens=34, total_tokens=115), "[DONE]", end="\r\n\r\n"
    ),
    "cut off": sse(piece(role="assistant", content="One two"), piece("length"), "[DONE]"),
}
"""https://developers.openai.com/api/docs/api-reference/chat-streaming."""


# -- the Responses API: https://developers.openai.com/api/docs/api-reference/responses-streaming


def event(kind: str, **fields: Any) -> bytes:
    """Return one event of the Responses API, with its name in a line of its own."""
    return f"event: {kind}\n".encode() + sse({"type": kind, "sequence_number": 0} | fields)


def response(status: str, *output: Any, **fields: Any) -> dict[str, Any]:
    """Return a response object."""
    base = {"id": "resp_1", "object": "response", "created_at": 1_700_000_000, "status": status, "model": "gpt-5.5"}
    options = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None}
    return base | options | {"incomplete_details": None, "output": list(output), "usage": None} | fields


THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "Let me see."}, {"type": "summary_text", "text": "Now."}],
    "encrypted_content": "gAAAAABo",
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Grüße 🙂", "annotations": []}],
}
CALLS = [
    {
        "id": f"fc_{id}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"call_{id}",
        "name": name,
        "arguments": arguments,
    }
    for id, name, arguments in (("a", "get_time", '{"tz":"UTC"}'), ("b", "get_weather", '{"city":"Köln"}'))
]
TOKENS = {
    "input_tokens": 37,
    "input_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 2},
    "output_tokens": 11,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 48,
}


def _thinking() -> bytes:
    place = {"item_id": "rs_1", "output_index": 0}
    begun = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"}
    parts = b"".join(
        event(
            "response.reasoning_summary_part.added",
            **place,
            summary_index=at,
            part={"type": "summary_text", "text": ""},
        )
        + event("response.reasoning_summary_text.delta", **place, summary_index=at, delta=text)
        + event("response.reasoning_summary_text.done", **place, summary_index=at, text=text)
        for at, text in enumerate(("Let me see.", "Now."))
    )
    return (
        event("response.output_item.added", output_index=0, item=begun)
        + parts
        + event("response.output_item.done", output_index=0, item=THOUGHT)
    )


def _said() -> bytes:
    place = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": []}
    begun = MESSAGE | {"status": "in_progress", "content": []}
    return (
        event("response.output_item.added", output_index=1, item=begun)
        + event("response.content_part.added", **place, part=part)
        + b"".join(event("response.output_text.delta", **place, delta=text, logprobs=[]) for text in ("Grüße", " 🙂"))
        + event("response.output_text.done", **place, text="Grüße 🙂", logprobs=[])
        + event("response.content_part.done", **place, part=part | {"text": "Grüße 🙂"})
        + event("response.output_item.done", output_index=1, item=MESSAGE)
    )


def _called() -> bytes:
    said = b""
    for at, item in enumerate(CALLS, 1):
        place = {"item_id": item["id"], "output_index": at}
        said += event(
            "response.output_item.added", output_index=at, item=item | {"arguments": "", "status": "in_progress"}
        )
        for start in range(0, len(item["arguments"]), 6):
            said += event("response.function_call_arguments.delta", **place, delta=item["arguments"][start : start + 6])
        done = {"name": item["name"], "arguments": item["arguments"]}
        said += event("response.function_call_arguments.done", **place, **done)
        said += event("response.output_item.done", output_index=at, item=item)
    return said


_BEGUN = event("response.created", response=response("in_progress")) + event(
    "response.in_progress", response=response("in_progress")
)
RESPONSES: dict[str, bytes] = {
    "thought and text": _BEGUN
    + _thinking()
    + _said()
    + event("response.completed", response=response("completed", THOUGHT, MESSAGE, usage=TOKENS)),
    "thought and tools": _BEGUN
    + _thinking()
    + _called()
    + event("response.completed", response=response("completed", THOUGHT, *CALLS, usage=TOKENS)),
    "cut off": _BEGUN
    + _said()
    + event(
        "response.incomplete",
        response=response("incomplete", MESSAGE, incomplete_details={"reason": "max_output_tokens"}, usage=TOKENS),
    ),
}
