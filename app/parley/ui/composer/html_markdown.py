"""HTML as browsers, word processors and spreadsheets put it on the clipboard -> Markdown. Free of Qt; fetches nothing.

Where the HTML holds nothing that Markdown could say, or only code, there is no Markdown: the plain text is better.
"""

import re
from typing import Any

import nh3
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from markdownify import ATX, MarkdownConverter

LARGEST, DEEPEST = 300_000, 100
"""Longer or deeper nested HTML is not looked at; the plain text beside it will do."""

MONOSPACE = re.compile(r"font-family:[^;]*(mono|consolas|menlo|courier|fixed)", re.IGNORECASE)
LIGHT = re.compile(r"font-weight:\s*(normal|[1-5]00)", re.IGNORECASE)
UPRIGHT = re.compile(r"font-style:\s*normal", re.IGNORECASE)
STYLES = {
    "b": re.compile(r"font-weight:\s*(bold|[6-9]00)", re.IGNORECASE),
    "i": re.compile(r"font-style:\s*italic", re.IGNORECASE),
    "del": re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE),
}
LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight-source)-([\w+#-]+)")
WORD_BULLET = re.compile(r"^[·•▪§o\uf0b7\uf0a7–-]\s+")

UNSEEN = {"head", "script", "style", "title", "template", "noscript", "svg", "object", "iframe", "button", "select"}
TAGS = {"p", "div", "br", "span", "font", "ul", "ol", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "td", "th",
        "img", "kbd", "samp", "sub", "sup", "article", "section", "figure", "figcaption"}  # fmt: skip
ATTRIBUTES = {"*": {"style", "class"}, "a": {"href"}, "img": {"alt"}, "ol": {"start"}, "td": {"colspan"},
              "th": {"colspan"}}  # fmt: skip
STYLED = {"font-family", "font-weight", "font-style", "text-decoration", "text-decoration-line"}
TELLING = ("h1", "h2", "h3", "h4", "h5", "h6", "li", "a", "b", "strong", "i", "em", "code", "pre", "blockquote", "del",
           "s", "hr")  # fmt: skip


def markdown_of(html: str) -> str:
    """Return HTML as Markdown; an empty text where the plain text beside it says as much, or it is all code."""
    if len(html) > LARGEST:
        return ""
    tidy = nh3.clean(
        html.replace("\0", ""),
        tags={*TAGS, *TELLING},
        clean_content_tags=UNSEEN,
        attributes=ATTRIBUTES,
        filter_style_properties=STYLED,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )
    if _depth(tidy) > DEEPEST:
        return ""
    soup = BeautifulSoup(tidy, "html.parser")  # by itself it takes minutes for what is not well-formed
    _say_with_tags(soup)
    if not _tells_more(soup) or _is_code(soup):
        return ""
    found = _Converter().convert_soup(soup)
    lines = (line.rstrip() for line in str(found).replace("\xa0", " ").splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _depth(tidy: str) -> int:
    """Return how deep the elements of well-formed HTML are nested."""
    deepest = depth = 0
    for close, name in re.findall(r"<(/?)(\w+)", tidy):
        if name not in ("br", "hr", "img"):
            depth += -1 if close else 1
            deepest = max(deepest, depth)
    return deepest


def _say_with_tags(soup: BeautifulSoup) -> None:
    """Say with tags what was said with styles."""
    for tag in soup.find_all(["b", "strong", "i", "em", "span", "font"]):
        style = str(tag.get("style") or "")
        if tag.name in ("b", "strong", "i", "em"):
            if (LIGHT if tag.name in ("b", "strong") else UPRIGHT).search(style):  # Google's documents are one such
                tag.unwrap()
            continue
        for name, rule in STYLES.items():
            if rule.search(style):
                tag.wrap(soup.new_tag(name))
        if MONOSPACE.search(style) and tag.find_parent(["pre", "code"]) is None:
            tag.name = "code"


def _tells_more(soup: BeautifulSoup) -> bool:
    """Return whether there is anything that plain text does not show."""
    if any(_text(tag) or tag.name == "hr" for tag in soup.find_all(TELLING)):
        return True
    return len(soup.find_all(["td", "th"], limit=2)) > 1


def _is_code(soup: BeautifulSoup) -> bool:
    """Return whether all of it is code, as editors and terminals copy it: with colours that Markdown has no use for."""
    return all(_in_code(text) for text in soup.find_all(string=True) if text.strip())


def _in_code(text: NavigableString) -> bool:
    return any(
        tag.name in ("pre", "code") or MONOSPACE.search(str(tag.get("style") or "")) is not None for tag in text.parents
    )


def _text(tag: Tag) -> str:
    return tag.get_text(strip=True)


class _Converter(MarkdownConverter):
    """Markdown for people to go on writing in: no escapes, no pictures, no link that leads nowhere."""

    def __init__(self) -> None:
        super().__init__(
            heading_style=ATX,
            bullets="-",
            escape_asterisks=False,
            escape_underscores=False,
            table_infer_header=True,
            code_language_callback=_language,
        )

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not el.get("href"):
            return text
        return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc]

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(el.get("alt") or "")

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if "_inline" in parent_tags else "\n"

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "MsoListParagraph" in str(el.get("class")):
            item = " ".join(text.replace("\xa0", " ").split())
            return "\n" + WORD_BULLET.sub("- ", item) + "\n"
        return str(super().convert_p(el, text, parent_tags))  # type: ignore[misc]

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(super().convert_td(el, text.replace("|", "\\|"), parent_tags))  # type: ignore[misc]

    def convert_th(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return str(super().convert_th(el, text.replace("|", "\\|"), parent_tags))  # type: ignore[misc]


def _language(tag: Any) -> str:
    """Return the language that a block of code names, in itself or around it."""
    for near in (tag, tag.find("code"), tag.parent):
        found = LANGUAGE.search(" ".join(near.get_attribute_list("class"))) if near and near.get("class") else None
        if found:
            return found[1]
    return ""
