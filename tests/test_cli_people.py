"""`parley user` and `parley token`: what they print for people and for scripts."""

import asyncio
import re

import pytest

from parley.accounts import Credentials
from parley.errors import LoginWrong, TokenRefused
from parley.store import Store
from tests.test_cli import Cli, cli

__all__ = ["cli"]

EMAIL = "anna@example.org"


@pytest.fixture
def anna(cli: Cli) -> int:
    """Add somebody; return the number."""
    cli("user", "add", "Anna@example.org", "--name", "Anna", "--password-stdin", stdin="correct horse\n")
    return 2


def log_in(cli: Cli, password: str) -> str:
    async def log_in() -> str:
        store = Store.open(cli.data)
        credentials = Credentials(store)
        try:
            return (await credentials.login(EMAIL, password, "phone"))[0].name
        finally:
            credentials.close()
            await store.close()

    return asyncio.run(log_in())


def whose(cli: Cli, token: str) -> tuple[int, bool]:
    async def whose() -> tuple[int, bool]:
        store = Store.open(cli.data)
        try:
            credential = Credentials(store).identify(token)
            return credential.account.number, credential.admin
        finally:
            await store.close()

    return asyncio.run(whose())


def test_people_for_scripts(cli: Cli, anna: int) -> None:
    owner, person = cli.json("user", "list", "--json")
    assert (owner["id"], owner["role"], owner["models"], owner["tools"]) == (1, "admin", None, None)
    created = person.pop("created_at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert person == {
        "id": anna,
        "email": EMAIL,
        "name": "Anna",
        "role": "user",
        "tags": [],
        "disabled": False,
        "models": None,
        "tools": [],
        "knowledge": [],
        "tokens_a_month": None,
    }
    assert log_in(cli, "correct horse") == "Anna"


def test_adding_people(cli: Cli, anna: int) -> None:
    assert cli("user", "add", "berta@example.org", "--admin", "--password-stdin", stdin="long enough\r\n") == ""
    assert cli.err == "parley: berta@example.org is added, with number 3.\n"
    cli("user", "add", "c@example.org", "--password-stdin", stdin="short")
    assert "The password is short" in cli.err
    assert [line.split()[:3] for line in cli("user", "list").splitlines()] == [
        ["NUMBER", "E-MAIL", "ROLE"],
        ["1", "-", "admin"],
        ["2", EMAIL, "user"],
        ["3", "berta@example.org", "admin"],
        ["4", "c@example.org", "user"],
    ]
    for email, stdin, words in (
        (EMAIL.upper(), "correct horse", f"There is an account with the e-mail address {EMAIL} already."),
        ("nonsense", "correct horse", "“nonsense” is no e-mail address."),
        ("d@example.org", "", "A password is one line"),
        ("d@example.org", "two\nlines", "A password is one line"),
    ):
        assert cli("user", "add", email, "--password-stdin", stdin=stdin, code=1) == ""
        assert cli.err.startswith(f"parley: {words}")
        assert cli.err.count("\n") == 1
    cli("user", "add", "d@example.org", stdin="correct horse", code=2)
    assert "--password-stdin" in cli.err


def test_another_password(cli: Cli, anna: int) -> None:
    assert log_in(cli, "correct horse") == "Anna"
    named = cli("token", "create", "her editor", "--user", EMAIL).strip()
    assert [token["by_password"] for token in cli.json("token", "list", "--json")] == [True, False]
    cli("user", "password", EMAIL, "--password-stdin", stdin="something else")
    assert cli.err == (
        f"parley: {EMAIL} has another password now. Tokens that ended with the old one: 1.\n"
        "parley: Tokens of programs and paired devices are good as before: 1. --revoke-tokens ends them, too.\n"
    )
    assert whose(cli, named) == (anna, False)
    assert log_in(cli, "something else") == "Anna"
    cli("user", "password", EMAIL, "--password-stdin", "--revoke-tokens", stdin="a third one")
    assert cli.err == f"parley: {EMAIL} has another password now. Tokens that ended with the old one: 2.\n"
    with pytest.raises(TokenRefused):
        whose(cli, named)
    assert cli.json("token", "list", "--json") == []
    cli("user", "password", "nobody@example.org", "--password-stdin", stdin="something else", code=1)
    assert cli.err == "parley: There is no account “nobody@example.org”.\n"


