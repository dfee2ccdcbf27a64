"""Services that nobody has given a key to: what is said is not sent to them, and each dialect says why."""

from collections.abc import AsyncIterator

import pytest

from parley.keys import Keys
from parley.paths import Paths
from parley.providers import catalog as catalog_module
from parley.providers.catalog import Catalog
from parley.providers.guide import Guide
from parley.settings import Settings
from tests.conftest import ScriptedProvider, scripted_dialect
from tests.server.conftest import Site


@pytest.fixture
async def catalog(settings: Settings, paths: Paths, provider: ScriptedProvider) -> AsyncIterator[Catalog]:
    """Return the catalog as it usually is, with all services, and the scripted provider."""
    dialects = [scripted_dialect(provider), *catalog_module.BUILT_IN]
    guide = Guide(lambda words, limit: [])
    catalog = Catalog(settings, Keys(paths.keys, {}), guide, dialects=dialects, local=(), environ={})
    yield catalog
    await catalog.close()


QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat", {"message": "Hello", "provider": "anthropic", "model": "claude-sonnet-4-5-20250514"}, 503),
        ("/chat/stream", {"message": "Hello", "provider": "openai", "model": "gpt-5"}, 503),
        ("/api/chat", {"text": "Hello", "provider": "claude"}, 500),
        ("/v1/chat/completions", {"model": "openai/gpt-5", "messages": QUESTION}, 503),
        ("/v1/messages", {"model": "anthropic/claude", "max_tokens": 9, "messages": QUESTION}, 503),
    ],
)
async def test_nothing_is_sent(site: Site, path: str, body: dict[str, object], status: int) -> None:
    answer = await site.owner.client.post(path, json=body)
    assert answer.status_code == status
    assert "needs a key" in answer.text
    assert (await site.owner.client.get("/conversations")).json() == []


async def test_qinaya_wants_credentials(site: Site) -> None:
    """As in its document: the model of its example, where only another provider is ready."""
    chats = "/api/v1/conversations"
    id = (await site.owner.client.post(chats, json={"title": "My Chat"})).json()["data"]["id"]
    wanted = {"content": "Hello, how are you?", "model": "openai/gpt-4o-mini"}
    answer = await site.owner.client.post(f"{chats}/{id}/messages", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (428, "CREDENTIALS_REQUIRED")
    assert (await site.owner.client.get(f"{chats}/{id}/messages")).json()["data"] == []
