"""What is searched, and how a person's words become a query of SQLite's full-text index.

The tokenizer cuts at spaces and punctuation. Chinese, Japanese, Korean, Thai and their like are written
without spaces, so we put a separator around each of their characters, in the index and in the query
alike: a word of theirs is then a phrase of characters, found wherever it stands. No second index is needed.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

SEPARATOR = "\x01"

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# All of them are left to `re` to compile at first use, and to keep: that takes milliseconds, and few texts need it.
_BEFORE_ALONE = f"(?=[{_ALONE}])"
_AFTER_ALONE = f"(?<=[{_ALONE}])(?=[^{_ALONE}{SEPARATOR}])"
_HAS_ALONE = f"[{_ALONE}]"
_UNSEARCHED = "[\x00-\x08\x0b-\x1f\ud800-\udfff]"
# Without regard to case `re` would look at each character of these ranges by itself, for milliseconds a pattern.
_ONE_ALONE = f"(?-i:[{_ALONE}])"
_WORD_BEGINS = rf"(?:(?<![^\W_])|(?<={_ONE_ALONE}))"
_WORD_ENDS = rf"(?:(?![^\W_])|(?={_ONE_ALONE})|(?<={_ONE_ALONE}))"
_LAST_LETTERS = r"([^\W_]*)[\W_]*$"
_PHRASE_OR_WORD = r'"([^"]*)"|([^\s"]+)'
_LONGEST = 1000
_MOST_WORDS = 32
LETTERS = 3
"""From this many letters on, messages are searched; below it only titles."""


def searchable(text: str) -> str:
    """Return the text as the index takes it."""
    text = re.sub(_UNSEARCHED, " ", text)
    if text.isascii():
        return text
    from unicodedata import normalize

    text = normalize("NFC", text)
    if not re.search(_HAS_ALONE, text):
        return text
    return re.sub(_AFTER_ALONE, SEPARATOR, re.sub(_BEFORE_ALONE, SEPARATOR, text))


def storable(text: str) -> str:
    """Return the text without what cannot be stored: halves of characters, as broken file names hold them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """Return the text as a title."""
    return " ".join(re.sub(_UNSEARCHED, " ", text).split())


class Query(NamedTuple):
    """What is looked for: whole words or phrases, and the beginning of a last one."""

    whole: tuple[str, ...]
    beginning: str = ""

    def __str__(self) -> str:
        return self.expression(f"{quoted(self.beginning)} *")

    def expression(self, last: str) -> str:
        """Return the query in the index's language. `last` is the term that stands for the beginning."""
        return " AND ".join([*map(quoted, self.whole), *([last] if self.beginning else [])])

    def index_pattern(self) -> re.Pattern[str]:
        """Return a pattern that finds the words in a text with separators, but for other accents. Cheap to make."""
        found = [f"{_one_after_another(text)}(?![^\\W_])" for text in self.whole]
        found += [_one_after_another(self.beginning) + r"[^\W_]*"] if self.beginning else []
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(found)})", re.IGNORECASE)

    def pattern(self) -> re.Pattern[str]:
        """Return a pattern that finds the words in a text as it is, but for other accents. Milliseconds to make."""
        found = [f"{_phrase(text)}{_WORD_ENDS}" for text in self.whole]
        found += [f"{_phrase(self.beginning)}(?:(?!{_ONE_ALONE})[^\\W_])*"] if self.beginning else []
        return re.compile("|".join(found), re.IGNORECASE)

    def changed(self, change: Callable[[str], str]) -> "Query":
        """Return the query with every term changed."""
        return Query(tuple(map(change, self.whole)), change(self.beginning))


def queries(words: str) -> list[Query]:
    """Return queries to be tried in turn until one finds something.

    All words must occur; the last one is a beginning, unless a space follows it; "quoted words" stand together.
    A last word of one or two letters is taken whole, or left out when that finds nothing: too much begins so.
    """
    found = [(whole or word, bool(word)) for whole, word in re.findall(_PHRASE_OR_WORD, searchable(words[:_LONGEST]))]
    found = [(text, open) for text, open in found if any(map(str.isalnum, text))][:_MOST_WORDS]
    if not found:
        return []
    terms = tuple(text for text, _ in found)
    last, is_word = found[-1]
    if not is_word or words[-1].isspace() or re.match(_HAS_ALONE, last[-1]):
        return [Query(terms)]
    letters = re.search(_LAST_LETTERS, last)
    if len(found) == 1 or (letters and len(letters[1]) >= LETTERS):
        return [Query(terms[:-1], last)]
    return [Query(terms), Query(terms[:-1])]


def quoted(text: str) -> str:
    """Return a term: the text means itself, whatever it holds."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _one_after_another(text: str) -> str:
    return r"[\W_]+".join(re.findall(r"[^\W_]+", text))


def _phrase(text: str) -> str:
    """Return a pattern of words that follow one another. Characters that stand alone need nothing between them."""
    found = ""
    for word in re.findall(rf"[{_ALONE}]|(?:(?![{_ALONE}])[^\W_])+", text):
        alone = bool(re.match(_HAS_ALONE, word))
        beside = alone or bool(found and re.match(_HAS_ALONE, found[-1]))
        between = "" if not found else r"[\W_]*" if beside else r"[\W_]+"
        found += between + (word if alone or found else _WORD_BEGINS + word)
    return found


def searches_messages(words: str) -> bool:
    """Return whether there are letters enough to search all messages."""
    return bool(re.search(_HAS_ALONE, words)) or sum(map(str.isalnum, words)) >= LETTERS
