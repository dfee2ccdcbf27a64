"""What a row of the search results shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.ui.sidebar.search_results import without_signs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**Day 3: <Sintra>.** The train", "Day 3: <Sintra>. The train"),
        ("# Heading of <all> ## and another", "Heading of <all> and another"),
        ("call `<parse>(text)` twice", "call <parse>(text) twice"),
        ("see [the <manual>](https://example.com/x) first", "see the <manual> first"),
        ("C# and issue #12 of <__init__>", "C# and issue #12 of <__init__>"),
        ("2 * 3 * <4> | a [note] (aside)", "2 * 3 * <4> | a [note] (aside)"),
        ("looked for <**>: it stays, **that** not", "looked for <**>: it stays, that not"),
        ("… half of ](https://example.com <link>", "… half of ](https://example.com <link>"),
    ],
)
def test_signs_are_left_out_and_marks_move_with_their_words(text: str, shown: str) -> None:
    start = text.index("<")
    end = text.index(">") - 1
    plain, marks = without_signs(text.replace("<", "").replace(">", ""), ((start, end),))
    ((first, last),) = marks
    assert f"{plain[:first]}<{plain[first:last]}>{plain[last:]}" == shown


@given(st.text("a*`#[](!) b", max_size=40), st.data())
def test_what_was_found_is_never_changed(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    plain, ((first, last),) = without_signs(text, ((start, end),))
    assert plain[first:last] == text[start:end]
