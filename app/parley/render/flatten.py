"""Tokens -> blocks: quotes and list items that hold more than text are taken apart, long tables and paragraphs cut."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from parley.render import mathrules
from parley.render.blocks import GROUP, TABLE_GROUP, TABLE_PART, Above, Block, Kind, html_of_plain
from parley.render.direction import is_rtl
from parley.render.markdown import images, inline_html, is_data, only_images, pieces, text_of, visible, with_task

if TYPE_CHECKING:
    from markdown_it.token import Token

_INDENTS = 8
"""Deeper nesting is not indented further."""


class Place(NamedTuple):
    """Where a block stands."""

    quote: int = 0
    indent: int = 0


TOP = Place()


class Table(NamedTuple):
    """What the later parts of a table need of its beginning."""

    head: str
    columns: tuple[int, ...]


class Flattener:
    """Turns the tokens of one piece of Markdown into blocks. `lines` are the piece's lines with their ends."""

    def __init__(self, lines: Sequence[str], number: int | None = None, table: Table | None = None) -> None:
        self._lines = lines
        self._number = number
        self._table = table

    def blocks(self, tokens: Sequence["Token"], place: Place = TOP) -> list[Block]:
        """Return the blocks of sibling tokens."""
        found: list[Block] = []
        start = 0
        while start < len(tokens):
            end = closing(tokens, start)
            found += self._block(tokens[start:end], place)
            start = end
        return found

    def items(self, tokens: Sequence["Token"], place: Place = TOP) -> list[list[Block]]:
        """Return the blocks of each item of a list."""
        ordered = tokens[0].type == "ordered_list_open"
        number = int(tokens[0].attrs.get("start", 1)) if ordered else 0
        goes_on = self._number is not None and place == TOP
        if self._number is not None and goes_on:
            number, self._number = self._number, None
        found: list[list[Block]] = []
        start = 1
        while start < len(tokens) - 1:
            end = closing(tokens, start)
            opening = f'<ol start="{number}">' if ordered else "<ul>"
            found.append(self._item(tokens[start:end], place, opening, first=not found and not goes_on))
            number += 1
            start = end
        return found

    def _block(self, tokens: Sequence["Token"], place: Place) -> list[Block]:
        token = tokens[0]
        match token.type:
            case "paragraph_open":
                return self._paragraph(tokens, place)
            case "heading_open":
                html = f"<{token.tag}>{inline_html(tokens[1].children or [])}</{token.tag}>"
                return [self._made(Kind.TEXT, token, place, html=html, above=Above.HEADING)]
            case "fence" | "code_block":
                language = (token.info.split() or [""])[0]
                return [self._made(Kind.CODE, token, place, code=token.content.removesuffix("\n"), language=language)]
            case "bullet_list_open" | "ordered_list_open":
                return [block for item in self.items(tokens, place) for block in item]
            case "blockquote_open":
                inner = place._replace(quote=min(place.quote + 1, _INDENTS))
                return self.blocks(tokens[1:-1], inner) or [self._made(Kind.TEXT, token, inner, html="<p></p>")]
            case "table_open":
                return self._rows(tokens, place)
            case mathrules.BLOCK:
                return [self._made(Kind.MATH, token, place, code=token.content)]
            case mathrules.OPEN:
                return [self._made(Kind.TEXT, token, place, html=html_of_plain(token.content))]
            case "hr":
                return [self._made(Kind.RULE, token, place)]
            case _:
                return []

    def _made(
        self,
        kind: Kind,
        token: "Token",
        place: Place,
        *,
        html: str = "",
        code: str = "",
        language: str = "",
        above: Above = Above.BLOCK,
    ) -> Block:
        source = self._source(token)
        return Block(kind, source, html, code, language, place.quote, place.indent, above=above)

    def _source(self, token: "Token") -> str:
        start, end = token.map or (0, 0)
        while token.type != "fence" and end < len(self._lines) and not self._lines[end].strip():
            end += 1  # the empty lines below belong to it
        return "".join(self._lines[start:end])

    def _paragraph(self, tokens: Sequence["Token"], place: Place) -> list[Block]:
        children = tokens[1].children or []
        if only_images(children):
            return self._images(tokens[0], children, place, alone=True)
        if visible(tokens[1].content) <= 2 * GROUP:
            text = self._made(Kind.TEXT, tokens[0], place, html=f"<p>{inline_html(children)}</p>")
            return [text, *self._images(tokens[0], children, place)]
        parts = pieces(children, GROUP)
        whole = self._made(Kind.TEXT, tokens[0], place, html=f"<p>{parts[0]}</p>")
        rest = [whole._replace(source="", html=f"<p>{part}</p>", above=Above.NONE) for part in parts[1:]]
        return [whole, *rest]

    def _images(self, token: "Token", children: Sequence["Token"], place: Place, *, alone: bool = False) -> list[Block]:
        """Return the images of a paragraph: all, if it is nothing else, or those that are in the text itself."""
        made = [
            Block(
                Kind.IMAGE,
                "",
                f"<p>{inline_html([image])}</p>" if alone else "",
                quote=place.quote,
                indent=place.indent,
                url=str(image.attrs.get("src", "")),
                words=text_of(image.children or []),
            )
            for image in images(children)
            if alone or is_data(image)
        ]
        return [made[0]._replace(source=self._source(token)), *made[1:]] if made and alone else made

    def _item(self, tokens: Sequence["Token"], place: Place, opening: str, *, first: bool) -> list[Block]:
        closing_tag = f"</{opening[1:3]}>"
        if opening == "<ul>" and _is_task(tokens):
            opening = '<ul style="list-style-type: none">'
        above = Above.BLOCK if first else Above.ITEM
        inside = tokens[1:-1]
        if _is_simple(inside):
            html = f"{opening}{_item_html(inside)}{closing_tag}"
            return [self._made(Kind.TEXT, tokens[0], place, html=html, above=above)]
        inner = place._replace(indent=min(place.indent + 1, _INDENTS))
        starts_with_text = bool(inside) and inside[0].type == "paragraph_open"
        end = closing(inside, 0) if starts_with_text else 0
        head = f"{opening}{_item_html(inside[:end])}{closing_tag}"
        made = self._made(Kind.TEXT, inside[0] if starts_with_text else tokens[0], place, html=head, above=above)
        shown = self._images(inside[0], inside[1].children or [], inner) if starts_with_text else []
        return [made, *shown, *self.blocks(inside[end:], inner)]

    def _rows(self, tokens: Sequence["Token"], place: Place) -> list[Block]:
        """Return a table in parts of about TABLE_GROUP characters, with the head in the first only."""
        rows = [index for index, token in enumerate(tokens) if token.type == "tr_open"]
        head, *body = rows
        carried = self._table if place == TOP else None
        self._table = None if carried else self._table
        parts: list[tuple[list[int], int]] = [([] if carried else [head], 0)]
        for row in body:
            picked, size = parts[-1]
            picked.append(row)
            size += len(self._row_source(tokens[row]))
            parts[-1] = (picked, size)
            if size >= (TABLE_GROUP if len(parts) == 1 and not carried else TABLE_PART):
                parts.append(([], 0))
        columns = carried.columns if carried else _columns(tokens, parts[0][0])
        direction = ' dir="rtl"' if is_rtl("".join(token.content for token in tokens if token.type == "inline")) else ""
        found: list[Block] = []
        for picked, _ in parts:
            if not picked:
                continue
            html = "".join(_row_html(tokens, row) for row in picked)
            source = "".join(self._row_source(tokens[row]) for row in picked)
            if picked[0] == head:
                line = (tokens[0].map or (0, 0))[0]
                source = "".join(self._lines[line : line + 2]) + source.removeprefix(self._lines[line])
            first = not carried and not found
            found.append(
                Block(
                    Kind.TABLE,
                    source,
                    f"<table{direction}>{html}</table>",
                    quote=place.quote,
                    indent=place.indent,
                    columns=columns,
                    above=Above.BLOCK if first else Above.NONE,
                )
            )
        return found

    def _row_source(self, token: "Token") -> str:
        return self._lines[(token.map or (0, 0))[0]]


