"""Fakes at the edge: model servers on real sockets that speak OpenAI's and Ollama's protocols as documented.

They know nothing of Parley. What they say is a `Reply`; raw bytes are the business of `FakeServer`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.providers.sockets import Exchange, FakeServer, Request, chunk, head, ndjson, openai_error, sse

__all__ = ["FakeOllama", "FakeOpenAI", "FakeServer", "OllamaModel", "Reply", "Request"]

CREATED = 1_700_000_000
ISO = "2026-11-01T08:00:00.123456789Z"


@dataclass
class Reply:
    """What a fake model says. `hold`, if given, is waited for before the piece number `hold_at`."""

    pieces: Sequence[str] = ("Hello", ", ", "world", "!")
    thinking: Sequence[str] = ()
    reason: str = "stop"
    input_tokens: int = 11
    hold: asyncio.Event | None = None
    hold_at: int = 1
    error: tuple[int, Any] | None = None
    """A status and a body to refuse with, instead of an answer."""
    late_error: Any = None
    """An error to send in the stream, after the pieces."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class FakeOpenAI(FakeServer):
    """A server that speaks OpenAI's chat completions, with what llama.cpp, vLLM and others add to them."""

    def __init__(self, *models: str, owned_by: str = "fake", reply: Reply | None = None) -> None:
        super().__init__()
        self.models: list[dict[str, Any]] = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": owned_by}
            for name in (models or ("fake-model",))
        ]
        self.reply = reply or Reply()
        self.key = ""
        """A key to insist on."""
        self.takes_usage_option = True

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    async def answer(self, exchange: Exchange) -> None:
        request = exchange.request
        sent = request.headers.get("authorization", "")
        if self.key and sent != f"Bearer {self.key}":
            word = "Incorrect API key provided" if sent else "You didn't provide an API key"
            await exchange.respond(openai_error(word, "invalid_request_error", "invalid_api_key"), 401)
        elif (request.method, request.path) == ("GET", "/v1/models"):
            await exchange.respond({"object": "list", "data": self.models})
        elif (request.method, request.path) == ("POST", "/v1/chat/completions"):
            await self._complete(exchange)
        else:
            await super().answer(exchange)

    async def _complete(self, exchange: Exchange) -> None:
        body, reply = exchange.request.json, self.reply
        with_usage = bool(body.get("stream_options", {}).get("include_usage"))
        if body["model"] not in [model["id"] for model in self.models]:
            words = f"The model `{body['model']}` does not exist or you do not have access to it."
            await exchange.respond(openai_error(words, "invalid_request_error", "model_not_found"), 404)
        elif "stream_options" in body and not self.takes_usage_option:
            words = "Unrecognized request argument supplied: stream_options"
            await exchange.respond(openai_error(words, "invalid_request_error"), 400)
        elif reply.error:
            await exchange.respond(reply.error[1], reply.error[0])
        else:
            await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"))
            for number, event in enumerate(openai_chunks(reply, body["model"], with_usage=with_usage)):
                if reply.hold and number == reply.hold_at:
                    await reply.hold.wait()
                await exchange.send(chunk(sse(event)))
            if reply.late_error is not None:
                await exchange.send(chunk(sse(reply.late_error)))
            await exchange.send(chunk(sse("[DONE]")), b"0\r\n\r\n")


def openai_chunks(reply: Reply, model: str = "fake-model", *, with_usage: bool = True) -> list[dict[str, Any]]:
    """Return the chunks of a streamed answer as OpenAI documents them."""
    base: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": model}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in reply.thinking]
    deltas += [{"content": piece} for piece in reply.pieces]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if reply.late_error is None:
        choices.append({"index": 0, "delta": {}, "finish_reason": reply.reason})
    chunks: list[dict[str, Any]] = [base | {"choices": [choice]} for choice in choices]
    if with_usage and reply.late_error is None:
        said = len(reply.pieces) + len(reply.thinking)
        usage: dict[str, Any] = {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": said,
            "total_tokens": reply.input_tokens + said,
        }
        chunks.append(base | {"choices": [], "usage": usage})
    return chunks


