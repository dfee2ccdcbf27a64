"""Row: one message as cells, one below the other, with their heights. Knows nothing of scrolling or other messages."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from parley.events import Event, Failed, Finished, ReasoningDelta, Started, Status, Stopped, TextDelta
from parley.messages import Message, MessageStatus, Reasoning, Role, Text
from parley.render import Block, Kind, parse
from parley.ui.transcript.cell import Cell
from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.furniture import Foot, More, ReasoningHead, Sentence
from parley.ui.transcript.part import Make, Part, maker
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import TextCell
from parley.ui.transcript.words import Words

MAX_RICH = 200_000
"""A longer message is cut; all of it can be shown as plain lines."""
CUT = 50_000


@dataclass(frozen=True)
class Kit:
    """What every row is made with."""

    style: Style
    words: Words
    sentence: Sentence
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
        self.reasoning = Part(self._maker(muted=True))
        self.head.open = unfolded
        self.waiting = ""
        self.live = False
        self._thinking_since: float | None = None
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
        self.head.rtl = self.foot.rtl = kit.rtl

    def _maker(self, *, muted: bool = False) -> Make:
        words = self.kit.words
        return maker(self.kit.style, words.copy(), words.copied(), muted=muted)

    def dress(self, kit: Kit, width: int) -> None:
        """Be made of the same blocks in another style."""
        head, foot = self.head, self.foot
        self._furnish(kit)
        self.answer.dress(self._maker())
        self.reasoning.dress(self._maker(muted=True))
        self.head.open, self.foot.unfolded = head.open, foot.unfolded
        self.head.show(present=head.present, running=head.running, seconds=head.seconds)
        self._show_state()
        self.set_width(width)

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
        if len(text) <= MAX_RICH:
            self.answer.show(parse(text))
        elif self.full:
            self.answer.show([Block(Kind.CODE, text, code=text)])
        else:
            cut = text.rfind("\n", CUT // 2, CUT) + 1 or CUT
            self.answer.show(parse(text[:cut]))
        self._show_reasoning()
        self._show_state()

    def _show_reasoning(self) -> None:
        reasoning = self.message.reasoning
        seconds = next((part.seconds for part in self.message.parts if isinstance(part, Reasoning)), None)
        self.head.show(present=bool(reasoning.strip()), running=False, seconds=seconds)
        if self.head.open:
            self.reasoning.show([replace(block, quote=block.quote + 1) for block in parse(reasoning[:MAX_RICH])])

    def _show_state(self) -> None:
        streams = self.message.status is MessageStatus.STREAMING
        waits = streams and not self.message.text and not self.head.running
        self.foot.show(self.message, self.versions, waits=waits or bool(self.waiting), waiting=self.waiting)

    def _wanted(self) -> list[Cell]:
        """Return the cells from the top to the bottom."""
        if self.is_user:
            cells: list[Cell] = [*self.answer.cells] or [Cell()]
        else:
            cells = [self.head, *(self.reasoning.cells if self.head.open else []), *self.answer.cells]
        size = len(self.message.text)
        if size > MAX_RICH and not self.full and not self.live:
            cells.append(More(self.kit.style, self.kit.words.show_all(size)))
        return cells if self.is_user else [*cells, self.foot]

    def set_width(self, width: int) -> None:
        """Take the width of the column; nothing is laid out yet."""
        px = self.kit.style.px
        self.width = self.content = width
        self.left = 0
        if self.is_user:
            pad = px(16)
            most = int(width * self.kit.style.theme.user_share) - 2 * pad
            cells = self._wanted()
            single = cells[0] if len(cells) == 1 else None
            self.content = min(most, single.natural_width(most)) if isinstance(single, TextCell) else most
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
        return max(40, self.content - self.cells[index].inset)

    def cell_left(self, cell: Cell) -> int:
        """Return where a cell begins, from the column's left."""
        return self.left + (0 if cell.rtl else min(cell.inset, self.content - 40))

    def lead(self, index: int) -> int:
        """Return the room above a cell."""
        px = self.kit.style.px
        if index == 0:
            return px(34) if self.is_user else px(18)
        return 0 if index == 1 and not self.is_user and not self.head.present else self.cells[index].above

    def _slot(self, index: int, height: int) -> int:
        px = self.kit.style.px
        below = 0 if index < len(self.cells) - 1 else px(14) if self.is_user else px(2)
        return self.lead(index) + height + below

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

    def release(self) -> None:
        """Let go of what the cells hold."""
        for cell in self.cells:
            cell.release()

    # --- what changes
    def fold(self) -> None:
        """Show or hide the reasoning."""
        self.head.open = not self.head.open
        if self.head.open and not self.reasoning.cells:
            self._show_reasoning_now()
        self.rebuild(0)

    def _show_reasoning_now(self) -> None:
        running, seconds = self.head.running, self.head.seconds
        self._show_reasoning()
        self.head.show(present=True, running=running, seconds=seconds)

    def begin(self) -> None:
        """Start to take events, from the first."""
        self.live = True
        self.message = replace(self.message, parts=(), status=MessageStatus.STREAMING, failure=None, usage=None)
        self._show_parts()
        self.rebuild(0)

    def feed(self, events: Sequence[Event]) -> int:
        """Take events; return the index of the first cell that changed."""
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        thought = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
        for event in events:
            self._note(event)
        first = len(self.cells) - 1
        if thought:
            self._think(thought)
            first = 0
        if text:
            self._stop_thinking()
            self.waiting = ""
            parts = self.message.parts
            before = parts[-1].text if parts and isinstance(parts[-1], Text) else ""
            kept = parts[:-1] if before else parts
            self.message = replace(self.message, parts=(*kept, Text(before + text)))
            changed = self.answer.feed(text)
            above = len(self._wanted()) - len(self.answer.cells) - 1
            first = min(first, above + changed)
        self._show_state()
        self.foot.width = -1
        self.rebuild(first)
        return first

    def _note(self, event: Event) -> None:
        """Take what an event says about the whole message."""
        match event:
            case Started(model):
                self.message = replace(self.message, model=model)
            case Status(text=words):
                self.waiting = words
            case Finished(usage=usage):
                self.message = replace(self.message, status=MessageStatus.COMPLETE, usage=usage)
            case Failed(failure):
                self.message = replace(self.message, status=MessageStatus.FAILED, failure=failure)
            case Stopped():
                self.message = replace(self.message, status=MessageStatus.STOPPED)
            case _:
                return
        if not isinstance(event, Status):
            self.waiting = ""

    def _think(self, thought: str) -> None:
        parts = self.message.parts
        so_far = self.message.reasoning
        self.message = replace(self.message, parts=(Reasoning(so_far + thought), *(parts[1:] if so_far else parts)))
        self._thinking_since = self._thinking_since or time.monotonic()
        self.waiting = ""
        present = bool((so_far + thought).strip())
        self.head.show(present=present, running=present and not self.message.text, seconds=None)
        if self.head.open:
            self._show_reasoning_now()

    def _stop_thinking(self) -> None:
        if self.head.running and self._thinking_since is not None:
            self.head.show(present=True, running=False, seconds=time.monotonic() - self._thinking_since)

    def finish(self, message: Message | None) -> Iterator[None]:
        """End the stream: show the state now; return the work of parsing the whole once more."""
        self.live = False
        self.waiting = ""
        self._stop_thinking()
        if message is not None:
            seconds = self.head.seconds
            self.message = message
            self._show_reasoning()
            if self.head.seconds is None:
                self.head.seconds = seconds
        elif self.message.status is MessageStatus.STREAMING:
            self.message = replace(self.message, status=MessageStatus.INTERRUPTED)
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
