"""A fake of Google's Gemini API on a real socket, that sends what its documents say.

Answers: https://ai.google.dev/api/generate-content · errors: https://ai.google.dev/gemini-api/docs/troubleshooting and
https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto · models:
https://ai.google.dev/api/models · vectors: https://ai.google.dev/api/embeddings · signatures:
https://ai.google.dev/gemini-api/docs/thought-signatures
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.providers.sockets import Exchange, FakeServer, chunk, head, sse

MODEL = "gemini-3.8-flash"
USAGE = {
    "promptTokenCount": 11,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 30,
    "cachedContentTokenCount": 8,
    "totalTokenCount": 45,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 11}],
}


def candidate(*parts: dict[str, Any], reason: str = "", usage: Any = None, **more: Any) -> dict[str, Any]:
    """Return a chunk of an answer."""
    found: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    found |= {"finishReason": reason} if reason else {}
    value = {"candidates": [found | more], "modelVersion": MODEL, "responseId": "k3QgaYqXMZ"}
    return value | ({"usageMetadata": usage} if usage is not None else {})


def said(text: str, **more: Any) -> dict[str, Any]:
    """Return a part of text."""
    return {"text": text, **more}


def call(name: str, args: Any = None, id: str = "", signature: str = "") -> dict[str, Any]:
    """Return a part that calls a function."""
    part: dict[str, Any] = {"functionCall": {"name": name} | ({} if args is None else {"args": args})}
    part["functionCall"] |= {"id": id} if id else {}
    return part | ({"thoughtSignature": signature} if signature else {})


HELLO = (
    candidate(said("Hello"), usage={"promptTokenCount": 11, "totalTokenCount": 11}),
    candidate(said(", world!")),
    candidate(said(""), reason="STOP", usage=USAGE),
)


def google_error(code: int, status: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    """Return an error body as google.rpc.Status has it."""
    return {"error": {"code": code, "message": message, "status": status} | ({"details": details} if details else {})}


def error_info(reason: str) -> dict[str, Any]:
    """Return the detail that names what went wrong."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }


def retry_info(delay: str) -> dict[str, Any]:
    """Return the detail that says when to ask again."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


HELP = {
    "@type": "type.googleapis.com/google.rpc.Help",
    "links": [{"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs"}],
}
NO_KEY = google_error(
    403,
    "PERMISSION_DENIED",
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API.",
)
WRONG_KEY = google_error(
    400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", error_info("API_KEY_INVALID")
)


def quota_error(limit: int, delay: str) -> dict[str, Any]:
    """Return the refusal of the free tier: after too many requests, or at once where the limit is nothing."""
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    words = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. To monitor your current usage, head to: "
        f"https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: {limit}, model: gemini-3.1-pro\n"
        f"Please retry in {delay}."
    )
    failure = {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaMetric": metric, "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
    }
    return google_error(429, "RESOURCE_EXHAUSTED", words, HELP, failure, retry_info(delay))


def listed(name: str, *methods: str, **more: Any) -> dict[str, Any]:
    """Return an entry of the list of models."""
    facts = {"name": f"models/{name}", "version": "001", "displayName": name.replace("-", " ").title()}
    limits = {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}
    return facts | limits | {"supportedGenerationMethods": list(methods or ("generateContent", "countTokens"))} | more


class FakeGemini(FakeServer):
    """A server that speaks like Google's."""

    def __init__(self, *chunks: dict[str, Any]) -> None:
        super().__init__()
        self.models = [listed(MODEL, thinking=True, temperature=1, topP=0.95, topK=64, maxTemperature=2)]
        self.chunks: Sequence[Any] = chunks or HELLO
        self.key = ""
        """A key to insist on."""
        self.error: tuple[int, Any] | None = None
        """A status and a body to refuse with, instead of an answer."""
        self.hold: asyncio.Event | None = None
        """To be waited for after the first chunk."""

    @property
    def url(self) -> str:
        return f"{self.root}/v1beta"

    async def answer(self, exchange: Exchange) -> None:
        request = exchange.request
        place = urlsplit(request.path)
        path, method = place.path.removeprefix("/v1beta"), request.method
        sent = request.headers.get("x-goog-api-key", "")
        if self.key and sent != self.key:
            await exchange.respond(*((WRONG_KEY, 400) if sent else (NO_KEY, 403)))
        elif self.error:
            await exchange.respond(self.error[1], self.error[0])
        elif (method, path) == ("GET", "/models"):
            await self._list(exchange, parse_qs(place.query))
        elif method == "POST" and path.endswith((":streamGenerateContent", ":batchEmbedContents")):
            await self._ask(exchange, path, place.query)
        else:
            await super().answer(exchange)

    async def _list(self, exchange: Exchange, query: dict[str, list[str]]) -> None:
        size = min(int(query.get("pageSize", ["50"])[0]), 2)  # small pages, so that there are several
        first = int(query.get("pageToken", ["0"])[0].removeprefix("page/"))
        page: dict[str, Any] = {"models": self.models[first : first + size]}
        if first + size < len(self.models):
            page["nextPageToken"] = f"page/{first + size}"
        await exchange.respond(page)

    async def _ask(self, exchange: Exchange, path: str, query: str) -> None:
        name, _, action = path.removeprefix("/").partition(":")
        if name not in [model["name"] for model in self.models]:
            words = f"{name} is not found for API version v1beta, or is not supported for generateContent. Call "
            await exchange.respond(google_error(404, "NOT_FOUND", words + "ListModels to see the list."), 404)
        elif action == "batchEmbedContents":
            texts = [request["content"]["parts"][0]["text"] for request in exchange.request.json["requests"]]
            await exchange.respond({"embeddings": [{"values": [len(text), 0.5]} for text in texts]})
        elif query == "alt=sse":
            await exchange.send(head(content_type="text/event-stream", transfer_encoding="chunked"))
            for number, value in enumerate(self.chunks):
                if number == 1 and self.hold:
                    await self.hold.wait()
                await exchange.send(chunk(sse(value, end="\r\n\r\n")))
            await exchange.send(b"0\r\n\r\n")
        else:
            await exchange.respond(list(self.chunks))
