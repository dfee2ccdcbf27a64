"""Text that breaks between words, and inside of one only where that is wider than all the room."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QTextLayout, QTextOption

from parley.ui.appearance.painting import isolated

LINE_BREAK = "\u2028"


def wrapped(text: str, font: QFont, width: float, *, rtl: bool) -> QTextLayout:
    """Return a text laid out in lines of this width, at the side where lines begin."""
    option = QTextOption(Qt.AlignmentFlag.AlignLeading)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
    layout = QTextLayout(LINE_BREAK.join(map(isolated, text.split("\n"))), font)
    layout.setTextOption(option)
    layout.beginLayout()
    bottom = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        line.setPosition(QPointF(0, bottom))
        bottom += line.height()
    layout.endLayout()
    return layout
