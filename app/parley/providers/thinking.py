"""ThinkSplitter: tells what a model thought from what it said, where it thinks aloud inside its text.

Knows no wire format: it is fed pieces of text, cut anywhere, and gives events.
"""

from parley.events import ReasoningDelta, TextDelta

Delta = TextDelta | ReasoningDelta

_OPENING = ("<think>", "<thinking>")


class ThinkSplitter:
    """Splits off `<think>…</think>` or `<thinking>…</thinking>` at the very start of an answer.

    Anywhere else such a tag is text. What might still become a tag is held back until it is decided.
    """

    def __init__(self) -> None:
        self._held = ""
        self._closing = ""
        self._state = "start"

    def feed(self, text: str) -> list[Delta]:
        """Take a piece of the answer, and return what is decided now."""
        if self._state == "text":
            return [TextDelta(text)] if text else []
        self._held += text
        return self._step(last=False)

    def end(self) -> list[Delta]:
        """Return what was still held back; the answer is complete."""
        return self._step(last=True)

    def _step(self, *, last: bool) -> list[Delta]:
        events: list[Delta] = []
        while True:
            state = self._state
            if state == "start":
                self._open(events, last=last)
            elif state == "opened":
                self._skip_blank("thinking")
            elif state == "thinking":
                self._think(events, last=last)
            elif state == "closed":
                self._skip_blank("text")
            else:
                self._say(events, TextDelta)
            if self._state == state:
                return events

    def _open(self, events: list[Delta], *, last: bool) -> None:
        start = self._held.lstrip()
        found = next((tag for tag in _OPENING if start.startswith(tag)), None)
        if found:
            self._closing = found.replace("<", "</")
            self._held = start.removeprefix(found)
            self._state = "opened"
        elif last or not any(tag.startswith(start) for tag in _OPENING):
            self._state = "text"

    def _think(self, events: list[Delta], *, last: bool) -> None:
        thought, tag, rest = self._held.partition(self._closing)
        if tag:
            self._held = thought
            self._say(events, ReasoningDelta)
            self._held = rest
            self._state = "closed"
            return
        kept = 0 if last else _start_of(self._closing, self._held)
        self._held, rest = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        self._say(events, ReasoningDelta)
        self._held = rest

    def _skip_blank(self, then: str) -> None:
        self._held = self._held.lstrip()
        if self._held:
            self._state = then

    def _say(self, events: list[Delta], kind: type[Delta]) -> None:
        if self._held:
            events.append(kind(self._held))
            self._held = ""


def _start_of(tag: str, text: str) -> int:
    """Return how many characters at the end of a text may be the start of a tag."""
    return next((size for size in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:size])), 0)
