"""Ollama's official Python client, as a judge of our fake and of our requests. Prints what it understood as JSON.

Run with the Python of .venv-peers:  ollama_oracle.py HOST MODEL  with a list of bodies of /api/chat on standard input
"""

import json
import sys
from typing import Any

import ollama
from ollama._types import ChatRequest

TOOL = {"type": "function", "function": {"name": "get_time", "description": "The time", "parameters": {}}}


def main() -> None:
    """Ask the server, and print what the client understood."""
    host, model = sys.argv[1:]
    client = ollama.Client(host=host)
    shown = client.show(model)
    listed = client.list().models
    told = {
        "models": [
            {
                "name": entry.model,
                "size": int(entry.size),
                "family": entry.details.family,
                "quantization": entry.details.quantization_level,
            }
            for entry in listed
        ],
        "capabilities": sorted(shown.capabilities),
        "context": shown.modelinfo["llama.context_length"],
        "license": shown.license,
        "loaded": [
            [entry.name, int(entry.size), int(entry.size_vram), entry.context_length, int(entry.expires_at.timestamp())]
            for entry in client.ps().models
        ],
        "pulled": pulled(client),
        "vectors": client.embed(model, ["a", "bc"]).embeddings,
        "requests": [understood(body) for body in json.load(sys.stdin)],
    }
    sys.stdout.write(json.dumps(told | answered(client, model)))


def answered(client: ollama.Client, model: str) -> dict[str, Any]:
    """Return what a chat gave."""
    text, thinking, calls, last = "", "", [], None
    messages = [{"role": "user", "content": "Hi"}]
    for part in client.chat(model=model, messages=messages, tools=[TOOL], think=True, stream=True):
        text += part.message.content or ""
        thinking += part.message.thinking or ""
        calls += [[call.function.name, call.function.arguments] for call in part.message.tool_calls or []]
        last = part
    assert last is not None
    return {
        "text": text,
        "thinking": thinking,
        "calls": calls,
        "done_reason": last.done_reason,
        "input_tokens": last.prompt_eval_count,
        "output_tokens": last.eval_count,
    }


def pulled(client: ollama.Client) -> list[int]:
    """Return the bytes of a model that was fetched, and deleted again."""
    files: dict[str, tuple[int, int]] = {}
    for step in client.pull("small", stream=True):
        if step.digest:
            files[step.digest] = step.completed or 0, step.total or 0
    assert step.status == "success"
    assert client.delete("small").status == "success"
    return [sum(file[0] for file in files.values()), sum(file[1] for file in files.values())]


def understood(body: dict[str, Any]) -> dict[str, Any]:
    """Return a request as the client's own types have it, with what only newer servers know."""
    request = ChatRequest(**body)
    for message in request.messages or []:
        ollama.Message(**message | {"images": [{"value": image} for image in message.get("images", ())]})
    dumped: dict[str, Any] = json.loads(request.model_dump_json(exclude_none=True))
    return body | dumped | {"options": ollama.Options(**body["options"]).model_dump(exclude_none=True)}


if __name__ == "__main__":
    main()