@dataclass
class OllamaModel:
    """A model that a fake Ollama has."""

    name: str
    capabilities: Sequence[str] = ("completion",)
    context: int = 8192
    family: str = "llama"
    size: int = 2_019_393_189
    parameters: str = ""
    digest: str = field(default="a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72")


class FakeOllama(FakeServer):
    """A server that speaks Ollama's own API."""

    def __init__(self, *models: str | OllamaModel, reply: Reply | None = None) -> None:
        super().__init__()
        self.models = [
            model if isinstance(model, OllamaModel) else OllamaModel(model) for model in (models or ("fake:latest",))
        ]
        self.reply = reply or Reply()
        self.show = True

    async def answer(self, exchange: Exchange) -> None:
        request = exchange.request
        match request.method, request.path:
            case "GET", "/api/tags":
                await exchange.respond({"models": [self._tag(model) for model in self.models]})
            case "GET", "/api/version":
                await exchange.respond({"version": "0.40.12"})
            case "POST", "/api/show":
                await self._show(exchange)
            case "POST", "/api/chat":
                await self._chat(exchange)
            case _:
                await exchange.respond("404 page not found", 404, content_type="text/plain")

    def find(self, name: str) -> OllamaModel | None:
        """Return the model that a request means; a missing tag means `latest`."""
        return next((model for model in self.models if model.name in (name, f"{name}:latest")), None)

    @staticmethod
    def _details(model: OllamaModel) -> dict[str, Any]:
        return {
            "parent_model": "",
            "format": "gguf",
            "family": model.family,
            "families": [model.family],
            "parameter_size": "3.2B",
            "quantization_level": "Q4_K_M",
        }

    def _tag(self, model: OllamaModel) -> dict[str, Any]:
        facts: dict[str, Any] = {"name": model.name, "model": model.name, "modified_at": ISO, "size": model.size}
        return facts | {"digest": model.digest, "details": self._details(model)}

    async def _show(self, exchange: Exchange) -> None:
        model = self.find(exchange.request.json["model"])
        if model is None or not self.show:
            await exchange.respond({"error": f"model '{exchange.request.json['model']}' not found"}, 404)
            return
        facts = {"general.architecture": model.family, f"{model.family}.context_length": model.context}
        await exchange.respond(
            {
                "modelfile": "",
                "parameters": model.parameters,
                "template": "{{ .Prompt }}",
                "details": self._details(model),
                "model_info": facts,
                "capabilities": list(model.capabilities),
            }
        )

    async def _chat(self, exchange: Exchange) -> None:
        body, reply = exchange.request.json, self.reply
        if self.find(body["model"]) is None:
            await exchange.respond({"error": f"model '{body['model']}' not found"}, 404)
        elif reply.error:
            await exchange.respond(reply.error[1], reply.error[0])
        else:
            lines = ollama_lines(reply, body["model"])
            if reply.hold and not reply.hold_at:
                await reply.hold.wait()  # a model is loaded before the head of the answer is sent
            await exchange.send(head(200, content_type="application/x-ndjson", transfer_encoding="chunked"))
            for number, line in enumerate(lines):
                if reply.hold and number == reply.hold_at:
                    await reply.hold.wait()
                await exchange.send(chunk(ndjson(line)))
            await exchange.send(b"0\r\n\r\n")


def ollama_lines(reply: Reply, model: str = "fake") -> list[dict[str, Any]]:
    """Return the lines of a streamed answer as Ollama documents them."""
    base = {"model": model, "created_at": ISO}
    messages: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "thinking": piece} for piece in reply.thinking
    ]
    messages += [{"role": "assistant", "content": piece} for piece in reply.pieces]
    lines: list[dict[str, Any]] = [base | {"message": message, "done": False} for message in messages]
    if reply.late_error is not None:
        return [*lines, {"error": reply.late_error}]
    counts = {
        "total_duration": 4_883_583_458,
        "load_duration": 1_334_875_000,
        "prompt_eval_count": reply.input_tokens,
        "prompt_eval_duration": 342_546_000,
        "eval_count": len(messages),
        "eval_duration": 3_000_000_000,
    }
    last = {"message": {"role": "assistant", "content": ""}, "done_reason": reply.reason, "done": True}
    return [*lines, base | last | counts]
