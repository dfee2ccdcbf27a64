"""The language of the interface: translations, and the direction in which text runs."""

import logging

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication

from parley.paths import translations

logger = logging.getLogger(__name__)

SPOKEN = "spoken"


def speak(app: QApplication, language: str) -> None:
    """Load our words and Qt's own for a language such as `de` or `pt_BR`; empty follows the system.

    Layouts are mirrored for languages that are written from right to left.
    """
    locale = QLocale(language) if language else QLocale.system()
    QLocale.setDefault(locale)
    places = (("parley", str(translations())), ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)))
    for spoken in app.findChildren(QTranslator):
        app.removeTranslator(spoken)
        spoken.deleteLater()
    for name, place in places:
        translator = QTranslator(app)
        if translator.load(locale, name, "_", place):
            app.installTranslator(translator)
        else:
            logger.debug("no words of %s for %s", name, locale.name())
    direction = Qt.LayoutDirection.RightToLeft
    if locale.textDirection() != direction:
        direction = Qt.LayoutDirection.LeftToRight
    app.setLayoutDirection(direction)
    app.setProperty(SPOKEN, language)


def spoken() -> str:
    """Return the language that was last asked for."""
    app = QApplication.instance()
    return str(app.property(SPOKEN) or "") if app else ""
