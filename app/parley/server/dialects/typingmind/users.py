"""The users of this server: its accounts."""

from urllib.parse import unquote

from fastapi import APIRouter
from starlette.responses import Response

from parley.accounts import checked_email
from parley.errors import AccountUnknown
from parley.people import Account
from parley.server.backend import Backend
from parley.server.dialects.typingmind.shapes import Listed, NewUser, User, UserChange, user_of


def routes(backend: Backend) -> APIRouter:
    """Return the routes of users."""
    router = APIRouter(prefix="/users")
    accounts = backend.services.store.accounts

    def found(number: int) -> Account:
        """Return the account of a number; that may have more digits than any."""
        return accounts.find(str(number)) if number > 0 else accounts.of_number(0)

    @router.post("")
    async def add(wanted: NewUser) -> User:
        """Add an account without a password: it asks with tokens that the owner gives it."""
        email = checked_email(wanted.email)
        return user_of(await accounts.add(email, email.partition("@")[0], tags=wanted.tags))

    @router.get("")
    async def users(email: str | None = None) -> Listed[User]:
        """Return all accounts, or the one of an e-mail address.

        That may be encoded twice: the API's own example is encoded before it is put into an address.
        """
        if email is None:
            return Listed(data=list(map(user_of, accounts.all())))
        try:
            return Listed(data=[user_of(accounts.of_email(email if "@" in email else unquote(email)))])
        except AccountUnknown:
            return Listed(data=[])

    @router.patch("/{id}", response_class=Response)
    async def change(id: int, change: UserChange) -> Response:
        """Give an account other tags."""
        await accounts.change(found(id).id, tags=change.tags)
        return Response()

    @router.delete("/{id}", response_class=Response)
    async def remove(id: int) -> Response:
        """Remove an account: its tokens are revoked, its conversations go to the owner's trash."""
        await accounts.remove(found(id).id)
        return Response()

    return router