def closing(tokens: Sequence["Token"], start: int) -> int:
    """Return the index after the token that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].nesting
        if depth == 0:
            return index + 1
    return len(tokens)


def table_of(tokens: Sequence["Token"], lines: Sequence[str]) -> Table:
    """Return what later parts of the table that `tokens` begin with need."""
    line = (tokens[0].map or (0, 0))[0]
    rows = [index for index, token in enumerate(tokens) if token.type == "tr_open"]
    size, picked = 0, [rows[0]]
    for row in rows[1:]:
        picked.append(row)
        size += len(lines[(tokens[row].map or (0, 0))[0]])
        if size >= TABLE_GROUP:
            break
    return Table("".join(lines[line : line + 2]), _columns(tokens, picked))


def _is_simple(tokens: Sequence["Token"]) -> bool:
    """Say whether an item holds nothing but text and lists of text: then one document shows it."""
    kinds = {"paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close"}
    kinds |= {"ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close"}
    if not all(token.type in kinds for token in tokens) or sum(len(token.content) for token in tokens) > 2 * GROUP:
        return False
    if any(is_data(image) for token in tokens for image in images(token.children or [])):
        return False
    level = tokens[0].level if tokens else 0
    return sum(token.type == "paragraph_open" and token.level == level for token in tokens) <= 1


def _is_task(tokens: Sequence["Token"]) -> bool:
    """Say whether an item begins with a box to tick: that stands for its bullet."""
    return len(tokens) > 2 and tokens[2].type == "inline" and with_task(tokens[2].content) != tokens[2].content


def _item_html(tokens: Sequence["Token"]) -> str:
    """Return the `<li>` of a simple item."""
    made: list[str] = ["<li>"]
    fresh = True
    for token in tokens:
        match token.type:
            case "inline":
                content = inline_html(token.children or [])
                made.append(with_task(content) if fresh else content if made[-1].endswith(">") else f"<br />{content}")
                fresh = False
            case "paragraph_open" if not fresh:
                made.append("<br />")
            case "bullet_list_open":
                made.append("<ul>")
            case "ordered_list_open":
                made.append(f'<ol start="{token.attrs.get("start", 1)}">')
            case "bullet_list_close" | "ordered_list_close":
                made.append(f"</{token.tag}>")
            case "list_item_open":
                made.append("<li>")
                fresh = True
            case "list_item_close":
                made.append("</li>")
            case _:
                pass
    return "".join(made) + "</li>"


def _row_html(tokens: Sequence["Token"], row: int) -> str:
    made = []
    for token in tokens[row + 1 : closing(tokens, row) - 1]:
        match token.type:
            case "th_open" | "td_open":
                side = str(token.attrs.get("style", "")).removeprefix("text-align:")
                made.append(f'<{token.tag} align="{side or "left"}">')
            case "inline":
                made.append(inline_html(token.children or []))
            case _:
                made.append(f"</{token.tag}>")
    return f"<tr>{''.join(made)}</tr>"


def _columns(tokens: Sequence["Token"], rows: Sequence[int]) -> tuple[int, ...]:
    """Return how wide each column wants to be, in characters."""
    widths: list[int] = []
    for row in rows:
        column = bold = 0
        for token in tokens[row : closing(tokens, row)]:
            bold = 2 if token.type == "th_open" else 0 if token.type == "td_open" else bold
            if token.type == "inline":
                longest = max((len(line) for line in text_of(token.children or []).split("\n")), default=0) + bold
                if column == len(widths):
                    widths.append(0)
                widths[column] = max(widths[column], longest)
                column += 1
    return tuple(widths)
