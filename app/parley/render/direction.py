"""The direction that a text runs in: that of its first letter."""

import unicodedata


def is_rtl(text: str) -> bool | None:
    """Say whether the first letter is one of a right-to-left script; None if there is no letter."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            return kind != "L"
    return None
