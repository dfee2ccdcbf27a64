"""Images: those in the text are shown, bounded and never enlarged; nothing is ever fetched or read from disk."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from parley.events import Finished, ImageMade
from parley.messages import Image, Message, Part, Text
from parley.render import Kind, parse
from parley.ui.transcript import accessible, pictures
from parley.ui.transcript.actions import actions_for
from parley.ui.transcript.imagecell import HIGHEST, ImageCell
from parley.ui.transcript.imagewindow import ImageWindow
from parley.ui.transcript.textcell import TextCell
from tests.ui.transcript.conftest import Sight, answer, streaming, until, user


def data(width: int, height: int, color: str = "#cc2200", form: str = "PNG") -> str:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    room = QByteArray()
    buffer = QBuffer(room)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, form)  # type: ignore[call-overload]
    return f"data:image/{form.lower()};base64,{base64.b64encode(room.data()).decode()}"


def encoded(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def drawn(sight: Sight) -> None:
    sight.painted()
    until(lambda: not sight.view.pictures.errands.waiting)
    sight.painted()


def cell(sight: Sight, id: str = "a", number: int = 0) -> ImageCell:
    found = sight.placed(id, ImageCell, number).cell
    assert isinstance(found, ImageCell)
    return found


def color_at(sight: Sight, point: QPoint) -> QColor:
    return sight.view.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32).pixelColor(point)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP"])
def test_an_image_in_the_text_is_shown(sight: Sight, form: str) -> None:
    sight.show([answer("a", f"![a red box]({data(200, 100, '#ff0000', form)})")])
    assert cell(sight).height == 100  # known before it is read
    drawn(sight)
    inside = sight.point(sight.placed("a", ImageCell), QPointF(100, 50))
    beside = sight.point(sight.placed("a", ImageCell), QPointF(230, 50))
    assert color_at(sight, inside).red() > 240
    assert color_at(sight, inside).green() < 20
    assert color_at(sight, beside) == QColor(sight.view.kit.style.color("window"))


def test_a_large_one_fits_and_a_small_one_is_not_enlarged(sight: Sight) -> None:
    wide, high, small = data(3000, 300), data(300, 3000), data(5, 5)
    sight.show([answer("a", f"![]({wide})\n\n![]({high})\n\n![]({small})")])
    cells = [found for found in sight.row("a").cells if isinstance(found, ImageCell)]
    for found in cells:
        found.lay_out(760)
    assert [found.height for found in cells] == [76, HIGHEST, 5]
    sight.view.resize(400, 600)
    sight.view.to_start()
    drawn(sight)
    assert cells[0].height < 40


@pytest.mark.parametrize(
    "url",
    [
        encoded(b""), encoded(b"not an image"), encoded(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), "data:image/png;base64,%%%",
        encoded(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "svg+xml"),
        encoded(b"BM" + b"\xff" * 60, "bmp"), encoded(b"P6 9 9 255\n" + b"x" * 243),
    ],
)  # fmt: skip
def test_a_broken_one_is_its_words(sight: Sight, url: str) -> None:
    sight.show([answer("a", f"![a cat]({url})\n\nafter")])
    drawn(sight)
    assert sight.texts("a").startswith("a cat")
    assert not [found for found in sight.row("a").cells if isinstance(found, ImageCell) and found.shown]


def test_one_that_breaks_off_is_its_words(sight: Sight) -> None:
    whole = base64.b64decode(data(300, 300).partition(",")[2])
    sight.show([answer("a", f"![a cat]({encoded(whole[:60])})")])
    drawn(sight)
    assert not cell(sight).shown
    assert sight.texts("a") == "a cat"


def test_a_bomb_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    url = data(300, 300)
    assert pictures.size_of(url).width() == 300
    monkeypatch.setattr(pictures, "MAX_DOTS", 89_999)
    assert not pictures.size_of(url).isValid()
    assert pictures.whole(url).isNull()
    monkeypatch.setattr(pictures, "MAX_DOTS", 90_000)
    monkeypatch.setattr(pictures, "MAX_BYTES", 50)
    assert not pictures.size_of(url).isValid()


def test_one_from_elsewhere_is_named_and_opened_in_the_browser(sight: Sight) -> None:
    sight.show([answer("a", "![a cat](http://example.com/cat.png)")])
    assert sight.texts("a") == "a cat"
    assert not cell(sight).shown
    assert not sight.view.pictures.errands.waiting
    sight.click(sight.point(sight.placed("a", ImageCell), QPointF(40, 20)))
    assert sight.asked == [("link", "http://example.com/cat.png", "")]
    assert "a cat" in accessible.spoken(sight.view, 0)


def test_files_are_not_read(sight: Sight, tmp_path: Path) -> None:
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    image.save(str(tmp_path / "secret.png"))
    text = f"![x](file://{tmp_path}/secret.png) ![y]({tmp_path}/secret.png)"
    sight.show([answer("a", text)])
    drawn(sight)
    assert not [found for found in sight.row("a").cells if isinstance(found, ImageCell) and found.shown]
    assert not sight.view.pictures._known


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("![a](D)", [Kind.IMAGE]),
        ("![a](D) ![b](D)", [Kind.IMAGE, Kind.IMAGE]),
        ("see ![a](D) there", [Kind.TEXT, Kind.IMAGE]),
        ("see ![a](http://a.b/c.png) there", [Kind.TEXT]),
        ("[![badge](http://a.b/c.svg)](http://a.b)", [Kind.TEXT]),
        ("- one\n- ![a](D)\n- two", [Kind.TEXT, Kind.IMAGE, Kind.TEXT]),
        ("> ![a](D)", [Kind.IMAGE]),
        ("`![a](D)`", [Kind.TEXT]),
    ],
)
def test_where_images_stand(text: str, kinds: list[Kind]) -> None:
    assert [block.kind for block in parse(text.replace("(D)", f"({data(2, 2)})"))] == kinds


def test_a_long_one_is_read_quickly_and_the_text_beside_it_too() -> None:
    noise = base64.b64encode(bytes(range(256)) * 3000).decode()
    blocks = parse(f"so **bold** ![a](data:image/png;base64,{noise}) it is")
    assert [block.kind for block in blocks] == [Kind.TEXT, Kind.IMAGE]
    assert "<b>bold</b>" in blocks[0].html


def test_a_click_opens_the_whole(sight: Sight, qapp: QApplication) -> None:
    sight.show([answer("a", f"![a red box]({data(1500, 700)})")])
    drawn(sight)
    sight.press("a", "show-image")
    window = next(widget for widget in qapp.topLevelWidgets() if isinstance(widget, ImageWindow))
    assert window.isVisible()
    assert window.windowTitle() == "a red box"
    copy = next(button for button in window.findChildren(QPushButton) if button.text() == "Copy image")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().image().width() == 1500
    assert all(button.icon().isNull() for button in window.findChildren(QPushButton))  # no desktop's own drawings
    QTest.keyClick(window, Qt.Key.Key_Escape)
    until(lambda: not any(isinstance(widget, ImageWindow) for widget in qapp.topLevelWidgets()))


def test_the_menu_copies_and_saves(sight: Sight, tmp_path: Path) -> None:
    sight.show([answer("a", f"![a red box]({data(40, 30)})")])
    drawn(sight)
    at = QPointF(sight.point(sight.placed("a", ImageCell), QPointF(10, 10)))

    def choose(words: str) -> None:
        sight.view.commands.menu_at(at, sight.view.mapToGlobal(at.toPoint()))
        menu = sight.view.commands.menu
        assert menu is not None
        next(entry for entry in menu.actions() if entry.text() == words).trigger()
        menu.close()

    choose("Copy image")
    assert QGuiApplication.clipboard().image().height() == 30
    choose("Save image as…")
    dialog = sight.view.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "box.png"))
    dialog.close()
    assert QImage(str(tmp_path / "box.png")).width() == 40
    failed: list[str] = []
    sight.view.image_not_saved.connect(failed.append)
    nowhere = str(tmp_path / "nowhere" / "box.png")
    choose("Save image as…")
    dialog = next(found for found in sight.view.findChildren(QFileDialog) if found.isVisible())
    dialog.fileSelected.emit(nowhere)
    dialog.close()
    assert failed == [nowhere]


def test_the_text_below_does_not_jump(sight: Sight) -> None:
    sight.show([answer("a", f"![a]({data(200, 150)})\n\nbelow")])
    before = sight.lines()
    drawn(sight)
    assert sight.lines() == before


def test_streamed(sight: Sight) -> None:
    text = f"so\n\n![a]({data(60, 40)})\n\nend"
    sight.show([user("q", "x"), streaming("new")])
    sight.view.begin("new")
    sight.stream("new", [text[at : at + 40] for at in range(0, len(text), 40)])
    drawn(sight)
    assert cell(sight, "new").shown
    shown = cell(sight, "new")
    sight.view.finish("new")
    sight.settled("new")
    assert cell(sight, "new") is shown


def test_copied_as_it_was_written(sight: Sight) -> None:
    text = f"above\n\n![a red box]({data(4, 4)})\n\nbelow"
    sight.show([answer("a", text)])
    drawn(sight)
    sight.view.commands.select_all()
    assert sight.copied() == "above\n\na red box\n\nbelow"
    sight.view.commands.copy_markdown()
    assert QGuiApplication.clipboard().text() == text


def sent(width: int, height: int, color: str = "#cc2200", form: str = "PNG") -> Image:
    return Image(f"image/{form.lower()}", base64.b64decode(data(width, height, color, form).partition(",")[2]))


def asked(id: str, *parts: Part) -> Message:
    return replace(user(id, ""), parts=parts)


def test_what_was_sent_along_is_shown_above_the_text(sight: Sight) -> None:
    sight.show(
        [asked("q", sent(200, 100, "#ff0000"), sent(60, 40, "#0000ff"), Text("What is *this*?")), answer("a", "x")]
    )
    kinds = [type(found).__name__ for found in sight.row("q").cells]
    assert kinds == ["ImageCell", "ImageCell", "TextCell", "Foot"]
    assert [cell(sight, "q", number).height for number in (0, 1)] == [100, 40]
    assert sight.row("q").content == 200  # the box fits
    drawn(sight)
    inside = sight.point(sight.placed("q", ImageCell), QPointF(100, 50))
    assert color_at(sight, inside).red() > 240
    assert color_at(sight, inside).green() < 20
    assert "Image" in accessible.spoken(sight.view, 0)
    sight.press("q", "show-image")
    window = next(found for found in sight.view.findChildren(ImageWindow) if found.isVisible())
    assert window.windowTitle() == "Image"
    QTest.keyClick(window, Qt.Key.Key_Escape)


def test_what_was_sent_along_without_words(sight: Sight) -> None:
    sight.show([asked("q", sent(300, 90, form="JPEG"))])
    drawn(sight)
    assert cell(sight, "q").shown
    assert sight.row("q").content == 300
    sight.view.commands.run("copy-markdown", sight.row("q"))
    assert QGuiApplication.clipboard().text().startswith("![](data:image/jpeg;base64,")


def test_what_was_sent_along_and_is_broken_says_so(sight: Sight) -> None:
    sight.show([asked("q", Image("image/png", b"nothing"), Text("What?"))])
    drawn(sight)
    assert not cell(sight, "q").shown
    assert sight.texts("q") == "Image\nWhat?"


def test_what_was_sent_along_is_copied_as_markdown(sight: Sight) -> None:
    image = sent(4, 4)
    sight.show([asked("q", image, Text("What is *this*?"))])
    drawn(sight)
    sight.view.commands.run("copy-markdown", sight.row("q"))
    assert QGuiApplication.clipboard().text() == f"![]({image.url})\n\nWhat is *this*?"
    sight.view.commands.select_all()
    sight.view.commands.copy_markdown()
    assert QGuiApplication.clipboard().text() == f"![]({image.url})\n\nWhat is *this*?"
    assert sight.copied() == "Image\n\nWhat is this?"


def test_only_the_beginning_of_a_large_one_is_read_for_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    url = data(300, 200)
    read: list[int] = []
    real = pictures._data

    def data_of(url: str, most: int) -> bytes:
        read.append(most)
        return real(url, most)

    monkeypatch.setattr(pictures, "_data", data_of)
    assert pictures.size_of(url + "A" * 400_000).width() == 300
    assert read == [pictures.HEAD]
    assert not pictures.size_of(encoded(b"x" * 100)).isValid()


def test_one_that_a_model_makes_is_shown_when_it_comes(sight: Sight) -> None:
    made = Image("image/png", base64.b64decode(data(200, 100).partition(",")[2]))
    sight.show([user("q", "Draw"), streaming("a")])
    sight.view.begin("a")
    sight.stream("a", ["Here it is.\n\nA `box`"])
    sight.events("a", ImageMade(made))
    assert cell(sight).height == 100
    assert sight.texts("a").split() == ["Image", "Here", "it", "is.", "A", "box"]
    sight.stream("a", [", red.\n\nAnd more."])
    sight.events("a", ImageMade(made))
    assert [type(found) for found in sight.row("a").answer.cells][:2] == [ImageCell, ImageCell]
    sight.events("a", Finished())
    sight.view.finish("a")
    sight.settled("a")
    drawn(sight)
    assert cell(sight).shown
    message, grown = sight.row("a").message, sight.texts("a")
    assert message.parts == (made, made, Text("Here it is.\n\nA `box`, red.\n\nAnd more."))
    sight.show([])
    sight.show([message])
    assert sight.texts("a") == grown
    assert [type(found) for found in sight.row("a").answer.cells][:3] == [ImageCell, ImageCell, TextCell]


def test_an_answer_that_is_nothing_but_a_picture(sight: Sight) -> None:
    made = Image("image/png", base64.b64decode(data(200, 100).partition(",")[2]))
    whole = replace(answer("a"), parts=(made,))
    sight.show([streaming("a")])
    sight.view.begin("a")
    sight.events("a", ImageMade(made), Finished())
    sight.view.finish(whole)
    sight.settled("a")
    assert cell(sight).height == 100
    keys = [action.key for action in actions_for(sight.row("a").message)]
    assert "copy-markdown" in keys
    assert "copy" not in keys  # there is no text