def test_what_people_may_use(cli: Cli, anna: int) -> None:
    cli("user", "allow", EMAIL, "--models", "guide, a/b", "--tools", "all", "--knowledge", "none", "--tokens", "5,000")
    person = cli.json("user", "list", "--json")[1]
    assert (person["models"], person["tools"], person["knowledge"]) == (["a/b", "guide"], None, [])
    assert person["tokens_a_month"] == 5000
    assert "models: a/b, guide; tools: all; tokens a month: 5000" in cli("user", "list")
    cli("user", "allow", str(anna), "--models", "all", "--tokens", "all")
    person = cli.json("user", "list", "--json")[1]
    assert (person["models"], person["tools"], person["tokens_a_month"]) == (None, None, None)
    cli("user", "allow", EMAIL, code=2)
    cli("user", "allow", EMAIL, "--tokens", "many", code=1)
    assert "“many” is no value for --tokens" in cli.err
    cli("user", "allow", "owner", "--models", "none", code=1)
    assert "cannot be removed, switched off or restricted" in cli.err


def test_switching_people_off(cli: Cli, anna: int) -> None:
    token = cli("token", "create", "phone", "--user", EMAIL).strip()
    cli("user", "allow", EMAIL, "--off", "--tokens", "7")
    person = cli.json("user", "list", "--json")[1]
    assert (person["disabled"], person["tokens_a_month"]) == (True, 7)
    assert "nothing" in cli("user", "list")
    with pytest.raises(TokenRefused):
        whose(cli, token)
    with pytest.raises(LoginWrong):
        log_in(cli, "correct horse")
    cli("user", "allow", EMAIL, "--tokens", "8")
    assert cli.json("user", "list", "--json")[1]["disabled"], "it stays as it is"
    cli("user", "allow", EMAIL, "--on")
    assert whose(cli, token) == (anna, False)
    cli("user", "allow", EMAIL, "--on", "--off", code=2)


def test_removing_people(cli: Cli, anna: int) -> None:
    token = cli("token", "create", "phone", "--user", EMAIL).strip()
    cli("user", "remove", EMAIL)
    assert "is removed" in cli.err
    assert [person["id"] for person in cli.json("user", "list", "--json")] == [1]
    assert cli.json("token", "list", "--json") == []
    with pytest.raises(TokenRefused):
        whose(cli, token)
    cli("user", "remove", EMAIL, code=1)
    cli("user", "remove", "1", code=1)


def test_a_token_stands_alone_on_standard_output(cli: Cli, anna: int) -> None:
    mine = cli("token", "create", "my phone")
    assert re.fullmatch(r"1\|[\w-]{43}\n", mine)
    assert "only time" in cli.err
    assert mine.strip() not in cli.err
    hers = cli("token", "create", "hers", "--user", EMAIL.upper())
    admin = cli("token", "create", "all", "--admin")
    assert [whose(cli, text.strip()) for text in (mine, hers, admin)] == [(1, False), (anna, False), (1, True)]
    assert cli("token", "create", "x", "--user", EMAIL, "--admin", code=1) == ""
    assert cli.err == f"parley: {EMAIL} is no admin, and cannot have an admin’s token.\n"
    assert cli("token", "create", "x", "--user", "nobody@example.org", code=1) == ""


def test_tokens_are_listed_and_revoked(cli: Cli, anna: int) -> None:
    assert cli("token", "list") == ""
    text = cli("token", "create", "phone", "--user", EMAIL).strip()
    whose(cli, text)
    (token,) = cli.json("token", "list", "--json")
    assert (token["id"], token["name"], token["account"], token["email"], token["admin"]) == (
        *(1, "phone", "2", EMAIL),
        False,
    )
    assert token["used_at"] >= token["created_at"]
    assert text.partition("|")[2] not in cli("token", "list") + cli("token", "list", "--json")
    cli("token", "revoke", "1")
    with pytest.raises(TokenRefused):
        whose(cli, text)
    for id in ("1", "99", "x", "9" * 400, text):
        cli("token", "revoke", id, code=1)
        assert "There is no token" in cli.err
        assert text.partition("|")[2] not in cli.err
    cli("token", "revoke", cli("token", "create", "another"))
    assert cli.err == "parley: Token 2 is good no longer.\n"
