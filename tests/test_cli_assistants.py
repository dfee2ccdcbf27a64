"""`parley assistant`, and `parley chat` with an assistant and a mood."""

import re

import pytest

from tests.test_cli import Cli, cli

__all__ = ["cli"]


@pytest.fixture
def pirate(cli: Cli) -> str:
    """Add an assistant; return its id."""
    words = ("--instruction", "Talk like a\npirate.", "--model", "guide/manual", "--tool", "web", "--knowledge", "maps")
    assert cli("assistant", "add", "Pirate Pete", "--description", "For the sea", *words) == ""
    assert cli.err == "parley: Pirate Pete is added. “parley chat --assistant pirate-pete” asks it.\n"
    return str(cli.json("assistant", "list", "--json")[0]["id"])


def test_assistants_for_scripts(cli: Cli, pirate: str) -> None:
    (found,) = cli.json("assistant", "list", "--json")
    for name in ("Pirate Pete", "pirate-pete", pirate):
        assert cli.json("assistant", "show", name, "--json") == found
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("created_at"))
    assert found == {
        "id": pirate,
        "slug": "pirate-pete",
        "name": "Pirate Pete",
        "description": "For the sea",
        "instruction": "Talk like a\npirate.",
        "model": "guide/manual",
        "parameters": {},
        "tools": ["web"],
        "knowledge": ["maps"],
    }


def test_assistants_for_people(cli: Cli, pirate: str) -> None:
    head, row = cli("assistant", "list").splitlines()
    assert head.split() == ["SLUG", "MODEL", "NAME", "DESCRIPTION"]
    assert row.split() == ["pirate-pete", "guide/manual", "Pirate", "Pete", "For", "the", "sea"]
    shown = cli("assistant", "show", "pirate-pete")
    assert shown.startswith("# Pirate Pete\n\nSlug: pirate-pete\nDescription: For the sea\nModel: guide/manual\n")
    assert shown.endswith("\n\nTalk like a\npirate.\n")


def test_mistakes_with_assistants(cli: Cli, pirate: str) -> None:
    cli("assistant", "add", "PIRATE pete", "--instruction", "x", code=1)
    assert cli.err == "parley: There is an assistant named “PIRATE pete” already.\n"
    cli("assistant", "add", "!!", "--instruction", "x", code=1)
    cli("assistant", "add", "Nobody", code=2)
    for action in ("show", "remove"):
        assert cli("assistant", action, "nobody", code=1) == ""
        assert cli.err == "parley: There is no assistant “nobody”.\n"
    cli("assistant", "remove", "pirate pete")
    assert cli("assistant", "list") == ""
    assert "no assistants" in cli.err


def test_chatting_with_an_assistant(cli: Cli, pirate: str) -> None:
    answer = cli("chat", "--assistant", "pirate pete", "--mood", "serious", "What is Parley?")
    assert "Parley is" in answer
    assert cli.json("conversations", "--json")[0]["model"] == "guide/manual"
    cli("assistant", "remove", pirate)
    for words in (("--last",), ("--last", "--no-store"), ("--last", "--mood", "friendly")):
        assert cli("chat", *words, "How do I make a backup?")
    for words, said in (
        (("--assistant", "pirate-pete"), "There is no assistant “pirate-pete”."),
        (("--mood", "sad"), "There is no mood “sad”. Choose one of serious, friendly, normal."),
    ):
        for storing in ((), ("--no-store",)):
            assert cli("chat", *words, *storing, "Hi", code=1) == ""
            assert cli.err == f"parley: {said}\n"
    assert len(cli.json("conversations", "--json")) == 1
