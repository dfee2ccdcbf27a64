"""Anthropic's own client, as a judge: it reads the list and the answers of a server, and checks bodies of ours.

Run with the Python of .venv-peers; what to do comes as JSON on the standard input, what it found goes to the output.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import anthropic
from anthropic import types
from anthropic.lib._parse._transform import transform_schema
from pydantic import TypeAdapter, ValidationError
from typing_extensions import is_typeddict

QUESTION: list[types.MessageParam] = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def read(client: anthropic.Anthropic, model: str) -> dict[str, Any]:
    """Return what the client understood of one answer."""
    with client.messages.stream(model=model, max_tokens=99, messages=QUESTION) as stream:
        message = stream.get_final_message()
    usage = message.usage
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "thinking": "".join(block.thinking for block in message.content if block.type == "thinking"),
        "signatures": [block.signature for block in message.content if block.type == "thinking"],
        "redacted": [block.data for block in message.content if block.type == "redacted_thinking"],
        "calls": [[block.id, block.name, block.input] for block in message.content if block.type == "tool_use"],
        "reason": message.stop_reason,
        "input": usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0),
        "cached": usage.cache_read_input_tokens,
        "written": usage.cache_creation_input_tokens,
        "output": usage.output_tokens,
    }


def refused(client: anthropic.Anthropic, model: str) -> list[Any]:
    """Return what the client makes of a refusal."""
    try:
        client.messages.create(model=model, max_tokens=99, messages=QUESTION)
    except anthropic.APIStatusError as error:
        return [error.status_code, error.type, error.request_id, error.api_message]
    return []


def faults(bodies: list[Any]) -> list[str]:
    """Return what is wrong with bodies by the types of the client, fields that these do not have included."""
    whole = types.message_create_params.MessageCreateParamsStreaming
    for found in (whole, *vars(types).values()):
        if is_typeddict(found) and not hasattr(found, "__pydantic_config__"):
            found.__pydantic_config__ = {"extra": "forbid"}
    adapter: TypeAdapter[Any] = TypeAdapter(whole)
    found_faults = []
    for body in bodies:
        try:
            walk(adapter.validate_python(body))
        except ValidationError as error:
            found_faults.append(f"{error}\n{body}")
    return found_faults


def walk(value: Any) -> None:
    """Look at all of a value: pydantic checks the items of an iterable only when they are taken."""
    if isinstance(value, Mapping):
        for inner in value.values():
            walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for inner in value:
            walk(inner)


def main() -> None:
    """Do what the standard input asks for."""
    job = json.load(sys.stdin)
    client = anthropic.Anthropic(base_url=job["url"], api_key="sk-ant-right", max_retries=0)
    listed = [
        [found.id, found.display_name, found.max_input_tokens, found.max_tokens] for found in client.models.list()
    ]
    sys.stdout.write(
        json.dumps(
            {
                "models": listed,
                "answers": [read(client, model) for model in job["answers"]],
                "refusals": [refused(client, model) for model in job["refusals"]],
                "schemas": [transform_schema(schema) for schema in job["schemas"]],
                "faults": faults(job["bodies"]),
                "bad": faults(job["bad"]),
            }
        )
    )


if __name__ == "__main__":
    main()
