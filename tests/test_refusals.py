"""What refusals mean, and when one may ask again."""

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from parley.errors import AnswerWithheld, KeyRefused, NoCredit, Overloaded, RequestRefused
from parley.refusals import error_names, error_words, kind_of, retry_after_of, vendor_delay, vendor_names


def test_the_vendors_own_names_come_first() -> None:
    assert kind_of(400, "Bad", ["blocked"], {"blocked": AnswerWithheld}) is AnswerWithheld
    assert kind_of(429, "Quota", ["insufficient_quota"]) is NoCredit
    assert kind_of(400, "Key not valid", ["API_KEY_INVALID"], {"api_key_invalid": KeyRefused}) is KeyRefused
    assert kind_of(400, "Bad", ["never_heard_of"]) is RequestRefused
    assert kind_of(529, "") is Overloaded


def test_names_are_found_wherever_vendors_put_them() -> None:
    assert (
        error_names({"type": "error", "error": {"type": "overloaded_error", "message": "x"}})[0] == "overloaded_error"
    )
    assert vendor_names(b'[{"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"reason": "K"}]}}]') == [
        "K",
        "INVALID_ARGUMENT",
    ]
    assert vendor_names(b"<html>") == []
    assert vendor_names(b"[" * 100_000) == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({}, None),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_of(headers) == seconds


def test_a_date_to_ask_again_at() -> None:
    seconds = retry_after_of({"retry-after": formatdate(time.time() + 3600, usegmt=True)})
    assert seconds is not None
    assert 3500 < seconds <= 3600


def test_names_are_found_in_every_detail() -> None:
    details = [{"@type": "Help"}, {"reason": "RATE_LIMIT_EXCEEDED"}, 3, {"reason": "SECOND"}]
    assert error_names({"error": {"status": "RESOURCE_EXHAUSTED", "details": details}}) == [
        "RATE_LIMIT_EXCEEDED",
        "SECOND",
        "RESOURCE_EXHAUSTED",
    ]


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"error": {"details": [{"reason": "x"}, {"retryDelay": "38.9s"}]}}', 38.9),
        (b'[{"error": {"details": [{"retryDelay": "0s"}]}}]', 0.0),
        (b'{"error": {"details": [{"retryDelay": "-1s"}]}}', None),
        (b'{"error": {"details": [{"retryDelay": "soon"}, null]}}', None),
        (b'{"error": {"details": {"retryDelay": "1s"}}}', None),
        (b'{"error": "1s"}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"[" * 100_000, None),
    ],
)
def test_when_to_ask_again_may_stand_in_the_body(body: bytes, seconds: float | None) -> None:
    assert vendor_delay(body) == seconds


@pytest.mark.parametrize(
    "wrap", [lambda inner: {"error": inner}, lambda inner: [inner], lambda inner: {"errors": [inner]}]
)
def test_an_error_without_a_bottom(wrap: Callable[[Any], Any]) -> None:
    found: Any = {"message": "deep", "code": "deep"}
    for _ in range(5000):
        found = wrap(found)
    assert error_words(found) == ""
    assert error_names(found) == []
    assert error_words(wrap(wrap({"message": "near"}))) == "near"
