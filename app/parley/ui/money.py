"""Money: US dollars as people here write them, and small ones so that they can be read."""

from PySide6.QtCore import QCoreApplication, QLocale

from parley.pricing import FINEST, decimals

LEAST = 10**-FINEST


def money(dollars: float, *, about: bool = False) -> str:
    """Return an amount; `about` says that it was worked out from guessed tokens."""
    if 0 < dollars < LEAST:
        words = QCoreApplication.translate("Money", "less than {amount}")
        return words.format(amount=_written(LEAST, FINEST))
    text = _written(dollars, decimals(dollars))
    return QCoreApplication.translate("Money", "about {amount}").format(amount=text) if about else text


def _written(dollars: float, places: int) -> str:
    """Return dollars as they are written here. Qt's locale of no country puts the sign behind."""
    here = QLocale()
    locale = QLocale(QLocale.Language.English) if here.language() == QLocale.Language.C else here
    return locale.toCurrencyString(dollars, "$", places)
