"""What the delegates of lists draw alike."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout, QTextOption
from pytestqt.qtbot import QtBot

from parley.ui.appearance.painting import isolated


@pytest.mark.parametrize("text", ["The key was refused.", "/markdown please"])
def test_english_stands_whole_in_a_right_to_left_window(qtbot: QtBot, text: str) -> None:
    shown = isolated(text)
    option = QTextOption()
    option.setTextDirection(Qt.LayoutDirection.RightToLeft)
    layout = QTextLayout(shown)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    places = [line.cursorToX(at)[0] for at in range(2, len(text) + 1)]  # type: ignore[index]
    assert places == sorted(places)
