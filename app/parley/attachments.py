"""Attachments: files that are sent along, or made by a model. What they hold says what they are, before their names.

A picture goes to the model as one, a text as a part of the question. Nothing else is sent.
"""

import mimetypes
import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from pathlib import Path

from parley.errors import FileProblem
from parley.messages import OWNER, Attachment, Image, Origin, Part, Text
from parley.settings import Settings
from parley.store import Store

_MEGABYTE = 1024 * 1024

MOST_BYTES = 20 * _MEGABYTE
"""A larger picture is refused by most vendors, and is not shown."""

MOST_TEXT = 200_000
"""Bytes of all texts that are sent along with one question."""

MOST_FILES = 20
MOST_TOGETHER = 50 * _MEGABYTE
"""More files, or bytes of them, are not sent along with one question."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that tell its size; the others of these belong to tables."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Those that nothing belongs to."""

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_UNREADABLE = "[\x00-\x08\x0e-\x1a\x1c-\x1f]"
"""No text has these."""


class Attachments:
    """The files of the store, as they are taken in and as they are sent."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def keep(
        self,
        name: str,
        chunks: AsyncIterable[bytes],
        *,
        account: str = OWNER,
        origin: Origin = "uploaded",
        conversation_id: str | None = None,
        message_id: str | None = None,
    ) -> Attachment:
        """Keep a file, as its bytes come. Raises FilesFull and StoreError, StoreFull for a disk without room."""
        async with self._store.files.receive(chunks, account) as incoming:
            return await self._store.files.add(
                incoming,
                name,
                kind_of(incoming.head, name),
                origin=origin,
                conversation_id=conversation_id,
                message_id=message_id,
                account=account,
                most=self._settings.options.files_mb * 1_000_000,
            )

    async def keep_image(
        self, image: Image, *, account: str, conversation_id: str | None = None, message_id: str | None = None
    ) -> Attachment:
        """Keep a picture that a model made. Raises what `keep` raises."""
        return await self.keep(
            f"image.{image.media_type.rpartition('/')[2]}",
            once(image.data),
            account=account,
            origin="produced",
            conversation_id=conversation_id,
            message_id=message_id,
        )

    async def parts(self, ids: Sequence[str], text: str, *, account: str) -> tuple[list[Attachment], list[Part]]:
        """Return files, and the parts of a question that has them: pictures, then texts with names, then the question.

        Raises FileUnknown, and FileProblem for what cannot be sent.
        """
        files = [self._store.files.find(id, account=account) for id in dict.fromkeys(ids)]
        if len(files) > MOST_FILES:
            raise FileProblem(path=files[MOST_FILES].name, problem=f"more than {MOST_FILES} files are too many at once")
        if sum(file.size for file in files) > MOST_TOGETHER:
            problem = f"the files have more than {MOST_TOGETHER // _MEGABYTE} MB together"
            raise FileProblem(path=files[-1].name, problem=problem)
        images: list[Part] = []
        blocks: list[str] = []
        room = MOST_TEXT
        for file in files:
            if file.size > MOST_BYTES:
                raise FileProblem(path=file.name, problem=f"the file has more than {MOST_BYTES // _MEGABYTE} MB")
            data = await self._store.files.read(file)
            if kind := media_type(data):
                images.append(_picture(file.name, kind, data))
                continue
            room -= len(data)
            blocks.append(_block(file, data))
            if room < 0:
                raise FileProblem(path=file.name, problem=f"texts of more than {MOST_TEXT // 1000} KB cannot be sent")
        said = "\n\n".join([*blocks, *([text] if text.strip() else [])])
        return files, [*images, *([Text(said)] if said else [])]


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Yield bytes that are all there, for where they come in pieces."""
    yield data


def kind_of(head: bytes, name: str) -> str:
    """Return the media type of a file that begins so: what it holds counts, its name only where that says nothing."""
    if picture := media_type(head):
        return picture
    named, encoding = mimetypes.guess_type(name)
    if named and encoding is None and named not in _PICTURES:
        return named
    return "text/plain" if _readable(head, whole=False) is not None else "application/octet-stream"


def _picture(path: str, kind: str, data: bytes) -> Image:
    if not is_whole(data):
        raise FileProblem(path=path, problem="the image is broken")
    return Image(kind, data)


def _block(file: Attachment, data: bytes) -> str:
    """Return a text with its name, fenced so that nothing in it ends the fence."""
    if not data:
        raise FileProblem(path=file.name, problem="the file is empty")
    text = _readable(data)
    if text is None:
        raise FileProblem(path=file.name, problem="a file of this kind cannot be sent: pictures and texts can")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    language = file.name.rpartition(".")[2] if re.search(r"\.[A-Za-z0-9]{1,8}$", file.name) else ""
    end = "" if text.endswith("\n") else "\n"
    return f"{file.name}\n\n{fence}{language.lower()}\n{text}{end}{fence}"


def _readable(data: bytes, *, whole: bool = True) -> str | None:
    """Return bytes as the text that they are, or None. Where they are not the whole, the last letter may be cut."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if whole or error.start < len(data) - 4:
            return None
        text = data[: error.start].decode(encoding, "ignore")
    return None if re.search(_UNREADABLE, text) else text


def read_image(path: str) -> Image:
    """Return the picture in a file: PNG, JPEG, GIF or WebP. Raises FileProblem, which names the file."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FileProblem(path=path, problem=error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the name
        raise FileProblem(path=path, problem="there can be no such file") from error
    if not data:
        raise FileProblem(path=path, problem="the file is empty")
    kind = media_type(data)
    if not kind:
        raise FileProblem(path=path, problem="this is no image that can be sent: PNG, JPEG, GIF and WebP can")
    if len(data) > MOST_BYTES:
        raise FileProblem(path=path, problem=f"the image has more than {MOST_BYTES // _MEGABYTE} MB")
    return _picture(path, kind, data)


def media_type(data: bytes) -> str:
    """Return what kind of picture these bytes begin, or nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def is_whole(data: bytes) -> bool:
    """Return whether a picture has a size and an end; what is between is not looked at."""
    match media_type(data):
        case "image/png":
            return _is_whole_png(data)
        case "image/jpeg":
            return _is_whole_jpeg(data)
        case "image/gif":
            return any(data[6:8]) and any(data[8:10]) and data.rstrip(b"\0").endswith(b";")
        case "image/webp":
            length = int.from_bytes(data[4:8], "little")
            return 12 < length <= len(data) - 8 and data[12:16] in (b"VP8 ", b"VP8L", b"VP8X")
    return False


def _is_whole_png(data: bytes) -> bool:
    place, kinds = 8, []
    while place + 12 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        kinds.append(kind)
        place += 12 + length
        if kind == b"IEND":
            sized = kinds[0] == b"IHDR" and any(data[16:20]) and any(data[20:24])
            return sized and b"IDAT" in kinds and place <= len(data)
    return False


def _is_whole_jpeg(data: bytes) -> bool:
    place, sized = 2, False
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a byte to fill up with
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker == 0xDA:
            return sized and data.find(b"\xff\xd9", place) > 0
        else:
            sized = sized or (marker in _FRAMES and any(data[place + 7 : place + 9]))
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
