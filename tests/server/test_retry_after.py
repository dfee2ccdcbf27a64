"""When to come again: what a provider says of it reaches the programs that ask through us, in every wire format."""

import json
from typing import Any

import pytest

from parley.errors import NoCredit, Overloaded, ProviderFailed, ProviderTimeout, RateLimited
from tests.conftest import ScriptedProvider
from tests.server.conftest import Site

OPENAI = {"model": "scripted/one", "messages": [{"role": "user", "content": "Hi"}]}
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "mingly": ("/chat", {"message": "Hi"}),
    "mingleego": ("/api/interactions/chat", {"assistantId": "tutor", "prompt": "Hi"}),
    "mingleego, streamed": ("/api/interactions/chat/sse", {"assistantId": "tutor", "prompt": "Hi"}),
    "qinaya": ("/api/v1/conversations/${conversation}/messages", {"content": "Hi"}),
    "asta": ("/api/chat", {"text": "Hi"}),
    "typingmind": ("/api/v1/chat/completions", OPENAI),
    "typingmind, streamed": ("/api/v1/chat/completions", OPENAI | {"stream": True}),
    "openai": ("/v1/chat/completions", OPENAI),
    "openai, streamed": ("/v1/chat/completions", OPENAI | {"stream": True}),
    "openai, responses": ("/v1/responses", {"model": "scripted/one", "input": "Hi"}),
    "openai, responses, streamed": ("/v1/responses", {"model": "scripted/one", "input": "Hi", "stream": True}),
    "anthropic": ("/v1/messages", OPENAI | {"max_tokens": 9}),
    "anthropic, streamed": ("/v1/messages", OPENAI | {"max_tokens": 9, "stream": True}),
    "ollama": ("/api/chat", OPENAI | {"stream": False}),
    "ollama, streamed": ("/api/chat", OPENAI),
    "ollama, generate": ("/api/generate", {"model": "scripted/one", "prompt": "Hi"}),
}
"""A question of each dialect that is refused with a status if the provider refuses it."""


@pytest.mark.parametrize(("path", "question"), QUESTIONS.values(), ids=QUESTIONS)
async def test_when_the_provider_wants_to_be_asked_again(
    site: Site, provider: ScriptedProvider, path: str, question: dict[str, Any]
) -> None:
    await site.services.store.assistants.add("Tutor")
    client = (await site.admin()).client
    conversation = (await client.post("/conversations", json={})).json()["id"]
    path = path.replace("${conversation}", conversation)
    cases = (
        (RateLimited(provider="Acme", retry_after=99.2), (429,), "100"),
        (RateLimited(provider="Acme", retry_after=0.0), (429,), "1"),
        (Overloaded(provider="Acme", status=529, retry_after=3600), (500, 503), "3600"),
        (ProviderFailed(provider="Acme", status=503, retry_after=61), (500, 502), "61"),
        (RateLimited(provider="Acme"), (429,), None),
        (NoCredit(provider="Acme"), (429,), None),
        (ProviderTimeout(provider="Acme", seconds=120.0), (500, 502, 503), None),
    )
    for error, statuses, after in cases:
        provider.says(error)
        answer = await client.post(path, json=question)
        assert answer.status_code in statuses, (error, answer.text)
        assert answer.headers.get("retry-after") == after, error


async def test_a_stream_that_has_no_headers_left(site: Site, provider: ScriptedProvider) -> None:
    provider.says(RateLimited(provider="Acme", retry_after=99.2))
    answer = await site.owner.client.post("/chat/stream", json={"message": "Hi"})
    last = json.loads(answer.text.strip().rpartition("data: ")[2])
    assert (last["type"], last["code"], last["retryAfter"]) == ("error", "RATE_LIMITED", 100)
