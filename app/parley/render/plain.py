"""The letters of a block as a reader sees them, without its HTML: for searching what is not laid out yet."""

import re
from html import unescape

from parley.render.blocks import Block, Kind

_BREAK = re.compile(r"<br ?/?>")
_EDGE = re.compile(r"</?(?:p|li|ul|ol|h[1-6]|td|th|tr|table)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")

PARAGRAPH = "\N{PARAGRAPH SEPARATOR}"
"""Stands between paragraphs, items and the cells of a table, as in a text document."""


def plain(block: Block) -> str:
    """Return a block's letters. Where lines break stands a newline."""
    match block.kind:
        case Kind.CODE:
            return block.code
        case Kind.TEXT | Kind.TABLE:
            return unescape(_TAG.sub("", _EDGE.sub(PARAGRAPH, _BREAK.sub("\n", block.html))))
        case Kind.MATH:
            return block.code
        case Kind.IMAGE:
            return block.words if block.html else ""  # else they are in the text above
        case _:
            return ""
