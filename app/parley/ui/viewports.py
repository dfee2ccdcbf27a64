"""Viewports that Python has made.

To wrap the one that Qt makes PySide looks for the most derived of its classes, and creates all classes of widgets for
that: ten milliseconds before the first paint.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


def put_viewport(area: QAbstractScrollArea) -> None:
    """Give an area a viewport like the one that it has."""
    made = QWidget()
    made.setBackgroundRole(QPalette.ColorRole.Base)
    made.setAutoFillBackground(True)
    made.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
    area.setViewport(made)
