"""Schemathesis as a judge: what `/openapi.json` promises is what comes, whatever is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from parley.server import EmbeddedServer, Plan
from parley.server.dialect import Dialect
from parley.server.dialects import BUILT_IN
from parley.services import Services
from tests.peers.tiny_engine import PYTHON
from tests.server.conftest import Person, Site, client

CHECKS = "status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
SEED = 3939
LOGOUT = "/api/v1/auth/logout"
"""Ends the token that is asked with."""

DOCUMENTED = {502, 503}
"""The only faults that may come: a provider's."""


@pytest.fixture
def dialects() -> tuple[Dialect, ...]:
    """Return all dialects, without limits of their own."""
    return tuple(replace(dialect, limit=None) for dialect in BUILT_IN)


@pytest.fixture
async def site(services: Services, dialects: tuple[Dialect, ...]) -> AsyncIterator[Site]:
    server = EmbeddedServer(services, Plan(port=0), lambda: dialects)
    await server.start()
    assert server.address
    account = services.store.accounts.get("owner")
    _, token = await services.credentials.issue(account, "tests", admin=True)
    owner = Person(account, token, client(server.address, token))
    site = Site(server, services, owner, client(server.address), [owner])
    yield site
    await owner.client.aclose()
    await site.anyone.aclose()
    await server.stop()


async def judged(site: Site, folder: Path, seconds: float, *options: str) -> Path:
    """Let it ask with the owner's token; return its report. What is wrong fails the test."""
    report = folder / "report.ndjson"
    token = site.owner.token
    command = [
        *(str(PYTHON), "-m", "schemathesis.cli", "run", f"{site.url}/openapi.json", "--no-color", "--seed", str(SEED)),
        *("--header", f"Authorization: Bearer {token}", "--header", f"x-api-key: {token}"),
        *(
            "--checks",
            CHECKS,
            "--exclude-path",
            LOGOUT,
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
        ),
        *("--generation-database", "none", "--report", "ndjson", "--report-ndjson-path", str(report), *options),
    ]
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=-1, stderr=-2)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode(errors="replace")[-8000:]
    return report


def asked(report: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the method, the address and the status of each answer."""
    for line in report.read_text().splitlines():
        event = json.loads(line).get("ScenarioFinished", {})
        for each in event.get("recorder", {}).get("interactions", {}).values() if event else ():
            if each.get("response"):
                yield each["request"]["method"], each["request"]["uri"], each["response"]["status_code"]


def demand_no_faults(report: Path, least: int) -> None:
    answers = list(asked(report))
    assert len(answers) >= least
    assert not [answer for answer in answers if answer[2] >= 500 and answer[2] not in DOCUMENTED]
    strangers = ("/pair", "/auth/login", "/ca.crt")
    refused = [answer for answer in answers if answer[2] in (401, 429) and not answer[1].endswith(strangers)]
    assert not refused


@pytest.mark.timeout(300)
async def test_whatever_is_asked(site: Site, tmp_path: Path) -> None:
    report = await judged(site, tmp_path, 280, "--phases", "fuzzing", "--max-examples", "3", "--no-shrink")
    demand_no_faults(report, 150)


@pytest.mark.full
@pytest.mark.timeout(3600)
async def test_much_more_of_it(site: Site, tmp_path: Path) -> None:
    phases = ("--phases", "examples,coverage,fuzzing,stateful")
    demand_no_faults(await judged(site, tmp_path, 3500, *phases, "--max-examples", "100"), 5000)
