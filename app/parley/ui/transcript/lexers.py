"""Lexers: what colours code is loaded in a thread, for the first code of a language would stop the window otherwise."""

import threading

from PySide6.QtCore import QObject, QTimer, Signal

from parley.render.code import has_colors

PAUSE_MS = 100
"""A thread takes turns with the window: before it begins the code has been painted, and the first key answered."""


class Loading(QObject):
    """One language being loaded. It lives until its thread ends, whatever becomes of the window."""

    loaded = Signal(str, bool)

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._thread = threading.Thread(target=self._load, name="parley-lexer", daemon=True)
        QTimer.singleShot(PAUSE_MS, self, self._thread.start)

    def _load(self) -> None:
        self.loaded.emit(self._language, has_colors(self._language))


class Lexers(QObject):
    """Knows which languages can be coloured by now."""

    loaded = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: dict[str, bool] = {}
        self._loading: dict[str, Loading] = {}

    def ready(self, language: str) -> bool:
        """Return whether a language can be coloured now. One that is not known yet is loaded, and `loaded` tells."""
        if language not in self._known and language not in self._loading:
            loading = self._loading[language] = Loading(language)
            loading.loaded.connect(self._keep)
        return self._known.get(language, False)

    def _keep(self, language: str, known: bool) -> None:
        self._known[language] = known
        del self._loading[language]
        if known:
            self.loaded.emit()
