"""What all tests share: a real store, a real engine with a scripted provider at the edge, and strictness.

No network but loopback, no keys from the environment, no unexpected error in the log, no warning from Qt.
"""

import asyncio
import logging
import os
import re
import socket
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol

import pytest

from parley.engine import ChatEngine
from parley.events import Event, Finished, TextDelta
from parley.keys import Keys
from parley.models import Model
from parley.options import ProviderRow
from parley.paths import Paths
from parley.providers.base import ProviderRequest
from parley.providers.catalog import Catalog
from parley.providers.endpoints import ProviderDialect
from parley.providers.guide import Guide
from parley.settings import Settings
from parley.store.store import Store

UI = Path(__file__).parent / "ui"

FOREIGN_VARIABLES = re.compile(
    r"^(PARLEY_|.*_API_KEY$|.*_BASE_URL$|OLLAMA_HOST$|.*_proxy$|.*_PROXY$|SSL_CERT_|.*_CA_BUNDLE$|DBUS_SESSION_)"
)
"""What a developer's environment may hold and tests must not see."""


class Until(Protocol):
    """Waits until a condition holds; fails the test when that takes too long."""

    async def __call__(self, condition: Callable[[], object], seconds: float = 30.0) -> None: ...


Step = str | Event | BaseException | asyncio.Event
"""Of a script: a piece of the answer, any event, an error to raise, or something to wait for."""


class ScriptedProvider:
    """A provider that says what a test has written down; without a script it repeats the question."""

    def __init__(self, id: str = "scripted", models: Sequence[Model] | None = None) -> None:
        self._id = id
        self.listed = [Model(id, "one"), Model(id, "two")] if models is None else list(models)
        self.scripts: list[Iterable[Step] | AsyncIterator[Step]] = []
        self.requests: list[ProviderRequest] = []
        self.streaming = 0
        self.problem: BaseException | None = None
        """What `models` raises."""

    @property
    def id(self) -> str:
        return self._id

    @property
    def name(self) -> str:
        return self._id.capitalize()

    @property
    def local(self) -> bool:
        return True

    def says(self, *steps: Step) -> None:
        """Write down the next answer. It finishes by itself, unless it ends with an error or an event of its own."""
        self.scripts.append(steps)

    async def models(self) -> list[Model]:
        if self.problem:
            raise self.problem
        return self.listed

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        script = self.scripts.pop(0) if self.scripts else [f"You said: {request.messages[-1].text}"]
        self.streaming += 1
        try:
            async for step in _steps(script):
                match step:
                    case str():
                        yield TextDelta(step)
                    case asyncio.Event():
                        await step.wait()
                    case BaseException():
                        raise step
                    case Finished():
                        yield step
                        return
                    case _:
                        yield step
            yield Finished()
        finally:
            self.streaming -= 1

    async def close(self) -> None:
        pass


async def _steps(script: Iterable[Step] | AsyncIterator[Step]) -> AsyncIterator[Step]:
    if isinstance(script, AsyncIterator):
        async for step in script:
            yield step
        return
    for step in script:
        yield step
        await asyncio.sleep(0)


def scripted_dialect(provider: ScriptedProvider) -> ProviderDialect:
    """Return a dialect whose one provider is the scripted one."""
    return ProviderDialect("scripted", lambda endpoint, access: provider, str)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data")


@pytest.fixture
def settings(paths: Paths) -> Settings:
    settings = Settings(paths.settings)
    settings.update(
        default_model="scripted/one", retries=0, providers=(ProviderRow("scripted", "http://127.0.0.1:1", "scripted"),)
    )
    return settings


@pytest.fixture
async def store(paths: Paths) -> AsyncIterator[Store]:
    store = Store.open(paths.data)
    yield store
    await store.close()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
async def catalog(settings: Settings, paths: Paths, provider: ScriptedProvider) -> AsyncIterator[Catalog]:
    keys, guide = Keys(paths.keys, environ={}), Guide(lambda question, limit: [])
    catalog = Catalog(settings, keys, guide, dialects=[scripted_dialect(provider)], local=(), environ={})
    yield catalog
    await catalog.close()


@pytest.fixture
async def engine(store: Store, catalog: Catalog, settings: Settings) -> AsyncIterator[ChatEngine]:
    engine = ChatEngine(store, catalog, settings)
    yield engine
    await engine.close()


@pytest.fixture
def until() -> Until:
    async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {seconds:g} seconds")
            await asyncio.sleep(0.005)

    return until


class _ErrorRecords(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        self.records.append(f"{record.name}: {text}")


class ExpectLog:
    """Called with a pattern, it allows errors in the log that match; one of each must be there."""

    def __init__(self) -> None:
        self.patterns: list[str] = []

    def __call__(self, pattern: str) -> None:
        self.patterns.append(pattern)


@pytest.fixture
def expect_log() -> ExpectLog:
    return ExpectLog()


@pytest.fixture(autouse=True)
def no_unexpected_errors(expect_log: ExpectLog) -> Iterator[None]:
    """Fail a test that leaves an error in the log, or none where one is expected."""
    handler = _ErrorRecords()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    patterns = expect_log.patterns
    surprises = [text for text in handler.records if not any(re.search(pattern, text) for pattern in patterns)]
    assert not surprises, "unexpected errors in the log:\n" + "\n".join(surprises)
    missing = [pattern for pattern in patterns if not any(re.search(pattern, text) for text in handler.records)]
    assert not missing, f"these errors are not in the log: {missing}"


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach another computer."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host != "localhost" and not ip_address(host.split("%")[0]).is_loopback:
            pytest.fail(f"a test wanted to reach {host}")

    def guarded(self: socket.socket, address: Any) -> None:
        if self.type != socket.SOCK_DGRAM:  # of those it only asks for the way: nothing is sent
            check(address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the developer's own keys and data from the tests."""
    for name in list(os.environ):
        if FOREIGN_VARIABLES.match(name):
            monkeypatch.delenv(name)
    if not sys.platform.startswith("linux"):  # there a keychain is reached through D-Bus, whose address is hidden
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path_factory.getbasetemp() / "nobody"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Qt's warnings fail the tests of the interface."""
    for item in items:
        if item.path.is_relative_to(UI):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
