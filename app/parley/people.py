"""Values: who asks, what they may use, and the tokens that they ask with. No secrets: those stay in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

AccountRole = Literal["user", "admin"]
"""What an account is: an admin may ask for the routes that concern all accounts."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What an account may use. None: everything of that kind.

    `models` holds models as `provider/model`, and providers, which stand for all of theirs. `tokens_a_month` is what
    its answers may have, questions included, in a month by this computer's clock.
    """

    models: frozenset[str] | None = None
    tools: frozenset[str] | None = frozenset()
    knowledge: frozenset[str] | None = frozenset()
    tokens_a_month: int | None = None

    def allows_model(self, provider: str, model: str) -> bool:
        """Return whether a provider may be asked for a model."""
        return self.models is None or not self.models.isdisjoint((provider, f"{provider}/{model}"))

    def allows_tool(self, name: str) -> bool:
        """Return whether a tool may be called."""
        return self.tools is None or name in self.tools

    def allows_knowledge(self, name: str) -> bool:
        """Return whether a collection of documents may be searched."""
        return self.knowledge is None or name in self.knowledge


NEWCOMER = Permissions()
"""What a new account may use: all models; no tools and no documents until the owner allows them."""

EVERYTHING = Permissions(tools=None, knowledge=None)
"""What the owner may use."""


def permissions_to_json(permissions: Permissions) -> dict[str, Any]:
    """Return the stored form: what differs from a newcomer's."""
    found = {each.name: getattr(permissions, each.name) for each in fields(Permissions)}
    changed = {name: value for name, value in found.items() if value != getattr(NEWCOMER, name)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in changed.items()}


def permissions_from_json(stored: Mapping[str, Any]) -> Permissions:
    """Return the permissions that `permissions_to_json` wrote. What this version does not know is left out."""
    values: dict[str, Any] = {}
    for each in fields(Permissions):
        if each.name in stored:
            value = stored[each.name]
            values[each.name] = frozenset(value) if isinstance(value, list) else value
    return Permissions(**values)


@dataclass(frozen=True, slots=True)
class AccountPreferences:
    """What somebody prefers, wherever they ask from; empty is nothing in particular.

    `model` answers where none is named, as `provider/model`. The languages are tags such as `pt-BR`. `mood` is that of
    new conversations. What a client shows is its own affair.
    """

    model: str = ""
    language: str = ""
    dictation_language: str = ""
    theme: str = ""
    mood: str = ""


NO_PREFERENCES = AccountPreferences()


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who asks. `number` is its name on the wire, `id` what its conversations are marked with.

    The owner, who sits at the desk, has number 1 and the id `owner`; everybody else's id is the number as text.
    """

    number: int
    id: str
    email: str
    name: str
    role: AccountRole
    created_at: float
    tags: tuple[str, ...] = ()
    disabled: bool = False
    permissions: Permissions = NEWCOMER


@dataclass(frozen=True, slots=True)
class Token:
    """What a program asks with, in the place of a password. Its secret is told once and not kept.

    `by_password`: somebody got it by logging in, or with a token that came so; it ends with the password.
    """

    number: int
    account_id: str
    name: str
    admin: bool
    created_at: float
    used_at: float | None = None
    by_password: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """A token that is good, and the account that it speaks for."""

    account: Account
    token: Token

    @property
    def admin(self) -> bool:
        """Return whether it opens what concerns all accounts."""
        return self.token.admin and self.account.role == "admin"
