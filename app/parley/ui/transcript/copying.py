"""Copying: what goes to the clipboard, as plain text and, for word processors, as HTML beside it."""

import re
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from parley.render import Block, Kind
from parley.ui.transcript.row import MAX_RICH, Row
from parley.ui.transcript.selection import MANY
from parley.ui.transcript.textcell import BlockCell

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

INDENT_PX = 24
_JOINTS = re.compile(r'</ol>\n?<ol start="\d+">|</ul>\n?<ul>|</table>\n?<table(?: dir="rtl")?>')
"""Where the parts of one list or table meet."""


def copy_plain(text: str, html: str = "") -> None:
    """Put a text on the clipboard, with its HTML if it has any."""
    data = QMimeData()
    data.setText(text)
    if html:
        data.setHtml(html)
    QGuiApplication.clipboard().setMimeData(data)


def copy_message(row: Row) -> None:
    """Copy a message as it is shown, or as it was written where it is too long to be shown whole."""
    text = row.message.text
    if len(text) > MAX_RICH:
        copy_plain(text)
    else:
        cells = row.answer.cells
        shown = "".join(f"{cell.parting}{cell.text(0, cell.length())}" for cell in cells).strip("\n")
        copy_plain(shown, html_of(cell.block for cell in cells))


def copy_selected(view: "Transcript") -> None:
    """Copy what is selected as it is shown."""
    text = view.selection.text(view.row_at, len(view.messages))
    if text:
        copy_plain(text, selected_html(view))


def selected_html(view: "Transcript") -> str:
    """Return what is selected as HTML; nothing where it is too much to be looked at closely."""
    first, last = view.selection.ends()
    if first is None or last is None or last.row - first.row >= MANY:
        return ""
    found: list[Block] = []
    for number in range(first.row, min(last.row, len(view.messages) - 1) + 1):
        for index, cell in enumerate(view.row_at(number).cells):
            span = view.selection.inside(number, index, cell)
            if span is not None and isinstance(cell, BlockCell):
                found.append(_part(cell, *span))
    return html_of(found)


def html_of(blocks: Iterable[Block]) -> str:
    """Return blocks as a page of plain HTML: headings, lists, tables and code, and no colours or sizes."""
    return _JOINTS.sub("", "\n".join(map(_html, blocks)))


def _html(block: Block) -> str:
    match block.kind:
        case Kind.CODE:
            made = f"<pre><code>{escape(block.code, quote=False)}</code></pre>"
        case Kind.RULE:
            made = "<hr />"
        case _:
            made = block.html
    if block.indent:
        made = f'<div style="margin-left: {block.indent * INDENT_PX}px">{made}</div>'
    return "<blockquote>" * block.quote + made + "</blockquote>" * block.quote


def _part(cell: BlockCell, start: int, end: int) -> Block:
    """Return the block of a cell, or of what is selected of it."""
    block = cell.block
    if start == 0 and end >= cell.length():
        return block
    text = cell.text(start, min(end, cell.length()))
    if block.kind is Kind.CODE:
        return Block(Kind.CODE, text, code=text, quote=block.quote, indent=block.indent)
    html = f"<p>{escape(text, quote=False).replace(chr(10), '<br />')}</p>"
    return Block(Kind.TEXT, text, html, quote=block.quote, indent=block.indent)
