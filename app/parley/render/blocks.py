"""Values: the blocks that a message is shown as. A block is small enough to be laid out within a frame."""

import re
from enum import StrEnum
from html import escape
from typing import NamedTuple

GROUP = 2000
"""Characters of Markdown up to which neighbouring text is one block; long tables and paragraphs are cut here."""

TABLE_GROUP = 700
"""Characters of a table's first part, from which the widths of its columns are taken."""

TABLE_PART = 300
"""Characters of its other parts: while it grows the last one is made anew at every step."""

_UNFIT = re.compile("[\0\ud800-\udfff]")


class Kind(StrEnum):
    """What a block is."""

    TEXT = "text"
    CODE = "code"
    TABLE = "table"
    RULE = "rule"
    MATH = "math"
    IMAGE = "image"


class Above(StrEnum):
    """How much room a block wants above it."""

    BLOCK = "block"
    HEADING = "heading"
    ITEM = "item"
    NONE = "none"


class Block(NamedTuple):
    """One block of a message.

    `source` is its Markdown. `html` uses p, h1-h6, ul, ol, li, table, tr, th, td, b, i, s, code, a and br, and nothing
    that could load anything; `math` holds a formula as it was written, with its delimiters. `code` is that of a code
    block, or a formula that stands by itself, as it was written. `quote` and `indent` say how many quotes and list
    items it stands in. `columns` are the widths, in characters, that all parts of one table share.
    `url` and `words` say where an image is and what it shows.
    """

    kind: Kind
    source: str
    html: str = ""
    code: str = ""
    language: str = ""
    quote: int = 0
    indent: int = 0
    columns: tuple[int, ...] = ()
    url: str = ""
    words: str = ""
    above: Above = Above.BLOCK


def merge(before: Block, block: Block) -> Block | None:
    """Return both as one block, or None where they must stay apart."""
    if not (before.kind == block.kind == Kind.TEXT and block.above is not Above.NONE):
        return None
    if (before.quote, before.indent) != (block.quote, block.indent) or len(before.source) + len(block.source) > GROUP:
        return None
    return before._replace(source=before.source + block.source, html=before.html + block.html)


def plain_blocks(text: str, above: Above = Above.BLOCK) -> list[Block]:
    """Return text as it is, in blocks of bearable size."""
    blocks = []
    start = 0
    while start < len(text):
        end = min(len(text), start + GROUP)
        if end < len(text):  # rather at the end of a line or a word
            end = (
                max(text.rfind("\n", start + GROUP // 2, end), text.rfind(" ", start + GROUP // 2, end), -1) + 1 or end
            )
        piece = text[start:end]
        blocks.append(Block(Kind.TEXT, piece, html_of_plain(piece), above=above if start == 0 else Above.NONE))
        start = end
    return blocks


def html_of_plain(text: str) -> str:
    """Return a paragraph that shows the text with its line breaks."""
    return f"<p>{escape(text.strip(chr(10)), quote=False).replace(chr(10), '<br />')}</p>"


def clean(text: str) -> str:
    """Return the text without what no widget can show: NUL and halves of surrogate pairs; line ends are newlines."""
    if _UNFIT.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text
