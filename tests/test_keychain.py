"""Keys in the real Secret Service, in a locked one, in one that never answers, and where there is none."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from parley import keys as keys_module
from parley.errors import KeychainUnusable, KeysUnreadable
from parley.keychain import Keychain, KeychainFailed, _real
from parley.keys import Keys
from parley.paths import Paths
from parley.store.moving import move
from tests.conftest import Until
from tests.keychains import Kind, demand_programs, labels, lock, session

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""keyring leaves connections open when something fails, and they are found when a session ends."""

SECRET = "sk-ant-api03-0123456789abcdefghij"
OTHER = "gsk_other0123456789abcdefghij"

Start = Callable[[Kind], str]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a session and let this process be in it."""
    demand_programs()
    open_sessions = []

    def start(kind: Kind) -> str:
        lent = session(kind, tmp_path / "session")
        address = lent.__enter__()
        open_sessions.append(lent)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        return address

    yield start
    for lent in open_sessions:
        lent.__exit__(None, None, None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


@pytest.fixture
def make(path: Path) -> Callable[[], Keys]:
    """Make what a new process has."""
    return lambda: Keys(path, {}, Keychain())


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Return a list that grows with every question to the keychain."""
    asked: list[Sequence[str]] = []
    read = Keychain.read

    def counting(self: Keychain, names: Sequence[str]) -> Future[dict[str, str]]:
        asked.append(names)
        return read(self, names)

    monkeypatch.setattr(Keychain, "read", counting)
    return asked


