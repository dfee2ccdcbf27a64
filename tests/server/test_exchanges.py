"""Every exchange that is written down in `exchanges/`, played against the real server on a real socket."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.models import Model
from parley.options import ProviderRow
from parley.settings import Settings
from tests.conftest import ScriptedProvider
from tests.server.conftest import Site
from tests.server.exchange import Player, events_of, fits

EXCHANGES = Path(__file__).parent / "exchanges"
FILES = sorted(EXCHANGES.glob("*/*.json"))


@pytest.fixture
def steps(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    path: Path | None = getattr(request, "param", None)
    read: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path else []
    return read


@pytest.fixture
def setup(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a file wants to be there: `provider` (its id) and `models` (their names)."""
    found: dict[str, Any] = steps[0].get("setup", {}) if steps else {}
    return found


@pytest.fixture
def provider(setup: dict[str, Any]) -> ScriptedProvider:
    id = setup.get("provider", "scripted")
    return ScriptedProvider(id, [Model(id, name) for name in setup.get("models", ("one", "two"))])


@pytest.fixture
def settings(settings: Settings, provider: ScriptedProvider, setup: dict[str, Any]) -> Settings:
    row = ProviderRow(provider.id, "http://127.0.0.1:1", "scripted")
    default = f"{provider.id}/{provider.listed[0].name}"
    settings.update(providers=(row,), default_model=default)
    return settings


@pytest.mark.parametrize(
    "steps", FILES, ids=[str(path.relative_to(EXCHANGES).with_suffix("")) for path in FILES], indirect=True
)
async def test_exchange(
    steps: list[dict[str, Any]], site: Site, provider: ScriptedProvider, settings: Settings
) -> None:
    await Player(site, provider, settings).play(steps)
    assert not provider.scripts, "not all that the model was to say has been asked for"


def test_what_fits() -> None:
    fitting: list[tuple[object, object]] = [
        (1, "$int"),
        (1.5, "$number"),
        ("2026-01-01T00:00:00Z", "$time"),
        ("abc", "/a.c/"),
        ("a\nc", "/a.c/"),
        (None, None),
        (False, "$bool"),
        ("$", "$"),
        ([], "$any"),
    ]
    for found, expected in fitting:
        assert fits(found, expected), (found, expected)
    others: list[tuple[object, object]] = [
        (True, "$int"),
        ("", "$string"),
        (1, True),
        ("2026-01-01", "$time"),
        ("xabc", "/a.c/"),
        (None, "/.*/"),
        ("a", "b"),
        (1, "$bool"),
    ]
    for found, expected in others:
        assert not fits(found, expected), (found, expected)


async def test_a_player_fails_what_is_answered_otherwise(
    site: Site, provider: ScriptedProvider, settings: Settings
) -> None:
    player = Player(site, provider, settings)
    asked = {"method": "GET", "path": "/health"}
    for response in (
        {"status": 201},
        {"status": 200, "json": {}},
        {"status": 200, "headers": {"content-type": None}},
        {"status": 200, "json": {"status": "ill", "$more": True}},
        {"status": 200, "json": {"nothing": "$any", "$more": True}},
    ):
        with pytest.raises(AssertionError, match="health"):
            await player.play([{"name": "health", "request": asked, "response": response}])


def test_events_of_a_stream() -> None:
    assert events_of(": ping\n\nid: 3\ndata: {}\n\nevent: a\nid: 4\ndata: 1\n\ndata: [DONE]\n\n") == [
        {},
        {"event": "a", "data": 1, "id": "4"},
        "[DONE]",
    ]
