"""What goes to the model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.context import ANSWER_SHARE, LARGEST, Prompt, messages_for, tokens_in
from parley.messages import Message, MessageStatus, Reasoning, Role, Text


def message(
    text: str, role: Role = Role.USER, status: MessageStatus = MessageStatus.COMPLETE, *, id: str = "m"
) -> Message:
    return Message(id, "c", None, role, (Text(text),) if text else (), status, 0.0)


def branch(*texts: str) -> list[Message]:
    roles = (Role.USER, Role.ASSISTANT)
    return [message(text, roles[number % 2], id=str(number)) for number, text in enumerate(texts)]


def test_without_a_known_context_all_goes() -> None:
    whole = branch("a" * 1_000_000, "b", "c")
    assert messages_for(whole) == whole


def test_no_model_is_sent_more_than_any_takes_in() -> None:
    whole = branch(*["a" * 500_000] * 21)
    sent = messages_for(whole)
    assert sent == whole[-3:]  # an answer is not the first
    assert sum(tokens_in(one.text) for one in sent) < LARGEST


def test_nothing_older_is_asked_for_when_no_more_fits() -> None:
    prompt = Prompt(context=1500)
    taken = [prompt.take(one) for one in reversed(branch("a" * 900, "b" * 900, "c" * 900, "d" * 900, "e" * 900))]
    assert taken == [True, True, True, False, False]
    assert [one.text[0] for one in prompt.messages] == ["c", "d", "e"]


def test_what_says_nothing_stays_behind() -> None:
    thought = Message("t", "c", None, Role.ASSISTANT, (Reasoning("hm"),), MessageStatus.FAILED, 0.0)
    streaming = message("par", Role.ASSISTANT, MessageStatus.STREAMING)
    assert [one.text for one in messages_for([message("a"), message(""), thought, streaming, message("b")])] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize("status", [MessageStatus.STOPPED, MessageStatus.FAILED, MessageStatus.INTERRUPTED])
def test_an_answer_that_broke_off_goes_as_far_as_it_came(status: MessageStatus) -> None:
    assert [one.text for one in messages_for([message("a"), message("par", Role.ASSISTANT, status)])] == ["a", "par"]


def test_the_oldest_are_left_out_first() -> None:
    whole = branch("a" * 900, "b" * 900, "c" * 900, "d" * 900, "e" * 900)
    assert [one.text[0] for one in messages_for(whole, context=1500)] == ["c", "d", "e"]


def test_the_instruction_takes_room() -> None:
    whole = branch("a" * 900, "b" * 900, "c" * 900)
    assert len(messages_for(whole, context=1300)) == 3
    assert len(messages_for(whole, instruction="i" * 900, context=1300)) == 1


def test_the_newest_always_goes() -> None:
    assert [one.text[0] for one in messages_for(branch("a", "b", "c" * 9000), context=100)] == ["c"]


def test_an_answer_to_go_on_with_keeps_its_question() -> None:
    whole = branch("a" * 900, "b" * 900, "c" * 9000, "d" * 9000)
    assert [one.text[0] for one in messages_for(whole, context=100)] == ["c", "d"]
    assert [one.text[0] for one in messages_for(branch("a", "b")[1:], context=1)] == ["b"]


@given(
    st.lists(st.tuples(st.text(), st.sampled_from(Role), st.sampled_from(MessageStatus)), max_size=30),
    st.text(),
    st.none() | st.integers(0, 400),
)
def test_what_is_sent_is_the_end_of_what_was_said(
    said: list[tuple[str, Role, MessageStatus]], instruction: str, context: int | None
) -> None:
    whole = [message(text, role, status, id=str(number)) for number, (text, role, status) in enumerate(said)]
    sent = messages_for(whole, instruction=instruction, context=context)
    spoken = [one for one in whole if one.text and one.status is not MessageStatus.STREAMING]
    assert sent == spoken[len(spoken) - len(sent) :]
    assert bool(sent) == bool(spoken)
    if context is None:
        assert sent == spoken
    elif any(one.role is not Role.ASSISTANT for one in sent[1:]):
        room = context - context // ANSWER_SHARE - tokens_in(instruction)
        assert sum(tokens_in(one.text) for one in sent) <= room
        assert len(sent) == len(spoken) or sent[0].role is not Role.ASSISTANT


@given(st.text(st.characters(exclude_categories=[])))
def test_an_estimate_for_any_text(text: str) -> None:
    assert tokens_in(text) >= len(text) // 3
