"""Dialect: one wire format that the server speaks. A new one is a package in `dialects/`, listed in its `BUILT_IN`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parley.server.problems import Kind, Problem, status_of

if TYPE_CHECKING:
    from fastapi import APIRouter

    from parley.server.backend import Backend

DIALECT = "parley.dialect"
"""Where in the scope the `Dialect` of a request is."""

_ENDS = "\u0085\u2028\u2029"
"""Taken for ends of lines by some who read line by line."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Headers = list[tuple[bytes, bytes]]
"""As ASGI has them: names in small letters."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A wire format: the addresses that are its own, its routes, and how it says that something went wrong.

    `prefixes` are the beginnings of its paths; of all dialects the longest one counts. `body` makes a problem's JSON.
    `per_account`: all tokens of an account share its limit. `limit`: how many requests a minute; None is the setting.
    `codes` are the statuses of single errors, by their codes. `uploads` are paths that take bodies of other types than
    JSON. `public`: paths that need no token. `signed`: beginnings of paths whose routes take a signature in the place
    of a token. `claims`: which requests with its prefix are its own, where it shares them with others; it is asked by
    the scope of ASGI, once before the body is there and once after. `counted`: its answers tell how many requests are
    left. `keyed` tells of which paths the answers are kept under an Idempotency-Key.
    """

    name: str
    prefixes: tuple[str, ...]
    body: Callable[[Problem], Any]
    routes: "Callable[[Backend], APIRouter]"
    statuses: Mapping[Kind, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    limit: int | None = None
    per_account: bool = False
    uploads: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    claims: Callable[[Mapping[str, Any]], bool] | None = None
    counted: bool = False
    keyed: Callable[[str], bool] | None = None

    def status(self, problem: Problem) -> int:
        """Return the HTTP status of a problem."""
        return status_of(problem, self.statuses, self.codes)

    def refusal(self, problem: Problem) -> tuple[int, Headers, bytes]:
        """Return the answer that says what went wrong."""
        body = to_json(self.body(problem))
        headers: Headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if problem.seconds is not None:
            headers.append((b"retry-after", b"%d" % problem.seconds))
        if problem.kind is Kind.UNAUTHENTICATED:
            headers.append((b"www-authenticate", b"Bearer"))
        return self.status(problem), headers, body


class Dialects:
    """All that the server speaks, by what is asked for."""

    def __init__(self, dialects: tuple[Dialect, ...]) -> None:
        prefixed = [(prefix, dialect) for dialect in dialects for prefix in dialect.prefixes]
        self._prefixed = sorted(prefixed, key=lambda pair: len(pair[0]), reverse=True)
        self._native = next(dialect for prefix, dialect in prefixed if not prefix)
        self.all = dialects

    def of(self, scope: Mapping[str, Any]) -> Dialect:
        """Return the dialect of a request: of those whose prefix it has, the longest first, the one that claims it.

        The prefix that is empty, of which there is one, takes all others.
        """
        path: str = scope["path"]
        claiming = (
            dialect
            for prefix, dialect in self._prefixed
            if _begins(path, prefix) and (dialect.claims is None or dialect.claims(scope))
        )
        return next(claiming, self._native)


def _begins(path: str, prefix: str) -> bool:
    """Return whether a path is a prefix, or goes on behind it at a slash."""
    return path.startswith(prefix) and (not prefix or path[len(prefix) : len(prefix) + 1] in ("", "/"))


def to_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8, on one line, also for those who take more than line feeds for ends of lines.

    Halves of characters become question marks.
    """
    text = _ENCODER.encode(value)
    if not text.isascii():
        for end in _ENDS:
            text = text.replace(end, f"\\u{ord(end):04x}")
    return text.encode("utf-8", "replace")
