"""Progress: a reply while it comes. What its events say, put into the message. Free of Qt."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from parley.events import (
    Event,
    Failed,
    Finished,
    ImageMade,
    ReasoningDelta,
    Started,
    Status,
    Stopped,
    TextDelta,
    ToolStarted,
)
from parley.messages import Image, Message, MessageStatus, Reasoning, Text


class Waiting(NamedTuple):
    """What a turn waits for, in its own words, and until when, as `time.monotonic()` tells it."""

    words: str
    until: float | None = None

    @property
    def seconds(self) -> int | None:
        """Return how many seconds are left, or None where nobody knows."""
        return None if self.until is None else max(0, math.ceil(self.until - time.monotonic()))


class Progress:
    """The message so far; what is waited for; whether it thinks, and for how long it did."""

    def __init__(self, message: Message) -> None:
        self.message = replace(message, parts=(), status=MessageStatus.STREAMING, failure=None, usage=None)
        self.waiting: Waiting | None = None
        self.thinking = False
        self.seconds: float | None = None
        self._since = 0.0

    def take(self, events: Sequence[Event]) -> tuple[str, str]:
        """Take events; return what they add to the text and to the reasoning."""
        text: list[str] = []
        thought: list[str] = []
        images: list[Image] = []
        for event in events:
            match event:
                case TextDelta(delta):
                    text.append(delta)
                case ReasoningDelta(delta):
                    thought.append(delta)
                case ImageMade(image):
                    images.append(image)
                case ToolStarted(label=label):
                    self.waiting = Waiting(label)
                    continue
                case Status(_, words, seconds):
                    self.waiting = Waiting(words, None if seconds is None else time.monotonic() + seconds)
                    continue
                case _:
                    self._note(event)
            self.waiting = None
        self._add("".join(text), "".join(thought), images)
        return "".join(text), "".join(thought)

    def _note(self, event: Event) -> None:
        """Take what an event says about the whole message."""
        match event:
            case Started(model):
                self.message = replace(self.message, model=model)
                return
            case Finished(usage=usage):
                self.message = replace(self.message, status=MessageStatus.COMPLETE, usage=usage)
            case Failed(failure):
                self.message = replace(self.message, status=MessageStatus.FAILED, failure=failure)
            case Stopped():
                self.message = replace(self.message, status=MessageStatus.STOPPED)
            case _:
                return
        self._stop_thinking()

    def _add(self, text: str, thought: str, images: Sequence[Image]) -> None:
        message = self.message
        so_far, thoughts = message.text, message.reasoning
        if thought and not so_far and not self.thinking and (thoughts + thought).strip():
            self.thinking, self._since = True, time.monotonic()
        if text or images:
            self._stop_thinking()
        if text or thought or images:
            thinking = (Reasoning(thoughts + thought, self.seconds),) if thoughts + thought else ()
            said = (Text(so_far + text),) if so_far + text else ()
            self.message = replace(message, parts=(*thinking, *message.images, *images, *said))

    def _stop_thinking(self) -> None:
        if self.thinking:
            self.thinking, self.seconds = False, time.monotonic() - self._since

    def end(self, message: Message | None) -> Message:
        """Return what the message is in the end: the given one, or what its events made of it."""
        self._stop_thinking()
        if message is not None:
            return message
        if self.message.status is MessageStatus.STREAMING:
            return replace(self.message, status=MessageStatus.INTERRUPTED)
        return self.message
