"""`parley user`: people who may ask this computer, and what they may use."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from parley.accounts import Credentials
from parley.cli import streams, tables
from parley.cli.parser import UsageError
from parley.cli.shell import Shell
from parley.errors import SettingInvalid
from parley.people import EVERYTHING, NEWCOMER, Account, AccountRole, Permissions, permissions_to_json
from parley.store import Store

_ALL, _NONE = "all", "none"
_SHORT_PASSWORD = 8


def user(arguments: Namespace, shell: Shell) -> int:
    """Add, list, allow, remove, or give another password."""
    with shell.store() as store:
        match arguments.action:
            case "add":
                _add(arguments, shell, store)
            case "password":
                _set_password(arguments, shell, store)
            case "list":
                _list(arguments, store)
            case "remove":
                account = store.accounts.find(arguments.email)
                shell.run(store.accounts.remove(account.id))
                streams.note(f"{_called(account)} is removed. The conversations are in your trash.")
            case "allow":
                account = store.accounts.find(arguments.email)
                permissions = _changed(account.permissions, arguments)
                disabled = arguments.off if arguments.off or arguments.on else None
                shell.run(store.accounts.change(account.id, permissions=permissions, disabled=disabled))
    return 0


def _add(arguments: Namespace, shell: Shell, store: Store) -> None:
    password = _password(arguments)
    role: AccountRole = "admin" if arguments.admin else "user"
    with _credentials(store) as credentials:
        account = shell.run(credentials.add(arguments.email, password, name=arguments.name, role=role))
    streams.note(f"{account.email} is added, with number {account.number}.")
    if len(password) < _SHORT_PASSWORD:
        streams.note("The password is short: others on the network could guess it.")


def _set_password(arguments: Namespace, shell: Shell, store: Store) -> None:
    account, password = store.accounts.find(arguments.email), _password(arguments)
    with _credentials(store) as credentials:
        ended = shell.run(credentials.set_password(account.id, password, all_tokens=arguments.revoke_tokens))
    streams.note(f"{_called(account)} has another password now. Tokens that ended with the old one: {ended}.")
    if left := len(store.tokens.all(account.id)):
        streams.note(
            f"Tokens of programs and paired devices are good as before: {left}. --revoke-tokens ends them, too."
        )


@contextmanager
def _credentials(store: Store) -> Iterator[Credentials]:
    with closing(Credentials(store)) as credentials:
        yield credentials


def _password(arguments: Namespace) -> str:
    """Return the password from standard input; on a terminal it is asked for twice and not shown."""
    if not streams.is_terminal(sys.stdin):
        if not arguments.password_stdin:
            raise UsageError("to read the password from standard input, say --password-stdin")
        return streams.piped_text().rstrip("\r\n")
    from getpass import getpass

    try:
        password, again = getpass("Password: "), getpass("The same again: ")
    except EOFError:
        raise UsageError("there is no password") from None
    if again != password:
        raise UsageError("the two passwords differ")
    return password


def _list(arguments: Namespace, store: Store) -> None:
    found = store.accounts.all()
    if arguments.json:
        streams.say_json([_as_json(account) for account in found])
        return
    rows = [
        (str(account.number), account.email or "-", account.role, _allowed(account), account.name or account.id)
        for account in found
    ]
    tables.say_table(("NUMBER", "E-MAIL", "ROLE", "MAY USE", "NAME"), rows)


def _as_json(account: Account) -> dict[str, Any]:
    permissions = account.permissions
    return {
        "id": account.number,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "tags": list(account.tags),
        "disabled": account.disabled,
        "created_at": tables.iso(account.created_at),
        "models": _sorted(permissions.models),
        "tools": _sorted(permissions.tools),
        "knowledge": _sorted(permissions.knowledge),
        "tokens_a_month": permissions.tokens_a_month,
    }


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    """Return names in order; None stands for all."""
    return None if names is None else sorted(names)


def _allowed(account: Account) -> str:
    """Return in a few words what an account may use."""
    if account.disabled:
        return "nothing"
    if account.permissions in (EVERYTHING, NEWCOMER):
        return "everything" if account.permissions == EVERYTHING else "all models"
    stored = permissions_to_json(account.permissions)
    words = [f"{kind}: {_ALL if names is None else ', '.join(map(str, names))}" for kind, names in _kinds(stored)]
    return "; ".join(words)


def _kinds(stored: dict[str, Any]) -> Iterator[tuple[str, list[Any] | None]]:
    for name, value in stored.items():
        yield name.replace("_", " "), [value] if isinstance(value, int) else value


def _changed(permissions: Permissions, arguments: Namespace) -> Permissions:
    """Return the permissions with what was said. Raises UsageError if nothing was, and SettingInvalid."""
    kinds = {kind: getattr(arguments, kind) for kind in ("models", "tools", "knowledge")}
    values: dict[str, Any] = {kind: _names(said) for kind, said in kinds.items() if said is not None}
    if arguments.tokens is not None:
        values["tokens_a_month"] = _tokens(arguments.tokens)
    if not values and not arguments.on and not arguments.off:
        raise UsageError("say what is allowed: --models, --tools, --knowledge, --tokens, --on or --off")
    return replace(permissions, **values)


def _names(said: str) -> frozenset[str] | None:
    if said == _ALL:
        return None
    return frozenset(name for part in said.split(",") if (name := part.strip()) and name != _NONE)


def _tokens(said: str) -> int | None:
    if said == _ALL:
        return None
    digits = said.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        raise SettingInvalid(key="--tokens", value=said, expected="a number of tokens, or “all”")
    return int(digits)


def _called(account: Account) -> str:
    return account.email or account.name or account.id
