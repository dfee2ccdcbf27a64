"""Lexers: what colours code is loaded in a thread, for the first code of a language would stop the window otherwise."""

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from parley.render.code import has_colors
from parley.ui.transcript.errands import Errands

PAUSE_MS = 100
"""A thread takes turns with the window: before it begins the code has been painted, and the first key answered."""


class Lexers(QObject):
    """Knows which languages can be coloured by now."""

    loaded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, bool] = {}
        self._asked: set[str] = set()
        self._errands = Errands(
            self, "lexers", has_colors, lambda name, known: self._known.update({name: known.result()}), self.loaded.emit
        )

    def ready(self, language: str) -> bool:
        """Return whether a language can be coloured now. One that is not known yet is loaded, and `loaded` tells."""
        if language not in self._asked:
            self._asked.add(language)
            QTimer.singleShot(PAUSE_MS, self, partial(self._errands.start, language))
        return self._known.get(language, False)
