"""The parts of a reply, as they come in."""

from parley.events import ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Reasoning, Text, ToolCall
from parley.written import Written, resumed, said_before

CALL = ToolCall("1", "get_time", '{"tz": "UTC"}', "proof")
PICTURE = Image("image/png", b"\x89PNG")


def test_runs_become_parts_in_their_order() -> None:
    written = Written()
    for event in (
        ReasoningDelta("a"),
        ReasoningDelta("b", "signed"),
        ReasoningDelta("c"),
        TextDelta("d"),
        TextDelta("e"),
    ):
        written.take(event)
    written.take(ToolCalled(CALL))
    written.take(ImageMade(PICTURE))
    written.take(TextDelta("f"))
    thoughts = [(part.text, part.signature) for part in written.parts if isinstance(part, Reasoning)]
    assert thoughts == [("ab", "signed"), ("c", "")]
    assert written.parts[2:] == (Text("de"), CALL, PICTURE, Text("f"))
    assert written.text == "def"


def test_parts_come_from_the_events_they_give() -> None:
    written = Written()
    parts = (Reasoning("why", None, "signed"), Text("so"), PICTURE, CALL)
    for event in said_before(parts):
        written.take(event)
    assert [type(part) for part in written.parts] == [Reasoning, Text, Image, ToolCall]
    assert written.parts[1:] == parts[1:]


def test_what_was_thought_before_counts() -> None:
    parts = resumed((Reasoning("a", 2.0), Text("b")), (Reasoning("a", 0.5), Text("bc"), Reasoning("d", 1.0)))
    assert [part.seconds for part in parts if isinstance(part, Reasoning)] == [2.5, 1.0]
    assert resumed((Reasoning("a", 2.0),), ()) == (Reasoning("a", 2.0),)
