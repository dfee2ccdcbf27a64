"""Pictures are told by what they hold: files that Qt writes, whole, cut and renamed."""

from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray
from PySide6.QtGui import QColor, QImage

from parley.attachments import MOST_BYTES, is_whole, media_type, read_image
from parley.errors import FileProblem

# A GIF of one dot: Qt reads these, but writes none.
GIF = bytes.fromhex("47494638396101000100800000ff000000000021f90400000000002c00000000010001000002024401003b")


def written(form: str) -> bytes:
    """Return a picture as Qt writes it."""
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("#3366aa"))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    assert image.save(buffer, form)  # type: ignore[call-overload]
    return bytes(data.data())


KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@pytest.fixture(params=[*KINDS, "GIF"])
def picture(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    form = request.param
    return KINDS.get(form, "image/gif"), GIF if form == "GIF" else written(form)


def test_what_a_picture_is(picture: tuple[str, bytes], tmp_path: Path) -> None:
    kind, data = picture
    assert media_type(data) == kind
    assert is_whole(data)
    file = tmp_path / "notes.txt"
    file.write_bytes(data)
    found = read_image(str(file))
    assert (found.media_type, found.data) == (kind, data)


def test_one_that_is_cut_anywhere_is_broken(picture: tuple[str, bytes]) -> None:
    _, data = picture
    assert not [end for end in range(len(data)) if is_whole(data[:end])]


@pytest.mark.parametrize("data", [b"", b"BM" + b"\0" * 60, b"<svg/>", b"RIFF\x04\0\0\0WAVE", b"\x89PNG\r\n\x1a\n"])
def test_what_is_none(data: bytes, tmp_path: Path) -> None:
    assert not is_whole(data)
    file = tmp_path / "photo.png"
    file.write_bytes(data)
    with pytest.raises(FileProblem, match=r"photo\.png: "):
        read_image(str(file))


def test_the_largest_that_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    png = written("PNG")
    file.write_bytes(png + b"\0" * (MOST_BYTES - len(png)))
    assert len(read_image(str(file)).data) == MOST_BYTES
    with file.open("ab") as more:
        more.write(b"\0")
    with pytest.raises(FileProblem, match="more than 20 MB"):
        read_image(str(file))


def test_names_that_no_file_can_have() -> None:
    with pytest.raises(FileProblem, match="no such file"):
        read_image("a\0b")
