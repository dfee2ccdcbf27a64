"""Permits: the one place that says whether an account may ask for something. The engine asks it for every answer."""

from collections.abc import Callable

from parley.errors import AccountDisabled, ModelForbidden, TokensSpent
from parley.people import Permissions
from parley.store import Store


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

    def demand(self, account: str, provider: str, model: str, under_way: Callable[[], int] = int) -> None:
        """Raise ChatError unless an account may ask a model now.

        `under_way` tells the tokens of its answers that have not ended, which nobody has written down yet.
        """
        permissions = self.of(account)
        if not permissions.allows_model(provider, model):
            raise ModelForbidden(model=f"{provider}/{model}")
        budget = permissions.tokens_a_month
        if budget is not None and self._store.spending.tokens_this_month(account) + under_way() >= budget:
            raise TokensSpent(budget=budget)
