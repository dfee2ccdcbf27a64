"""The steps of the schema: old files, copies kept before, failures."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.errors import StoreBusy, StoreNewer
from parley.messages import MessageStatus, Mood, Reasoning, Text
from parley.models import NO_PARAMETERS, Parameters
from parley.people import EVERYTHING, NO_PREFERENCES, AccountPreferences, Permissions
from parley.store import Store, migrations
from parley.store.files import place
from parley.store.opening import open_database
from parley.store.steps import STEPS
from tests.store.conftest import Child

if TYPE_CHECKING:
    from sqlite_utils import Database

DATABASES = Path(__file__).parent / "databases"
PLAN = b"Day 1: Belem\n"
LATEST = max(DATABASES.glob("step_*.db"))


def m099_colour(db: "Database") -> None:
    db.execute("ALTER TABLE conversations ADD COLUMN colour TEXT")
    db.execute("UPDATE conversations SET colour = 'green'")


def m005_bug(db: "Database") -> None:
    db.execute("ALTER TABLE conversations ADD COLUMN shape TEXT")
    db.execute("UPDATE conversations SET colour = 'red'")
    raise RuntimeError("a step with a mistake")


ONE_MORE = (*STEPS, m099_colour)
TWO_MORE = (*ONE_MORE, m005_bug)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A data directory as the version before left it."""
    directory = tmp_path / "data"
    directory.mkdir()
    shutil.copy(LATEST, directory / "parley.db")
    return directory


def columns(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[1] for row in connection.execute("PRAGMA table_info(conversations)")}


