"""Schemathesis as a judge: what `/openapi.json` promises is what comes, whatever is asked.

What it is told is in `schemathesis.toml`. The long runs (`--full`) have a dialect each, and take about six minutes
together, a third of that for Mingly's; the short one takes about fifteen seconds.
"""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import pytest

from parley.models import Model
from parley.server import EmbeddedServer, Plan, backend
from parley.server.dialect import Dialect
from parley.server.dialects import BUILT_IN, page
from parley.services import Services
from tests.conftest import ScriptedProvider
from tests.peers.tiny_engine import PYTHON
from tests.server.conftest import Person, Site, client

TOLD = Path(__file__).with_name("schemathesis.toml")
LOGIN = {"email": "ann@example.org", "password": "a-good-password", "device_name": "phone"}
TALK = {"messages": [{"role": "user", "content": "Hi"}]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "POST /chat": {"message": "Hi"},
    "POST /chat/stream": {"message": "Hi"},
    "PATCH /messages/{id}": {"content": "Hello", "inPlace": True},
    "POST /v1/chat/completions": TALK,
    "POST /v1/completions": {"prompt": "Hi"},
    "POST /v1/responses": {"input": "Hi"},
    "POST /v1/embeddings": {"model": "vectors", "input": "Hi"},
    "POST /v1/messages": {"model": "one", "max_tokens": 100, **TALK},
    "POST /v1/messages/count_tokens": {"model": "one", **TALK},
    "POST /api/chat": {"model": "one", "stream": False, **TALK},
    "POST /api/generate": {"model": "one", "prompt": "Hi", "stream": False},
    "POST /api/show": {"model": "one"},
    "POST /api/embed": {"model": "vectors", "input": "Hi"},
    "POST /api/embeddings": {"model": "vectors", "prompt": "Hi"},
    "POST /api/chat/stream": {"text": "Hi"},
    "PUT /api/chat/conversations/{id}/folder": {"folder_id": None},
    "POST /api/interactions/chat": {"assistantId": "clerk", "prompt": "Hi"},
    "POST /api/interactions/chat/sse": {"assistantId": "clerk", "prompt": "Hi"},
    "POST /api/v1/auth/login": LOGIN,
    "POST /api/v1/users": {"email": "bob@example.org", "tags": ["new"]},
    "POST /api/v1/chat/completions": TALK,
}
"""Bodies that are answered: without them it would hardly hit on any."""

REFUSED = {
    "GET /ca.crt": "nothing is encrypted here",
    "POST /pair": "the code is shown on the computer only",
    "POST /api/v1/auth/logout": "left out",
    "POST /v1/audio/transcriptions": "there is no recogniser",
    **{
        f"POST /api/{word}": "the models of this computer are its owner’s"
        for word in ("pull", "push", "create", "copy")
    },
    "DELETE /api/delete": "the models of this computer are its owner’s",
}
"""What is never answered but with a refusal, and why."""

LINKED = {"mingly", "mingleego", "qinaya", "asta", "typingmind"}
"""The dialects that have answers in which there is what other routes want: what is made can be asked for."""

STRANGERS = 1_000_000
"""So much may be asked without a token: it tries each route without one."""


@dataclass
class Asked:
    """What it has asked: of each operation the statuses of the answers; and the phases that had anything to ask."""

    statuses: dict[str, set[int]]
    phases: set[str]

    @classmethod
    def of(cls, report: Path) -> Self:
        """Read it from a report."""
        asked = cls(defaultdict(set), set())
        for line in report.read_text().splitlines():
            event = json.loads(line).get("ScenarioFinished", {})
            recorder = event.get("recorder", {})
            for id, interaction in recorder.get("interactions", {}).items():
                case, answer = recorder["cases"][id]["value"], interaction["response"]
                if answer is None:
                    continue
                asked.statuses[f"{case['method']} {case['path']}"].add(answer["status_code"])
                asked.phases.add(event["phase"])
        return asked

    def demand_all_of(self, document: dict[str, Any]) -> None:
        """Fail the test unless it has asked for everything, and has been answered but where it cannot be."""
        for path, operations in document["paths"].items():
            for method in operations:
                operation = f"{method.upper()} {path}"
                answered = any(200 <= status < 300 for status in self.statuses[operation])
                assert answered != (operation in REFUSED), (operation, self.statuses[operation])


class Embedding(ScriptedProvider):
    """One that makes vectors as well."""

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        return [[0.1, 1.0] for _ in texts]


@pytest.fixture
def provider() -> Embedding:
    return Embedding("scripted", [Model("scripted", "one"), Model("scripted", "vectors", purpose="embedding")])


