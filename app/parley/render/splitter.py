"""Markdown that arrives in pieces -> blocks that are final, and blocks of the open tail, which alone is parsed again.

A block is final when the next one has begun on a complete line. Lists are split by item, tables by rows, an open code
fence is read line by line without the parser. Where nothing of that helps (one huge paragraph or quote), what is new is
shown as it came until the tail has grown by an eighth or a paragraph has ended. Feeding a whole text gives the same
blocks as feeding it in pieces.
"""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from parley.render import mathrules
from parley.render.blocks import Above, Block, Kind, clean, merge, plain_blocks
from parley.render.flatten import Flattener, Table, closing, table_of
from parley.render.markdown import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

PLAIN = 4096
"""Characters from which on an open tail without a way to split it is not parsed at every step."""
WINDOW = 2048
"""Characters that are fed at once when the whole text is there."""

_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})[ \t]*(.*)")
_DEFINITION = re.compile(r"^[ >]{0,12}\[[^\]\n]+\]:", re.MULTILINE)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")
_NEVER = 1 << 60


class Step(NamedTuple):
    """What a look at the text gave: blocks that are final now, and what is shown of the open tail."""

    done: list[Block]
    tail: list[Block]


@dataclass(slots=True)
class _Fence:
    mark: str
    indent: int
    language: str
    source: str
    code: str = ""

    def closes(self, line: str) -> bool:
        mark = line.lstrip(" ")
        indent = len(line) - len(mark)
        mark = mark.rstrip(" \t\n")
        return indent < 4 and len(mark) >= len(self.mark) and set(mark) == {self.mark[0]}

    def may_close(self, start: str) -> bool:
        """Say whether a line that has only begun may become the closing one."""
        return set(start.strip(" ")) <= {self.mark[0]}

    def add(self, line: str) -> None:
        self.source += line
        indent = min(self.indent, len(line) - len(line.lstrip(" ")))
        self.code += line[indent:]

    def block(self) -> Block:
        return Block(Kind.CODE, self.source, code=self.code.removesuffix("\n"), language=self.language)


