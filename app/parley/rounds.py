"""Rounds: a model that wishes for tools is answered with what came of them, and asked again, until it has said all."""

import logging
import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from parley.answers import Answers
from parley.attachments import Attachments
from parley.errors import AnswerEmpty, ChatError
from parley.events import Event, Finished, ImageMade, Said, Started, TextDelta, ToolCalled, ToolFinished, ToolStarted
from parley.messages import Message, MessageStatus, Part, Role, ToolCall, ToolResult, Usage, new_id
from parley.permits import Permits
from parley.providers.base import Provider, ProviderRequest
from parley.providers.catalog import Catalog
from parley.tokens import guessed, in_prompt
from parley.tools import Place, Tool, Toolbox
from parley.tools.box import LONGEST_SECONDS, run
from parley.written import Written

logger = logging.getLogger(__name__)

MOST_ROUNDS = 10
"""After so many rounds of tools the model is asked for its answer without any."""


class Rounds:
    """Gives the events of a whole answer: those of each time that the model is asked, and of the tools between."""

    def __init__(
        self, answers: Answers, catalog: Catalog, toolbox: Toolbox, permits: Permits, attachments: Attachments
    ) -> None:
        self._attachments = attachments
        self._answers = answers
        self._catalog = catalog
        self._toolbox = toolbox
        self._permits = permits

    def events(
        self, provider: Provider, request: ProviderRequest, place: Place, wanted: Collection[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """Return the events of an answer, in which the wanted tools may be called as far as they are allowed.

        They raise ChatError.
        """
        tools = self._toolbox.offered(wanted, self._permits.of(place.account), request.about) if wanted else {}
        if tools:
            events = self._with_tools(provider, request, place, tools)
        else:
            events = self._answers.events(provider, request, place.account)
        return self._keeping(events, place) if place.keeps else events

    async def _keeping(self, events: AsyncGenerator[Event, None], place: Place) -> AsyncGenerator[Event, None]:
        """Yield events, and keep the pictures among them as files. One that cannot be kept is in the answer all the
        same.
        """
        async with aclosing(events):
            async for event in events:
                if isinstance(event, ImageMade) and not event.files:
                    try:
                        file = await self._attachments.keep_image(
                            event.image,
                            account=place.account,
                            conversation_id=place.conversation_id,
                            message_id=place.message_id,
                        )
                        event = replace(event, files=(file.id,))  # noqa: PLW2901 - the same, and where it is kept
                    except ChatError as error:
                        logger.warning("a picture is not kept as a file: %s", error)
                yield event

    async def _with_tools(
        self, provider: Provider, request: ProviderRequest, place: Place, tools: dict[str, Tool]
    ) -> AsyncGenerator[Event, None]:
        whole = Written()
        usage: Usage | None = None
        specs = [tool.spec for tool in tools.values()]
        for number in range(MOST_ROUNDS + 1):
            last = number == MOST_ROUNDS
            asked = replace(request, tools=specs, tool_choice="none" if last else "auto")
            asked = replace(asked, messages=[*request.messages, *_so_far(whole.parts, provider, request, place)])
            this = _Round(asked, further=number > 0)
            async with aclosing(this.events(self._answers, provider, place.account)) as events:
                async for event in events:
                    if isinstance(event, TextDelta) and not this.text and whole.text and whole.text[-1] != "\n":
                        event = TextDelta(f"\n\n{event.text}")  # noqa: PLW2901 - it begins a paragraph of its own
                    if isinstance(event, Said):
                        this.take(event)
                        whole.take(event)
                    yield event
            spent = this.usage if number or this.calls else this.finished.usage
            usage = usage.resumed(spent) if usage and spent else spent
            if last or not this.calls:
                reason = "stop" if this.calls else this.finished.reason
                yield replace(this.finished, usage=usage, reason=reason)
                return
            async for event in self._called(this.calls, tools, place):
                if isinstance(event, ToolFinished):
                    whole.take(event)
                yield event
            provider, request = await self._who_answered(this, provider, request)

    async def _called(
        self, calls: Sequence[ToolCall], tools: dict[str, Tool], place: Place
    ) -> AsyncGenerator[ToolStarted | ToolFinished, None]:
        """Carry out calls, one after the other."""
        for call in calls:
            tool = tools.get(call.name)
            label = tool.label if tool else call.name
            yield ToolStarted(call.id, call.name, label, LONGEST_SECONDS)
            outcome = await run(tool, call, place)
            result = ToolResult(call.id, outcome.text, outcome.failed, outcome.title)
            yield ToolFinished(result, call.name, label, outcome.files)

    async def _who_answered(
        self, this: "_Round", provider: Provider, request: ProviderRequest
    ) -> tuple[Provider, ProviderRequest]:
        """Return whom to ask next: who has begun goes on, though it was the fallback."""
        if this.model in ("", f"{provider.id}/{request.model}"):
            return provider, request
        provider, model = await self._catalog.resolve(this.model)
        return provider, replace(request, model=model, about=self._catalog.known(provider.id, model))


@dataclass
class _Round:
    """One time that the model is asked. Only the first one tells the turn that something was asked."""

    request: ProviderRequest
    further: bool
    model: str = ""
    text: bool = False
    calls: list[ToolCall] = field(default_factory=list)
    finished: Finished = field(default_factory=Finished)
    _said: Written = field(default_factory=Written)

    async def events(self, answers: Answers, provider: Provider, account: str) -> AsyncGenerator[Event, None]:
        """Yield what is said, without the end. One that has nothing to add to what tools have done has ended."""
        try:
            async with aclosing(answers.events(provider, self.request, account, alone=self.further)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        self.finished = event
                        continue
                    if isinstance(event, Started):
                        self.model = event.model
                        if self.further:
                            continue
                    yield event
        except AnswerEmpty:
            if not self.further:
                raise

    def take(self, event: Said) -> None:
        """Remember what was said."""
        self._said.take(event)
        self.text = self.text or isinstance(event, TextDelta)
        if isinstance(event, ToolCalled):
            self.calls.append(event.call)

    @property
    def usage(self) -> Usage:
        """Return what it cost; tokens that nobody has told are guessed, for the turn knows no single rounds."""
        told = self.finished.usage or Usage()
        if None not in (told.input_tokens, told.output_tokens):
            return told
        question = in_prompt(self.request.messages, self.request.instruction)
        answer = sum(map(guessed, self._said.parts))
        return replace(
            told,
            input_tokens=question if told.input_tokens is None else told.input_tokens,
            output_tokens=answer if told.output_tokens is None else told.output_tokens,
            estimated=True,
        )


def _so_far(parts: tuple[Part, ...], provider: Provider, request: ProviderRequest, place: Place) -> list[Message]:
    """Return what there is of the answer, as the last message of the next question."""
    if not parts:
        return []
    id, model = place.message_id or new_id(), f"{provider.id}/{request.model}"
    status, now = MessageStatus.COMPLETE, time.time()
    return [Message(id, place.conversation_id or "", None, Role.ASSISTANT, parts, status, now, model)]


async def or_nothing(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Yield the events of an answer to which there may be nothing to add: an empty one is complete then."""
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except AnswerEmpty:
            yield Finished()
