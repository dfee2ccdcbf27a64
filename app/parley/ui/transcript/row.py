"""Row: one message as cells, one below the other, with their heights. Knows nothing of scrolling or other messages."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from parley.messages import Image, Message, MessageStatus, Reasoning, Role
from parley.render import Block, Kind, parse
from parley.render.direction import is_rtl
from parley.ui.transcript.cell import Cell
from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.furniture import Foot, More, ReasoningHead, Sentence
from parley.ui.transcript.part import Make, Part, maker
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell, TextCell
from parley.ui.transcript.words import Words

if TYPE_CHECKING:
    from parley.events import Event
    from parley.ui.transcript.pictures import Pictures
    from parley.ui.transcript.progress import Progress

MAX_RICH = 200_000
"""A longer message is cut; all of it can be shown as plain lines."""
CUT = 50_000
LOOKED_AT = 300
"""Letters in which the direction of a message is looked for: what stands around an answer begins where it begins."""
LEAST = 40
"""Deep nesting leaves a cell at least this width."""


class Kit(NamedTuple):
    """What every row is made with."""

    style: Style
    words: Words
    sentence: Sentence
    formulas: Formulas
    pictures: "Callable[[], Pictures]"
    rtl: bool = False


class Row:
    """A message's cells. `heights` are exact for cells in `exact`, estimates for the others."""

    def __init__(
        self,
        message: Message,
        kit: Kit,
        width: int,
        versions: Sequence[str] = (),
        *,
        unfolded: bool = False,
        full: bool = False,
    ) -> None:
        self.message = message
        self.full = full
        self.versions = versions
        self._furnish(kit)
        self.answer = Part(self._maker())
        self.reasoning = Part(self._maker(muted=True), quote=1)
        self.head.open = unfolded
        self.progress: Progress | None = None
        self._seconds: float | None = None
        self.field: Cell | None = None
        """What stands in the message's place while it is edited."""
        self.cells: list[Cell] = []
        self.heights = Fenwick()
        self.exact: set[int] = set()
        self.width = self.content = self.left = 0
        self._show_parts()
        self.set_width(width)

    def _furnish(self, kit: Kit) -> None:
        self.kit = kit
        words = kit.words
        self.head = ReasoningHead(kit.style, words)
        self.foot = Foot(kit.style, words, kit.sentence)

    def _maker(self, *, muted: bool = False) -> Make:
        kit = self.kit
        return maker(kit.style, kit.formulas, kit.pictures, kit.words, muted=muted)

    def dress(self, kit: Kit, width: int) -> None:
        """Be made of the same blocks in another style."""
        head, foot = self.head, self.foot
        self._furnish(kit)
        self.answer.dress(self._maker())
        self.reasoning.dress(self._maker(muted=True))
        self.head.open, self.foot.unfolded = head.open, foot.unfolded
        self._show_state()
        self.set_width(width)

    @property
    def live(self) -> bool:
        """Say whether the message is being written."""
        return self.progress is not None

    @property
    def is_user(self) -> bool:
        """Say whether the message stands in a box."""
        return self.message.role is Role.USER

    @property
    def total(self) -> int:
        """Return the height of the whole row."""
        return self.heights.total

    # --- content
    def _show_parts(self) -> None:
        text = self.message.text
        self.answer.illustrate(list(map(_picture, self.message.images)))
        if len(text) <= MAX_RICH:
            self.answer.show(parse(text))
        elif self.full:
            self.answer.show([Block(Kind.CODE, text, code=text)])
        else:
            cut = text.rfind("\n", CUT // 2, CUT) + 1 or CUT
            self.answer.show(parse(text[:cut]))
        if self.head.open:
            self._show_reasoning()
        self._show_state()

    def _show_state(self) -> None:
        """Show above the text what is known of the reasoning, below it how the message stands."""
        message, progress = self.message, self.progress
        thinking = progress is not None and progress.thinking
        thoughts = [part.seconds for part in message.parts if isinstance(part, Reasoning) and part.seconds is not None]
        seconds = sum(thoughts) if thoughts else self._seconds
        if progress is not None:
            seconds = progress.seconds
        self.head.show(present=bool(message.reasoning.strip()), running=thinking, seconds=seconds)
        runs = is_rtl(message.text[:LOOKED_AT])
        self.head.rtl = self.foot.rtl = self.kit.rtl if runs is None else runs
        waiting = progress.waiting if progress else None
        waits = message.status is MessageStatus.STREAMING and not message.text and not thinking
        self.foot.show(message, self.versions, waits=waits, waiting=waiting)

    def _wanted(self) -> list[Cell]:
        """Return the cells from the top to the bottom."""
        if self.field is not None:
            return [self.field]
        if self.is_user:
            cells: list[Cell] = [*self.answer.cells] or [Cell()]
        else:
            cells = [self.head, *(self.reasoning.cells if self.head.open else []), *self.answer.cells]
        size = len(self.message.text)
        if size > MAX_RICH and not self.full and not self.live:
            cells.append(More(self.kit.style, self.kit.words.show_all(size)))
        return [*cells, self.foot]

    def set_width(self, width: int) -> None:
        """Take the width of the column; nothing is laid out yet."""
        px = self.kit.style.px
        self.width = self.content = width
        self.left = 0
        if self.is_user:
            pad = px(16)
            most = int(width * self.kit.style.theme.user_share) - 2 * pad
            self.content = max(px(12), min(most, _natural_width(self.answer.cells, most)))
            self.left = pad if self.kit.rtl else width - self.content - pad
        self.rebuild(0)

    def rebuild(self, first: int) -> None:
        """Take the cells from `first` on anew, with the heights they are known or thought to have."""
        cells = self._wanted()
        first = min(first, len(self.cells))
        if first and self.cells[:first] != cells[:first]:
            first = 0
        first = max(0, first - 1)  # the one above may have been the last, with the margin below
        self.cells = cells
        self.heights.truncate(first)
        self.exact = {index for index in self.exact if index < first}
        for index in range(first, len(cells)):
            cell = cells[index]
            if cell.width == self.cell_width(index) and cell.width > 0:
                self.exact.add(index)
                self.heights.append(self._slot(index, cell.height))
            else:
                self.heights.append(self._slot(index, cell.estimate(self.cell_width(index))))

    # --- geometry
    def cell_width(self, index: int) -> int:
        """Return the width that a cell has."""
        if self.cells[index].wide:
            return self.width
        return max(min(self.content, LEAST), self.content - self.cells[index].inset)

    def cell_left(self, cell: Cell) -> int:
        """Return where a cell begins, from the column's left."""
        if cell.wide:
            return 0
        return self.left + (0 if cell.rtl else max(0, min(cell.inset, self.content - LEAST)))

    def lead(self, index: int) -> int:
        """Return the room above a cell."""
        px = self.kit.style.px
        if index == 0:
            return px(34) if self.is_user else px(10)
        return 0 if index == 1 and not self.is_user and not self.head.present else self.cells[index].above

    def _slot(self, index: int, height: int) -> int:
        px = self.kit.style.px
        below = px(2) if index == len(self.cells) - 1 else 0
        return self.lead(index) + height + below

    @property
    def box(self) -> tuple[int, int] | None:
        """Return where the box of what a person said begins, and its height; None where there is none."""
        if not self.is_user or self.field is not None:
            return None
        px = self.kit.style.px
        top = px(34 - 12)
        return top, self.heights.prefix(len(self.cells) - 1) - top + px(12)

    def edit(self, field: Cell | None) -> None:
        """Have a field stand in the message's place, or the message again."""
        self.field = field
        self.rebuild(0)

    def measure(self, index: int) -> int:
        """Lay a cell out and return its height with the room above and below."""
        if index not in self.exact:
            height = self.cells[index].lay_out(self.cell_width(index))
            self.heights.set(index, self._slot(index, height))
            self.exact.add(index)
        return self.heights[index]

    def changed(self, cell: Cell) -> None:
        """Measure a cell again when it is next in sight."""
        cell.width = -1
        self.exact.discard(self.cells.index(cell))

    # --- what changes
    def refresh(self) -> bool:
        """Take formulas that have been drawn meanwhile; say whether there were any."""
        fresh = [cell for cell in self.cells if isinstance(cell, BlockCell) and cell.refresh()]
        for cell in fresh:
            self.changed(cell)
        if fresh:
            self.set_width(self.width)
        return bool(fresh)

    def fold(self) -> None:
        """Show or hide the reasoning."""
        self.head.open = not self.head.open
        if self.head.open:
            self._show_reasoning()
        self.rebuild(0)

    def _show_reasoning(self) -> None:
        self.reasoning = Part(self._maker(muted=True), quote=1)
        if self.live:
            self.reasoning.feed(self.message.reasoning)
        else:
            self.reasoning.show(parse(self.message.reasoning[:MAX_RICH]))

    def begin(self) -> None:
        """Start to take events, from the first."""
        from parley.ui.transcript.progress import Progress

        self.progress = Progress(self.message)
        self.message = self.progress.message
        self._show_parts()
        self.rebuild(0)

    def feed(self, events: "Sequence[Event]") -> None:
        """Take events and show what they bring."""
        progress = self.progress
        if progress is None:
            return
        pictures = len(self.message.images)
        text, thought = progress.take(events)
        self.message = progress.message
        first = len(self.cells) - 1
        if len(self.message.images) > pictures:
            self.answer.illustrate(list(map(_picture, self.message.images)))
            first = 0
        if thought:
            if self.head.open:
                self.reasoning.feed(thought)
            first = 0
        if text:
            changed = self.answer.feed(text)
            above = len(self._wanted()) - len(self.answer.cells) - 1
            first = min(first, above + changed)
        self._show_state()
        self.rebuild(first)

    def finish(self, message: Message | None) -> Iterator[None]:
        """End the stream: show the state now; return the work of parsing the whole once more."""
        if self.progress is not None:
            self._seconds = self.progress.seconds
            self.message = self.progress.end(message)
            self.progress = None
        if self.message.images:
            self.answer.illustrate(list(map(_picture, self.message.images)))
        self._show_state()
        self.rebuild(0)
        return self.answer.settle(self.message.text) if len(self.message.text) <= MAX_RICH else iter(())

    def show(self, message: Message, versions: Sequence[str]) -> None:
        """Take another state of the same message."""
        same = message.parts == self.message.parts and not self.full
        self.message, self.versions = message, versions
        if same:
            self._show_state()
        else:
            self._show_parts()
        self.rebuild(0)


def _picture(image: Image) -> Block:
    """Return the block of a picture that was sent along, or made. Nothing can be found in it."""
    return Block(Kind.IMAGE, f"![]({image.url})\n\n", "<p></p>", url=image.url)


def _natural_width(cells: Sequence[BlockCell], most: int) -> int:
    """Return how much of a width one paragraph takes, or pictures with one below them; anything else takes all."""
    if sum(isinstance(cell, TextCell) for cell in cells) > 1:
        return most
    return max((cell.natural_width(most) for cell in cells), default=most)
