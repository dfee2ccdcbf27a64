"""What refusals mean, and when one may ask again."""

import time
from email.utils import formatdate

import pytest

from parley.errors import AnswerWithheld, KeyRefused, NoCredit, Overloaded, RequestRefused
from parley.refusals import error_names, kind_of, retry_after_of, vendor_names


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
