import json
import logging
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.errors import KeysUnreadable, SettingInvalid
from parley.keys import Keys

SECRET = "sk-proj-0123456789abcdefghij"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


@pytest.fixture
def environ() -> dict[str, str]:
    return {}


@pytest.fixture
def keys(path: Path, environ: dict[str, str]) -> Keys:
    return Keys(path, environ)


class TestFile:
    def test_kept_read_and_removed(self, keys: Keys, path: Path) -> None:
        assert keys.get("openai") is None
        keys.set("openai", f"  {SECRET}\n")
        assert keys.get("openai") == SECRET
        assert Keys(path, {}).get("openai") == SECRET
        keys.set("groq", "gsk_1")
        keys.remove("openai")
        keys.remove("never there")
        assert keys.get("openai") is None
        assert json.loads(path.read_text()) == {"groq": "gsk_1"}

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
    def test_only_its_owner_may_read_it(self, keys: Keys, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        keys.set("openai", SECRET)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert keys.get("openai") == SECRET
        path.chmod(0o644)
        with caplog.at_level(logging.WARNING):
            assert Keys(path, {}).get("openai") == SECRET
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "permissions" in caplog.text
        assert SECRET not in caplog.text

    def test_another_process_is_noticed(self, keys: Keys, path: Path) -> None:
        keys.set("openai", "one")
        assert keys.get("openai") == "one"
        Keys(path, {}).set("openai", "two")
        assert keys.get("openai") == "two"
        path.unlink()
        assert keys.get("openai") is None

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"null", b"[" * 100_000])
    def test_a_damaged_file_is_left_as_it_is(self, keys: Keys, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        path.chmod(0o600)
        attempts: list[Callable[[], object]] = [
            lambda: keys.get("openai"),
            lambda: keys.set("openai", SECRET),
            lambda: keys.remove("openai"),
            lambda: keys.where("openai"),
        ]
        for attempt in attempts:
            with pytest.raises(KeysUnreadable) as caught:
                attempt()
            assert str(path) in str(caught.value)
        assert path.read_bytes() == content
        assert keys.redact(f"x {SECRET}") == "x [key]"

    def test_an_error_does_not_quote_the_file(self, keys: Keys, path: Path) -> None:
        path.parent.mkdir(parents=True)
        path.write_text('{"openai": "my-secret-value" oops')
        with pytest.raises(KeysUnreadable) as caught:
            keys.get("openai")
        assert "my-secret" not in f"{caught.value} {caught.value.detail}"

    def test_a_file_that_stays_open_to_others_is_refused(
        self, keys: Keys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys.set("openai", SECRET)
        path.chmod(0o644)

        def refuse(self: Path, mode: int) -> None:
            raise PermissionError("not yours")

        monkeypatch.setattr(Path, "chmod", refuse)
        with pytest.raises(KeysUnreadable) as caught:
            keys.get("openai")
        assert "others can read it" in caught.value.detail

    def test_a_file_in_place_of_its_folder(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("")
        with pytest.raises(KeysUnreadable):
            Keys(tmp_path / "data" / "keys.json", {}).get("openai")

    def test_a_folder_in_its_place(self, keys: Keys, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(KeysUnreadable):
            keys.get("openai")


class TestEnvironment:
    def test_it_wins(self, keys: Keys, environ: dict[str, str]) -> None:
        keys.set("openai", "from-file")
        assert keys.get("openai", ["OPENAI_API_KEY"]) == "from-file"
        environ["OPENAI_API_KEY"] = " from-environment\r\n"
        assert keys.get("openai", ["OTHER", "OPENAI_API_KEY"]) == "from-environment"
        environ["OPENAI_API_KEY"] = "  "
        assert keys.get("openai", ["OPENAI_API_KEY"]) == "from-file"

    def test_where(self, keys: Keys, environ: dict[str, str]) -> None:
        assert keys.where("openai", ["OPENAI_API_KEY"]) is None
        keys.set("openai", SECRET)
        assert keys.where("openai", ["OPENAI_API_KEY"]) == "file"
        environ["OPENAI_API_KEY"] = "x"
        assert keys.where("openai", ["OPENAI_API_KEY"]) == "environment"
        assert keys.where("openai") == "file"


class TestValues:
    @pytest.mark.parametrize("value", ["", " ", "two words", "line\nbreak", "“quoted”", "tab\there", "nul\0", "é"])
    def test_what_cannot_stand_in_a_header_is_refused(
        self, keys: Keys, path: Path, environ: dict[str, str], value: str
    ) -> None:
        with pytest.raises(SettingInvalid) as caught:
            keys.set("openai", value)
        assert not path.exists()
        assert not value.strip() or value not in str(caught.value)
        environ["OPENAI_API_KEY"] = value
        if value.strip():
            with pytest.raises(SettingInvalid, match="OPENAI_API_KEY"):
                keys.get("openai", ["OPENAI_API_KEY"])
        else:
            assert keys.get("openai", ["OPENAI_API_KEY"]) is None

    def test_nothing_shows_a_key(self, keys: Keys) -> None:
        keys.set("openai", SECRET)
        assert SECRET not in repr(keys)
        assert SECRET not in str(keys)


class TestRedaction:
    def test_known_keys_go_whatever_they_look_like(self, keys: Keys, environ: dict[str, str]) -> None:
        keys.set("box", "hunter2!")
        environ["MY_KEY"] = "plain-words"
        keys.get("mine", ["MY_KEY"])
        assert keys.redact("hunter2! and plain-words, hunter2!x") == "[key] and [key], [key]x"

    def test_short_values_do_not_black_out_ordinary_text(self, keys: Keys) -> None:
        keys.set("box", "none")
        assert keys.redact("There is none.") == "There is none."

    def test_a_replaced_key_is_still_taken_out(self, keys: Keys) -> None:
        keys.set("box", "old-secret")
        keys.set("box", "new-secret")
        assert keys.redact("old-secret new-secret") == "[key] [key]"

    @pytest.mark.parametrize(
        "text",
        [
            f"Incorrect API key provided: {SECRET}.",
            "gsk_abcdefghijklmnopqrstuvwx failed",
            "Authorization: Bearer abcdefghijklmnop",
            "?key=AIzaSyA1234567890abcdefghijklmnopqrstuv",
        ],
    )
    def test_what_looks_like_a_key_goes_too(self, keys: Keys, text: str) -> None:
        assert "[key]" in keys.redact(text)
        assert "abcdefgh" not in keys.redact(text)

    @pytest.mark.parametrize(
        "key",
        [
            "sk-ant-api03-AbCdEfGh-1234567890_xyz",
            "sk-or-v1-0123456789abcdef0123456789abcdef",
            "sk-proj-AbCdEfGh1234567890",
            "AIzaSyA1234567890abcdefghijklmnopqrstuv",
            "AQ.Ab8RN6Iabcdefghijklmnop_qrst",
            "xai-AbCdEfGh1234567890abcd",
            "gsk_AbCdEfGh1234567890abcd",
            "pplx-AbCdEfGh1234567890abcd",
            "csk-abcdefgh1234567890abcd",
            "fw_AbCdEfGh1234567890abcd",
            "tgp_v1_AbCdEfGh1234567890abcd",
            "hf_AbCdEfGh1234567890abcd",
            "nvapi-AbCdEfGh1234567890abcd",
        ],
    )
    def test_the_keys_of_every_vendor(self, keys: Keys, key: str) -> None:
        assert keys.redact(f"the key {key}, it says") == "the key [key], it says"

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("x-api-key: 0123456789abcdef", "x-api-key: [key]"),
            ('{"api-key": "0123456789abcdef"}', '{"api-key": "[key]"}'),
            ("GET /v1/models?alt=sse&key=0123456789abcdef HTTP", "GET /v1/models?alt=sse&key=[key] HTTP"),
            ("via http://ann:s3cret@proxy:3128/", "via http://[key]@proxy:3128/"),
            ("ann@example.org and http://example.org/@ann", "ann@example.org and http://example.org/@ann"),
        ],
    )
    def test_where_keys_stand(self, keys: Keys, text: str, left: str) -> None:
        assert keys.redact(text) == left

    def test_ordinary_text_stays(self, keys: Keys) -> None:
        text = "Bearer of bad news: ask-me-anything, desk_lamp_with_a_very_long_name, task-0123456789012345678901"
        assert keys.redact(text) == text
