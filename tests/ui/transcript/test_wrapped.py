"""Lines break between words, and inside of one only where it must be."""

from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication

from parley.ui.transcript.wrapped import LINE_BREAK, wrapped


def lines(text: str, width: float, *, rtl: bool = False) -> list[str]:
    layout = wrapped(text, QFont(), width, rtl=rtl)
    found = [layout.lineAt(number) for number in range(layout.lineCount())]
    assert all(line.naturalTextWidth() <= width for line in found)
    said = [layout.text()[line.textStart() : line.textStart() + line.textLength()] for line in found]
    return [line.strip(f" {LINE_BREAK}\u2068\u2069") for line in said]


def test_words_stay_whole_beside_an_address_that_does_not(qapp: QApplication) -> None:
    width = QFontMetricsF(QFont()).horizontalAdvance("The server had an err")
    address = "https://vendor.example/" + "docs" * 20
    for rtl in (False, True):
        found = lines(f"The server had an error.\nSee {address}", width, rtl=rtl)
        assert found[:2] == ["The server had an", "error."]
        assert "".join(found[2:]) in (f"See{address}", f"See {address}")
        assert len(found) > 4
