"""Files: taken in, and handed out to whom they belong or who has a signed address."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse

from parley.errors import CredentialMissing, FileUnknown
from parley.messages import Attachment
from parley.server.application import Asking, caller_of
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.mingleego.signatures import Signatures
from parley.server.downloads import Download
from parley.server.uploads import BODY, uploaded
from parley.store import ANYONE

PREFIX = "/api/interactions"
PerhapsAsking = Annotated[Caller | None, Depends(caller_of)]
_SIGNED: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}, {}]
"""A key in either header, or none where the address is signed."""


def routes(backend: Backend, signatures: Signatures) -> APIRouter:
    """Return the routes of files."""
    router = APIRouter()
    store = backend.services.store

    @router.post(f"{PREFIX}/chat/file", response_class=PlainTextResponse, openapi_extra=BODY)
    async def upload(request: Request, caller: Asking) -> PlainTextResponse:
        """Keep a file, and answer with its id."""
        async with uploaded(request) as sent:
            file = await backend.services.attachments.keep(sent.name, sent.pieces, account=caller.id)
        return PlainTextResponse(file.handle)

    @router.get(PREFIX + "/files/{id}", response_class=FileResponse, openapi_extra={"security": _SIGNED})
    async def download(
        id: str,
        caller: PerhapsAsking,
        until: Annotated[int | None, Query(ge=0, le=1 << 40)] = None,
        signature: Annotated[str, Query(max_length=200)] = "",
    ) -> Download:
        """Hand a file out: to its owner, or to whoever has a signed address that is still good."""
        found = None if until is None else _signed(id, until, signature)
        if found is None:
            if caller is None:
                raise CredentialMissing
            found = store.files.find(id, account=caller.id)
        return Download(store, found)

    def _signed(id: str, until: int, signature: str) -> Attachment | None:
        """Return the file of a signed address, as long as it belongs to whom that was given, who may still ask."""
        try:
            found = store.files.find(id, account=ANYONE)
        except FileUnknown:
            return None
        good = signatures.good(id, found.account_id, until, signature)
        return found if good and backend.has(found.account_id) else None

    return router


def address_of(request: Request, caller: Caller, signatures: Signatures, made: Sequence[str]) -> str | None:
    """Return the whole address, good for an hour, of the last file that was made; None if none was."""
    if not made:
        return None
    until, signature = signatures.sign(made[-1], caller.id)
    return f"{request.base_url}{PREFIX[1:]}/files/{made[-1]}?until={until}&signature={signature}"
