"""The commands: what they print for people and for scripts."""

import asyncio
import io
import json
import logging
import os
import re
import socket
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from parley.cli import doctor, streams, tables
from parley.main import main
from parley.messages import MessageStatus, Reasoning, Text, Usage
from parley.render import math
from parley.store import Store
from tests.keychains import demand_programs, labels, session
from tests.providers.sockets import unused_port

COMMANDS = ["", "chat", "models", "conversations", "show", "search", "usage", "backup", "restore", "doctor", "serve"]
COMMANDS += ["provider", "provider add", "provider list", "provider remove"]
COMMANDS += ["models pull", "models show", "models rm"]
COMMANDS += ["user", "user add", "user password", "user list", "user remove", "user allow"]
COMMANDS += ["assistant", "assistant add", "assistant list", "assistant show", "assistant remove"]
COMMANDS += ["token", "token create", "token list", "token revoke"]
COMMANDS += ["data", "data where", "data move"]
COMMANDS += ["settings", "settings list", "settings get", "settings set"]


class Cli:
    """The program in this process, on one data directory."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = data
        self.err = ""
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, code: int = 0, stdin: str = "") -> str:
        """Run a command, and return what it prints; `err` is what it says besides."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        assert main(["--data-dir", str(self.data), *words]) == code
        out, self.err = self._capsys.readouterr()
        return out

    def json(self, *words: str) -> Any:
        return json.loads(self(*words))


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    cli = Cli(tmp_path / "data", capsys, monkeypatch)
    cli("settings", "set", "discover", "off")
    return cli


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard output be a terminal of forty columns."""
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is not sys.stdin)
    monkeypatch.setenv("COLUMNS", "40")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: parley {command}".rstrip())
    assert "--data-dir" in out
    assert all(len(line) <= 120 for line in out.splitlines())


def test_lists_take_json(cli: Cli) -> None:
    for command in (
        "models",
        "conversations",
        "provider list",
        "settings list",
        "user list",
        "token list",
        "assistant list",
        "doctor",
    ):
        assert isinstance(cli.json(*command.split(), "--json"), list)
    assert isinstance(cli.json("search", "--json", "words"), list)


# --- Conversations ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ids(cli: Cli) -> dict[str, str]:
    """Store a conversation with two branches, and return the ids of its messages."""
    ids: dict[str, str] = {}

    async def fill() -> None:
        store = Store.open(cli.data)
        conversation, question, reply = await store.turns.begin(
            conversation_id=None, title="A *title* with\x1b[31m colour", parts=(Text("Why?"),), model="a/b"
        )
        ids.update(conversation=conversation.id, question=question.id, first=reply.id)
        await store.turns.finish(reply.id, (Reasoning("hm"), Text("# Because\n\n<b>1 < 2</b>")), MessageStatus.COMPLETE)
        second = await store.turns.begin_reply(parent_id=question.id, model="a/c")
        ids["second"] = second.id
        await store.turns.finish(second.id, (Text("needle"),), MessageStatus.STOPPED, usage=Usage(1, 2))
        await store.close()

    asyncio.run(fill())
    return ids


def test_conversations_for_scripts(cli: Cli, ids: dict[str, str]) -> None:
    (found,) = cli.json("conversations", "--json")
    assert found["id"] == ids["conversation"]
    assert (found["messages"], found["model"], found["pinned"]) == (3, "a/b", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["created_at"])
    assert found["updated_at"] >= found["created_at"]


def test_the_newest_come_first_even_when_others_are_pinned(cli: Cli) -> None:
    for words in ("one", "two", "three", "four"):
        cli("chat", "-m", "guide/manual", words)

    async def pin() -> None:
        store = Store.open(cli.data)
        for conversation in store.conversations.page():
            if conversation.title in ("one", "two"):
                await store.conversations.pin(conversation.id, True)
        await store.close()

    asyncio.run(pin())
    assert [one["title"] for one in cli.json("conversations", "--json", "--limit", "1")] == ["four"]
    assert [one["title"] for one in cli.json("conversations", "--json")] == ["four", "three", "two", "one"]


def test_no_conversations(cli: Cli) -> None:
    assert cli("conversations") == ""
    assert "no conversations" in cli.err
    assert cli("search", "words") == ""
    assert "Nothing is found" in cli.err


def test_show_markdown_is_the_branch(cli: Cli, ids: dict[str, str]) -> None:
    shown = cli("show", ids["conversation"][:13])
    assert shown.endswith("## You\n\nWhy?\n\n## a/c\n\nneedle\n\n*(stopped)*\n")
    assert "Because" not in shown


def test_show_json_is_the_whole_tree(cli: Cli, ids: dict[str, str]) -> None:
    shown = cli.json("show", ids["conversation"], "--format", "json")
    question, first, second = shown["messages"]
    assert shown["leaf_id"] == second["id"] == ids["second"]
    assert first["parent_id"] == second["parent_id"] == question["id"]
    assert [one["status"] for one in shown["messages"]] == ["complete", "complete", "stopped"]
    assert first["parts"] == [
        {"kind": "reasoning", "text": "hm", "seconds": None},
        {"kind": "text", "text": "# Because\n\n<b>1 < 2</b>"},
    ]
    assert second["usage"]["output_tokens"] == 2
    assert question["failure"] is None


def test_show_html_runs_nothing(cli: Cli) -> None:
    cli("chat", "-m", "guide/manual", "<script>alert(1)</script>\n\n> quoted\n\n- item\n\n```\n1 < 2\n```\n\n---")
    (found,) = cli.json("conversations", "--json")
    shown = cli("show", found["id"], "--format", "html")
    assert shown.startswith("<!doctype html>")
    assert "<script>" not in shown
    assert "<blockquote>" in shown
    assert "1 &lt; 2" in shown
    assert "<hr>" in shown


def test_search_for_scripts(cli: Cli, ids: dict[str, str]) -> None:
    (found,) = [hit for hit in cli.json("search", "--json", "needle") if hit["message_id"]]
    assert (found["conversation_id"], found["message_id"]) == (ids["conversation"], ids["second"])
    assert found["snippet"] == "needle"
    assert found["marks"] == [[0, 6]]
    assert found["role"] == "assistant"


def test_search_for_people(cli: Cli, ids: dict[str, str]) -> None:
    first, second = cli("search", "needle").splitlines()
    assert first.startswith(ids["conversation"])
    assert second == "    needle"


def test_on_a_terminal_found_words_are_bold_and_lines_fit(cli: Cli, ids: dict[str, str], on_terminal: None) -> None:
    first, second = cli("search", "needle").splitlines()
    assert first.startswith(ids["conversation"][: tables.SHORT_ID] + "  just now")
    assert tables.width_of(first) <= 40
    assert second == "    \x1b[1mneedle\x1b[0m"


def test_a_title_cannot_command_the_terminal(cli: Cli, ids: dict[str, str], on_terminal: None) -> None:
    for words in (["conversations"], ["search", "title"], ["show", ids["conversation"]]):
        assert "\x1b[31m" not in cli(*words)


# --- Chat -------------------------------------------------------------------------------------------------------------


def test_chat_with_the_guide(cli: Cli) -> None:
    answer = cli("chat", "-m", "guide/manual", "How do I make a backup?")
    assert "parley backup" in answer
    assert answer.endswith("\n")
    assert cli.err == ""


def test_an_answer_on_a_terminal_has_been_seen_and_one_for_a_script_has_not(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("chat", "-m", "guide/manual", "for a script")
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is not sys.stdin)
    cli("chat", "-m", "guide/manual", "for a person")
    store = Store.open(cli.data)
    unread = {found.title: found.unread for found in store.conversations.page()}
    asyncio.run(store.close())
    assert unread == {"for a person": False, "for a script": True}


def test_when_only_the_guide_is_left_the_reason_is_told(cli: Cli, address: str) -> None:
    cli("provider", "add", "mine", "--base-url", address)
    assert "Guide" in cli("chat", "hi")
    assert "mine cannot be reached" in cli.err
    cli("chat", "-m", "guide/manual", "hi")
    assert cli.err == ""


def test_chat_without_a_prompt_says_so(cli: Cli) -> None:
    cli("chat", stdin="", code=1)
    assert cli.err == "parley: There is nothing to send.\n"


def test_text_with_a_byte_order_mark(cli: Cli) -> None:
    cli("chat", "-m", "guide/manual", stdin="\ufeffhello\n")
    assert cli.json("conversations", "--json")[0]["title"] == "hello"


def test_a_prompt_is_one_word_to_the_shell(cli: Cli) -> None:
    cli("chat", "hi", "there", code=2)
    assert "unrecognized arguments: there" in cli.err


PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """An image, under a name that says nothing."""
    file = tmp_path / "picture.txt"
    file.write_bytes(PNG)
    return str(file)


def test_an_image_is_sent_kept_and_shown(cli: Cli, picture: str) -> None:
    cli("chat", "-m", "guide/manual", "-a", picture, "-a", picture, "What is this?")
    assert cli.err == "parley: guide/manual cannot see images: it is only told that there are some.\n"
    (found,) = cli.json("conversations", "--json")
    question, _ = cli.json("show", found["id"], "--format", "json")["messages"]
    assert [part["kind"] for part in question["parts"]] == ["image", "image", "text"]
    assert (question["parts"][0]["media_type"], b64decode(question["parts"][0]["data"])) == ("image/png", PNG)
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    assert f"## You\n\n![]({url})\n\n![]({url})\n\nWhat is this?\n" in cli("show", found["id"])
    page = cli("show", found["id"], "--format", "html")
    assert page.count(f'<img src="{url}" alt="">') == 2
    assert page.index("<img") < page.index("<p>What is this?")


def test_an_image_needs_no_words(cli: Cli, picture: str) -> None:
    cli("chat", "-m", "guide/manual", "-a", picture)
    assert cli.json("conversations", "--json")[0]["title"] == "Image"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"just words", "this is no image that can be sent"),
        (b"\0\1\2\3", "this is no image that can be sent"),
        (PNG[:-20], "the image is broken"),
        (PNG + b"\0" * 20_971_520, "the image has more than 20 MB"),
    ],
)
def test_a_file_that_gives_no_image_is_named(
    cli: Cli, picture: str, tmp_path: Path, content: bytes, complaint: str
) -> None:
    bad = tmp_path / "photo.png"
    bad.write_bytes(content)
    cli("chat", "-m", "guide/manual", "-a", picture, "-a", str(bad), "What?", code=1)
    assert cli.err.startswith(f"parley: {bad}: {complaint}")
    assert cli.err.count("\n") == 1
    for missing in (tmp_path / "gone.png", tmp_path):
        cli("chat", "-m", "guide/manual", "-a", str(missing), "What?", code=1)
        assert str(missing) in cli.err
    assert cli.json("conversations", "--json") == []


def test_parameters_are_kept_with_the_conversation_and_changed(cli: Cli) -> None:
    cli("chat", "-m", "guide/manual", "plain")
    (found,) = cli.json("conversations", "--json")
    assert "parameters" not in cli.json("show", found["id"], "--format", "json")
    words = "--temperature 0.5 --top-p 1 --max-tokens 99 --seed 0 --stop END --stop --- --effort low --json-mode"
    cli("chat", "-m", "guide/manual", *words.replace("--stop ---", "--stop=---").split(), "one")
    assert cli.err == (
        "parley: guide/manual does not take --temperature and --top-p and --max-tokens and --seed and --stop and "
        "--effort and --json-mode: it is answered without.\n"
    )
    newest = cli.json("conversations", "--json")[0]["id"]
    kept = cli.json("show", newest, "--format", "json")["parameters"]
    assert kept == {
        "temperature": 0.5, "top_p": 1.0, "max_tokens": 99, "seed": 0, "stop": ["END", "---"], "effort": "low",
        "json": True,
    }  # fmt: skip
    cli("chat", "--last", "--temperature", "auto", "--stop", "", "--effort", "auto", "--no-json-mode", "two")
    assert cli.err == ""
    cli("chat", "-c", newest, "--seed", "7", "three")
    assert cli.json("show", newest, "--format", "json")["parameters"] == {"top_p": 1.0, "max_tokens": 99, "seed": 7}
    cli("chat", "-c", newest, "--no-store", "--seed", "8", "four")
    assert cli.json("show", newest, "--format", "json")["parameters"]["seed"] == 7
    assert cli.json("show", newest, "--format", "json")["messages"][4]["parts"][0]["text"] == "three"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--temperature 2.1", "--temperature: “2.1” is not a number from 0 to 2, nor “auto”"),
        ("--temperature nan", "“nan” is not a number"),
        ("--top-p much", "--top-p: “much” is not a number from 0 to 1"),
        ("--max-tokens 0", "--max-tokens: “0” is not a whole number from 1 to 10000000"),
        ("--seed -1", "“-1” is not a whole number from 0 to 2147483647"),
        ("--seed 1.5", "“1.5” is not a whole number"),
        ("--effort huge", "invalid choice: 'huge'"),
        ("--stop a --stop b --stop c --stop d --stop e", "at most four --stop"),
    ],
)
def test_parameters_that_cannot_be(cli: Cli, words: str, complaint: str) -> None:
    cli("chat", "-m", "guide/manual", *words.split(), "one", code=2)
    assert complaint in cli.err
    assert cli.err.count("\n") == 1
    assert cli.json("conversations", "--json") == []


def test_no_store_goes_on_from_what_is_stored(cli: Cli, ids: dict[str, str]) -> None:
    cli("chat", "-m", "guide/manual", "-c", ids["conversation"], "--no-store", "backup")
    assert cli.json("conversations", "--json")[0]["messages"] == 3


# --- Providers and models ---------------------------------------------------------------------------------------------


def test_models(cli: Cli) -> None:
    (guide,) = cli.json("models", "--json")
    assert guide["id"] == "guide/manual"
    assert set(guide) >= {"id", "provider", "name", "context", "vision", "tools"}
    assert "guide/manual" in cli("models")


@pytest.fixture
def address() -> str:
    return f"http://127.0.0.1:{unused_port()}"


def test_a_provider_is_added_listed_and_removed(cli: Cli, address: str) -> None:
    assert cli("provider", "list") == ""
    cli("provider", "add", "mine", "--base-url", address, "--key-stdin", stdin="secret-key-1234\n")
    assert "mine is added" in cli.err
    assert "cannot be reached" in cli.err
    row = {"name": "mine", "base_url": f"{address}/v1", "dialect": "openai", "key_env": "", "key": "file"}
    assert cli.json("provider", "list", "--json") == [row]
    assert "secret" not in cli("provider", "list")
    assert cli("models") != ""
    assert "mine cannot be reached" in cli.err
    cli("provider", "remove", "mine")
    assert cli.json("provider", "list", "--json") == []
    assert "secret" not in (cli.data / "keys.json").read_text(encoding="utf-8")


def test_adding_again_replaces(cli: Cli, address: str) -> None:
    cli("provider", "add", "mine", "--base-url", "http://127.0.0.1:1/v1", "--key-env", "NO_SUCH_VARIABLE")
    cli("provider", "add", "mine", "--base-url", address, "--dialect", "ollama")
    (row,) = cli.json("provider", "list", "--json")
    assert (row["base_url"], row["dialect"], row["key_env"], row["key"]) == (address, "ollama", "", None)


@pytest.mark.parametrize(
    ("typed", "dialect", "kept"),
    [
        ("http://127.0.0.1:1", "openai", "http://127.0.0.1:1/v1"),
        ("http://127.0.0.1:1/", "openai", "http://127.0.0.1:1/v1"),
        ("http://127.0.0.1:1/v1/", "openai", "http://127.0.0.1:1/v1"),
        ("http://127.0.0.1:1/api/v1", "openai", "http://127.0.0.1:1/api/v1"),
        ("127.0.0.1:1", "openai", "http://127.0.0.1:1/v1"),
        ("http://127.0.0.1:1/v1", "ollama", "http://127.0.0.1:1"),
        ("http://127.0.0.1:1/api/v1/", "ollama", "http://127.0.0.1:1"),
    ],
)
def test_addresses_are_tidied(cli: Cli, typed: str, dialect: str, kept: str) -> None:
    cli("provider", "add", "mine", "--base-url", typed, "--dialect", dialect)
    assert cli.json("provider", "list", "--json")[0]["base_url"] == kept


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["a/b", "--base-url", "http://127.0.0.1:1"], "“a/b” is no value for NAME"),
        (["", "--base-url", "http://127.0.0.1:1"], "is no value for NAME"),
        (["ollama", "--base-url", "http://127.0.0.1:1"], "a name that Parley does not use itself"),
        (["openai", "--base-url", "http://127.0.0.1:1"], "a name that Parley does not use itself"),
        (["guide", "--base-url", "http://127.0.0.1:1"], "a name that Parley does not use itself"),
        (["x", "--base-url", "ftp://127.0.0.1:1"], "is no value for --base-url"),
        (["x", "--base-url", "http://"], "is no value for --base-url"),
        (["x", "--base-url", "http://127.0.0.1:99999"], "is no value for --base-url"),
        (["x", "--base-url", "http://a b"], "is no value for --base-url"),
        (["x", "--base-url", "http://me:hush@127.0.0.1:1"], "without a password"),
        (["x", "--base-url", "http://127.0.0.1:1", "--key-env", "sk-hush"], "the name of an environment variable"),
    ],
)
def test_what_cannot_be_a_provider(cli: Cli, words: list[str], complaint: str) -> None:
    cli("provider", "add", *words, code=1)
    assert complaint in cli.err
    assert len(cli.err.splitlines()) == 1
    assert "hush" not in cli.err
    assert cli.json("provider", "list", "--json") == []


def test_a_dialect_of_later(cli: Cli) -> None:
    cli("provider", "add", "x", "--base-url", "http://127.0.0.1:1", "--dialect", "klingon", code=2)


def test_keys_are_kept_told_and_forgotten(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("provider", "key", "groq").split() == ["NAME", "KEY", "groq", "-"]
    kept = cli("provider", "key", "groq", "--set", stdin="gsk-hush-hush-hush\n")
    assert f"in the file {cli.data / 'keys.json'}" in kept
    assert "no D-Bus session" in cli.err
    assert "hush" not in kept + cli.err + cli("provider", "key")
    assert json.loads((cli.data / "keys.json").read_text(encoding="utf-8")) == {"groq": "gsk-hush-hush-hush"}
    cli("provider", "key", "--move")
    assert "no D-Bus session" in cli.err
    monkeypatch.setenv("GROQ_API_KEY", "gsk-other")
    assert "from GROQ_API_KEY" in cli("provider", "key", "groq")
    assert cli.json("provider", "key", "groq", "--json") == [{"name": "groq", "key": "environment"}]
    monkeypatch.delenv("GROQ_API_KEY")
    assert cli("provider", "key", "groq", "--forget").split()[-1] == "-"
    assert "hush" not in (cli.data / "keys.json").read_text(encoding="utf-8")


def test_keys_go_into_the_keychain(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demand_programs()
    with session("gnome", tmp_path / "session") as address:
        cli("provider", "key", "groq", "--set", stdin="gsk-hush-hush-hush\n")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert "in the keychain" in cli("provider", "key", "--move")
        assert cli.err == ""
        assert "hush" not in (cli.data / "keys.json").read_text(encoding="utf-8")
        cli("provider", "key", "groq", "--forget")
        assert labels() == []


@pytest.mark.parametrize(
    ("words", "stdin", "code", "complaint"),
    [
        (["--set"], "", 2, "whose key?"),
        (["nobody", "--set"], "x", 1, "no provider named “nobody”"),
        (["groq", "--set"], "two words", 1, "one line of visible ASCII characters"),
        (["groq", "--set"], "", 1, "one line of visible ASCII characters"),
        (["groq", "gsk-hush-hush-hush"], "", 2, "unrecognized arguments"),
    ],
)
def test_what_cannot_be_done_with_keys(cli: Cli, words: list[str], stdin: str, code: int, complaint: str) -> None:
    cli("provider", "key", *words, stdin=stdin, code=code)
    assert complaint in cli.err
    assert not (cli.data / "keys.json").exists()


def test_a_password_in_the_proxy_setting_is_refused(cli: Cli) -> None:
    cli("settings", "set", "proxy", "http://ann:hush@proxy:3128", code=1)
    assert "without a password" in cli.err
    assert "hush" not in cli.err
    cli("settings", "set", "proxy", "http://proxy:3128")
    assert cli("settings", "get", "proxy") == "http://proxy:3128\n"


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_settings(cli: Cli) -> None:
    cli("settings", "set", "trash_days", "7")
    assert cli("settings", "get", "trash_days") == "7\n"
    rows = {row["key"]: row for row in cli.json("settings", "list", "--json")}
    assert (rows["trash_days"]["value"], rows["trash_days"]["default"]) == (7, 30)
    assert "providers" not in rows
    assert "one of system, light, dark" in cli("settings", "list")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["set", "theme", "purple"], "“purple” is no value for theme: one of system, light, dark."),
        (["set", "trash_days", "0"], "“0” is no value for trash_days: a whole number from 1 to 3650."),
        (["set", "providers", "x"], "no setting “providers”"),
        (["get", "window"], "no setting “window”"),
    ],
)
def test_settings_that_cannot_be(cli: Cli, words: list[str], complaint: str) -> None:
    cli("settings", *words, code=1)
    assert complaint in cli.err


def test_a_model_that_nobody_offers_is_set_with_a_warning(cli: Cli, address: str) -> None:
    cli("settings", "set", "default_model", "nope/x")
    assert cli("settings", "get", "default_model") == "nope/x\n"
    cli("settings", "set", "default_model", "nope/y")
    assert "nobody offers a model “nope/y” now" in cli.err
    cli("provider", "add", "mine", "--base-url", address)
    cli("settings", "set", "default_model", "mine/x")
    assert "it is not known whether “mine/x” is there" in cli.err
    assert "mine cannot be reached" in cli.err
    cli("settings", "set", "default_model", "guide/manual")
    assert cli.err == ""
    cli("settings", "set", "default_model", "")
    assert cli.err == ""


# --- The data folder --------------------------------------------------------------------------------------------------


def test_the_data_folder_is_moved(cli: Cli, tmp_path: Path) -> None:
    cli("settings", "set", "trash_days", "7")
    cli("search", "nothing")
    assert cli("data", "where") == f"{cli.data}\n"
    cli("data", "move", str(cli.data / "inside"), code=1)
    assert "it is inside the data folder" in cli.err
    cli("data", "move", str(tmp_path / "new"))
    assert f"The data is in {tmp_path / 'new'} now." in cli.err
    assert f"{cli.data} has been kept" in cli.err
    assert cli("data", "where") == f"{tmp_path / 'new'}\n"
    assert cli("settings", "get", "trash_days") == "7\n"
    (tmp_path / "new").rename(tmp_path / "unplugged")
    cli("settings", "get", "trash_days", code=1)
    assert f"The data is in {tmp_path / 'new'}, which is not there." in cli.err
    assert not (tmp_path / "new").exists()


# --- Backup and restore -----------------------------------------------------------------------------------------------


def test_backup_and_restore(cli: Cli, ids: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    cli("backup", str(copy))
    assert str(copy) in cli.err
    cli("chat", "-m", "guide/manual", "written later")
    cli("restore", str(copy), code=2)
    assert "--yes" in cli.err
    assert len(cli.json("conversations", "--json")) == 2
    cli("restore", str(copy), "--yes")
    assert "is kept in" in cli.err
    assert [one["id"] for one in cli.json("conversations", "--json")] == [ids["conversation"]]


def test_restore_into_nothing_asks_nothing(cli: Cli, ids: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    cli("backup", str(copy))
    cli.data = tmp_path / "elsewhere"
    cli("restore", str(copy))
    assert len(cli.json("conversations", "--json")) == 1


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_restore_asks_on_a_terminal(
    cli: Cli, ids: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    copy = tmp_path / "copy.db"
    cli("backup", str(copy))
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is sys.stdin)
    cli("restore", str(copy), stdin=f"{answer}\n", code=code)


def test_backups_that_cannot_be(cli: Cli, tmp_path: Path) -> None:
    cli("conversations")
    cli("backup", str(tmp_path / "no" / "folder" / "copy.db"), code=1)
    cli("restore", str(tmp_path / "nothing.db"), "--yes", code=1)
    assert "there is no such file" in cli.err
    junk = tmp_path / "junk.db"
    junk.write_text("junk " * 1000, encoding="utf-8")
    cli("restore", str(junk), "--yes", code=1)
    assert str(junk) in cli.err


# --- Doctor -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def free_port(cli: Cli) -> int:
    """Let doctor look at a port that nobody uses."""
    port = unused_port()
    cli("settings", "set", "server_port", str(port))
    return port


def wrong(cli: Cli) -> list[str]:
    return [line for line in cli("doctor", code=1).splitlines() if line.startswith("!!")]


def test_formulas_that_cannot_be_drawn(cli: Cli, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ziamath", None)
    math._library.cache_clear()
    report = cli("doctor", code=1)
    assert "!!  formulas   They cannot be drawn (ModuleNotFoundError" in report
    assert report.count("!!") == 1


def test_a_healthy_state(cli: Cli, ids: dict[str, str], free_port: int) -> None:
    report = cli("doctor")
    for words in (
        "Parley",
        "SQLite",
        "Qt for Python",
        "GB are free",
        str(cli.data),
        f"{free_port} is free",
        "3 messages",
        "ok  formulas",
    ):
        assert words in report
    assert all(line.startswith("ok  ") for line in report.splitlines())


def test_nothing_is_well(cli: Cli, free_port: int, address: str) -> None:
    cli("provider", "add", "mine", "--base-url", address, "--key-env", "NO_SUCH_VARIABLE")
    cli("provider", "add", "other", "--base-url", address, "--key-stdin", stdin="secret-key-1234")
    cli("settings", "set", "default_model", "mine/gone")
    (cli.data / "keys.json").chmod(0o644)
    with closing(socket.create_server(("127.0.0.1", free_port))) as server:
        server.settimeout(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(doctor, "LIVE_SECONDS", 0.2)
            lines = "\n".join(wrong(cli))
    assert "NO_SUCH_VARIABLE, which is not set" in lines
    assert "mine cannot be reached" in lines
    assert "default model mine/gone is in no list" in lines
    assert f"Port {free_port} on 127.0.0.1 is in use" in lines
    if os.name == "posix":
        assert "Others could read" in lines
    assert "secret" not in lines


def test_known_keys_are_named_only(cli: Cli, free_port: int, address: str) -> None:
    cli("provider", "add", "mine", "--base-url", address, "--key-stdin", stdin="secret-key-1234")
    report = cli("doctor", code=1)
    assert "known for mine (file)" in report
    assert "secret" not in report


def test_little_room(cli: Cli, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ENOUGH_SPACE", 1 << 62)
    assert "Free some space" in wrong(cli)[0]


def test_a_damaged_file_of_keys(cli: Cli, free_port: int) -> None:
    (cli.data / "keys.json").write_text("{", encoding="utf-8")
    (cli.data / "keys.json").chmod(0o600)
    assert any("cannot be used" in line for line in wrong(cli))


# --- Tables -----------------------------------------------------------------------------------------------------------

NOON = 1_750_000_000.0


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("no tzset here")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "a minute ago"),
        (150, "2 minutes ago"),
        (3600, "today 14:06"),
        (15 * 3600 + 400, "today 00:00"),
        (16 * 3600, "yesterday 23:06"),
        (3 * 86400, "2025-06-12"),
        (-86400, "2025-06-16"),
    ],
)
def test_times_as_people_say_them(utc: None, seconds: float, words: str) -> None:
    assert tables.when(NOON - seconds, NOON) == words


def test_times_as_scripts_read_them() -> None:
    assert tables.iso(NOON + 0.25) == "2025-06-15T15:06:40.250Z"


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("你好", 4), ("e\u0301", 1), ("👍", 2), ("naïve", 5), ("a\u200bb", 2)]
)
def test_widths(text: str, width: int) -> None:
    assert tables.width_of(text) == width


@pytest.mark.parametrize(("count", "words"), [(None, ""), (512, "512"), (8192, "8k"), (131072, "131k"), (10**6, "1M")])
def test_numbers_of_tokens(count: int | None, words: str) -> None:
    assert tables.size(count) == words


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    tables.say_table(("A", "B", "C"), [("1", "你好", "x"), ("22", "b", "a long\nlast column")])
    assert capsys.readouterr().out == "A   B     C\n1   你好  x\n22  b     a long last column\n"


def test_lines_are_cut_to_the_terminal(on_terminal: None) -> None:
    assert tables.fitted("x" * 40) == "x" * 40
    assert tables.fitted("x" * 41) == "x" * 39 + "…"
    assert tables.width_of(tables.fitted("好" * 40)) <= 40


def test_elsewhere_lines_are_whole() -> None:
    assert tables.fitted("x" * 500) == "x" * 500


def test_an_expected_log(cli: Cli, expect_log: Callable[[str], None]) -> None:
    """The strictness of these tests itself: an error in the log is noticed."""
    expect_log("on purpose")
    logging.getLogger("parley.test").error("on purpose")
