"""Who asks: login, tokens, and what each account prefers."""

from typing import Any

from fastapi import APIRouter, Request

from parley.people import Account
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.qinaya.asking import has_credentials, named
from parley.server.dialects.qinaya.shapes import (
    Data,
    Flags,
    LoggedIn,
    Login,
    LoginAnswer,
    Me,
    NewToken,
    Notice,
    PreferencesChange,
    PreferencesFacts,
    TokenFacts,
    UserFacts,
    preferences_facts,
)
from parley.server.guard import CONNECTION
from parley.server.limits import place_of

NOTICE = "The owner of this server can read the conversations of all accounts."


def routes(backend: Backend) -> APIRouter:
    """Return the routes of accounts."""
    router = APIRouter()
    credentials, store = backend.services.credentials, backend.services.store

    @router.post("/auth/login")
    async def login(login: Login, request: Request) -> LoginAnswer:
        """Give a device a token, for an e-mail address and a password."""
        place = place_of(request.client.host) if request.client else ""
        account, token = await credentials.login(login.email, login.password, login.device_name, place)
        return LoginAnswer(data=LoggedIn(token=token, user=UserFacts(**_facts(account))), meta=Notice(notice=NOTICE))

    @router.post("/auth/logout", status_code=204)
    async def logout(request: Request, caller: Asking) -> None:
        """Revoke the token that this is asked with. What else is open with it ends."""
        if caller.token:
            backend.connections.finish(request.scope[CONNECTION])  # this one is to hear that it worked
            await store.tokens.revoke(caller.token.number, caller.id)

    @router.post("/auth/token")
    async def issue(wanted: NewToken, caller: Asking) -> Data[TokenFacts]:
        """Give the account a further token. It is no admin's."""
        _, token = await credentials.issue(caller.account, wanted.name, maker=caller.token)
        return Data(data=TokenFacts(token=token, name=wanted.name))

    @router.get("/auth/me")
    async def me(caller: Asking) -> Data[Me]:
        """Tell who asks, and whether a provider is ready."""
        flags = Flags(has_credentials=await has_credentials(backend, caller))
        return Data(data=Me(**_facts(caller.account), flags=flags))

    @router.get("/preferences")
    async def preferences(caller: Asking) -> Data[PreferencesFacts]:
        """Tell what the account prefers."""
        return Data(data=preferences_facts(store.preferences.of(caller.id)))

    @router.put("/preferences")
    async def prefer(change: PreferencesChange, caller: Asking) -> Data[PreferencesFacts]:
        """Change what the account prefers."""
        wanted = {name: value or "" for name, value in change.model_dump(exclude_unset=True).items()}
        if wanted.get("model"):
            wanted["model"] = await named(backend, caller, wanted["model"])
        return Data(data=preferences_facts(await store.preferences.change(caller.id, **wanted)))

    return router


def _facts(account: Account) -> dict[str, Any]:
    return {"id": account.number, "name": account.name, "email": account.email}
