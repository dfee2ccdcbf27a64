"""Values: ids, parts, usage, trees and titles."""

import json
import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.messages import (
    Conversation,
    Image,
    Message,
    MessageStatus,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    new_id,
    part_from_json,
    part_to_json,
    title_from,
)
from parley.models import Model, Parameters, fits, parameters_from_json, parameters_to_json
from parley.trees import ConversationTree


def message(id: str, parent: str | None = None, role: Role = Role.USER, *parts: Part) -> Message:
    return Message(id, "c", parent, role, parts, MessageStatus.COMPLETE, 0.0)


def tree(leaf: str | None, *messages: Message) -> ConversationTree:
    return ConversationTree(Conversation("c", "title", 0.0, 0.0, leaf_id=leaf), messages)


def test_ids_are_uuids_of_version_seven_and_sortable() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_id() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(ids)) == 1000
    for id in ids:
        uuid = UUID(id)
        assert (str(uuid), uuid.version, uuid.variant) == (id, 7, "specified in RFC 4122")
        assert before <= uuid.int >> 80 <= after


@given(
    st.one_of(
        st.builds(Text, st.text()),
        st.builds(Reasoning, st.text(), st.none() | st.floats(0, 1e6), st.text()),
        st.builds(Image, st.just("image/png"), st.binary()),
        st.builds(ToolCall, st.text(), st.text(), st.text(), st.text()),
        st.builds(ToolResult, st.text(), st.text(), st.booleans()),
    )
)
def test_parts_survive_storage(part: Part) -> None:
    assert part_from_json(part_to_json(part)) == part


@given(
    st.builds(
        Parameters,
        temperature=st.none() | st.floats(0, 2),
        max_tokens=st.none() | st.integers(1, 10**6),
        stop=st.lists(st.text(min_size=1), max_size=3).map(tuple),
        effort=st.sampled_from(["", "low", "high"]),
        json=st.booleans(),
        schema=st.none() | st.just({"type": "object"}),
    )
)
def test_parameters_survive_storage(parameters: Parameters) -> None:
    stored = json.loads(json.dumps(parameters_to_json(parameters)))
    assert parameters_from_json(stored | {"of_a_newer_version": 1}) == parameters
    assert stored.keys() == parameters.given


def test_a_part_of_another_version_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        part_from_json({"kind": "hologram"})


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("temperature", [None, 0, 0.0, 2], [-0.1, 2.01, float("nan"), float("inf")]),
        ("top_p", [None, 0, 1], [1.5]),
        ("max_tokens", [None, 1, 10_000_000], [0, -1]),
        ("seed", [None, 0, 2**31 - 1], [-1, 2**31]),
        ("stop", [(), ("a", "b", "c", "d")], [("",), ("a",) * 5]),
        ("effort", ["", "none", "high"], ["huge"]),
        ("json", [True, False], []),
    ],
)
def test_which_values_fit_a_parameter(name: str, good: list[Any], bad: list[Any]) -> None:
    assert all(fits(name, value) for value in good)
    assert not any(fits(name, value) for value in bad)


def test_text_and_reasoning_are_told_apart() -> None:
    whole = message("m", None, Role.ASSISTANT, Reasoning("hm"), Text("a"), Text("b"))
    assert (whole.text, whole.reasoning) == ("ab", "hm")


@pytest.mark.parametrize(
    ("usage", "speed"),
    [
        (Usage(output_tokens=100, first_token_seconds=1.0, seconds=3.0), 50.0),
        (Usage(output_tokens=100, first_token_seconds=1.0, seconds=1.0), None),
        (Usage(output_tokens=0, first_token_seconds=1.0, seconds=3.0), None),
        (Usage(output_tokens=100, seconds=3.0), None),
        (Usage(), None),
    ],
)
def test_speed(usage: Usage, speed: float | None) -> None:
    assert usage.tokens_per_second == speed


