"""Suggested models fit the memory of the computer."""

import pytest

from parley.providers.suggestions import SUGGESTIONS, memory_bytes, suggested


@pytest.mark.parametrize(
    ("gigabytes", "names"),
    [
        (2, ["gemma3:1b"]),
        (4, ["gemma3:1b"]),
        (8, ["gemma3:4b", "qwen3:4b", "llama3.2", "gemma3:1b"]),
        (16, ["phi4", "gemma3:12b", "qwen3:8b", "gemma3:1b"]),
        (32, ["qwen3:32b", "gemma3:27b", "gpt-oss:20b", "gemma3:1b"]),
        (64, ["llama3.3:70b", "qwen3:32b", "gemma3:27b", "gemma3:1b"]),
        (None, ["gemma3:4b", "qwen3:4b", "llama3.2", "gemma3:1b"]),
    ],
)
def test_the_best_that_fit_and_the_smallest(gigabytes: int | None, names: list[str]) -> None:
    memory = None if gigabytes is None else gigabytes * 1_000_000_000
    assert [found.name for found in suggested(memory)] == names


def test_they_stand_by_size() -> None:
    sizes = [found.size_bytes for found in SUGGESTIONS]
    assert sizes == sorted(sizes)


def test_this_computer_knows_its_memory() -> None:
    memory = memory_bytes()
    assert memory is not None
    assert memory > 500_000_000
