"""Options and fixtures that every test has, wherever it lies."""

import os
import signal

import pytest

pytest_plugins = ["tests.peers.fixtures"]

# No window pops up while tests run; a test that wants a real screen starts one of its own.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


# Started with nohup or in the background, a process has Ctrl+C and its like ignored, and so have all its children.
# Ours are tested for obeying them.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --full."""
    parser.addoption("--full", action="store_true", help="run the long tests (marked `full`) too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the long tests unless they are asked for."""
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="a long run: needs --full")
    for item in items:
        if item.get_closest_marker("full") is not None:
            item.add_marker(skip)
