"""Pictures: images that are in the text itself, read in a thread, bounded in every respect. None is ever fetched."""

import binascii
from base64 import b64decode
from collections import OrderedDict
from concurrent.futures import Future
from typing import NamedTuple

from PySide6.QtCore import QBuffer, QByteArray, QObject, QSize, Signal
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from parley.ui.transcript.errands import Errands

MAX_BYTES = 20 * 1024 * 1024
HEAD = 64 * 1024
MAX_DOTS = 60_000_000
KEPT_BYTES = 128 * 1024 * 1024
"""Bytes of read images that are kept."""
FORMATS = frozenset({b"png", b"jpeg", b"jpg", b"gif", b"webp", b"bmp"})
"""SVG is not among them: it could name files."""


class Scaled(NamedTuple):
    """An image, and the size that it is wanted in."""

    url: str
    width: int
    height: int


class Pictures(QObject):
    """Gives images; `read` says that some came that were not there before."""

    read = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: OrderedDict[Scaled, QImage] = OrderedDict()
        self._bytes = 0
        self.errands = Errands(self, "pictures", scaled, self._keep, self.read.emit)

    def get(self, wanted: Scaled) -> QImage | None:
        """Return an image in a size, null if it is broken, or None: it will come."""
        found = self._known.get(wanted)
        if found is not None:
            self._known.move_to_end(wanted)
        else:
            self.errands.start(wanted)
        return found

    def _keep(self, wanted: Scaled, future: "Future[QImage]") -> None:
        image = self._known[wanted] = future.result()
        self._bytes += image.sizeInBytes()
        while self._bytes > KEPT_BYTES and len(self._known) > 1:
            self._bytes -= self._known.popitem(last=False)[1].sizeInBytes()


def size_of(url: str) -> QSize:
    """Return the size that an image's header tells; an invalid one if it cannot or must not be read."""
    for most in (HEAD, MAX_BYTES):  # the beginning mostly tells
        with _Reader(url, most) as reader:
            if _is_fit(reader):
                return reader.size().transposed() if _lies(reader) else reader.size()
    return QSize()


def scaled(wanted: Scaled) -> QImage:
    """Read an image in the size that it is wanted in; null if it is broken."""
    with _Reader(wanted.url) as reader:
        if not _is_fit(reader):
            return QImage()
        reader.setAutoTransform(True)
        size = QSize(wanted.width, wanted.height)
        reader.setScaledSize(size.transposed() if _lies(reader) else size)
        return reader.read()


def whole(url: str) -> QImage:
    """Read an image in its own size; null if it is broken."""
    with _Reader(url) as reader:
        if not _is_fit(reader):
            return QImage()
        reader.setAutoTransform(True)
        return reader.read()


class _Reader:
    """A reader of an image that is in an address."""

    def __init__(self, url: str, most: int = MAX_BYTES) -> None:
        self._buffer = QBuffer()
        self._buffer.setData(QByteArray(_data(url, most)))

    def __enter__(self) -> QImageReader:
        self._buffer.open(QBuffer.OpenModeFlag.ReadOnly)
        reader = QImageReader(self._buffer)
        reader.setDecideFormatFromContent(True)
        return reader

    def __exit__(self, *_: object) -> None:
        self._buffer.close()


def _data(url: str, most: int) -> bytes:
    """Return the bytes that an address holds, but for those beyond `most`; none if it holds too many."""
    start = url.find(",") + 1
    if not url.endswith(";base64", 0, max(0, start - 1)) or len(url) - start > MAX_BYTES * 4 // 3 + 4:
        return b""
    try:
        return b64decode(url[start : start + most // 3 * 4 + 4])
    except binascii.Error:
        return b""


def _lies(reader: QImageReader) -> bool:
    """Say whether an image is to be turned by a quarter, as cameras write them."""
    return bool(reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90)


def _is_fit(reader: QImageReader) -> bool:
    size = reader.size()
    known = bytes(reader.format().data()) in FORMATS
    return known and size.isValid() and 0 < size.width() * size.height() <= MAX_DOTS