def test_a_branch_is_the_ancestors_of_its_leaf() -> None:
    messages = (message("a"), message("b", "a"), message("c", "b"), message("b2", "a"))
    assert [one.id for one in tree("c", *messages).branch()] == ["a", "b", "c"]
    assert [one.id for one in tree("c", *messages).branch("b2")] == ["a", "b2"]
    assert tree(None, *messages).branch() == []
    assert tree("gone", *messages).branch() == []
    assert tree("c", *messages).message("b2") is messages[3]
    assert tree("c", *messages).message("x") is None


def test_versions_are_siblings_that_say_something() -> None:
    first = message("r1", "q", Role.ASSISTANT, Text("one"))
    empty = message("r2", "q", Role.ASSISTANT)
    third = message("r3", "q", Role.ASSISTANT, Text("three"))
    found = tree("r3", message("q"), first, empty, third, message("u", "q", Role.USER, Text("no")))
    assert found.versions(first) == [first, third]
    assert found.versions(empty) == [first, empty, third]


def test_versions_of_questions_and_of_what_is_still_coming() -> None:
    coming = Message("r1", "q", "q1", Role.ASSISTANT, (), MessageStatus.STREAMING, 0.0)
    asked = [message(f"q{number}", None, Role.USER, Text("?")) for number in range(3)]
    found = tree("r1", *asked, coming, message("r2", "q1", Role.ASSISTANT, Text("two")))
    assert found.versions(asked[1]) == asked
    assert [one.id for one in found.versions(found.messages[-1])] == ["r1", "r2"]
    assert found.siblings(coming) == found.versions(coming)
    assert found.versions(message("elsewhere", "nothing")) == []


def test_the_newest_leaf_below_a_message() -> None:
    found = tree(
        "a4",
        message("q1"),
        message("a1", "q1", Role.ASSISTANT),
        message("q2", "a1"),
        message("q3", "a1"),
        message("a3", "q3", Role.ASSISTANT),
        message("a2", "q2", Role.ASSISTANT),
        message("b1", "q1", Role.ASSISTANT),
    )
    assert [found.newest_leaf(id) for id in ("q1", "a1", "q3", "q2", "b1")] == ["b1", "a2", "a3", "a2", "b1"]
    assert found.newest_leaf("gone") == "gone"


def test_versions_in_a_very_long_conversation_are_quick() -> None:
    roles = (Role.USER, Role.ASSISTANT)
    found = tree("19999", *(message(str(n), str(n - 1), roles[n % 2], Text("x")) for n in range(20_000)))
    assert all(found.versions(one) == [one] for one in found.branch())  # quadratic, it would take minutes
    assert found.newest_leaf("0") == "19999"


def test_the_cost_of_a_reply_that_went_on() -> None:
    first, then = Usage(10, 20, 0.5, 2.0, reason="length"), Usage(30, 5, 0.1, 1.0, estimated=True, reason="stop")
    assert first.resumed(then) == Usage(40, 25, None, 3.0, estimated=True, reason="stop")
    assert Usage(1, reasoning_tokens=2).resumed(Usage(1, reasoning_tokens=3)).reasoning_tokens == 5
    assert Usage(seconds=1.0).resumed(then) == Usage(None, None, None, 2.0, estimated=True, reason="stop")


@pytest.mark.parametrize(
    ("usage", "cut"), [(None, False), (Usage(), False), (Usage(reason="stop"), False), (Usage(reason="length"), True)]
)
def test_what_was_cut_off(usage: Usage | None, cut: bool) -> None:
    assert replace(message("m"), usage=usage).cut_off is cut


def test_a_model_has_a_full_name() -> None:
    assert Model("ollama", "llama3.2:3b").id == "ollama/llama3.2:3b"
    assert Model("tiny", "org/model").id == "tiny/org/model"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello", "Hello"),
        ("\n\n  # A heading\nmore", "A heading"),
        ("> quoted `code`", "quoted `code"),
        ("", ""),
        ("###\n---\nwords", "words"),
        ("word " * 40, "word word word word word word word word word word word word word word word word…"),
        ("x" * 200, "x" * 80 + "…"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text())
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= 81
    assert len(title.splitlines()) <= 1


def test_the_title_of_megabytes_is_quick() -> None:
    assert title_from("word " * 2_000_000).startswith("word")
