"""LangChain's chat models and embeddings, unchanged, against our server. Prints what they understood as JSON.

Run with the Python of .venv-peers; it takes lines of JSON, [URL, TOKEN, WAY, TASK], and answers each with one. The way
is openai, responses, anthropic or ollama: which vendor's client LangChain asks with. One process does them all, for it
takes seconds to load.
"""

import asyncio
import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import anthropic
import ollama
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

PNG = "iVBORw0KGgo="
PICTURE: Any = {"type": "image", "base64": PNG, "mime_type": "image/png"}
ASKED: Any = [SystemMessage("Be brief."), HumanMessage("How are you?")]


@tool  # type: ignore[untyped-decorator]
def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


class Place(BaseModel):
    """A place."""

    name: str
    people: int


def model_of(url: str, token: str, way: str, model: str = "scripted/one") -> BaseChatModel:
    """Return a chat model, made as LangChain's documents say for a server of one's own."""
    match way:
        case "anthropic":
            return ChatAnthropic(base_url=url, api_key=token, model_name=model, max_retries=0)
        case "ollama":
            return ChatOllama(base_url=url, client_kwargs=headers(token), model=model)
        case _:
            responses = way == "responses"
            return ChatOpenAI(
                base_url=f"{url}/v1",
                api_key=token,
                model=model,
                max_retries=0,
                stream_usage=True,
                use_responses_api=responses,
            )


def headers(token: str) -> dict[str, Any]:
    """Return what tells Ollama's client to send a key."""
    return {"headers": {"Authorization": f"Bearer {token}"}}


def chat(model: BaseChatModel) -> Any:
    """One answer, and what it cost."""
    answer = model.invoke(ASKED)
    return [answer.text, used(answer)]


def stream(model: BaseChatModel) -> Any:
    """One answer in pieces, thoughts among them."""
    pieces = list(model.stream(ASKED))
    return [[piece.text for piece in pieces if piece.text], used(summed(pieces))]


def summed(pieces: list[Any]) -> Any:
    """Return what LangChain makes of the pieces of an answer."""
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


def tools(model: BaseChatModel) -> Any:
    """Two calls in one answer, carried out and answered: whole, then as it comes."""
    able = model.bind_tools([get_weather])
    asked: Any = [HumanMessage("Weather?")]
    first = able.invoke(asked)
    results = [get_weather.invoke(call) for call in first.tool_calls]
    second = able.invoke([*asked, first, *results])
    whole = summed(list(able.stream([*asked, first, *results, second, HumanMessage("And now?")])))
    made = [call["args"] for call in whole.tool_calls]
    return [[call["args"] for call in first.tool_calls], [each.text for each in results], second.text, made]


def image(model: BaseChatModel) -> Any:
    """A question with an image."""
    question: Any = HumanMessage([{"type": "text", "text": "What is it?"}, PICTURE])
    return model.invoke([question]).text


def structured(model: BaseChatModel) -> Any:
    """An answer that keeps to a schema, as LangChain asks for it by itself."""
    made: Any = model.with_structured_output(Place).invoke("Where?")
    return made.model_dump()


def called(model: BaseChatModel) -> Any:
    """The same by a tool that has to be called."""
    made: Any = model.with_structured_output(Place, method="function_calling").invoke("Where?")
    return made.model_dump()


def many(model: BaseChatModel) -> Any:
    """Ten questions at once, asynchronously."""
    return [answer.text for answer in asyncio.run(model.abatch([f"number {number}" for number in range(10)]))]


def refused(model: BaseChatModel) -> Any:
    """Which exceptions a failure becomes, before an answer and within it."""
    return [failure(lambda: model.invoke(ASKED)), failure(lambda: list(model.stream(ASKED)))]


def failure(ask: Callable[[], object]) -> list[Any]:
    """Return the name of an exception and the status that it has."""
    try:
        ask()
    except (openai.APIError, anthropic.APIError, ollama.ResponseError, ValueError) as error:
        return [type(error).__name__, getattr(error, "status_code", None)]
    return []


def embeddings(url: str, token: str, way: str) -> Any:
    """Vectors of some texts and of a question."""
    made: Any = OllamaEmbeddings(base_url=url, client_kwargs=headers(token), model="scripted/one")
    if way == "openai":
        # Without that it sends the numbers of OpenAI's tokens, which no other model knows.
        plain = {"check_embedding_ctx_length": False}
        made = OpenAIEmbeddings(base_url=f"{url}/v1", api_key=token, model="scripted/one", max_retries=0, **plain)
    return [made.embed_documents(["a", "bc"]), made.embed_query("abc")]


def used(answer: Any) -> list[int]:
    """Return the tokens that an answer tells of."""
    told = answer.usage_metadata or {}
    return [told.get("input_tokens", 0), told.get("output_tokens", 0)]


TASKS: tuple[Callable[..., Any], ...] = (
    chat,
    stream,
    tools,
    image,
    structured,
    called,
    many,
    refused,
    embeddings,
)


def main() -> None:
    """Do one task after the other."""
    for line in sys.stdin:
        url, token, way, wanted = json.loads(line)
        task = next(task for task in TASKS if task.__name__ == wanted)
        try:
            done = {"done": embeddings(url, token, way) if task is embeddings else task(model_of(url, token, way))}
        except Exception:  # noqa: BLE001  a test shows it, and others go on
            done = {"failed": traceback.format_exc()}
        sys.stdout.write(f"{json.dumps(done)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
