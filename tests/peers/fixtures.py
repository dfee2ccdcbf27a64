"""The pytest fixture for the real engine; conftest.py at the root loads it for all tests."""

from collections.abc import Iterator

import pytest

from tests.peers.tiny_engine import TinyEngine


@pytest.fixture(scope="session")
def tiny_engine() -> Iterator[TinyEngine]:
    """A real llama.cpp server whose replies are those of tests/peers/replies.py; one for each test process."""
    with TinyEngine.start() as engine:
        yield engine
