"""Colours of code: Pygments' tokens mapped to a few shades, and a light and a dark palette of 4.5 : 1 at least."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

MAX_HIGHLIGHT = 200_000
"""Longer code stays plain."""


class Shade(StrEnum):
    """What a piece of code is, as far as its colour goes."""

    KEYWORD = "keyword"
    STRING = "string"
    COMMENT = "comment"
    NUMBER = "number"
    NAME = "name"
    TYPE = "type"
    ADDED = "added"
    REMOVED = "removed"


LIGHT: Mapping[Shade, str] = {
    Shade.KEYWORD: "#8636a8",
    Shade.STRING: "#2c6e3f",
    Shade.COMMENT: "#6b6b70",
    Shade.NUMBER: "#9a5200",
    Shade.NAME: "#1f5fa8",
    Shade.TYPE: "#98440c",
    Shade.ADDED: "#2c6e3f",
    Shade.REMOVED: "#b3372f",
}
DARK: Mapping[Shade, str] = {
    Shade.KEYWORD: "#cf9be6",
    Shade.STRING: "#9ccf9f",
    Shade.COMMENT: "#9a9aa2",
    Shade.NUMBER: "#e5b07b",
    Shade.NAME: "#8cbcf0",
    Shade.TYPE: "#eeb187",
    Shade.ADDED: "#9ccf9f",
    Shade.REMOVED: "#f0857c",
}

_SHADES = {
    "Keyword.Type": Shade.TYPE,
    "Keyword": Shade.KEYWORD,
    "Operator.Word": Shade.KEYWORD,
    "Literal.String": Shade.STRING,
    "Literal.Number": Shade.NUMBER,
    "Literal.Date": Shade.NUMBER,
    "Comment": Shade.COMMENT,
    "Name.Function": Shade.NAME,
    "Name.Builtin": Shade.NAME,
    "Name.Tag": Shade.NAME,
    "Name.Attribute": Shade.TYPE,
    "Name.Class": Shade.TYPE,
    "Name.Exception": Shade.TYPE,
    "Name.Decorator": Shade.TYPE,
    "Name.Constant": Shade.NUMBER,
    "Generic.Inserted": Shade.ADDED,
    "Generic.Deleted": Shade.REMOVED,
    "Generic.Heading": Shade.NAME,
    "Generic.Subheading": Shade.NAME,
}
_LABELS = {
    "cpp": "C++", "c++": "C++", "cs": "C#", "csharp": "C#", "css": "CSS", "html": "HTML", "js": "JavaScript",
    "javascript": "JavaScript", "json": "JSON", "php": "PHP", "py": "Python", "sh": "Shell", "shell": "Shell",
    "bash": "Bash", "sql": "SQL", "ts": "TypeScript", "typescript": "TypeScript", "xml": "XML", "yaml": "YAML",
    "yml": "YAML", "toml": "TOML", "md": "Markdown", "text": "", "txt": "", "plaintext": "", "powershell": "PowerShell",
}  # fmt: skip


def label(language: str) -> str:
    """Return a language's name as people write it."""
    name = language.strip("{}.").split("{", 1)[0][:40]
    return _LABELS.get(name.lower(), name if len(name) < 2 or not name.islower() else name[0].upper() + name[1:])


def shades(code: str, language: str) -> Iterator[tuple[int, int, Shade]]:
    """Yield (start, end, shade) for what is coloured. Lazy: whoever has a frame to keep reads it in slices."""
    lexer = _lexer(language.strip("{}.").lower()) if len(code) <= MAX_HIGHLIGHT else None
    if lexer is None:
        return
    position = 0
    for kind, text in lexer.get_tokens(code):
        end = position + len(text)
        found = _shade(kind)
        if found and not text.isspace():
            yield position, end, found
        position = end


def has_colors(language: str) -> bool:
    """Say whether the language is known by that name."""
    return _lexer(language.strip("{}.").lower()) is not None


@cache
def _lexer(language: str) -> "Lexer | None":
    """Return the lexer of a language known by that name; nothing is guessed from the code."""
    if not language or len(language) > 40:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, ensurenl=False, stripnl=False, stripall=False)
    except ClassNotFound:
        return None


@cache
def _shade(kind: "_TokenType") -> Shade | None:
    """Return the shade of a token, or of the nearest token it is a kind of."""
    names = str(kind).split(".")[1:]
    lengths = range(len(names), 0, -1)
    return next((_SHADES[name] for length in lengths if (name := ".".join(names[:length])) in _SHADES), None)
