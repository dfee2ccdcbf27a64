"""Idempotency keys and what is kept under them: whose they are, how long, and clocks that jump."""

import time
from pathlib import Path

import pytest

from parley.errors import IdempotencyKeyInUse
from parley.messages import Text
from parley.store import Store
from parley.store.idempotency import KEPT_SECONDS, Answer, Claim

CLAIM = Claim("owner", "k", b"one")
ANSWER = Answer(201, "application/json", b'{"a":"\xc3\xa9"}')


async def test_an_answer_is_kept_as_it_was(store: Store, tmp_path: Path) -> None:
    assert store.idempotency.find("owner", "k") is None
    await store.idempotency.finish(CLAIM, ANSWER)
    await store.idempotency.finish(CLAIM, Answer(500, "", b""))
    kept = store.idempotency.find("owner", "k")
    assert kept
    assert (kept.fingerprint, kept.begun, kept.answer) == (b"one", None, ANSWER)
    other = Store.open(store.path.parent)
    assert other.idempotency.find("owner", "k") == kept
    await other.close()


async def test_a_key_is_an_accounts_own(store: Store) -> None:
    ann = await store.accounts.add("ann@example.org", "Ann")
    await store.idempotency.finish(CLAIM, ANSWER)
    assert store.idempotency.find(ann.id, "k") is None
    await store.idempotency.finish(Claim(ann.id, "k", b"two"), Answer(204, "", b""))
    kept = store.idempotency.find("owner", "k")
    assert kept
    assert kept.answer == ANSWER
    await store.accounts.remove(ann.id)
    assert store.idempotency.find(ann.id, "k") is None


async def test_the_key_is_kept_with_the_message(store: Store) -> None:
    asked = {"conversation_id": None, "title": "t", "parts": [Text("hello")], "model": "m"}
    _, _, reply = await store.turns.begin(**asked, claim=CLAIM)  # type: ignore[arg-type]
    kept = store.idempotency.find("owner", "k")
    assert kept
    assert (kept.begun, kept.answer) == (reply.id, None)
    with pytest.raises(IdempotencyKeyInUse):
        await store.turns.begin(**asked, claim=CLAIM)  # type: ignore[arg-type]
    assert len(store.conversations.page()) == 1
    again = await store.turns.begin_reply(
        parent_id=reply.parent_id or "", model="m", claim=Claim("owner", "k", b"one", reply.id)
    )
    kept = store.idempotency.find("owner", "k")
    assert kept
    assert kept.begun == again.id
    with pytest.raises(IdempotencyKeyInUse):
        await store.conversations.add("another", claim=CLAIM)
    await store.idempotency.finish(CLAIM, ANSWER)
    kept = store.idempotency.find("owner", "k")
    assert kept
    assert (kept.begun, kept.answer) == (again.id, ANSWER)


@pytest.mark.parametrize("jump", [-10 * KEPT_SECONDS, 10 * KEPT_SECONDS])
async def test_a_clock_that_jumps_makes_nothing_old(store: Store, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    await store.idempotency.finish(CLAIM, ANSWER)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jump)
    assert store.idempotency.find("owner", "k")
    await store.idempotency.finish(Claim("owner", "other", b""), ANSWER)
    assert store.idempotency.find("owner", "k")


async def test_a_day_later_it_is_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.idempotency.finish(CLAIM, ANSWER)
    ticks = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", lambda: ticks + KEPT_SECONDS - 60)
        assert store.idempotency.find("owner", "k")
        patched.setattr(time, "monotonic", lambda: ticks + KEPT_SECONDS + 60)
        assert store.idempotency.find("owner", "k") is None
        await store.turns.begin(conversation_id=None, title="t", parts=[Text("a")], model="m", claim=CLAIM)
        assert store.idempotency.find("owner", "k")


async def test_of_another_process_the_calendar_tells(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await store.idempotency.finish(CLAIM, ANSWER)
    other = Store.open(store.path.parent)
    now = time.time()
    with monkeypatch.context() as patched:
        for seconds, there in ((60, True), (-60, True), (KEPT_SECONDS + 60, False), (-KEPT_SECONDS - 60, False)):
            patched.setattr(time, "time", lambda seconds=seconds: now + seconds)
            assert bool(other.idempotency.find("owner", "k")) is there
        await other.idempotency.finish(Claim("owner", "other", b""), ANSWER)
    assert other.idempotency.find("owner", "k") is None, "what is too old is cleared away"
    await other.close()
