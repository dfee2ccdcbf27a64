"""Statics: the files of a page, each by a path of its own. They load nothing from elsewhere, and nothing may."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}

HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Statics:
    """The files of a folder, by path; read when they are first asked for."""

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        self._folder = folder
        self._names = names
        self._read: dict[str, tuple[bytes, str]] = {}

    async def answer(self, request: Request) -> Response:
        """Return a file, or that the browser has it already."""
        name = self._names[request.url.path]
        if name not in self._read:
            data = (self._folder / name).read_bytes()
            self._read[name] = data, f'"{sha256(data).hexdigest()[:32]}"'
        data, tag = self._read[name]
        headers = {**HEADERS, "ETag": tag}
        told = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
        if told & {tag, "*"}:
            return Response(status_code=304, headers=headers)
        return Response(data, media_type=TYPES[Path(name).suffix], headers=headers)
