"""What a person's browser asks for: the page, the documents, the certificate to install, and pairing (api.md, 7)."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from parley.errors import AccountUnknown, CertificatesUnusable, PairingRefused, RouteUnknown
from parley.paths import resources
from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingly.problems import error_body
from parley.server.limits import place_of, plain
from parley.server.pairing import device_name
from parley.server.received import Received
from parley.server.statics import Statics

TRIES_A_MINUTE = 5
LONGEST_NAME = 80

FILES = {
    "/": "web/index.html",
    "/docs": "web/docs.html",
    "/web/docs.html": "web/docs.html",
    "/web/index.js": "web/index.js",
    "/web/docs.js": "web/docs.js",
    "/web/style.css": "web/style.css",
    "/web/parley.svg": "icons/parley.svg",
}
"""The files by the paths at which they are: nothing else can be reached."""

OPEN = tuple(path for path in FILES if path != "/docs")
"""Those that need no token: the page at `/` and its files. The page links to the documents as one of these."""


class Code(Received):
    """A code that is shown on the computer, and what the device wants to be called there."""

    code: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(max_length=200)] | None = None


class Paired(BaseModel):
    """The token of a device, which is told once; its name, and whose it is."""

    token: str
    name: str
    account: str


def routes(backend: Backend) -> APIRouter:
    """Return the routes for browsers."""
    router = APIRouter()
    statics = Statics(resources(), FILES)
    for path in FILES:
        router.add_api_route(path, statics.answer, methods=["GET", "HEAD"], include_in_schema=False)

    @router.post("/pair")
    async def pair(asked: Code, request: Request) -> Paired:
        """Give a device a token, for the code that is shown on the computer. No token is needed."""
        address = request.client.host if request.client else ""
        backend.strangers.take(("pair", place_of(plain(address))), TRIES_A_MINUTE)
        services = backend.services
        try:
            account = services.store.accounts.get(backend.pairing.redeem(asked.code))
        except AccountUnknown as error:
            raise PairingRefused from error
        if account.disabled:
            raise PairingRefused
        name = _clean(asked.name or "") or device_name(request.headers.get("user-agent", ""))
        _, token = await services.credentials.issue(account, name)
        return Paired(token=token, name=name, account=account.name or account.email or account.id)

    @router.get("/ca.crt", response_class=Response)
    async def certificate(request: Request) -> Response:
        """Return the certificate that devices install to trust this computer. No token is needed."""
        try:
            data = await asyncio.to_thread(backend.authority)
        except CertificatesUnusable:  # names a folder, which is no stranger's business
            data = None
        if data is None:
            raise RouteUnknown(path=request.url.path)
        # This type makes phones offer to install it.
        return Response(data, media_type="application/x-x509-ca-cert", headers={"Cache-Control": "no-cache"})

    return router


def _clean(name: str) -> str:
    """Return a name on one line, without what cannot be shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:LONGEST_NAME]


PAGE = Dialect(
    name="page",
    prefixes=("/", "/pair", "/ca.crt", "/docs", "/web"),
    body=error_body,
    routes=routes,
    public=(*OPEN, "/pair", "/ca.crt"),
)
