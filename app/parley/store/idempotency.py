"""Idempotency keys: what was answered to a request, so that the same one again gets the same answer.

Those of this process grow old by a clock that nobody sets; those of others by the calendar, which is all that tells.
"""

import sqlite3
import time
from dataclasses import dataclass
from typing import NamedTuple

from parley.errors import IdempotencyKeyInUse
from parley.store.database import Database
from parley.store.words import storable

KEPT_SECONDS = 86_400.0
"""How long an answer is kept. A time that lies as far ahead comes from a clock that was wrong."""

_YOUNG = "CASE writer WHEN :writer THEN :ticks - ticked_at ELSE abs(:now - created_at) END < :kept"


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that was sent with a key. `fingerprint` tells which one it is.

    `begun` is what an earlier one has made that never came to its answer: the id of a reply, or of a conversation.
    """

    account: str
    key: str
    fingerprint: bytes
    begun: str | None = None


class Answer(NamedTuple):
    """What was answered: the status, the type of the body, and its bytes."""

    status: int
    media_type: str
    body: bytes


class Kept(NamedTuple):
    """What is known of a key. Without an answer, what was `begun` is there and nobody knows of the rest."""

    fingerprint: bytes
    begun: str | None
    answer: Answer | None


class Idempotency:
    """The keys of a store, each account's for itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, account: str, key: str) -> Kept | None:
        """Return what is known of a key that is not too old, or None."""
        query = (
            "SELECT fingerprint, begun, status, media_type, body FROM idempotency"
            f" WHERE account_id = :account AND key = :key AND {_YOUNG}"
        )
        values = {"account": account, "key": key, **_times(self._database.writers.own)}
        row = self._database.row(query, values)
        if row is None:
            return None
        fingerprint, begun, status, media_type, body = row
        return Kept(fingerprint, begun, None if status is None else Answer(status, media_type, body))

    async def finish(self, claim: Claim, answer: Answer) -> None:
        """Keep the answer to a request. The first one stays. Clears away what is too old."""

        def finish(connection: sqlite3.Connection) -> None:
            times = _times(self._database.writers.own)
            connection.execute(f"DELETE FROM idempotency WHERE NOT ({_YOUNG})", times)
            connection.execute(
                "INSERT INTO idempotency(account_id, key, fingerprint, status, media_type, body, writer, ticked_at,"
                " created_at) VALUES (:account, :key, :fingerprint, :status, :media_type, :body, :writer, :ticks, :now)"
                " ON CONFLICT(account_id, key) DO UPDATE SET status = excluded.status,"
                " media_type = excluded.media_type, body = excluded.body"
                " WHERE status IS NULL AND fingerprint = excluded.fingerprint",
                {**_names(claim), **answer._asdict(), **times},
            )

        await self._database.write(finish)


def begin(connection: sqlite3.Connection, claim: Claim, begun: str, writer: str) -> None:
    """Keep what a request has made, inside the write that makes it. Raises IdempotencyKeyInUse: another one was first.

    A request that goes on from what an earlier one had `begun` takes its place.
    """
    values = {**_names(claim), "begun": begun, "before": claim.begun, **_times(writer)}
    connection.execute(
        f"DELETE FROM idempotency WHERE account_id = :account AND key = :key AND (begun = :before OR NOT ({_YOUNG}))",
        values,
    )
    added = connection.execute(
        "INSERT INTO idempotency(account_id, key, fingerprint, begun, writer, ticked_at, created_at)"
        " VALUES (:account, :key, :fingerprint, :begun, :writer, :ticks, :now) ON CONFLICT DO NOTHING",
        values,
    )
    if not added.rowcount:
        raise IdempotencyKeyInUse(key=claim.key)


def forget(connection: sqlite3.Connection, account: str) -> None:
    """Forget all keys of an account, inside a write."""
    connection.execute("DELETE FROM idempotency WHERE account_id = ?", (account,))


def _names(claim: Claim) -> dict[str, object]:
    return {"account": claim.account, "key": storable(claim.key), "fingerprint": claim.fingerprint}


def _times(writer: str) -> dict[str, object]:
    return {"writer": writer, "now": time.time(), "ticks": time.monotonic(), "kept": KEPT_SECONDS}
