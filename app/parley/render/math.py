"""Formulas: LaTeX -> drawings. Free of Qt; ziamath is imported at first use, which is slow: in a thread, then.

A drawing is measured in ems, so one serves every size; its ink is a colour that nobody would choose, to be replaced.
"""

import re
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

INK = "#010203"
"""Stands in a drawing for the colour of the text."""

LONGEST = 2000
"""Characters of a formula; a longer one is shown as its source."""
_DEAREST = 5000
"""What a formula may cost, in fifths of a millisecond: ziamath takes twice as long for every level of nesting."""
_WIDEST, _HIGHEST = 600, 120
"""Ems."""
_UNIT = 100.0
_DELIMITERS = {"$$": "$$", r"\[": r"\]", r"\(": r"\)", "$": "$"}
_MACRO = re.compile(r"\\(?:re)?new(?:command|environment)|\\[egx]?def(?![a-zA-Z])|\\DeclareMathOperator")
_TAG = re.compile(r"\\tag\*?\{([^{}]*)\}")
_NOTHING_SHOWN = re.compile(r"\\(?:label\{[^{}]*\}|nonumber|notag)(?![a-zA-Z])")


class FormulaError(Exception):
    """A formula cannot be drawn; its source can be shown."""


class Formula(NamedTuple):
    """What was written between the delimiters. `display` means that it stands by itself, and may be higher."""

    latex: str
    display: bool = False


class Drawing(NamedTuple):
    """A formula as SVG. In ems: its width, and how far it goes above and below the line that letters stand on."""

    svg: str
    width: float
    ascent: float
    depth: float


def formula_of(source: str) -> Formula:
    """Return the formula of a source with its delimiters; what follows them belongs to it: a full stop."""
    for opening, closing in _DELIMITERS.items():
        body, found, after = source.removeprefix(opening).rpartition(closing)
        if source.startswith(opening) and found:
            return Formula(body.strip() + after.strip(), opening in {"$$", r"\["})
    return Formula(source.strip())


def draw(formula: Formula) -> Drawing:
    """Draw a formula.

    Raises FormulaError for what is too long, too large or too deeply nested; and for what is no valid LaTeX, whatever
    its libraries raise: that is of every kind.
    """
    latex = _prepared(formula.latex)
    if not latex or len(latex) > LONGEST or _MACRO.search(latex):
        raise FormulaError
    return _drawn(_library(), latex, display=formula.display)


def _prepared(latex: str) -> str:
    """Return the LaTeX without what is not drawn; a tag is put behind the formula."""
    latex = _NOTHING_SHOWN.sub("", latex)
    latex = _TAG.sub(r"\\qquad (\1)", latex)
    return re.sub(r"(?:\\\\|\s)+\Z", "", latex)


def _drawn(library: ModuleType, latex: str, *, display: bool) -> Drawing:
    from xml.etree.ElementTree import fromstring

    tree = fromstring(library.tex.tex2mml(latex, inline=not display))
    if _cost(tree) > _DEAREST:
        raise FormulaError
    tree.set("mathcolor", INK)
    made = library.Math(tree, size=_UNIT, margin=0)
    box = made.node.bbox
    svg = made.svgxml()
    # Letters lean out of their boxes: a little room around them, and the drawing begins where they begin.
    pad = 0.04 * _UNIT
    left, top = box.xmin - pad, -box.ymax - pad
    width, height = box.xmax - box.xmin + 2 * pad, box.ymax - box.ymin + 2 * pad
    if not (0 < width < _WIDEST * _UNIT and 0 < height < _HIGHEST * _UNIT):
        raise FormulaError
    svg.set("viewBox", f"{left:.2f} {top:.2f} {width:.2f} {height:.2f}")
    svg.set("width", f"{width:.2f}")
    svg.set("height", f"{height:.2f}")
    return Drawing(_text(svg), width / _UNIT, -top / _UNIT, (height + top) / _UNIT)


def _cost(element: "Element") -> int:
    """Return about how long drawing takes."""
    within = sum(_cost(child) for child in element)
    return 1 + within * (2 if element.tag.endswith("mrow") else 1)


def _text(svg: "Element") -> str:
    from xml.etree.ElementTree import tostring

    return tostring(svg, encoding="unicode")


@cache
def _library() -> ModuleType:
    """Return ziamath, set up for readers of SVG 1.1."""
    import ziamath
    from ziamath.config import config

    config.svg2 = False
    config.precision = 2
    return ziamath
