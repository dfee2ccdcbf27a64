"""The pytest fixtures for the real engine and the real browser; conftest.py at the root loads them for all tests."""

from collections.abc import Iterator

import pytest

from tests.peers.browser import ENVIRONMENT, PYTHON, Browser
from tests.peers.tiny_engine import TinyEngine


@pytest.fixture(scope="session")
def tiny_engine() -> Iterator[TinyEngine]:
    """A real llama.cpp server whose replies are those of tests/peers/replies.py; one for each test process."""
    with TinyEngine.start() as engine:
        yield engine


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium without a window; one for each test process."""
    if not PYTHON.exists():
        pytest.skip(f"{ENVIRONMENT.name} is missing: `python3 dev.py test --full` sets it up")
    with Browser.start() as browser:
        yield browser
