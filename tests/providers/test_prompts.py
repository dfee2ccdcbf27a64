"""The messages of a request, as most wire formats want them."""

from parley.messages import Image, Message, MessageStatus, Part, Role, Text, ToolCall, ToolResult
from parley.providers.prompts import arguments, entries, rounds

PICTURE = Image("image/png", b"png")
CALL = ToolCall("1", "f", "{}")


def said(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


def test_neighbours_of_one_role_are_joined() -> None:
    joined = entries(
        [
            said(Role.USER, Text("a")),
            said(Role.USER, Text("b"), PICTURE),
            said(Role.USER, Text("c")),
            said(Role.ASSISTANT),
        ]
    )
    assert [entry.role for entry in joined] == [Role.USER, Role.ASSISTANT]
    assert joined[0].parts == (Text("a\n\nb"), PICTURE, Text("c"))
    assert joined[0].text == "a\n\nbc"


def test_a_reply_is_read_in_rounds() -> None:
    other, result, later = ToolCall("2", "g", "{}"), ToolResult("1", "x"), ToolResult("2", "y")
    assert list(rounds([Text("a"), CALL, other, result, later, Text("b")])) == [
        ([Text("a"), CALL, other], [result, later]),
        ([Text("b")], []),
    ]
    assert list(rounds([])) == []


def test_arguments_that_are_none() -> None:
    assert arguments('{"a": 1}') == {"a": 1}
    assert arguments("[1]") == arguments("{") == arguments("[" * 100_000) == {}
