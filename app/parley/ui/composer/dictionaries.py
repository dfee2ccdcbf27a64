"""Dictionaries of the system, asked which words are right. Free of Qt; everything here may wait for the disk.

Hunspell's library and its dictionaries are there wherever a Linux desktop, LibreOffice or Homebrew has brought them.
"""

import ctypes
import os
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.files import alone, write_private

LIBRARIES = (
    "libhunspell-1.7.so.0",
    "libhunspell-1.8.so.0",
    "libhunspell-1.6.so.0",
    "/opt/homebrew/lib/libhunspell-1.7.dylib",
    "/usr/local/lib/libhunspell-1.7.dylib",
)
FOLDERS = (
    "~/.local/share/hunspell",
    "/usr/local/share/hunspell",
    "/usr/share/hunspell",
    "/usr/share/myspell",
    "/usr/share/myspell/dicts",
    "~/Library/Spelling",
    "/Library/Spelling",
)
MOST_SUGGESTIONS = 6
SCRIPTS = {
    **dict.fromkeys(("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "uk"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur"), "ARABIC"),
    **dict.fromkeys(("he", "yi"), "HEBREW"),
    **dict.fromkeys(("hi", "mr", "ne"), "DEVANAGARI"),
    "el": "GREEK",
    "hy": "ARMENIAN",
    "ka": "GEORGIAN",
    "ko": "HANGUL",
}
"""What a language is written in, where that is not Latin."""


class Hunspell:
    """One dictionary, read by the system's library."""

    def __init__(self, library: ctypes.CDLL, place: Path) -> None:
        self.name = place.stem
        self.script = SCRIPTS.get(place.stem.partition("_")[0], "LATIN")
        self._library = library
        handle = library.Hunspell_create(os.fsencode(place.with_suffix(".aff")), os.fsencode(place))
        self._handle = ctypes.c_void_p(handle)
        self._encoding = (library.Hunspell_get_dic_encoding(self._handle) or b"UTF-8").decode("ascii")

    def knows(self, word: str) -> bool:
        """Return whether the word is right."""
        encoded = self._encoded(word)
        return encoded is not None and bool(self._library.Hunspell_spell(self._handle, encoded))

    def suggest(self, word: str) -> list[str]:
        """Return what may have been meant, the likeliest first."""
        encoded = self._encoded(word)
        if encoded is None:
            return []
        found = ctypes.POINTER(ctypes.c_char_p)()
        number = self._library.Hunspell_suggest(self._handle, ctypes.byref(found), encoded)
        words = [(found[index] or b"").decode(self._encoding, "replace") for index in range(number)]
        self._library.Hunspell_free_list(self._handle, ctypes.byref(found), number)
        return words

    def _encoded(self, word: str) -> bytes | None:
        try:
            return word.replace("’", "'").encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            return None


class Speller:
    """The dictionaries of some languages, and the words that a person has added. May be asked by any thread."""

    def __init__(self, languages: Sequence[str], own: Path) -> None:
        self._own_file = own
        self._lock = threading.Lock()
        self._own = set(_lines(own))
        library = _library()
        places = dict.fromkeys(place for language in languages if (place := find(language)))
        self._dictionaries = [Hunspell(library, place) for place in places] if library else []

    @property
    def languages(self) -> list[str]:
        """Return the names of the dictionaries that are used."""
        return [dictionary.name for dictionary in self._dictionaries]

    def wrong(self, words: Iterable[str]) -> set[str]:
        """Return those of the words that no dictionary knows, though one is for their script."""
        with self._lock:
            return {word for word in words if self._is_wrong(word)}

    def suggest(self, word: str) -> list[str]:
        """Return what may have been meant."""
        with self._lock:
            script = _script(word)
            lists = [found.suggest(word) for found in self._dictionaries if found.script == script]
        return list(dict.fromkeys(words[at] for at in range(10) for words in lists if at < len(words)))[
            :MOST_SUGGESTIONS
        ]

    def add(self, word: str) -> None:
        """Keep a word as right from now on. Raises StoreReadOnly, StoreFull and StoreBusy."""
        with self._lock:
            self._own.add(word)
            with alone(self._own_file):
                words = sorted({*_lines(self._own_file), word})
                write_private(self._own_file, "\n".join(words) + "\n")

    def _is_wrong(self, word: str) -> bool:
        script = _script(word)
        asked = [found for found in self._dictionaries if found.script == script]
        known = word in self._own or word.lower() in self._own
        return bool(asked) and not known and not any(found.knows(word) for found in asked)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is on this computer: whether words can be looked up at all, all dictionaries, those that are used."""

    works: bool = False
    installed: tuple[str, ...] = ()
    used: tuple[str, ...] = ()


def look_for(languages: Iterable[str]) -> Found:
    """Return which dictionaries there are, and which of them are for these languages."""
    installed = {
        place.stem
        for folder in _folders()
        for place in folder.glob("*.dic")
        if place.with_suffix(".aff").exists() and not place.stem.startswith("hyph_")
    }
    used = dict.fromkeys(place.stem for language in languages if (place := find(language)))
    return Found(_library() is not None, tuple(sorted(installed)), tuple(used))


def find(language: str) -> Path | None:
    """Return the dictionary for a language such as `de` or `de_AT`, or the nearest to it; None where there is none."""
    name = language.replace("-", "_").partition(".")[0]
    short = name.partition("_")[0]
    home = {"en": "en_US"}.get(short, f"{short}_{short.upper()}")
    candidates: dict[str, Path] = {}
    for folder in _folders():
        for place in sorted(folder.glob(f"{short}*.dic")):
            if place.with_suffix(".aff").exists() and place.stem.partition("_")[0] == short:
                candidates.setdefault(place.stem, place)
    return next((candidates[key] for key in (name, home, short, *candidates) if key in candidates), None)


def _folders() -> Iterator[Path]:
    named = os.environ.get("DICPATH", "")
    for folder in (*named.split(os.pathsep), *FOLDERS):
        if folder and (path := Path(folder).expanduser()).is_dir():
            yield path


def _library() -> ctypes.CDLL | None:
    if sys.platform == "win32":
        return None
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        texts = ctypes.POINTER(ctypes.c_char_p)
        for function, result, arguments in (
            ("create", ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_char_p)),
            ("get_dic_encoding", ctypes.c_char_p, (ctypes.c_void_p,)),
            ("spell", ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p)),
            ("suggest", ctypes.c_int, (ctypes.c_void_p, ctypes.POINTER(texts), ctypes.c_char_p)),
            ("free_list", None, (ctypes.c_void_p, ctypes.POINTER(texts), ctypes.c_int)),
        ):
            found = getattr(library, f"Hunspell_{function}")
            found.restype, found.argtypes = result, arguments
        return library
    return None


def _script(word: str) -> str:
    return unicodedata.name(word[0], "").partition(" ")[0]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
