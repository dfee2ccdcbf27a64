"""`parley token`: what programs ask with."""

from argparse import Namespace
from contextlib import closing

from parley.accounts import Credentials
from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import TokenUnknown
from parley.people import Token
from parley.store import Store

_DIGITS = 18


def token(arguments: Namespace, shell: Shell) -> int:
    """Create, list or revoke."""
    with shell.store() as store:
        match arguments.action:
            case "create":
                account = store.accounts.find(arguments.user)
                with closing(Credentials(store)) as credentials:
                    made, secret = shell.run(credentials.issue(account, arguments.name, admin=arguments.admin))
                streams.say(secret, flush=True)
                streams.note(f"This is the only time that it is shown. “parley token revoke {made.number}” ends it.")
            case "list":
                _list(arguments, store)
            case "revoke":
                number = _number(arguments.id)
                shell.run(store.tokens.revoke(number))
                streams.note(f"Token {number} is good no longer.")
    return 0


def _list(arguments: Namespace, store: Store) -> None:
    owners = {account.id: account for account in store.accounts.all()}
    found = store.tokens.all()
    if arguments.json:
        streams.say_json([_as_json(each, owners[each.account_id].email) for each in found])
    elif found:
        rows = [
            (
                str(each.number),
                owners[each.account_id].email or each.account_id,
                "yes" if each.admin else "-",
                "yes" if each.by_password else "-",
                tables.when(each.created_at),
                tables.when(each.used_at) if each.used_at else "never",
                each.name,
            )
            for each in found
        ]
        tables.say_table(("ID", "WHOSE", "ADMIN", "BY PASSWORD", "MADE", "LAST USED", "NAME"), rows)
    else:
        streams.note("There are no tokens yet. “parley token create NAME” makes one.")


def _as_json(made: Token, email: str) -> dict[str, object]:
    return {
        "id": made.number,
        "name": made.name,
        "account": made.account_id,
        "email": email,
        "admin": made.admin,
        "by_password": made.by_password,
        "created_at": tables.iso(made.created_at),
        "used_at": tables.iso(made.used_at) if made.used_at else None,
    }


def _number(text: str) -> int:
    """Return the number of a token; the whole of it will do, and is not repeated. Raises TokenUnknown."""
    number = text.partition("|")[0].strip()
    if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS):
        raise TokenUnknown(token=number)
    return int(number)
