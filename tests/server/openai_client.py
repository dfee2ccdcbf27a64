"""OpenAI's official Python client, as people use it, against a server of ours. Prints what it makes of that as JSON.

Run with the Python of .venv-peers:  openai_client.py URL KEY MODEL TASK
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import openai
from openai import AsyncOpenAI, OpenAI

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FLAT: Any = {"type": "function", **TOOL["function"], "strict": False}
ASKED: Any = [{"role": "user", "content": "Weather in Paris?"}]


def models(client: OpenAI, model: str) -> Any:
    return [[found.id for found in client.models.list()], client.models.retrieve(model).id]


def chat(client: OpenAI, model: str) -> Any:
    made = client.chat.completions.create(model=model, messages=ASKED, seed=7, stop=["END"], temperature=0.5)
    usage = made.usage
    assert usage
    assert usage.prompt_tokens_details
    return [made.choices[0].message.content, made.choices[0].finish_reason, usage.total_tokens, made.model]


def stream(client: OpenAI, model: str) -> Any:
    pieces, total, reason = [], 0, None
    options: Any = {"include_usage": True}
    for chunk in client.chat.completions.create(model=model, messages=ASKED, stream=True, stream_options=options):
        total = chunk.usage.total_tokens if chunk.usage else total
        for choice in chunk.choices:
            pieces += [choice.delta.content] if choice.delta.content else []
            reason = choice.finish_reason or reason
    return [pieces, reason, total]


def tools(client: OpenAI, model: str) -> Any:
    """A call, streamed and put together by the client's own helper, and its result sent back."""
    with client.chat.completions.stream(model=model, messages=ASKED, tools=[TOOL]) as events:
        made = events.get_final_completion().choices[0]
    (call,) = made.message.tool_calls or []
    said = made.message.to_dict()
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    answer: Any = client.chat.completions.create(model=model, messages=[*ASKED, said, result], tools=[TOOL])
    return [made.finish_reason, call.function.name, call.function.arguments, answer.choices[0].message.content]


def image(client: OpenAI, model: str) -> Any:
    content: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    made = client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
    return made.choices[0].message.content


def structured(client: OpenAI, model: str) -> Any:
    from pydantic import BaseModel

    class City(BaseModel):
        name: str
        people: int

    made = client.chat.completions.parse(model=model, messages=ASKED, response_format=City)
    city = made.choices[0].message.parsed
    return city.model_dump() if city else None


def embeddings(client: OpenAI, model: str) -> Any:
    packed = client.embeddings.create(model=model, input=["a", "bc"])
    plain = client.embeddings.create(model=model, input="a", encoding_format="float", dimensions=2)
    return [[found.embedding for found in packed.data], plain.data[0].embedding, packed.usage.total_tokens]


def responses(client: OpenAI, model: str) -> Any:
    made = client.responses.create(model=model, input="Hi", instructions="Be brief.", max_output_tokens=50)
    assert made.usage
    return [made.output_text, made.status, made.usage.total_tokens]


def response_stream(client: OpenAI, model: str) -> Any:
    """Thoughts, text and a call as events; the whole of it sent back with a result."""
    kinds: list[str] = []
    numbers = []
    include: Any = ["reasoning.encrypted_content"]
    with client.responses.stream(model=model, input=ASKED, tools=[FLAT], include=include) as events:
        for event in events:
            numbers.append(event.sequence_number)
            kinds += [event.type] if event.type not in kinds[-1:] else []
        made = events.get_final_response()
    assert numbers == list(range(len(numbers)))
    (call,) = [item for item in made.output if item.type == "function_call"]
    back: Any = [*ASKED, *(item.to_dict() for item in made.output)]
    back.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})
    answer = client.responses.create(model=model, input=back, tools=[FLAT])
    return [kinds, made.output_text, call.arguments, answer.output_text]


def many(client: OpenAI, model: str) -> Any:
    """Twenty streams at once, by the asynchronous client."""

    async def one(other: AsyncOpenAI, number: int) -> str:
        asked: Any = [{"role": "user", "content": f"number {number}"}]
        made = await other.chat.completions.create(model=model, messages=asked, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in made if chunk.choices])

    async def all_of_them() -> list[str]:
        async with AsyncOpenAI(base_url=client.base_url, api_key=client.api_key, max_retries=0) as other:
            return await asyncio.gather(*(one(other, number) for number in range(20)))

    return asyncio.run(all_of_them())


def errors(client: OpenAI, model: str) -> Any:
    """Which exceptions failures become."""

    def told(ask: Callable[[], Any]) -> list[Any]:
        try:
            ask()
        except openai.APIStatusError as error:
            return [type(error).__name__, error.status_code, error.code, bool(error.request_id)]
        return ["none"]

    picture: Any = [{"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}]
    stranger = OpenAI(base_url=client.base_url, api_key="sk-wrong", max_retries=0)
    create = client.chat.completions.create
    return [
        told(lambda: create(model="gpt-9", messages=ASKED)),
        told(stranger.models.list),
        told(lambda: create(model=model, messages=[{"role": "user", "content": picture}])),
        told(lambda: create(model=model, messages=ASKED, n=2)),
        told(lambda: client.responses.create(model=model, input="Hi", previous_response_id="resp_1")),
        told(lambda: client.embeddings.create(model=model, input=[1, 2, 3])),
        told(lambda: client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF"))),
        told(lambda: create(model=model, messages=ASKED)),
        told(lambda: list(create(model=model, messages=ASKED, stream=True))),
    ]


def late_error(client: OpenAI, model: str) -> Any:
    """What a stream makes of a failure in its middle."""
    said = ""
    try:
        for chunk in client.chat.completions.create(model=model, messages=ASKED, stream=True):
            said += chunk.choices[0].delta.content or ""
    except openai.APIError as error:
        return [said, type(error).__name__, error.message]
    return [said, "", ""]


TASKS = (
    models,
    chat,
    stream,
    tools,
    image,
    structured,
    embeddings,
    responses,
    response_stream,
    many,
    errors,
    late_error,
)


def main() -> None:
    """Do one task."""
    url, key, model, wanted = sys.argv[1:]
    client = OpenAI(base_url=url, api_key=key, max_retries=0)
    task = next(task for task in TASKS if task.__name__ == wanted)
    sys.stdout.write(json.dumps(task(client, model)))


if __name__ == "__main__":
    main()
