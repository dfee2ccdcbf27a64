"""Files: taken in, and handed out to whom they belong or who has a signed address."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from parley.errors import BodyUnreadable, ChatError, CredentialMissing, StoreFull
from parley.messages import Attachment
from parley.server.application import Asking, caller_of
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.mingleego.signatures import Signatures
from parley.store import ANYONE

PREFIX = "/api/interactions"
FIELD = "file"
CHUNK = 256 * 1024
PerhapsAsking = Annotated[Caller | None, Depends(caller_of)]
_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {FIELD: {"type": "string", "format": "binary"}},
                "required": [FIELD],
            }
        }
    },
}
_SIGNED: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}, {}]
"""A key in either header, or none where the address is signed."""

_HEADERS = {
    "Content-Security-Policy": "sandbox",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}


def routes(backend: Backend, signatures: Signatures) -> APIRouter:
    """Return the routes of files."""
    router = APIRouter()
    store = backend.services.store

    @router.post(f"{PREFIX}/chat/file", response_class=PlainTextResponse, openapi_extra={"requestBody": _FORM})
    async def upload(request: Request, caller: Asking) -> PlainTextResponse:
        """Keep a file, and answer with its id."""
        try:
            async with request.form(max_files=1, max_fields=10) as form:
                file = await backend.services.attachments.keep(*_uploaded(form.get(FIELD)), account=caller.id)
        except HTTPException as error:
            if isinstance(error.__cause__, ChatError):  # raised while the body was read
                raise error.__cause__ from None
            raise BodyUnreadable(problem=str(error.detail).rstrip(".")) from error
        except ClientDisconnect as error:
            raise BodyUnreadable(problem="it broke off") from error
        except OSError as error:  # the form is kept in a temporary file first
            raise StoreFull(detail=str(error)) from error
        return PlainTextResponse(file.handle)

    @router.get(PREFIX + "/files/{id}", response_class=FileResponse, openapi_extra={"security": _SIGNED})
    async def download(
        id: str,
        caller: PerhapsAsking,
        until: Annotated[int | None, Query(ge=0, le=1 << 40)] = None,
        signature: Annotated[str, Query(max_length=200)] = "",
    ) -> FileResponse:
        """Hand a file out: to its owner, or to whoever has a signed address that is still good."""
        signed = until is not None and signatures.good(id, until, signature)
        file = _found(id, caller, signed=signed)
        return FileResponse(store.files.path(file), media_type=file.media_type, filename=file.name, headers=_HEADERS)

    def _found(id: str, caller: Caller | None, *, signed: bool) -> Attachment:
        if signed:
            return store.files.find(id, account=ANYONE)
        if caller is None:
            raise CredentialMissing
        return store.files.find(id, account=caller.id)

    return router


def address_of(request: Request, signatures: Signatures, made: Sequence[str]) -> str | None:
    """Return the whole address, good for an hour, of the last file that was made; None if none was."""
    if not made:
        return None
    until, signature = signatures.sign(made[-1])
    return f"{request.base_url}{PREFIX[1:]}/files/{made[-1]}?until={until}&signature={signature}"


def _uploaded(field: UploadFile | str | None) -> tuple[str, AsyncIterator[bytes]]:
    if not isinstance(field, UploadFile):
        problem = "Field required" if field is None else "it is no file"
        raise BodyUnreadable(problem=f"{FIELD}: {problem}", invalid={FIELD: [problem]})
    return field.filename or "", _chunks(field)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK):
        yield chunk
