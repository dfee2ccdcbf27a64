"""Settings: one typed table, one file, several processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parley.errors import SettingInvalid, SettingsUnreadable, SettingUnknown, StoreReadOnly
from parley.options import Options, ProviderRow, expected, value_text, visible_options
from parley.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "settings.json"


def test_defaults_need_no_file(path: Path) -> None:
    assert Settings(path).options == Options()
    assert not path.exists()


def test_what_is_set_is_there_again(path: Path) -> None:
    row = ProviderRow("tiny", "http://127.0.0.1:1/v1", key_env="TINY_KEY")
    Settings(path).update(theme="dark", trash_days=7, first_token_timeout=5, providers=(row,))
    options = Settings(path).options
    assert (options.theme, options.trash_days, options.first_token_timeout) == ("dark", 7, 5.0)
    assert options.providers == (row,)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_the_owner_may_read_it(path: Path) -> None:
    Settings(path).update(theme="dark")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "purple"),
        ("theme", 3),
        ("trash_days", 0),
        ("trash_days", 3651),
        ("trash_days", 1.5),
        ("trash_days", True),
        ("trash_days", "7"),
        ("first_token_timeout", 0.5),
        ("first_token_timeout", float("nan")),
        ("discover", 1),
        ("default_model", None),
        ("default_model", "half \udc80"),
        ("providers", [ProviderRow("a", "b")]),
        ("providers", ("a",)),
    ],
)
def test_what_does_not_fit_is_refused(path: Path, key: str, value: Any) -> None:
    settings = Settings(path)
    with pytest.raises(SettingInvalid):
        settings.update(**{key: value})
    assert settings.options == Options()
    assert not path.exists()


def test_all_or_nothing(path: Path) -> None:
    settings = Settings(path)
    with pytest.raises(SettingInvalid):
        settings.update(theme="dark", trash_days=0)
    assert settings.options.theme == "system"


def test_an_unknown_key_is_refused(path: Path) -> None:
    with pytest.raises(SettingUnknown, match="colour"):
        Settings(path).update(colour="red")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("discover", "off", False),
        ("discover", " Yes ", True),
        ("discover", "0", False),
        ("trash_days", "12", 12),
        ("first_token_timeout", "2.5", 2.5),
        ("theme", "light", "light"),
        ("default_model", "ollama/llama3.2", "ollama/llama3.2"),
    ],
)
def test_typed_text_becomes_a_value(path: Path, key: str, text: str, value: object) -> None:
    settings = Settings(path)
    settings.set_text(key, text)
    assert getattr(settings.options, key) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("discover", "perhaps"),
        ("trash_days", "many"),
        ("first_token_timeout", "nan"),
        ("providers", "x"),
        ("window", "x"),
    ],
)
def test_typed_text_that_is_no_value_is_refused(path: Path, key: str, text: str) -> None:
    with pytest.raises(SettingInvalid):
        Settings(path).set_text(key, text)


def test_unknown_entries_are_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"from_the_future": [1, 2], "theme": "dark"}', encoding="utf-8")
    settings = Settings(path)
    settings.update(theme="light")
    assert json.loads(path.read_text(encoding="utf-8")) == {"from_the_future": [1, 2], "theme": "light"}


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff", "[" * 100_000])
def test_a_damaged_file_is_refused_and_left_alone(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(SettingsUnreadable):
        Settings(path)
    assert path.read_bytes() == before


def test_a_file_that_was_damaged_meanwhile_is_left_alone(path: Path) -> None:
    settings = Settings(path)
    settings.update(theme="dark")
    path.write_text("{", encoding="utf-8")
    with pytest.raises(SettingsUnreadable):
        settings.update(theme="light")
    assert path.read_text(encoding="utf-8") == "{"
    assert settings.options.theme == "dark"


def test_a_value_that_does_not_fit_falls_back_to_its_default(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_text('{"theme": "purple", "trash_days": 7}', encoding="utf-8")
    options = Settings(path).options
    assert (options.theme, options.trash_days) == ("system", 7)
    assert "theme" in caplog.text


def test_one_damaged_provider_does_not_spoil_the_others(path: Path) -> None:
    good = {"name": "tiny", "base_url": "http://127.0.0.1:1/v1", "from_the_future": 1}
    rows = [good, {"name": "no address"}, 7, {"name": 1, "base_url": 2}]
    path.parent.mkdir()
    path.write_text(json.dumps({"providers": rows}), encoding="utf-8")
    assert Settings(path).options.providers == (ProviderRow("tiny", "http://127.0.0.1:1/v1"),)


def test_providers_that_are_no_list_are_ignored(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"providers": 7}', encoding="utf-8")
    assert Settings(path).options.providers == ()


def test_observers_are_told_until_they_leave(path: Path) -> None:
    settings, seen = Settings(path), list[str]()
    leave = settings.subscribe(lambda options: seen.append(options.theme))
    settings.update(theme="dark")
    settings.update(theme="dark")
    Settings(path).update(theme="light")
    assert settings.reload()
    assert not settings.reload()
    leave()
    settings.update(theme="system")
    assert seen == ["dark", "light"]


def test_a_removed_file_means_the_defaults(path: Path) -> None:
    settings = Settings(path)
    settings.update(theme="dark")
    path.unlink()
    assert settings.reload()
    assert settings.options == Options()


WRITE = """
import sys
from pathlib import Path
from parley.options import ProviderRow
from parley.settings import Settings

settings = Settings(Path(sys.argv[1]))
for number in range(20):
    settings.update(**{sys.argv[2]: int(sys.argv[3]) + number})
"""


def test_two_processes_lose_nothing_of_each_other(path: Path) -> None:
    settings = Settings(path)
    settings.update(theme="dark")
    env = {**os.environ, "PYTHONPATH": str(ROOT / "app")}
    words = [("trash_days", "100"), ("first_token_timeout", "200")]
    processes = [subprocess.Popen([sys.executable, "-c", WRITE, str(path), *pair], env=env) for pair in words]
    for number in range(20):
        settings.update(default_model=f"a/{number}")
    assert [process.wait(60) for process in processes] == [0, 0]
    settings.reload()
    options = settings.options
    assert (options.trash_days, options.first_token_timeout) == (119, 219.0)
    assert (options.default_model, options.theme) == ("a/19", "dark")


def test_what_cannot_be_written_is_told(path: Path) -> None:
    path.parent.write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StoreReadOnly):
        Settings(path).update(theme="dark")


def test_every_option_that_people_see_is_explained() -> None:
    for found in visible_options():
        assert found.metadata["label"]
        assert expected(found)
        assert value_text(found.default) == value_text(getattr(Options(), found.name))


def test_values_are_shown_as_they_are_typed(path: Path) -> None:
    settings = Settings(path)
    for found in visible_options():
        text = value_text(getattr(settings.options, found.name))
        settings.set_text(found.name, text)
    assert settings.options == Options()


def test_every_option_stands_in_the_manual() -> None:
    manual = (ROOT / "resources" / "help" / "settings.md").read_text(encoding="utf-8")
    for found in visible_options():
        assert f"| `{found.name}` |" in manual
