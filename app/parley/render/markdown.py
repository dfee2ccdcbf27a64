"""The Markdown dialect: CommonMark, tables, strikethrough, formulas, bare web addresses; no HTML, safe links only."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from parley.render import mathrules

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MAX_INLINE = 8_000
"""A longer paragraph is shown as it is: nobody writes one, and reading its emphasis would take longer than a frame."""
MAX_BRACKETS = 300
"""So is one with more opening brackets: each makes the parser look through all the rest."""

_SAFE = re.compile(r"(?:https?://|mailto:|help:)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"`|\\^{}]+", re.IGNORECASE)
_DATA_IMAGE = re.compile(
    r"!\[([^\[\]]{0,1000})\]\((data:image/[a-z0-9.+-]{1,20};base64,[A-Za-z0-9+/=]+)\)", re.IGNORECASE
)
_TASK = re.compile(r"\[([ xX])\] ")


@cache
def parser() -> "MarkdownIt":
    """Return the parser, built at first use."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False, "maxNesting": 24}).enable(["table", "strikethrough"])
    made.validateLink = lambda url: bool(_SAFE.match(url) or _PICTURE.match(url))  # type: ignore[method-assign]
    mathrules.install(made)
    made.inline.ruler.before("image", "data_image", _data_image)
    made.core.ruler.at("inline", _inline)
    made.core.ruler.push("addresses", _addresses)
    return made


def _inline(state: "StateCore") -> None:
    from markdown_it.token import Token

    for token in state.tokens:
        if token.type != "inline":
            continue
        if visible(token.content) > MAX_INLINE or token.content.count("[") > MAX_BRACKETS:
            token.children = [Token("text", "", 0, content=token.content)]
        else:
            token.children = token.children or []
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def visible(content: str) -> int:
    """Return how long a paragraph is without the images that it holds."""
    if "](data:" not in content:
        return len(content)
    return len(content) - sum(len(found[2]) for found in _DATA_IMAGE.finditer(content))


def _data_image(state: "StateInline", silent: bool) -> bool:
    """Read an image that is in the text: the parser's own rule looks at every letter of it."""
    from markdown_it.token import Token

    found = _DATA_IMAGE.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "!" else None
    if not found:
        return False
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": found[2], "alt": ""}
        token.content = found[1]
        token.children = [Token("text", "", 0, content=found[1])]
    state.pos = found.end()
    return True


def images(children: Sequence["Token"]) -> list["Token"]:
    """Return the images that are not part of a link."""
    found = []
    inside = 0
    for token in children:
        inside += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type == "image" and not inside:
            found.append(token)
    return found


def only_images(children: Sequence["Token"]) -> bool:
    """Say whether there is nothing but images, and at least one."""
    kinds = {"image", "softbreak", "hardbreak"}
    rest = any(token.type not in kinds and (token.type != "text" or token.content.strip()) for token in children)
    return not rest and any(token.type == "image" for token in children)


def is_data(image: "Token") -> bool:
    """Say whether an image is in the text itself."""
    return bool(_PICTURE.match(str(image.attrs.get("src", ""))))


def _addresses(state: "StateCore") -> None:
    """Make links of web addresses that stand bare in the text."""
    for token in state.tokens:
        if token.type == "inline" and "://" in token.content and token.children:
            token.children = _linked(token.children)


def _linked(children: Sequence["Token"]) -> list["Token"]:
    from markdown_it.token import Token

    made: list[Token] = []
    inside = 0
    for child in children:
        inside += child.nesting if child.type in {"link_open", "link_close"} else 0
        if child.type != "text" or inside or len(child.content) > MAX_INLINE:
            made.append(child)
            continue
        end = 0
        for match in _ADDRESS.finditer(child.content):
            url = _trimmed(match.group())
            if len(url) <= len("https://"):
                continue
            made.append(Token("text", "", 0, content=child.content[end : match.start()]))
            made.append(Token("link_open", "a", 1, attrs={"href": url}))
            made.append(Token("text", "", 0, content=url))
            made.append(Token("link_close", "a", -1))
            end = match.start() + len(url)
        made.append(Token("text", "", 0, content=child.content[end:]))
    return made


def _trimmed(url: str) -> str:
    """Return the address without what belongs to the sentence around it."""
    while url:
        last = url[-1]
        closes = last == ")" and url.count("(") < url.count(")")
        if not (closes or last in ".,;:!?'*_~]"):
            break
        url = url[:-1]
    return url


def inline_html(children: Sequence["Token"]) -> str:
    """Return the HTML of a paragraph's inside."""
    return "".join(_RENDER.get(token.type, _unknown)(token) for token in children)


def pieces(children: Sequence["Token"], size: int) -> list[str]:
    """Return the HTML of a paragraph's inside, cut where nothing is open into pieces of about `size` characters."""
    found: list[str] = []
    piece: list[str] = []
    depth = length = 0
    for token in children:
        depth += token.nesting
        content = token.content
        while depth == 0 and token.type == "text" and length + len(content) > size:
            cut = content.rfind(" ", 0, max(1, size - length)) + 1 or max(1, size - length)
            found.append("".join(piece) + escape(content[:cut], quote=False))
            content, piece, length = content[cut:], [], 0
        piece.append(escape(content, quote=False) if token.type == "text" else _RENDER.get(token.type, _unknown)(token))
        length += len(content)
        if depth == 0 and length > size:
            found.append("".join(piece))
            piece, length = [], 0
    rest = "".join(piece)
    return [*found, rest] if rest or not found else found


def with_task(content: str) -> str:
    """Return a list item's HTML with a box for `[ ]` and `[x]` at its beginning."""
    match = _TASK.match(content)
    return f"{'☐' if match[1] == ' ' else '☑'} {content[match.end() :]}" if match else content


def text_of(children: Sequence["Token"]) -> str:
    """Return what is read, without any mark-up."""
    return "".join("\n" if token.type.endswith("break") else token.content for token in children)


def _text(token: "Token") -> str:
    return escape(token.content, quote=False)


def _link(token: "Token") -> str:
    url = str(token.attrs.get("href", ""))
    return f'<a href="{escape(url)}">' if _SAFE.match(url) else "<a>"


def _image(token: "Token") -> str:
    """Nothing is loaded: the words for the picture, linked to where it is."""
    url = str(token.attrs.get("src", ""))
    words = escape(text_of(token.children or []) or (url if _SAFE.match(url) else "…"), quote=False)
    return f'<a href="{escape(url)}">{words}</a>' if _SAFE.match(url) else words


def _unknown(token: "Token") -> str:
    return escape(token.content, quote=False)


_RENDER: dict[str, Callable[["Token"], str]] = {
    "text": _text,
    "text_special": _text,
    "code_inline": lambda token: f"<code>{escape(token.content, quote=False)}</code>",
    mathrules.INLINE: lambda token: f"<math>{escape(token.content, quote=False)}</math>",
    "softbreak": lambda _: "<br />",  # models and people mean the line breaks that they write
    "hardbreak": lambda _: "<br />",
    "em_open": lambda _: "<i>",
    "em_close": lambda _: "</i>",
    "strong_open": lambda _: "<b>",
    "strong_close": lambda _: "</b>",
    "s_open": lambda _: "<s>",
    "s_close": lambda _: "</s>",
    "link_open": _link,
    "link_close": lambda _: "</a>",
    "image": _image,
}