class TestSecretService:
    async def test_kept_read_changed_and_forgotten(self, start: Start, make: Callable[[], Keys], path: Path) -> None:
        start("gnome")
        keys = make()
        assert await keys.look() is None
        assert await keys.keep("groq", f" {SECRET}\n") == "keychain"
        assert keys.get("groq") == SECRET
        assert json.loads(path.read_text()) == {"groq": {"keychain": "groq"}}
        assert labels() == ["Password for 'groq' on 'Parley'"]
        later = make()
        assert later.where("groq") == "keychain"
        assert later.get("groq") is None  # nobody has waited for the keychain
        assert await later.find("groq") == SECRET
        assert later.get("groq") == SECRET
        assert later.redact(f"x {SECRET}y") == "x [key]y"
        await later.keep("groq", OTHER)
        assert await keys.find("groq") == OTHER  # the other process has noticed
        assert await keys.forget("groq") == ""
        assert (await later.find("groq"), later.where("groq"), labels()) == (None, None, [])

    async def test_keys_of_the_file_stay_until_they_are_moved(
        self, start: Start, make: Callable[[], Keys], path: Path
    ) -> None:
        start("gnome")
        Keys(path, {}).set("groq", SECRET)
        Keys(path, {}).set("office", OTHER)
        keys = make()
        assert (await keys.find("groq"), keys.where("groq"), keys.in_file) == (SECRET, "file", True)
        assert await keys.move()
        assert SECRET not in path.read_text()
        assert not keys.in_file
        assert [await make().find(name) for name in ("groq", "office")] == [SECRET, OTHER]

    async def test_the_environment_wins_without_asking(self, start: Start, path: Path) -> None:
        start("silent")
        path.parent.mkdir()
        path.write_text('{"groq": {"keychain": "groq"}}')
        keys = Keys(path, {"GROQ_API_KEY": OTHER}, Keychain())
        assert await asyncio.wait_for(keys.find("groq", ["GROQ_API_KEY"]), 0.5) == OTHER
        assert keys.where("groq", ["GROQ_API_KEY"]) == "environment"

    async def test_two_data_folders_have_their_own(self, start: Start, tmp_path: Path) -> None:
        start("gnome")
        one, two = (Keys(tmp_path / name / "keys.json", {}, Keychain()) for name in ("one", "two"))
        await one.keep("office", SECRET)
        assert await two.find("office") is None
        await two.keep("office", OTHER)
        assert [await one.find("office"), await two.find("office")] == [SECRET, OTHER]
        assert len(labels()) == 2
        await two.forget("office")
        assert await Keys(one.path, {}, Keychain()).find("office") == SECRET

    async def test_a_moved_data_folder_keeps_its_keys(self, start: Start, tmp_path: Path) -> None:
        from parley.store.store import Store

        start("gnome")
        paths = Paths(tmp_path / "data")
        await Store.open(paths.data).close()
        await Keys(paths.keys, {}, Keychain()).keep("groq", SECRET)
        moved = move(paths, tmp_path / "elsewhere")
        shutil.rmtree(tmp_path / "data")
        assert await Keys(moved.keys, {}, Keychain()).find("groq") == SECRET

    async def test_a_key_that_somebody_has_taken_out(self, start: Start, make: Callable[[], Keys]) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        Keychain().remove("groq").result(10)
        keys = make()
        assert (await keys.find("groq"), keys.where("groq")) == (None, "keychain")

    async def test_many_that_ask_at_once_ask_once(
        self, start: Start, make: Callable[[], Keys], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        keys, asked = make(), counted(monkeypatch)
        assert await asyncio.gather(*(keys.find("groq") for _ in range(5))) == [SECRET] * 5
        assert asked == [["groq"]]


class TestLocked:
    async def test_says_so_and_the_file_takes_new_ones(
        self, start: Start, make: Callable[[], Keys], path: Path
    ) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        lock()
        keys = make()
        failure = await keys.look()
        assert failure
        assert failure.trouble == "locked"
        with pytest.raises(KeychainUnusable, match="The key of Groq is in the keychain") as caught:
            await keys.find("groq", name="Groq")
        assert keys.failure
        assert keys.failure.trouble == "locked"
        assert SECRET not in f"{caught.value!r} {caught.value.detail} {caught.value.fields}"
        assert await keys.keep("groq", OTHER) == "file"
        assert (keys.where("groq"), await keys.find("groq")) == ("file", OTHER)
        assert await keys.keep("office", OTHER) == "file"
        assert not await keys.move()

    async def test_a_failure_counts_for_a_while(
        self, start: Start, make: Callable[[], Keys], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        lock()
        keys, asked = make(), counted(monkeypatch)
        for _ in range(3):
            with pytest.raises(KeychainUnusable):
                await keys.find("groq")
        assert len(asked) == 1
        keys.retry()
        with pytest.raises(KeychainUnusable):
            await keys.find("groq")
        assert len(asked) == 2

    async def test_what_cannot_be_taken_out_is_named(self, start: Start, make: Callable[[], Keys]) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        lock()
        keys = make()
        assert await keys.forget("groq") == "groq"
        assert keys.where("groq") is None


class TestSilent:
    async def test_nobody_waits_long(
        self, start: Start, make: Callable[[], Keys], path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start("silent")
        monkeypatch.setattr(keys_module, "SECONDS", 0.4)
        keys = make()
        failure = await keys.look()
        assert failure
        assert failure.trouble == "silent"
        assert await keys.keep("office", SECRET) == "file"
        path.write_text('{"groq": {"keychain": "groq"}}')
        with pytest.raises(KeychainUnusable):
            await keys.find("groq")
        begun = time.monotonic()
        with pytest.raises(KeychainUnusable):
            await keys.find("groq")  # it is still being asked; nobody waits again
        assert time.monotonic() - begun < 0.2

    async def test_the_loop_goes_on_meanwhile(
        self, start: Start, make: Callable[[], Keys], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start("silent")
        monkeypatch.setattr(keys_module, "SECONDS", 0.5)
        ticks, looking = 0, asyncio.ensure_future(make().look())
        while not looking.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert ticks > 10

    def test_a_process_ends_all_the_same(self, start: Start, path: Path) -> None:
        start("silent")
        code = (
            "import asyncio, sys\nfrom pathlib import Path\nfrom parley.keychain import Keychain\n"
            "from parley.keys import Keys\n"
            "keys = Keys(Path(sys.argv[1]), {}, Keychain())\n"
            "print(asyncio.run(keys.keep('groq', 'one-two-three')), keys.failure.trouble)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=30
        )
        assert done.stdout == "file silent\n"

    async def test_what_comes_late_is_taken(
        self, start: Start, make: Callable[[], Keys], monkeypatch: pytest.MonkeyPatch, until: Until
    ) -> None:
        start("gnome")
        await make().keep("groq", SECRET)
        monkeypatch.setattr(keys_module, "SECONDS", 0.0)
        keys = make()
        with pytest.raises(KeychainUnusable):
            await keys.find("groq")
        await until(lambda: keys.get("groq") == SECRET)


class TestNone:
    async def test_no_secret_service_on_the_bus(self, start: Start, make: Callable[[], Keys]) -> None:
        start("none")
        keys = make()
        assert await keys.keep("groq", SECRET) == "file"
        assert keys.failure
        assert keys.failure.trouble == "none"
        assert "Secret Service" in keys.failure.words

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no D-Bus")
    def test_headless_loads_nothing(self, path: Path) -> None:
        code = (
            "import asyncio, sys\nfrom pathlib import Path\nfrom parley.keychain import Keychain\n"
            "from parley.keys import Keys\n"
            "keys = Keys(Path(sys.argv[1]), {}, Keychain())\n"
            "print(asyncio.run(keys.keep('groq', 'one-two-three')), keys.failure, 'keyring' in sys.modules)"
        )
        env = {name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=env
        )
        assert done.stdout == "file none: There is no D-Bus session. False\n"

    async def test_a_key_that_the_file_says_is_elsewhere(self, make: Callable[[], Keys], path: Path) -> None:
        path.parent.mkdir()
        path.write_text('{"groq": {"keychain": "groq"}}')
        for keys in (make(), Keys(path, {})):
            with pytest.raises(KeychainUnusable):
                await keys.find("groq")

    @pytest.mark.parametrize("entry", ['{"keychain": 1}', "{}", "[]", "null"])
    def test_entries_of_another_kind(self, path: Path, entry: str) -> None:
        path.parent.mkdir()
        path.write_text(f'{{"groq": {entry}}}')
        with pytest.raises(KeysUnreadable):
            Keys(path, {}).where("groq")

    def test_keychains_that_are_none(self) -> None:
        from keyring.backend import KeyringBackend
        from keyring.backends import chainer, fail, null

        for kind in (null.Keyring, fail.Keyring, chainer.ChainerBackend):
            backend: KeyringBackend = kind()
            with pytest.raises(KeychainFailed):
                _real(backend)

    async def test_one_that_a_person_has_switched_off(
        self, start: Start, make: Callable[[], Keys], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start("gnome")
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        keys = make()
        assert await keys.keep("groq", SECRET) == "file"
        assert keys.failure
        assert keys.failure.trouble == "none"
