import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.events import ReasoningDelta, TextDelta
from parley.providers.thinking import ThinkSplitter

ANSWERS: dict[str, tuple[str, str, str]] = {
    "no tag": ("Hello, world", "", "Hello, world"),
    "think": ("<think>2+2 is four</think>Four.", "2+2 is four", "Four."),
    "thinking": ("<thinking>2+2</thinking>Four.", "2+2", "Four."),
    "blank around": (" \n<think>\n2+2\n</think>\n\nFour.\n", "2+2\n", "Four.\n"),
    "nothing thought": ("<think></think>Four.", "", "Four."),
    "only blank thought": ("<think>\n\n</think>\n\nFour.", "", "Four."),
    "never closed": ("<think>2+2", "2+2", ""),
    "closed by another": ("<think>a</thinking>b</think>c", "a</thinking>b", "c"),
    "almost closed": ("<think>a</thin b</think >c</think>d", "a</thin b</think >c", "d"),
    "ends in a half end": ("<think>a</thi", "a</thi", ""),
    "never a tag": ("<thi is no tag", "", "<thi is no tag"),
    "only the start of a tag": ("<thin", "", "<thin"),
    "other tag": ("<p>x</p>", "", "<p>x</p>"),
    "later tag is text": ("Use <think>x</think> here", "", "Use <think>x</think> here"),
    "second tag is text": ("<think>a</think>b<think>c</think>", "a", "b<think>c</think>"),
    "nested start": ("<think>a<think>b</think>c", "a<think>b", "c"),
    "blank stays before text": ("  indented", "", "  indented"),
    "only blank": (" \n ", "", " \n "),
    "empty": ("", "", ""),
}


def split(*pieces: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    events = [event for piece in pieces for event in splitter.feed(piece)]
    events += splitter.end()
    assert all(event.text for event in events)
    thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    return thought, "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_split_is_the_same_wherever_the_text_is_cut(name: str) -> None:
    text, *expected = ANSWERS[name]
    assert list(split(text)) == expected
    assert list(split(*text)) == expected
    for first, second in itertools.combinations_with_replacement(range(len(text) + 1), 2):
        assert list(split(text[:first], text[first:second], text[second:])) == expected


@given(st.lists(st.text("<think>/ing \nab", max_size=12), max_size=6))
def test_nothing_but_tags_and_blank_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    thought, said = split(*pieces)
    if not text.lstrip().startswith(("<think>", "<thinking>")):
        assert (thought, said) == ("", text)
    else:
        assert thought.strip() in text
        assert text.endswith(said)


def test_text_comes_at_once() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("H") == [TextDelta("H")]
    assert splitter.feed("<think>") == [TextDelta("<think>")]
    splitter = ThinkSplitter()
    assert splitter.feed("<think>H") == [ReasoningDelta("H")]
    assert splitter.feed("m <") == [ReasoningDelta("m ")]
    assert splitter.feed("b>") == [ReasoningDelta("<b>")]
