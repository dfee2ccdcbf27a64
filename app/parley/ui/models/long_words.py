"""Long words, such as names of models: they may break where they have a sign, or else somewhere."""

import re

LONGEST = 24
ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"

_LONG = re.compile(rf"\S{{{LONGEST},}}")
_SIGNS = re.compile(r"(?<=[/\\._:-])(?=\S)")
_REST = re.compile(rf"[^\s{ZERO_WIDTH_SPACE}]{{{LONGEST}}}(?=\S)")


def breakable(text: str) -> str:
    """Return a text whose long words a label can break."""
    return _LONG.sub(_broken, text)


def _broken(word: re.Match[str]) -> str:
    at_signs = _SIGNS.sub(ZERO_WIDTH_SPACE, word.group())
    return _REST.sub(lambda part: part.group() + ZERO_WIDTH_SPACE, at_signs)