class Splitter:
    """Feed it text, `take` a step, `close` it at the end. `parsed` counts the characters that the parser has read."""

    def __init__(self, references: MutableMapping[str, Any] | None = None) -> None:
        self.parsed = 0
        self._tail = ""
        self._carriage = False
        self._references: dict[str, Any] = dict(references or {})
        self._fence: _Fence | None = None
        self._number: int | None = None
        self._table: Table | None = None
        self._shown: list[Block] = []
        self._seen = ""

    @property
    def in_fence(self) -> bool:
        """Say whether the tail is an open code fence."""
        return self._fence is not None

    def feed(self, text: str) -> None:
        """Add text; looking at it is left to `take`."""
        if self._carriage:
            text = "\r" + text
        self._carriage = text.endswith("\r")
        self._tail += clean(text.removesuffix("\r") if self._carriage else text)

    def take(self) -> Step:
        """Return what has become final since the last step, and the tail."""
        done: list[Block] = []
        while True:
            if self._fence:
                if not self._read_fence(done):
                    return Step(done, self._fence_tail())
            elif self._may_wait():
                return Step(done, self._shown + plain_blocks(self._tail[len(self._seen) :], Above.NONE))
            else:
                tail = self._parse(done, final=False)
                if tail is not None:
                    self._shown, self._seen = tail, self._tail
                    return Step(done, tail)

    def close(self) -> list[Block]:
        """Return the blocks of all that is left."""
        if self._carriage:
            self._tail += "\n"
            self._carriage = False
        done = self.take().done
        if self._fence:
            if self._fence.closes(self._tail):
                self._fence.source += self._tail
            elif self._tail:
                self._fence.add(self._tail)
            done.append(self._fence.block())
        else:
            self._parse(done, final=True)
        self._tail, self._fence = "", None
        return done

    def _may_wait(self) -> bool:
        """Say whether the tail is long and what came since the last look need not be parsed yet."""
        new = len(self._tail) - len(self._seen)
        if len(self._seen) < PLAIN or not self._tail.startswith(self._seen):
            return False
        return new * 8 < len(self._seen) and not _PARAGRAPH_END.search(self._tail, max(0, len(self._seen) - 2))

    def _parse(self, done: list[Block], *, final: bool) -> list[Block] | None:
        """Parse the tail, move what is final to `done`; return the tail's blocks, or None to look again."""
        head = self._table.head if self._table else ""
        text = head + self._tail
        self.parsed += len(text)
        references = dict(self._references)
        tokens = parser().parse(text, {"references": references, mathrules.GROWING: not final})
        lines = _lines(text)
        complete = text.count("\n")
        flattener = Flattener(lines, self._number, self._table)
        start, end = 0, closing(tokens, 0)
        while end < len(tokens) and (final or _begins(tokens[end]) <= complete):
            done += flattener.blocks(tokens[start:end])
            start, end = end, closing(tokens, end)
            self._number = self._table = None
        if final:
            done += flattener.blocks(tokens[start:end]) if tokens else []
            return []
        if not tokens:
            return []
        cut = _line(tokens[start]) if start else head.count("\n")
        last = tokens[start] if end == len(tokens) else None
        if last and last.type == "fence" and self._open_fence(lines, last, references):
            return None
        split = self._split(tokens[start:end], lines, complete, flattener, done) if last else None
        shown, kept = split or (flattener.blocks(tokens[start:end]), cut)
        self._cut(lines, kept, references, head)
        return shown + flattener.blocks(tokens[end:])

    def _split(
        self, tokens: Sequence["Token"], lines: Sequence[str], complete: int, flattener: Flattener, done: list[Block]
    ) -> tuple[list[Block], int] | None:
        """Split an open list or table: return the blocks that stay open and the line that they begin at, or None."""
        if tokens[0].type in {"bullet_list_open", "ordered_list_open"}:
            return self._split_list(tokens, complete, flattener, done)
        if tokens[0].type == "table_open":
            return self._split_table(tokens, lines, complete, flattener, done)
        return None

    def _split_list(
        self, tokens: Sequence["Token"], complete: int, flattener: Flattener, done: list[Block]
    ) -> tuple[list[Block], int] | None:
        starts = [_line(token) for token in tokens if token.type == "list_item_open" and token.level == 1]
        whole = sum(start + 1 <= complete for start in starts[1:])
        items = flattener.items(tokens)
        if not whole:
            return [block for item in items for block in item], starts[0]
        number = int(tokens[0].attrs.get("start", 1)) if self._number is None else self._number
        done += [block for item in items[:whole] for block in item]
        self._number = number + whole
        return [block for item in items[whole:] for block in item], starts[whole]

    def _split_table(
        self, tokens: Sequence["Token"], lines: Sequence[str], complete: int, flattener: Flattener, done: list[Block]
    ) -> tuple[list[Block], int] | None:
        start = _line(tokens[0])
        parts = flattener.blocks(tokens)
        whole = 0
        line = start if not self._table else start + 2
        for part in parts[:-1]:
            end = line + part.source.count("\n")
            if end > complete:
                break
            whole, line = whole + 1, end
        if not whole:
            return (parts, start) if not self._table else (parts, start + 2)
        self._table = self._table or table_of(tokens, lines)
        done += parts[:whole]
        return parts[whole:], line

    def _cut(self, lines: Sequence[str], kept: int, references: dict[str, Any], head: str) -> None:
        """Forget what is final: the lines above `kept`."""
        skipped = head.count("\n")
        for label, found in references.items():
            if label not in self._references and found["map"][1] <= kept:
                self._references[label] = found
        if kept >= len(lines) or kept > skipped:
            self._tail = "".join(lines[kept:])

    def _open_fence(self, lines: Sequence[str], token: "Token", references: dict[str, Any]) -> bool:
        """Say whether the fence is still open; if so go on reading it line by line."""
        line = _line(token)
        match = _FENCE.match(lines[line])
        if not match or not lines[line].endswith("\n"):
            return False
        fence = _Fence(match[2], len(match[1]), (token.info.split() or [""])[0], lines[line])
        if any(fence.closes(text) for text in lines[line + 1 :]):
            return False
        self._cut(lines, line, references, self._table.head if self._table else "")
        self._number = self._table = None
        self._seen = ""
        self._fence, self._tail = fence, "".join(lines[line + 1 :])
        return True

    def _read_fence(self, done: list[Block]) -> bool:
        """Read what has come of the open fence; say whether it is closed now."""
        fence = self._fence
        while fence and "\n" in self._tail:
            line, _, self._tail = self._tail.partition("\n")
            if fence.closes(line):
                fence.source += line + "\n"
                done.append(fence.block())
                self._fence = None
                return True
            fence.add(line + "\n")
        return False

    def _fence_tail(self) -> list[Block]:
        fence = self._fence
        if not fence:
            return []
        rest = "" if fence.may_close(self._tail) else self._tail
        block = fence.block()
        code = block.code + ("\n" if fence.code else "") + rest[min(fence.indent, len(rest) - len(rest.lstrip(" "))) :]
        return [block._replace(code=code if rest else block.code)]


def parse_slices(text: str) -> Iterator[list[Block]]:
    """Yield the blocks of a whole text, a window of it at a time: as a stream of it would have given them."""
    splitter = Splitter(_references(text))
    start, size = 0, WINDOW
    while start < len(text):
        splitter.feed(text[start : start + size])
        start += size
        done = splitter.take().done
        size = WINDOW if done or splitter.in_fence else size * 2
        yield done
    yield splitter.close()


def parse(text: str) -> list[Block]:
    """Return the blocks of a whole text, with neighbouring text grouped."""
    blocks: list[Block] = []
    for found in parse_slices(text):
        add(blocks, found)
    return blocks


def add(blocks: list[Block], found: Sequence[Block]) -> int:
    """Put blocks behind others, grouping neighbouring text; return the index of the first that is new or changed."""
    changed = len(blocks)
    for block in found:
        merged = merge(blocks[-1], block) if blocks else None
        if merged:
            blocks[-1] = merged
            changed = min(changed, len(blocks) - 1)
        else:
            blocks.append(block)
    return changed


def _references(text: str) -> dict[str, Any]:
    """Return the link definitions of a text, which may stand below where they are used."""
    if not _DEFINITION.search(text):
        return {}
    env: dict[str, Any] = {}
    parser().block.parse(clean(text), parser(), env, [])
    return dict(env.get("references", {}))


def _lines(text: str) -> list[str]:
    """Return the lines with their ends: only newlines end them, as the parser counts."""
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _line(token: "Token") -> int:
    return (token.map or (0, 0))[0]


def _begins(token: "Token") -> int:
    """Return how many complete lines it takes to be sure that the block begins here: a table needs its second one, a
    formula its last, and one that is open is nothing to be sure of.
    """
    if token.type == mathrules.BLOCK:
        return (token.map or (0, 0))[1]
    if token.type == mathrules.OPEN:
        return _NEVER
    return _line(token) + (2 if token.type in {"table_open", "paragraph_open"} else 1)
