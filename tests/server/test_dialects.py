"""Dialects: whose a request is where several could answer it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from fastapi import APIRouter

from parley.errors import RouteUnknown, StoreBusy, StoreReadOnly
from parley.server import EmbeddedServer, Plan
from parley.server.dialect import Dialect
from parley.server.dialects import BUILT_IN
from parley.server.guard import BODY
from parley.server.problems import Problem
from parley.services import Services
from tests.server.conftest import Person, client


def a_dialect(name: str, *prefixes: str, claims: Any = None) -> Dialect:
    """Return a dialect that answers with its name, and has its name in its errors."""

    def routes(backend: object) -> APIRouter:
        router = APIRouter()

        @router.post("/shared/ask", operation_id=f"ask_{name}")
        async def ask() -> str:
            return name

        return router

    def body(problem: Problem) -> Any:
        return [name, problem.code]

    return Dialect(name, prefixes, body, routes, claims=claims)


def is_loud(scope: Mapping[str, Any]) -> bool:
    return BODY not in scope or b"LOUD" in scope[BODY]


@pytest.fixture
async def owner(services: Services) -> AsyncIterator[Person]:
    quiet, loud = a_dialect("quiet", "/shared"), a_dialect("loud", "/shared/ask", claims=is_loud)
    server = EmbeddedServer(services, Plan(port=0), lambda: (*BUILT_IN, quiet, loud))
    await server.start()
    assert server.address
    account = services.store.accounts.get("owner")
    _, token = await services.credentials.issue(account, "tests")
    async with client(server.address, token) as asking:
        yield Person(account, token, asking)
    await server.stop()


async def test_the_body_says_whose_it_is(owner: Person) -> None:
    async def said(body: str) -> Any:
        answer = await owner.client.post("/shared/ask", content=body, headers={"Content-Type": "application/json"})
        return answer.status_code, answer.json()

    assert await said('{"voice": "LOUD"}') == (200, "loud")
    assert await said('{"voice": "low"}') == (200, "quiet")
    assert (
        await asyncio.gather(*(said(f'"{voice}"') for voice in ("LOUD", "low") * 5))
        == [
            (200, "loud"),
            (200, "quiet"),
        ]
        * 5
    )


async def test_each_refuses_in_its_own_words(owner: Person) -> None:
    ask = owner.client.request
    assert (await ask("POST", "/shared/nothing", json={})).json() == ["quiet", "route_unknown"]
    assert (await ask("GET", "/shared/ask")).json() == ["loud", "method_refused"]
    assert (await ask("PUT", "/shared/ask", json="low")).json() == ["quiet", "method_refused"]
    assert (await ask("POST", "/sharedask", json={})).json()["code"] == "NOT_FOUND"


async def test_before_the_body_is_there(owner: Person) -> None:
    answer = await owner.client.post("/shared/ask", json="low", headers={"x-api-key": "wrong"})
    assert (answer.status_code, answer.json()) == (401, ["loud", "token_refused"])
    answer = await owner.client.post("/shared/ask", content="low", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()) == (400, ["loud", "body_unreadable"])


async def test_all_are_described(owner: Person) -> None:
    paths = (await owner.client.get("/openapi.json")).json()["paths"]
    assert {"/health", "/chat", "/shared/ask"} <= paths.keys()
    asked = paths["/shared/ask"]["post"]
    assert asked["tags"] == ["quiet", "loud"]
    assert "422" not in asked["responses"]
    models = paths["/v1/models"]["get"]
    assert models["tags"] == ["openai", "anthropic"]
    assert "limit" in [parameter["name"] for parameter in models["parameters"]]
    either = models["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
    assert [schema["$ref"].rpartition("__")[2] for schema in either] == ["ModelList", "ModelList"]
    assert len(paths["/v1/models/{id}"]) == 1


def test_where_our_files_lie_is_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for error in (StoreReadOnly(path="/home/ann/parley"), StoreBusy(path="/home/ann/parley/parley.db")):
        problem = Problem.of(error)
        assert "/home" not in problem.sentence
        assert "/home" not in Problem.from_failure(error.to_failure()).sentence
        assert str(error) in caplog.text
    assert "/v1/nowhere" in Problem.of(RouteUnknown(path="/v1/nowhere")).sentence
