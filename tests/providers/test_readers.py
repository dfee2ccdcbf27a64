import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.bodies import encoded, is_short
from parley.readers import MAX_STRAY, EventReader, LineReader
from parley.refusals import error_words, vendor_words

EVENTS: dict[str, tuple[bytes, list[str]]] = {
    "plain": (b"data: one\n\ndata: two\n\n", ["one", "two"]),
    "crlf": (b"data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]),
    "cr": (b"data: one\r\rdata: two\r\r", ["one", "two"]),
    "mixed": (b"data: one\r\n\rdata: two\n\r\n", ["one", "two"]),
    "several lines": (b"data: one\ndata: two\ndata:\ndata: three\n\n", ["one\ntwo\n\nthree"]),
    "comments": (b": hello\n\n: again\ndata: one\n: inside\n\n:\n\n", ["one"]),
    "byte order mark": (b"\xef\xbb\xbfdata: one\n\n", ["one"]),
    "no space": (b"data:one\n\ndata:  two\n\n", ["one", " two"]),
    "other fields": (b"event: message\nid: 7\nretry: 10\ndata: one\nunknown: x\ndata\n\n", ["one\n"]),
    "no last blank line": (b"data: one\n\ndata: two\n", ["one", "two"]),
    "no last line end": (b"data: one\n\ndata: two", ["one", "two"]),
    "UTF-8": ("data: café 🙂 e\u0301\n\n".encode(), ["café 🙂 e\u0301"]),
    "line separators are no line ends": ("data: a\u2028b\x85c\x0bd\n\n".encode(), ["a\u2028b\x85c\x0bd"]),
    "invalid UTF-8": (b"data: a\xff\xf0\x9f\n\ndata: b\n\n", ["a\ufffd\ufffd", "b"]),
    "nothing": (b"", []),
    "blank lines": (b"\n\r\n\r\n\n", []),
}


def events_of(*pieces: bytes) -> list[str]:
    reader = EventReader()
    found = [data for piece in pieces for data in reader.feed(piece)]
    return [*found, *reader.end()]


class TestEventReader:
    def test_what_no_event_has_is_kept(self) -> None:
        reader = EventReader()
        found = list(reader.feed(b': hello\nid: 1\ndata: one\n\n{\n  "error": {"message": "caf\xc3\xa9"}\n}\n'))
        assert [*found, *reader.end()] == ["one"]
        assert json.loads(reader.stray) == {"error": {"message": "café"}}
        list(reader.feed(b"x" * 200_000 + b"\n" + b"y\n" * 100_000))
        assert len(reader.stray) <= 2 * MAX_STRAY

    @pytest.mark.parametrize("name", EVENTS)
    def test_events_are_the_same_wherever_the_bytes_are_cut(self, name: str) -> None:
        data, expected = EVENTS[name]
        assert events_of(data) == expected
        assert events_of(*(data[at : at + 1] for at in range(len(data)))) == expected
        for first in range(len(data)):
            for second in range(first, len(data)):
                assert events_of(data[:first], data[first:second], data[second:]) == expected

    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\ufeff"))), st.data())
    def test_what_is_written_is_read(self, texts: list[str], data: st.DataObject) -> None:
        end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
        stream = "".join(f"data: {text}{end}{end}" for text in texts).encode()
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
        assert events_of(*pieces) == texts

    @given(st.lists(st.binary(max_size=40), max_size=10))
    def test_any_bytes_can_be_read(self, pieces: list[bytes]) -> None:
        events_of(*pieces)

    def test_held_bytes_are_counted(self) -> None:
        reader = EventReader()
        assert list(reader.feed(b"data: 12345")) == []
        assert reader.pending == 11
        assert list(reader.feed(b"\ndata: 6")) == []
        assert reader.pending >= 5
        assert list(reader.feed(b"\n\n")) == ["12345\n6"]
        assert reader.pending == 0


class TestLineReader:
    def test_lines_are_the_same_wherever_the_bytes_are_cut(self) -> None:
        data = b"one\r\ntwo\n\r\nthree\rfour"
        for first in range(len(data)):
            for second in range(first, len(data)):
                reader = LineReader()
                pieces = (data[:first], data[first:second], b"", data[second:])
                lines = [line for piece in pieces for line in reader.feed(piece)]
                assert [*lines, *reader.end()] == [b"one", b"two", b"", b"three", b"four"]

    def test_a_long_line_in_many_pieces_takes_linear_time(self) -> None:
        reader = LineReader()
        for _ in range(200_000):
            assert list(reader.feed(b"x" * 16)) == []
        assert [len(line) for line in reader.end()] == [3_200_000]


class TestWordsOfErrors:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"error": "model 'x' not found"}, "model 'x' not found"),
            ({"error": {"message": "No.", "type": "bad"}}, "No. (bad)"),
            ({"error": {"message": "No.", "type": "bad", "code": "worse"}}, "No. (worse)"),
            ({"error": {"message": "No.", "type": None, "code": 400}}, "No."),
            ({"error": {"type": "overloaded"}}, "overloaded"),
            (
                {"object": "error", "message": "Too much", "type": "BadRequestError", "code": 400},
                "Too much (BadRequestError)",
            ),
            ({"detail": "Not Found"}, "Not Found"),
            ({"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}, "Field required (missing)"),
            ({"message": "no Route matched"}, "no Route matched"),
            ([{"error": {"code": 400, "message": "API key not valid", "status": "INVALID"}}], "API key not valid"),
            ({"unknown": 1}, '{"unknown": 1}'),
            ([], "[]"),
            ("just words", '"just words"'),
        ],
    )
    def test_json(self, body: Any, expected: str) -> None:
        if body == "just words":
            expected = body
        assert vendor_words(json.dumps(body).encode()) == expected

    def test_other_bodies(self) -> None:
        assert vendor_words(b" Service Unavailable \n") == "Service Unavailable"
        assert vendor_words(b"<html><head><title>502 Bad\nGateway</title>...") == "502 Bad\nGateway"
        assert vendor_words(b"<p>x</p>") == ""
        assert vendor_words(b"") == ""
        assert vendor_words(b'{"cut": ') == '{"cut":'
        assert vendor_words(b"[" * 60_000).startswith("[[[")
        assert vendor_words(b"\xff\xfe") == "\ufffd\ufffd"
        assert error_words(17) == ""


WORDS = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(WORDS, JSON, max_size=3))
def test_what_is_encoded_in_pieces_is_json(body: dict[str, Any]) -> None:
    assert json.loads(encoded(body)) == body


def test_half_a_character_does_not_make_a_request_impossible() -> None:
    assert json.loads(encoded({"messages": [{"content": "a\ud800b"}]})) == {"messages": [{"content": "a?b"}]}


def test_what_is_short() -> None:
    message = {"role": "user", "content": "x" * 10_000}
    assert is_short({})
    assert is_short({"model": "m", "messages": [message], "temperature": 0.5, "stop": ("a", "b")})
    assert not is_short({"model": "m", "messages": [message, message]})
    assert not is_short({"messages": [{}] * 20_000})