def schema(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_schema"))


def lay_out_files(directory: Path) -> None:
    """Put the bytes of the files in place that the databases name."""
    path = place(directory / "files", hashlib.sha256(PLAN).hexdigest())
    path.parent.mkdir(parents=True)
    path.write_bytes(PLAN)


def backups(directory: Path) -> list[Path]:
    return sorted((directory / "backups").glob("*"))


@pytest.mark.parametrize("database", sorted(DATABASES.glob("step_*.db")), ids=lambda path: str(path.name))
async def test_a_database_of_every_step_opens(tmp_path: Path, database: Path) -> None:
    shutil.copy(database, tmp_path / "parley.db")
    lay_out_files(tmp_path)
    store = Store.open(tmp_path)
    half, trip = sorted(store.conversations.page(), key=lambda found: found.pinned)
    assert (trip.title, trip.pinned, trip.instruction) == ("Trip to Lisbon", True, "Be brief.")
    question, reply, again = store.conversations.tree(trip.id).messages
    assert reply.parts == (Reasoning("hm", 1.5), Text("**Everywhere.**"))
    assert reply.usage
    assert (again.status, again.parent_id) == (MessageStatus.FAILED, question.id)
    assert again.failure
    assert half.title == "北京 👋"
    assert store.conversations.tree(half.id).messages[-1].status is MessageStatus.INTERRUPTED
    assert len(await store.search("half an answer")) == 1
    assert [found.title for found in store.conversations.trashed()] == ["old"]
    assert all(finding.ok for finding in await store.check())
    await store.close()


async def test_step_2_keeps_texts_once_and_loses_nothing(tmp_path: Path) -> None:
    for step in ("step_001.db", "step_002.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
    store = Store.open(tmp_path / "step_001.db")
    with closing(sqlite3.connect(store.path)) as connection:
        kept = dict(connection.execute("SELECT text, parts FROM messages"))
    assert [kept[text] for text in ("Where to eat?", "Well", "gone")] == ["", "", ""]
    assert kept["**Everywhere.**"].startswith('[{"kind": "reasoning"')
    assert store.drafts.get(None) == ""
    await store.close()
    store = Store.open(tmp_path / "step_002.db")
    trip = next(found for found in store.conversations.page() if found.pinned)
    assert trip.message_count == 3
    assert (store.drafts.get(trip.id), store.drafts.get(None)) == ("written and not sent", "not sent either")
    with closing(sqlite3.connect(store.path)) as connection:
        query = "SELECT id FROM messages WHERE deleted_at IS NOT NULL ORDER BY seq"
        await store.messages.restore(*[id for (id,) in connection.execute(query)])
    odd, cut = store.conversations.tree(trip.id).messages[3:]
    assert (odd.text, cut.text, cut.cut_off) == ("and now?", "cut o", True)
    await store.close()


async def test_step_3_marks_nothing_as_unread(tmp_path: Path) -> None:
    unread: dict[str, list[str]] = {}
    for step in ("step_002.db", "step_003.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        unread[step] = [found.title for found in store.conversations.page() if found.unread]
        assert len(store.conversations.unread()) == len(unread[step])
        await store.close()
    assert unread == {"step_002.db": [], "step_003.db": ["Trip to Lisbon"]}


async def test_step_4_gives_conversations_parameters(tmp_path: Path) -> None:
    found: dict[str, Parameters] = {}
    for step in ("step_003.db", "step_004.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        found[step] = next(trip.parameters for trip in store.conversations.page() if trip.pinned)
        await store.close()
    assert found == {"step_003.db": NO_PARAMETERS, "step_004.db": Parameters(temperature=0.5, stop=("END",))}


async def test_step_6_makes_the_owner_an_admin_and_keeps_what_is_theirs(tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    for step in ("step_005.db", "step_006.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        owner, *others = store.accounts.all()
        assert (owner.number, owner.id, owner.role, owner.permissions) == (1, "owner", "admin", EVERYTHING)
        assert owner.created_at > 1_700_000_000
        assert len(store.conversations.page()) == 2
        found[step] = [account.email for account in others]
        await store.close()
    assert found == {"step_005.db": [], "step_006.db": ["anna@example.org"]}
    store = Store.open(tmp_path / "step_006.db")
    anna = store.accounts.get("2")
    assert (anna.name, anna.tags, anna.role) == ("Anna", ("family",), "user")
    assert anna.permissions == Permissions(frozenset({"a"}), tokens_a_month=500)
    credential, digest = store.tokens.find(1) or pytest.fail("the token is gone")
    assert (credential.account, credential.token.name, digest) == (anna, "phone", bytes(range(32)))
    await store.close()


async def test_step_7_gives_conversations_assistants_and_moods(tmp_path: Path) -> None:
    found: dict[str, tuple[str, Mood | None]] = {}
    for step in ("step_006.db", "step_007.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        trip = next(trip for trip in store.conversations.page() if trip.pinned)
        name = store.assistants.get(trip.assistant_id).name if trip.assistant_id else ""
        found[step] = (name, trip.mood)
        await store.close()
    assert found == {"step_006.db": ("", None), "step_007.db": ("Travel guide", Mood.FRIENDLY)}


async def test_step_8_gives_conversations_folders_and_an_archive(tmp_path: Path) -> None:
    found: dict[str, tuple[str, list[str]]] = {}
    for step in ("step_007.db", "step_008.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        trip = next(trip for trip in store.conversations.page() if trip.pinned)
        name = store.folders.get(trip.folder_id).name if trip.folder_id else ""
        found[step] = (name, [shelved.title for shelved in store.conversations.page(archived=True)])
        await store.close()
    assert found == {"step_007.db": ("", []), "step_008.db": ("Travels", ["Shelved"])}


async def test_step_9_knows_files(tmp_path: Path) -> None:
    found: dict[str, list[tuple[str, bytes]]] = {}
    for step in ("step_008.db", "step_009.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        lay_out_files(tmp_path / step)
        store = Store.open(tmp_path / step)
        found[step] = [(file.name, await store.files.read(file)) for file in store.files.all()]
        await store.close()
    assert found == {"step_008.db": [], "step_009.db": [("plan.txt", PLAN)]}


async def test_step_10_gives_accounts_preferences(tmp_path: Path) -> None:
    found: dict[str, AccountPreferences] = {}
    for step in ("step_009.db", "step_010.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        found[step] = store.preferences.of("2")
        with closing(sqlite3.connect(store.path)) as connection:
            kept = connection.execute("SELECT account_id, key, status FROM idempotency").fetchall()
        assert kept == ([] if step == "step_009.db" else [("2", "key", 201)])
        await store.close()
    assert found == {"step_009.db": NO_PREFERENCES, "step_010.db": AccountPreferences("a/b", mood="friendly")}


async def test_step_12_tells_which_tokens_end_with_the_password(tmp_path: Path) -> None:
    found: dict[str, list[tuple[str, bool]]] = {}
    for step in ("step_011.db", "step_012.db"):
        (tmp_path / step).mkdir()
        shutil.copy(DATABASES / step, tmp_path / step / "parley.db")
        store = Store.open(tmp_path / step)
        found[step] = [(token.name, token.by_password) for token in store.tokens.all("2")]
        await store.close()
    assert found == {"step_011.db": [("phone", False)], "step_012.db": [("phone", False), ("laptop", True)]}


async def test_a_new_file_has_the_schema_of_a_migrated_one(tmp_path: Path) -> None:
    shutil.copy(DATABASES / "step_001.db", tmp_path / "parley.db")
    for folder in (tmp_path, tmp_path / "new"):
        await Store.open(folder).close()
    assert schema(tmp_path / "parley.db") == schema(tmp_path / "new" / "parley.db")


def test_every_step_of_a_released_version_has_its_database() -> None:
    steps = {f"step_{step.__name__[1:4]}.db" for step in STEPS}
    assert {path.name for path in DATABASES.glob("*.db")} == steps


async def test_a_copy_is_kept_before_a_step(old: Path) -> None:
    database = open_database(old, ONE_MORE)
    assert database.rows("SELECT DISTINCT colour FROM conversations") == [("green",)]
    await database.close()
    (copy,) = backups(old)
    assert copy.name.startswith("parley-before-m099_colour-")
    assert copy.stat().st_mode & 0o077 == 0
    assert "colour" not in columns(copy)
    shutil.copy(copy, old / "parley.db")
    store = Store.open(old)
    assert len(store.conversations.page()) == 2
    await store.close()
    assert len(backups(old)) == 1, "nothing was pending"


async def test_a_new_file_needs_no_copy(tmp_path: Path) -> None:
    await open_database(tmp_path, ONE_MORE).close()
    assert backups(tmp_path) == []


async def test_the_copy_has_what_is_in_the_log(tmp_path: Path, child: Callable[..., Child]) -> None:
    other = child("hold", tmp_path)
    other.hear()
    other.kill()
    assert (tmp_path / "parley.db-wal").stat().st_size
    await open_database(tmp_path, ONE_MORE).close()
    (copy,) = backups(tmp_path)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (2,)


async def test_a_step_that_fails_changes_nothing(old: Path) -> None:
    with pytest.raises(RuntimeError, match="mistake"):
        open_database(old, TWO_MORE)
    assert "shape" not in columns(old / "parley.db")
    with closing(sqlite3.connect(old / "parley.db")) as connection:
        applied = [name for (name,) in connection.execute(f"SELECT name FROM {migrations.TABLE}")]
        assert applied == [step.__name__ for step in ONE_MORE]
        assert connection.execute("SELECT DISTINCT colour FROM conversations").fetchall() == [("green",)]
    await open_database(old, ONE_MORE).close()


async def test_a_first_start_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    from sqlite_utils import Database, Migrations

    with closing(sqlite3.connect(tmp_path / "parley.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        Migrations(migrations.SET).ensure_migrations_table(Database(connection))
    store = Store.open(tmp_path)
    assert store.conversations.page() == []
    await store.close()


async def test_the_latest_few_copies_are_kept(old: Path) -> None:
    for _ in range(8):
        shutil.copy(LATEST, old / "parley.db")
        await open_database(old, ONE_MORE).close()
    assert len(backups(old)) == 5


async def test_an_older_version_refuses_the_file(old: Path) -> None:
    await open_database(old, ONE_MORE).close()
    with pytest.raises(StoreNewer):
        Store.open(old)


async def test_no_step_while_another_process_has_the_store_open(old: Path, child: Callable[..., Child]) -> None:
    other = child("hold", old)
    other.hear()
    with pytest.raises(StoreBusy):
        open_database(old, ONE_MORE)
    assert "colour" not in columns(old / "parley.db")
    other.go_on()
    other.hear_all()
    await open_database(old, ONE_MORE).close()
