"""WindowState: where the window stood and how wide its sidebar was, as one line of the settings."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from typing import Any, Self

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

FIRST = QSize(1080, 760)


@dataclass(frozen=True, slots=True)
class WindowState:
    """What is remembered of a window. `geometry` is Qt's own form, in Base64."""

    geometry: str = ""
    sidebar: int = 0
    folded: bool = False

    @classmethod
    def of(cls, window: QWidget, sidebar: int, folded: bool) -> Self:
        """Return the state of a window."""
        return cls(b64encode(window.saveGeometry().data()).decode(), sidebar, folded)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `to_text` wrote; nothing remembered for anything else."""
        match _value(text):
            case {"geometry": str(geometry), "sidebar": int(sidebar), "folded": bool(folded)}:
                return cls(geometry, sidebar, folded)
        return cls()

    def to_text(self) -> str:
        """Return the stored form."""
        return json.dumps(asdict(self))

    def put_back(self, window: QWidget) -> None:
        """Give a window its place back; Qt moves it onto a screen where its own is gone."""
        try:
            stored = b64decode(self.geometry, validate=True)
        except ValueError:
            stored = b""
        if not stored or not window.restoreGeometry(stored):
            screen = QGuiApplication.primaryScreen()
            window.resize(FIRST.boundedTo(screen.availableSize()))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
