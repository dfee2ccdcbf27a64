"""OpenAI's official Python client, as a judge of what we read and of what we send. Prints JSON.

Run with the Python of .venv-peers:  openai_oracle.py < CASES
A case is `{"read": "chat" | "responses", "url": URL}`: the client reads the stream that it finds there; or
`{"check": "chat" | "responses", "body": BODY}`: whether the body is one that its types know.
"""

import json
import sys
from typing import Any

from openai import OpenAI
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic import ConfigDict, TypeAdapter, ValidationError

TYPES = {"chat": CompletionCreateParamsStreaming, "responses": ResponseCreateParamsStreaming}


def read_chat(client: OpenAI) -> dict[str, Any]:
    """Return what the client makes of a streamed chat completion."""
    text = thought = ""
    calls: dict[int, list[str]] = {}
    tokens = None
    for chunk in client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], stream=True):
        if chunk.usage:
            tokens = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]
        for choice in chunk.choices:
            extra = choice.delta.model_extra or {}
            text += choice.delta.content or ""
            thought += extra.get("reasoning_content") or extra.get("reasoning") or ""
            for piece in choice.delta.tool_calls or []:
                call = calls.setdefault(piece.index, ["", "", ""])
                call[0] += piece.id or ""
                call[1] += (piece.function and piece.function.name) or ""
                call[2] += (piece.function and piece.function.arguments) or ""
    return {"text": text, "thought": thought, "calls": list(calls.values()), "usage": tokens}


def read_responses(client: OpenAI) -> dict[str, Any]:
    """Return what the client makes of a streamed response."""
    text, thought, answer = "", "", None
    with client.responses.stream(model="m", input="Hi") as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                text += event.delta
            elif event.type == "response.reasoning_summary_text.delta":
                thought += event.delta
            elif event.type in ("response.completed", "response.incomplete"):
                answer = event.response
    assert answer is not None
    calls = [[item.call_id, item.name, item.arguments] for item in answer.output if item.type == "function_call"]
    usage = answer.usage
    assert text in ("", answer.output_text)
    tokens = [usage.input_tokens, usage.output_tokens] if usage else None
    return {"text": text, "thought": thought, "calls": calls, "usage": tokens}


def look_through(value: Any) -> None:
    """Look at every part of a value: what iterables hold is checked only then."""
    if isinstance(value, dict):
        value = value.values()
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        for part in value:
            look_through(part)


def complaint(kind: str, body: dict[str, Any]) -> str:
    """Return what is wrong with a body, or ""."""
    type_ = TYPES[kind]
    type_.__pydantic_config__ = ConfigDict(extra="forbid")
    try:
        adapter = TypeAdapter(type_)  # has to live for as long as what it has made is looked at
        look_through(adapter.validate_python(body))
    except ValidationError as error:
        return str(error)
    return ""


def judged(case: dict[str, Any]) -> Any:
    """Return the judgement on one case."""
    if kind := case.get("check"):
        return complaint(kind, case["body"])
    client = OpenAI(base_url=case["url"], api_key="none", max_retries=0)
    return read_chat(client) if case["read"] == "chat" else read_responses(client)


def main() -> None:
    """Judge all cases."""
    sys.stdout.write(json.dumps([judged(case) for case in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
