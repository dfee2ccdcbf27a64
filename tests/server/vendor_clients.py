"""The official clients of Anthropic and Ollama, unchanged, against our server. Prints what they understood as JSON.

Run with the Python of .venv-peers:  vendor_clients.py URL TOKEN
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import anthropic
import ollama

PNG = "iVBORw0KGgo="
SCHEMA = {"type": "object", "properties": {"tz": {"type": "string"}}, "required": ["tz"]}
A_TOOL: Any = {"name": "get_time", "description": "The time", "input_schema": SCHEMA}
AN_IMAGE: Any = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}


def get_time(tz: str) -> str:
    """Tell the time.

    Args:
        tz: the zone

    """
    return tz


def of_anthropic(url: str, token: str) -> dict[str, Any]:
    """Return what Anthropic's client understood."""
    client = anthropic.Anthropic(base_url=url, api_key=token, max_retries=0)
    asked: dict[str, Any] = {"model": "scripted/one", "max_tokens": 1000}
    question: Any = {"role": "user", "content": [AN_IMAGE, {"type": "text", "text": "Time?"}]}
    plain = client.messages.create(**asked, system="Be brief.", messages=[question])
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    with client.messages.stream(**asked, messages=[question], tools=[A_TOOL], thinking=thinking) as stream:
        kinds = [event.type for event in stream]
        first = stream.get_final_message()
    call = next(block for block in first.content if block.type == "tool_use")
    result: Any = {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": [{"type": "text", "text": "12:00"}, AN_IMAGE],
    }
    told: Any = {"role": "user", "content": [result]}
    with client.messages.stream(**asked, messages=[question, first.to_param(), told], tools=[A_TOOL]) as stream:
        second = "".join(stream.text_stream)
    models = [[model.id, model.display_name] for model in client.models.list(limit=1)]
    count = client.messages.count_tokens(model="scripted/one", messages=[question], tools=[A_TOOL]).input_tokens
    return {
        "plain": [
            plain.content[0].model_dump(),
            plain.stop_reason,
            plain.usage.input_tokens,
            plain.usage.output_tokens,
        ],
        "kinds": sorted(set(kinds)),
        "first": [
            block.model_dump(include={"type", "text", "thinking", "signature", "data", "name", "input"})
            for block in first.content
        ],
        "reason": first.stop_reason,
        "second": second,
        "models": models,
        "model": client.models.retrieve("scripted/two").id,
        "counted": count > 1500,
        "errors": [
            refused(lambda: client.messages.create(**asked | {"model": "scripted/nope"}, messages=[question])),
            refused(lambda: client.messages.create(**asked | {"max_tokens": -1}, messages=[question])),
            refused(lambda: client.with_options(api_key="wrong").messages.create(**asked, messages=[question])),
            refused(lambda: client.messages.create(**asked, messages=[question])),
            refused(lambda: broken(client, asked, question)),
        ],
    }


def broken(client: anthropic.Anthropic, asked: dict[str, Any], question: Any) -> None:
    """Ask for an answer that breaks off."""
    with client.messages.stream(**asked, messages=[question]) as stream:
        stream.until_done()


def refused(ask: Callable[[], object]) -> list[Any]:
    """Return what Anthropic's client makes of a refusal."""
    try:
        ask()
    except anthropic.APIStatusError as error:
        return [type(error).__name__, error.type, bool(error.message)]
    return []


def of_ollama(url: str, token: str) -> dict[str, Any]:
    """Return what Ollama's client understood."""
    client = ollama.Client(host=url, headers={"Authorization": f"Bearer {token}"})
    question: Any = {"role": "user", "content": "Time?", "images": [PNG]}
    plain = client.chat("scripted/one", [question], options={"temperature": 0.5, "num_ctx": 100}, keep_alive="1m")
    text, thought = "", ""
    calls: list[Any] = []
    for part in client.chat("one:latest", [question], tools=[get_time], think=True, stream=True):
        text += part.message.content or ""
        thought += part.message.thinking or ""
        calls += part.message.tool_calls or []
    said: Any = {"role": "assistant", "content": text, "thinking": thought, "tool_calls": calls}
    result: Any = {"role": "tool", "tool_name": "get_time", "content": "12:00"}
    second = client.chat("scripted/one", [question, said, result], format=SCHEMA)
    pieces = [part.response for part in client.generate("scripted/one", "Why?", system="Be brief.", stream=True)]
    shown = client.show("scripted/one")
    return {
        "plain": [plain.message.content, plain.done_reason, plain.prompt_eval_count, plain.eval_count],
        "first": [text, thought, [[call.function.name, call.function.arguments] for call in calls]],
        "second": second.message.content,
        "pieces": pieces,
        "loaded": client.chat("scripted/one", []).done_reason,
        "models": [model.model for model in client.list().models],
        "capabilities": shown.capabilities,
        "running": len(client.ps().models),
        "vectors": client.embed("scripted/one", ["a", "bc"]).embeddings,
        "vector": client.embeddings("scripted/one", "a").embedding,
        "errors": [
            not_answered(lambda: client.chat("scripted/nope", [question])),
            not_answered(lambda: client.pull("llama3.2")),
            not_answered(lambda: client.delete("llama3.2")),
            not_answered(lambda: list(client.chat("scripted/one", [question], stream=True))),
        ],
    }


def not_answered(ask: Callable[[], object]) -> list[Any]:
    """Return what Ollama's client makes of a refusal."""
    try:
        ask()
    except ollama.ResponseError as error:
        return [error.status_code, bool(error.error)]
    return []


def main() -> None:
    """Ask, and tell what came."""
    url, token = sys.argv[1:]
    sys.stdout.write(json.dumps({"anthropic": of_anthropic(url, token), "ollama": of_ollama(url, token)}))


if __name__ == "__main__":
    main()
