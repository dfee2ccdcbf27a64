"""What `doctor` is told."""

import pytest

from parley.store import Store, check, migrations
from parley.store.steps import STEPS
from tests.store.conftest import Ask


async def findings(store: Store) -> dict[str, tuple[bool, str]]:
    return {finding.subject: (finding.ok, finding.text) for finding in await store.check()}


async def test_a_sound_store(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    await store.conversations.trash(conversation.id)
    await ask("two")
    found = await findings(store)
    assert all(ok for ok, _ in found.values())
    assert found["counts"][1] == "2 conversations, 1 of them in the trash; 4 messages"
    assert "parley.db" in found["size"][1]
    assert found["schema"][1] == STEPS[-1].__name__


@pytest.mark.parametrize(
    ("subject", "harm"),
    [
        ("index", "INSERT INTO message_words(message_words, rowid, text) SELECT 'delete', seq, text FROM messages"),
        ("index", "UPDATE message_words_data SET block = x'00' WHERE id > 10"),
        ("references", "UPDATE messages SET parent_id = 'gone' WHERE parent_id IS NOT NULL"),
        ("schema", f"DELETE FROM {migrations.TABLE}"),
        ("schema", "PRAGMA application_id = 7"),
        ("counts", "ALTER TABLE conversations RENAME COLUMN deleted_at TO gone_at"),
    ],
)
async def test_what_is_wrong_is_found(store: Store, ask: Ask, subject: str, harm: str) -> None:
    await ask("one", "1")
    await store.write(lambda connection: connection.execute(harm))
    ok, text = (await findings(store))[subject]
    assert not ok
    assert text


async def test_a_large_index_keeps_nobody_waiting(store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    await ask("word " * 100_000, "1")
    monkeypatch.setattr(check, "_PATIENCE", 0.0)
    ok, text = (await findings(store))["index"]
    assert ok
    assert text in {"too large to be compared with the messages", "complete"}
