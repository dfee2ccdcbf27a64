"""Permits: the one place that says whether an account may ask for something. The engine asks it for every answer."""

from collections.abc import Collection
from typing import Protocol

from parley.errors import AccountDisabled, AnswersFull, ModelForbidden, TokensSpent
from parley.messages import Usage
from parley.people import Permissions
from parley.store import Store

MOST_ANSWERS = 200
"""So much may be under way for one account at once: each holds memory, and a connection to somebody who answers."""


class UnderWay(Protocol):
    """An answer that has not ended, and what it has cost so far: nobody has written that down yet."""

    @property
    def usage(self) -> Usage: ...


class Permits:
    """What accounts may use, read anew whenever something is asked for: what the owner changes holds at once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, account: str) -> Permissions:
        """Return what an account may use. Raises AccountUnknown and AccountDisabled."""
        found = self._store.accounts.get(account)
        if found.disabled:
            raise AccountDisabled
        return found.permissions

    def demand(self, account: str, provider: str, model: str, under_way: Collection[UnderWay] = ()) -> None:
        """Raise ChatError unless an account may ask a model now; `under_way` are its answers that have not ended."""
        permissions = self.of(account)
        if not permissions.allows_model(provider, model):
            raise ModelForbidden(model=f"{provider}/{model}")
        if len(under_way) >= MOST_ANSWERS:
            raise AnswersFull(answers=MOST_ANSWERS)
        budget = permissions.tokens_a_month
        if budget is None:
            return
        coming = sum((each.usage.input_tokens or 0) + (each.usage.output_tokens or 0) for each in under_way)
        if self._store.spending.tokens_this_month(account) + coming >= budget:
            raise TokensSpent(budget=budget)
