"""Attachments: files that a person sends along. So far pictures, which are told by what they hold and not by names."""

from pathlib import Path

from parley.errors import FileProblem
from parley.messages import Image

MOST_BYTES = 20 * 1024 * 1024
"""A larger picture is refused by most vendors, and is not shown."""

_MEGABYTE = 1024 * 1024
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of a JPEG that tell its size; the others of these belong to tables."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Those that nothing belongs to."""


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
    if not is_whole(data):
        raise FileProblem(path=path, problem="the image is broken")
    return Image(kind, data)


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