@pytest.fixture
def dialects() -> tuple[Dialect, ...]:
    """Return all dialects, without limits of their own."""
    return tuple(replace(dialect, limit=None) for dialect in BUILT_IN)


@pytest.fixture
async def site(
    services: Services, dialects: tuple[Dialect, ...], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    monkeypatch.setattr(backend, "STRANGERS_A_MINUTE", STRANGERS)
    monkeypatch.setattr(page, "TRIES_A_MINUTE", STRANGERS)
    server = EmbeddedServer(services, Plan(port=0), lambda: dialects)
    await server.start()
    assert server.address
    await services.store.assistants.add("Clerk", instruction="Write reports.")
    people = [
        services.store.accounts.get("owner"),
        await services.credentials.add(LOGIN["email"], LOGIN["password"], name="Ann"),
    ]
    owner, ann = [await person(services, account.id, server.address) for account in people]
    site = Site(server, services, owner, client(server.address), [owner, ann])
    yield site
    for each in (owner, ann):
        await each.client.aclose()
    await site.anyone.aclose()
    await server.stop()


async def person(services: Services, account: str, address: str) -> Person:
    found = services.store.accounts.get(account)
    _, token = await services.credentials.issue(found, "tests", admin=account == "owner")
    return Person(found, token, client(address, token))


async def made(owner: Person, things: str) -> str | int:
    """Return the id of something new. `things` is what its routes are called."""
    ask = owner.client.post
    if things == "conversations":
        return str((await ask("/chat", json={"message": "Hi"})).json()["conversationId"])
    if things == "messages":
        talk = await made(owner, "conversations")
        return str((await owner.client.get(f"/conversations/{talk}")).json()["messages"][0]["id"])
    if things == "folders":
        return str((await ask("/folders", json={"name": "Work"})).json()["id"])
    if things == "files":
        return str((await ask("/files", files={"file": ("a.txt", b"Hi")})).json()["id"])
    if things == "users":
        return int((await ask("/api/v1/users", json={"email": f"{token_hex(4)}@example.org"})).json()["id"])
    assert things == "models"
    return "scripted/one"


async def description(owner: Person, dialect: str = "") -> dict[str, Any]:
    """Return the description of a dialect's routes, or of all, with examples that are there."""
    document: dict[str, Any] = (await owner.client.get("/openapi.json")).json()
    paths: dict[str, Any] = defaultdict(dict)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if dialect and dialect not in operation["tags"]:
                continue
            paths[path][method] = operation
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["example"] = await made(owner, path.partition("/{")[0].rpartition("/")[2])
                elif parameter["name"] == "conversation_id":
                    parameter["example"] = await made(owner, "conversations")
            if (example := EXAMPLES.get(f"{method.upper()} {path}")) is not None:
                operation["requestBody"]["content"]["application/json"]["example"] = example
    return {**document, "paths": paths}


async def judged(site: Site, document: dict[str, Any], folder: Path, *options: str) -> Asked:
    """Let it ask for what is described; return what it has asked. What is wrong fails the test."""
    report = folder / "report.ndjson"
    names = dict(zip(("owner", "ann"), site.people, strict=True))
    people = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {each.token}"}]}
        for name, each in names.items()
    ]
    (folder / "people.json").write_text(json.dumps({"auth": people}))
    (folder / "openapi.json").write_text(json.dumps(document))
    command = [
        *(str(PYTHON), "-m", "schemathesis.cli", "--config-file", str(TOLD)),
        *("run", "openapi.json", "--url", site.url, "--no-color"),
        *("--report", "ndjson", "--report-ndjson-path", str(report), *options),
    ]
    environment = os.environ | {"PEOPLE": str(folder / "people.json")}
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=-1, stderr=-2)
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode(errors="replace")[-8000:]
    return Asked.of(report)


@pytest.mark.timeout(300)
async def test_whatever_is_asked(site: Site, tmp_path: Path) -> None:
    document = await description(site.owner)
    few = ("--phases", "examples,fuzzing", "--max-examples", "3", "--no-shrink")
    (await judged(site, document, tmp_path, *few)).demand_all_of(document)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("dialect", [dialect.name for dialect in BUILT_IN])
async def test_much_more_of_it(dialect: str, site: Site, tmp_path: Path) -> None:
    document = await description(site.owner, dialect)
    asked = await judged(site, document, tmp_path, "--max-examples", "200")
    asked.demand_all_of(document)
    assert {"coverage", "fuzzing"} <= asked.phases
    assert ("stateful" in asked.phases) == (dialect in LINKED)
    assert ("examples" in asked.phases) == (dialect != "page")
