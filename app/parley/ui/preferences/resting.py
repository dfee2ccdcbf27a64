"""Lets a button rest while what it has asked for is being done."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication


@contextmanager
def resting(button: QAbstractButton) -> Iterator[None]:
    """Disable a button meanwhile. Qt passes its keyboard on; it gets that back unless a person went elsewhere."""
    had_keyboard = button.hasFocus()
    button.setEnabled(False)
    passed_to = QApplication.focusWidget()
    try:
        yield
    finally:
        button.setEnabled(True)
        if had_keyboard and QApplication.focusWidget() is passed_to:
            button.setFocus(Qt.FocusReason.OtherFocusReason)
