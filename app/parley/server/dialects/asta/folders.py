"""Folders: where conversations are put together."""

from fastapi import APIRouter

from parley import messages
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.asta.shapes import Done, Folder, FolderChange, Folders, NewFolder
from parley.server.times import moment


def routes(backend: Backend) -> APIRouter:
    """Return the routes of folders."""
    router = APIRouter(prefix="/api/chat/folders")
    folders = backend.services.store.folders

    @router.get("")
    async def list_folders_like_asta(caller: Asking) -> Folders:
        """List the folders, by name."""
        return Folders(folders=[_folder(each) for each in folders.all(caller.id)])

    @router.post("")
    async def add_folder_like_asta(new: NewFolder, caller: Asking) -> Folder:
        """Make a folder."""
        return _folder(await folders.add(new.name, account=caller.id))

    @router.patch("/{id}")
    async def change_folder_like_asta(id: str, wanted: FolderChange, caller: Asking) -> Folder:
        """Give a folder another name."""
        if wanted.name is None:
            return _folder(folders.get(id, account=caller.id))
        return _folder(await folders.rename(id, wanted.name, account=caller.id))

    @router.delete("/{id}")
    async def delete_folder_like_asta(id: str, caller: Asking) -> Done:
        """Remove a folder. Its conversations stay, in none."""
        await folders.remove(id, account=caller.id)
        return Done(ok=True)

    return router


def _folder(folder: messages.Folder) -> Folder:
    return Folder(id=folder.id, name=folder.name, created_at=moment(folder.created_at))
