r"""Where formulas stand in Markdown: `$…$`, `\(…\)`, and by themselves `$$…$$`, `\[…\]`.

Pandoc's rules keep money money: after the opening dollar and before the closing one there is no space, after the
closing one no digit, and the first dollar that comes closes. Code is never touched. A formula that stands by itself
begins its line, holds no empty line, and ends its line. While a text grows (`env["growing"]`), one that may still be
closed is a token of its own, so that nothing below it is taken for something else.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

GROWING = "growing"
OPEN = "math_open"
BLOCK = "math_block"
INLINE = "math_inline"

MAX_LINES = 120
"""A formula with more lines is none."""

_DOLLAR = re.compile(r"\$(?![\s$])(?:[^$`\\]|\\.){1,2000}(?<!\s)\$(?!\d)", re.DOTALL)
_DOLLARS = re.compile(r"\$\$(?!\$)(?:[^$`\\]|\\.|\$(?!\$)){1,4000}\$\$", re.DOTALL)
_ROUND = re.compile(r"\\\((?:[^\\`]|\\[^)]){1,2000}\\\)", re.DOTALL)
_SQUARE = re.compile(r"\\\[(?:[^\\`]|\\[^\]]){1,4000}\\\]", re.DOTALL)
_PLAIN = re.compile(r"(?!\s)[^\\^_={}+<>/*|]*(?<!\s)")
"""Escaped brackets close around such words are brackets."""
_CLOSING = {"$$": "$$", r"\[": r"\]"}
_AFTER = ("", ".", ",", ";")
"""What may follow a formula on its line."""


def install(md: "MarkdownIt") -> None:
    """Teach a parser formulas."""
    md.inline.ruler.before("escape", INLINE, _inline)
    md.block.ruler.before("fence", BLOCK, _block, {"alt": ["paragraph", "reference", "blockquote", "list"]})


def _inline(state: "StateInline", silent: bool) -> bool:
    end = _end_of_inline(state.src, state.pos)
    if not state.pos < end <= state.posMax:
        return False
    if not silent:
        token = state.push(INLINE, "math", 0)
        token.content = state.src[state.pos : end]
    state.pos = end
    return True


def _end_of_inline(text: str, start: int) -> int:
    """Return where a formula that begins here ends, or -1."""
    match text[start : start + 2]:
        case "$$":
            found = _DOLLARS.match(text, start)
        case r"\(":
            found = _ROUND.match(text, start)
        case r"\[":
            found = _SQUARE.match(text, start)
            found = None if found and _PLAIN.fullmatch(found[0][2:-2]) else found
        case two if two.startswith("$") and text[start - 1 : start] != "$":
            found = _DOLLAR.match(text, start)
        case _:
            return -1
    return found.end() if found and found[0].strip("$ \n") else -1


def _block(state: "StateBlock", start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line)
    closing = _CLOSING.get(first[:2])
    if closing is None or first.startswith("$$$"):
        return False
    last = _last_line(state, start_line, end_line, closing)
    if last is None:
        return False
    if silent:
        return True
    lines = [_line(state, line) for line in range(start_line, min(last + 1, end_line))]
    token = state.push(OPEN if last >= end_line else BLOCK, "math", 0)
    token.block = True
    token.map = [start_line, min(last + 1, end_line)]
    token.content = "\n".join(lines)
    state.line = token.map[1]
    return True


def _last_line(state: "StateBlock", start: int, end: int, closing: str) -> int | None:
    """Return the line that a formula ends on, `end` if it is still to come, or None if this is no formula."""
    for line in range(start, min(end, start + MAX_LINES)):
        text = _line(state, line) if line > start else _line(state, line)[2:]
        if line > start and (state.sCount[line] < state.blkIndent or not text):
            return end if not text and _grows(state, line + 1) and not state.src.endswith("\n") else None
        before, found, after = text.partition(closing)
        if found:
            words = line == start and closing == r"\]" and _PLAIN.fullmatch(before)
            nothing = words or (line == start and not before.strip())
            return line if after.strip() in _AFTER and not nothing else None
    return end if end - start < MAX_LINES and _grows(state, end) else None


def _grows(state: "StateBlock", end: int) -> bool:
    """Say whether this is the end of a text of which more will come."""
    return bool(state.env.get(GROWING)) and end >= len(state.bMarks) - 1


def _line(state: "StateBlock", line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
