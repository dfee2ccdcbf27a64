"""Bodies with a million faults: one of them is told, at once and in few words."""

from typing import Any

import pytest
from pydantic import ValidationError

from parley.server.received import Received
from tests.server.conftest import Site

MANY = [0] * 1_000_000
UNKNOWN = {f"unknown{number}": 0 for number in range(200_000)}


class Inner(Received):
    number: int
    names: list[str] | None = None


class Outer(Received):
    inners: list[Inner]
    either: str | list[Inner] = ""
    by_name: dict[str, int] | None = None


@pytest.mark.parametrize(
    "body",
    [
        {"inners": [{"number": "1"}] * 10},
        {"inners": [{"number": 1, "names": [1] * 10}] * 10},
        {"inners": [], "by_name": {str(number): "x" for number in range(10)}},
    ],
)
def test_one_fault_of_many(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(body)
    assert caught.value.error_count() == 1


def test_one_fault_of_each_of_several_types() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inners": [], "either": [{}] * 10})
    assert caught.value.error_count() == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": MANY}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": MANY}]}),
        ("/v1/responses", {"input": MANY}),
        ("/v1/embeddings", {"input": MANY}),
        ("/v1/messages", {"model": "one", "max_tokens": 1, "messages": MANY}),
        ("/api/chat", {"model": "one", "messages": MANY}),
        ("/api/embed", {"model": "one", "input": MANY}),
        ("/api/interactions/chat", {"assistantId": "a", "prompt": "b", "fileIds": MANY}),
        ("/chat", {"message": "a", "attachments": MANY}),
        ("/api/v1/preferences", UNKNOWN),
    ],
)
async def test_a_million_faults(site: Site, path: str, body: dict[str, Any]) -> None:
    method = "PUT" if "preferences" in path else "POST"
    answer = await site.owner.client.request(method, path, json=body)
    assert answer.status_code in (400, 422)
    assert len(answer.content) < 2000
