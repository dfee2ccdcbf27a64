"""Wanted: letters or words that are looked for, and where a text has them. Free of Qt.

Unless case matters accents do not either, as in the search over everything: `cafe` finds “Café”.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from parley.store.words import Query, queries

Span = tuple[int, int]

_ACCENT = re.compile("[\u0300-\u036f]")
"""An accent that is a character of its own."""
_SPACE = re.compile(r"\s+")
_ANY_SPACE = "[ \\t\\n\N{NO-BREAK SPACE}\N{LINE SEPARATOR}]+"
_WORD = re.compile(r"[^\W_]+")
_FORMAT = {ord(mark): None for mark in "*_`~\\"}
"""What Markdown may put into the middle of a word."""


class _Plainer(dict[int, str]):
    """Letters without their accents, one for one: a text keeps its length."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        parts = unicodedata.normalize("NFD", letter)
        self[code] = parts[0] if all(map(unicodedata.combining, parts[1:])) else letter
        return self[code]


_PLAINER = _Plainer()


def folded(text: str) -> str:
    """Return the text without accents, at the same length; those that are characters of their own stay."""
    return text if text.isascii() else text.translate(_PLAINER)


class Wanted(NamedTuple):
    """What is looked for. `exact` minds case and accents."""

    pattern: re.Pattern[str]
    words: tuple[str, ...] = ()
    """Words, or parts of words, that a text must hold; in lower case and without accents unless `exact`."""
    exact: bool = False

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where a text has it."""
        if self.exact or text.isascii():
            return (found.span() for found in self.pattern.finditer(text))
        return self._spans(folded(text))

    def _spans(self, text: str) -> Iterator[Span]:
        if not _ACCENT.search(text):
            yield from (found.span() for found in self.pattern.finditer(text))
            return
        places = [place for place, letter in enumerate(text) if not _ACCENT.match(letter)]
        bare = "".join(text[place] for place in places)
        places.append(len(text))
        for found in self.pattern.finditer(bare):
            yield places[found.start()], places[found.end()]

    def may_be_in(self, markdown: str) -> bool:
        """Say quickly whether a text that is written in Markdown could hold it when it is shown."""
        text = markdown if self.exact else _ACCENT.sub("", folded(markdown)).lower()
        if all(word in text for word in self.words) or "&" in text:  # what `&` begins may stand for any letter
            return True
        text = text.translate(_FORMAT)
        return all(word in text for word in self.words)


def letters(text: str, *, match_case: bool = False) -> Wanted | None:
    """Return what finds these letters in this order, or None if there are none. Any space finds any other."""
    if not text.strip():
        return None
    if not match_case:
        text = _ACCENT.sub("", folded(unicodedata.normalize("NFC", text)))
    pieces = (re.escape(piece) for piece in _SPACE.split(text))
    pattern = re.compile(_ANY_SPACE.join(pieces), re.NOFLAG if match_case else re.IGNORECASE)
    return Wanted(pattern, tuple(_WORD.findall(text if match_case else text.lower())), match_case)


def search_words(words: str, text: str) -> Wanted | None:
    """Return what finds the words of a search over everything in a message that it found, or None without words."""
    plain = folded(text)
    tried = [query.changed(folded) for query in queries(words)]
    fitting = (query for query in tried if all(term.pattern().search(plain) for term in _terms(query)))
    query = next(fitting, tried[-1] if tried else None)
    return Wanted(query.pattern()) if query else None


def _terms(query: Query) -> list[Query]:
    """Return each word of a query as a query of its own."""
    return [*(Query((word,)) for word in query.whole), *([Query((), query.beginning)] if query.beginning else [])]
