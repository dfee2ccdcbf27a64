"""Folders: where conversations are put together."""

from fastapi import APIRouter
from starlette.responses import Response

from parley.server.application import Asking, json_response
from parley.server.backend import Backend
from parley.server.dialects.mingly.shapes import FolderShape, NewFolder
from parley.server.dialects.mingly.values import folder_json


def routes(backend: Backend) -> APIRouter:
    """Return the routes of folders."""
    router = APIRouter(prefix="/folders")
    folders = backend.services.store.folders

    @router.get("", response_model=list[FolderShape])
    async def listed(caller: Asking) -> Response:
        """List the folders, by name."""
        return json_response([folder_json(each) for each in folders.all(caller.id)])

    @router.post("", status_code=201, response_model=FolderShape)
    async def create(new: NewFolder, caller: Asking) -> Response:
        """Make a folder."""
        return json_response(folder_json(await folders.add(new.name, account=caller.id)), 201)

    @router.patch("/{id}", response_model=FolderShape)
    async def rename(id: str, new: NewFolder, caller: Asking) -> Response:
        """Give a folder another name."""
        return json_response(folder_json(await folders.rename(id, new.name, account=caller.id)))

    @router.delete("/{id}", status_code=204, response_class=Response)
    async def delete(id: str, caller: Asking) -> None:
        """Remove a folder. Its conversations stay, in none."""
        await folders.remove(id, account=caller.id)

    return router
