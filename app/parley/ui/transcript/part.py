"""Part: the cells of one Markdown text, whole or still growing. Only what changed gets new cells."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from parley.render import Above, Block, Kind, Splitter, add, parse_slices
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell, TextCell
from parley.ui.transcript.words import Words

if TYPE_CHECKING:
    from parley.ui.transcript.pictures import Pictures

Make = Callable[[Block, BlockCell | None], BlockCell]


def maker(
    style: Style, formulas: Formulas, pictures: "Callable[[], Pictures]", words: Words, *, muted: bool = False
) -> Make:
    """Return what makes the cell of a block, given the cell above it. The rarer kinds are loaded when one comes."""

    def make(block: Block, before: BlockCell | None) -> BlockCell:
        match block.kind:
            case Kind.CODE:
                return CodeCell(block, style, words.copy(), words.copied())
            case Kind.TABLE:
                from parley.ui.transcript.tablecell import TableCell

                goes_on = block.above is Above.NONE and isinstance(before, TableCell)
                return TableCell(
                    block, style, formulas, before.slide_state if goes_on and isinstance(before, TableCell) else None
                )
            case Kind.RULE:
                from parley.ui.transcript.tablecell import RuleCell

                return RuleCell(block, style)
            case Kind.IMAGE:
                from parley.ui.transcript.imagecell import ImageCell

                return ImageCell(block, style, pictures(), words)
            case Kind.MATH:
                from parley.ui.transcript.mathcell import MathCell

                return MathCell(block, style, formulas, muted=muted)
            case _:
                return TextCell(block, style, formulas, muted=muted)

    return make


class Part:
    """A text's blocks and, one for one, their cells. While it grows, the last few belong to the open tail."""

    def __init__(self, make: Make, quote: int = 0) -> None:
        self._make = make
        self._quote = quote
        """Quotes that all of it stands in."""
        self._pictures: list[Block] = []
        self._settled: list[Block] = []
        self._shown: list[Block] = []
        self._splitter: Splitter | None = None
        self.cells: list[BlockCell] = []
        self.parsed = 0
        """Letters that the parser has read while the text grew."""

    def illustrate(self, pictures: Sequence[Block]) -> None:
        """Show these pictures above the text."""
        shown = self._shown[len(self._pictures) :]
        self._pictures = list(pictures)
        self._put([*self._pictures, *shown], 0)

    def show(self, blocks: Sequence[Block]) -> int:
        """Show these blocks; return the index of the first cell that changed."""
        self._settled = list(blocks)
        shown = self._whole(blocks)
        first = 0
        for old, new in zip(self._shown, shown, strict=False):
            if old != new:
                break
            first += 1
        self._put(shown, first)
        return first

    def _whole(self, blocks: Sequence[Block]) -> list[Block]:
        """Return the blocks of the text as they are shown, below the pictures."""
        text = [block._replace(quote=block.quote + self._quote) for block in blocks] if self._quote else blocks
        return [*self._pictures, *text]

    def dress(self, make: Make) -> None:
        """Make all cells anew, in another way."""
        self._make = make
        shown, self._shown, self.cells = self._shown, [], []
        self._put(shown, 0)

    def feed(self, text: str) -> int:
        """Add text; return the index of the first cell that changed."""
        if self._splitter is None:
            self._splitter = Splitter()
        self._splitter.feed(text)
        step = self._splitter.take()
        self.parsed = self._splitter.parsed
        first = len(self._pictures) + add(self._settled, step.done)
        self._put(self._whole([*self._settled, *step.tail]), first)
        return first

    def settle(self, text: str) -> Iterator[None]:
        """Parse the whole in slices, then show what differs from what grew. Exhaust it, or leave it as it is."""
        blocks: list[Block] = []
        for found in parse_slices(text):
            add(blocks, found)
            yield
        self._splitter = None
        self._settled = blocks
        blocks = self._whole(blocks)
        first = next((i for i, pair in enumerate(zip(self._shown, blocks, strict=False)) if pair[0] != pair[1]), None)
        shortest = min(len(self._shown), len(blocks))
        if first is not None or len(self._shown) != len(blocks):
            self._put(blocks, shortest if first is None else first)

    def _put(self, shown: list[Block], first: int) -> None:
        """Make the cells of what is shown, beginning with the block at `first`; keep cells whose block is the same."""
        old_blocks, old = self._shown[first:], self.cells[first:]
        del self.cells[first:]
        kept = {id(cell): (block, cell) for block, cell in zip(old_blocks, old, strict=True)}
        for index, block in enumerate(shown[first:]):
            cell = old[index] if index < len(old) else None
            same = next((cell for known, cell in kept.values() if known == block), None) if len(kept) < 40 else cell
            if same is not None and id(same) in kept and kept[id(same)][0] == block:
                del kept[id(same)]
                self.cells.append(same)
            elif cell is not None and id(cell) in kept and isinstance(cell, CodeCell) and self._grows(cell, block):
                del kept[id(cell)]
                self.cells.append(cell)
            else:
                self.cells.append(self._make(block, self.cells[-1] if self.cells else None))
        self._shown = shown

    @staticmethod
    def _grows(cell: CodeCell, block: Block) -> bool:
        same_place = (cell.block.quote, cell.block.indent) == (block.quote, block.indent)
        return block.kind is Kind.CODE and same_place and cell.grow(block)
