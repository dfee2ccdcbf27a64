"""Downloads: kept files, handed out so that nothing in them is run, whatever they claim to be."""

import re

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from parley.messages import Attachment
from parley.store import Store

_HARMLESS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}
"""A browser that shows the bytes runs nothing of them, and no shared cache keeps them."""


class Download(FileResponse):
    """A file, to be saved under its name; or a part of it, where one is asked for that is there."""

    def __init__(self, store: Store, file: Attachment) -> None:
        """Raises FileProblem if the bytes are gone."""
        path = store.files.path(file)
        self._size = file.size
        super().__init__(path, media_type=file.media_type, filename=file.name, headers=_HARMLESS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. A range that makes no sense counts for nothing: to be refused it would need words of the dialect."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"range" or self._has(value)]
        await super().__call__({**scope, "headers": headers}, receive, send)

    def _has(self, wanted: bytes) -> bool:
        """Return whether a range is one, and within the file."""
        found = re.fullmatch(rb"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))", wanted)
        if not found:
            return False
        first, last, suffix = found.groups()
        if suffix:
            return self._size > 0 and int(suffix) > 0
        return int(first) < self._size and (not last or int(first) <= int(last))
