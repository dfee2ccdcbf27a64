"""Fakes at the edge: model servers on real sockets that speak OpenAI's and Ollama's protocols as documented.

They know nothing of Parley. What they say is a `Reply`; raw bytes are the business of `FakeServer`.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.providers.sockets import Exchange, FakeServer, Request, chunk, head, ndjson, openai_error, sse

__all__ = ["FakeOllama", "FakeOpenAI", "FakeServer", "OllamaModel", "Pull", "Reply", "Request"]

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
    calls: Sequence[dict[str, Any]] = ()
    """Tools that the model wants to be called, as the wire format of the server has them."""

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
    quantization: str = "Q4_K_M"
    thinking: Sequence[bool | str] = ()
    """The values of `think` that it takes, as newer servers tell."""
    remote: bool = False


@dataclass
class Pull:
    """How fetching a model goes. `hold` is waited for before the line number `hold_at`, counted from zero."""

    files: Sequence[int] = (2_000_000_000, 8_000, 500)
    steps: int = 4
    hold: asyncio.Event | None = None
    hold_at: int = 3
    error: str = ""
    """An error to send in the stream at that line."""
    cut: bool = False
    """Break the connection off at that line."""
    came: int = 0
    """So much of the first file is there from an earlier time."""


class FakeOllama(FakeServer):
    """A server that speaks Ollama's own API, as its docs/api.md, docs/openapi.yaml and server/routes.go have it.

    It loads models as the real one does: with the window that is asked for, and anew when another one is.
    """

    def __init__(self, *models: str | OllamaModel, reply: Reply | None = None) -> None:
        super().__init__()
        self.models = [
            model if isinstance(model, OllamaModel) else OllamaModel(model) for model in (models or ("fake:latest",))
        ]
        self.reply = reply or Reply()
        self.show = True
        self.library: dict[str, Pull] = {}
        """What can be fetched, by its full name."""
        self.in_memory: dict[str, int] = {}
        """The windows of the models that are loaded."""
        self.loads: list[tuple[str, int]] = []
        """Every model that was loaded, with its window."""
        self.default_window = 4096
        self.bytes_per_token = 4.0
        self.version = "0.40.12"
        self.knows_truncate = True
        """Servers before 0.12.6 do not: they cut the prompt and say nothing."""
        self.counts = False
        """Whether it says how many tokens a prompt has that it refuses, as since 0.34."""
        self.parallel = 1
        """Servers before 0.12 tell the window of all parallel requests together."""
        self.silently_cut = False
        self.tells_windows = True
        self.deaf = False
        """It takes questions and says nothing."""

    async def answer(self, exchange: Exchange) -> None:
        request = exchange.request
        if self.deaf:
            await exchange.gone.wait()
            return
        match request.method, request.path:
            case "GET", "/api/tags":
                await exchange.respond({"models": [self._tag(model) for model in self.models]})
            case "GET", "/api/version":
                await exchange.respond({"version": self.version})
            case "GET", "/api/ps":
                await exchange.respond({"models": [self._process(name) for name in self.in_memory]})
            case "POST", "/api/show":
                await self._show(exchange)
            case "POST", "/api/chat":
                await self._chat(exchange)
            case "POST", "/api/embed":
                await self._embed(exchange)
            case "POST", "/api/pull":
                await self._pull(exchange)
            case "DELETE", "/api/delete":
                await self._delete(exchange)
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
            "quantization_level": model.quantization,
        }

    def _tag(self, model: OllamaModel) -> dict[str, Any]:
        facts: dict[str, Any] = {"name": model.name, "model": model.name, "modified_at": ISO, "size": model.size}
        remote = {"remote_host": "https://ollama.com:443", "remote_model": model.name} if model.remote else {}
        return facts | {"digest": model.digest, "details": self._details(model)} | remote

    def _process(self, name: str) -> dict[str, Any]:
        model = self.find(name)
        assert model
        facts = {"name": name, "model": name, "size": model.size + 500_000_000, "size_vram": model.size}
        windows = {"context_length": self.in_memory[name] * self.parallel} if self.tells_windows else {}
        until = "2099-06-04T14:38:31.837530123-07:00"
        return facts | {"digest": model.digest, "details": self._details(model), "expires_at": until} | windows

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
                "license": "A licence\nof two lines",
                "capabilities": list(model.capabilities),
            }
            | ({"thinking": {"values": list(model.thinking)}} if model.thinking else {})
        )

    async def _chat(self, exchange: Exchange) -> None:
        body, reply, model = exchange.request.json, self.reply, self.find(exchange.request.json["model"])
        if model is None:
            await exchange.respond({"error": f"model '{body['model']}' not found"}, 404)
        elif not body["messages"] and body.get("keep_alive") == 0:
            self.in_memory.pop(model.name, None)
            await exchange.respond({"model": model.name, "done_reason": "unload", "done": True})
        elif reply.error:
            await exchange.respond(reply.error[1], reply.error[0])
        elif body.get("think") and "thinking" not in model.capabilities:
            await exchange.respond({"error": f'"{model.name}" does not support thinking'}, 400)
        elif body.get("tools") and "tools" not in model.capabilities:
            await exchange.respond({"error": f"{model.name} does not support tools"}, 400)
        elif not self._takes(body, model):
            await exchange.respond({"error": self._too_long(body, self.in_memory[model.name])}, 400)
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

    def _tokens(self, body: dict[str, Any]) -> int:
        said = "".join(message["content"] for message in body["messages"])
        return int(len(said.encode()) / self.bytes_per_token)

    def _too_long(self, body: dict[str, Any], window: int) -> str:
        """Return the words of a refusal: of late those of llama.cpp's server, as JSON inside of the text."""
        if not self.counts:
            return "the input length exceeds the context length"
        count = self._tokens(body)
        words = f"request ({count} tokens) exceeds the available context size ({window} tokens), try increasing it"
        facts = {"n_prompt_tokens": count, "n_ctx": window}
        return json.dumps({"error": {"code": 400, "message": words, "type": "exceed_context_size_error"} | facts})

    def _takes(self, body: dict[str, Any], model: OllamaModel) -> bool:
        """Load the model as it is asked for, and return whether it takes the whole prompt."""
        window = body.get("options", {}).get("num_ctx") or self.default_window
        window = min(window, model.context)
        if self.in_memory.get(model.name) != window:
            self.in_memory[model.name] = window
            self.loads.append((model.name, window))
        fits = self._tokens(body) <= window
        refused = not fits and body.get("truncate") is False and self.knows_truncate
        self.silently_cut = self.silently_cut or (not fits and not refused)
        return not refused

    async def _embed(self, exchange: Exchange) -> None:
        body = exchange.request.json
        model = self.find(body["model"])
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if model is None:
            await exchange.respond({"error": f"model '{body['model']}' not found"}, 404)
        elif body.get("truncate") is False and any(len(text) > model.context for text in texts):
            await exchange.respond({"error": "the input length exceeds the context length"}, 400)
        else:
            vectors = [[len(text) / 100, 0.5, -0.25] for text in texts]
            await exchange.respond({"model": body["model"], "embeddings": vectors, "prompt_eval_count": 8})

    async def _delete(self, exchange: Exchange) -> None:
        name = exchange.request.json["model"]
        if (model := self.find(name)) is None:
            await exchange.respond({"error": f"model '{name}' not found"}, 404)
            return
        self.models.remove(model)
        self.in_memory.pop(model.name, None)
        await exchange.respond(b"")

    async def _pull(self, exchange: Exchange) -> None:
        name = exchange.request.json["model"]
        full = name if ":" in name else f"{name}:latest"
        await exchange.send(head(200, content_type="application/x-ndjson", transfer_encoding="chunked"))
        pull = self.library.get(full)
        if pull is None:
            lines = [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]
            await exchange.send(chunk(ndjson(*lines)), b"0\r\n\r\n")
            return
        for number, line in enumerate(pull_lines(pull)):
            if number == pull.hold_at:
                if pull.hold:
                    await pull.hold.wait()
                if pull.cut:
                    return
                if pull.error:
                    await exchange.send(chunk(ndjson({"error": pull.error})), b"0\r\n\r\n")
                    return
            pull.came = max(pull.came, line.get("completed", 0))
            await exchange.send(chunk(ndjson(line)))
        if self.find(full) is None:
            self.models.append(OllamaModel(full, size=sum(pull.files), digest=full))
        await exchange.send(b"0\r\n\r\n")


def pull_lines(pull: Pull) -> list[dict[str, Any]]:
    """Return the lines of fetching a model as Ollama documents them; at first a file tells its size only."""
    lines: list[dict[str, Any]] = [{"status": "pulling manifest"}]
    for number, size in enumerate(pull.files):
        digest = f"sha256:{number:064x}"
        file = {"status": f"pulling {number:012x}", "digest": digest, "total": size}
        came = pull.came if number == 0 else 0
        lines.append(file | ({"completed": came} if came else {}))
        lines += [file | {"completed": came + (size - came) * step // pull.steps} for step in range(1, pull.steps + 1)]
    ends = ("verifying sha256 digest", "writing manifest", "removing any unused layers", "success")
    return [*lines, *({"status": status} for status in ends)]


def ollama_lines(reply: Reply, model: str = "fake") -> list[dict[str, Any]]:
    """Return the lines of a streamed answer as Ollama documents them."""
    base = {"model": model, "created_at": ISO}
    messages: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "thinking": piece} for piece in reply.thinking
    ]
    messages += [{"role": "assistant", "content": piece} for piece in reply.pieces]
    messages += [{"role": "assistant", "content": "", "tool_calls": [call]} for call in reply.calls]
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
