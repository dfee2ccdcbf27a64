"""Accounts that try for more than is theirs, and what is left of them once they are switched off."""

import asyncio

import httpx
import pytest

from parley.messages import OWNER
from parley.server import Plan
from parley.server.addresses import host_name
from parley.server.connections import Connections
from parley.services import Services
from parley.store import ANYONE
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Serve, Site
from tests.server.raw import asked

LONG = "guide/" + "m" * 100_000


async def test_names_without_end(site: Site) -> None:
    """They would be kept, and come back with every list."""
    ask = site.owner.client
    begun = (await ask.post("/conversations", json={"title": "Hi", "provider": "guide", "model": "manual"})).json()
    for method, path, body in (
        ("POST", "/chat", {"message": "Hi", "model": LONG}),
        ("POST", "/conversations", {"title": "Hi", "provider": "guide", "model": LONG}),
        ("PATCH", f"/conversations/{begun['id']}", {"provider": "guide", "model": LONG}),
        ("POST", "/api/chat", {"text": "Hi", "model": LONG}),
        ("POST", "/api/chat/folders", {"name": "x" * 100_000}),
        ("PUT", "/api/v1/preferences", {"model": LONG}),
    ):
        answer = await ask.request(method, path, json=body)
        assert answer.status_code in (400, 404, 422), path
        assert len(answer.content) < 2000
