"""Files: sent to us, to be sent along with questions, or made by a model; and their bytes."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from parley.server.application import Asking, json_response
from parley.server.backend import Backend
from parley.server.dialects.mingly.shapes import FileShape
from parley.server.dialects.mingly.values import file_json
from parley.server.downloads import Download
from parley.server.uploads import BODY, uploaded


def routes(backend: Backend) -> APIRouter:
    """Return the routes of files."""
    router = APIRouter(prefix="/files")
    files, attachments = backend.services.store.files, backend.services.attachments

    @router.get("", response_model=list[FileShape])
    async def listed(caller: Asking, limit: Annotated[int, Query(ge=1, le=10_000)] = 100) -> Response:
        """List the files, newest first."""
        return json_response([file_json(each) for each in files.all(limit=limit, account=caller.id)])

    @router.post("", status_code=201, response_model=FileShape, openapi_extra=BODY)
    async def upload(request: Request, caller: Asking) -> Response:
        """Keep a file. Its id can be sent along with a question, among the `attachments`."""
        async with uploaded(request) as file:
            kept = await attachments.keep(file.name, file.pieces, account=caller.id)
        return json_response(file_json(kept), 201)

    @router.get("/{id}", response_class=FileResponse)
    async def fetch(id: str, caller: Asking) -> Response:
        """Return what a file holds."""
        return Download(backend.services.store, files.find(id, account=caller.id))

    @router.delete("/{id}", status_code=204, response_class=Response)
    async def delete(id: str, caller: Asking) -> None:
        """Remove a file. Questions that it was sent with keep what they said."""
        await files.remove(id, account=caller.id)

    return router
