"""Uploads: the file of a form, handed on as its bytes come. Nothing is kept here, and nothing else of the form is."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from parley.errors import BodyUnreadable

FIELD = "file"
UNNAMED = "file"

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
"""What the description of a route says that takes one (`openapi_extra`)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is coming: its name as the client tells it, and its bytes."""

    name: str
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def uploaded(request: Request) -> AsyncIterator[Upload]:
    """Lend the file of a request's form. Raises BodyUnreadable, also while its bytes are read."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BodyUnreadable(problem="it is no form with a file (multipart/form-data)")
    form = _Form(boundary)
    async with aclosing(_pieces(form, request)) as pieces:
        first = await anext(pieces, None)
        if form.name is None or first is None:
            raise BodyUnreadable.of_field(FIELD, "Field required")
        yield Upload(form.name or UNNAMED, _after(first, pieces))


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


async def _pieces(form: "_Form", request: Request) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of the file, an empty piece first, and read what is behind it too."""
    told = False
    with suppress(ClientDisconnect):
        async with aclosing(request.stream()) as stream:
            async for chunk in stream:
                data = form.read(chunk)
                if form.name is not None and (data or not told):
                    told = True
                    yield data
    if not form.whole:
        raise BodyUnreadable(problem="the form breaks off")


class _Form:
    """Reads a form. `name` is that of its file once that has begun; `whole`, that its end has come."""

    def __init__(self, boundary: bytes) -> None:
        self.name: str | None = None
        self.whole = False
        self._data: list[bytes] = []
        self._inside = False
        self._field = self._value = b""
        self._disposition = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._take_field,
                    "on_header_value": self._take_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BodyUnreadable(problem=f"it is no form ({error})") from None

    def read(self, chunk: bytes) -> bytes:
        """Read on, and return what this has of the file. Raises BodyUnreadable."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BodyUnreadable(problem=f"it is no form ({error})") from None
        data, self._data = b"".join(self._data), []
        return data

    def _begin(self) -> None:
        self._field = self._value = self._disposition = b""

    def _take_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") == FIELD.encode() and self.name is None:
            self.name = options.get(b"filename", b"").decode("utf-8", "replace")
            self._inside = True

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._data.append(data[start:end])

    def _end_part(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self.whole = True
