"""Asking: what dialects have in common. Wire messages become the engine's, wishes parameters, and a turn is begun."""

import binascii
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from starlette.requests import Request

from parley.attachments import media_type
from parley.errors import RequestInvalid, ServerEnding
from parley.events import Finished
from parley.messages import Image, Message, MessageStatus, Part, Role, Text, ToolCall, ToolResult, Usage
from parley.models import EFFORTS, LIMITS, MOST_STOPS, NO_PARAMETERS, Effort, Model, Parameters, ToolSpec, fits
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.streams import outcome
from parley.turn import Turn

_LARGER_EFFORTS = frozenset({"xhigh", "max"})


class Talk:
    """A client's messages, taken in their order. What a system says first becomes the instruction."""

    def __init__(self) -> None:
        self._instructions: list[str] = []
        self._said: list[tuple[Role, list[Part]]] = []
        self._calls: dict[str, list[Part]] = {}
        """By the id of a call, the parts that it is among."""
        self._pictures: list[Image] = []

    def system(self, text: str) -> None:
        """Take what is said to the model beside the talk."""
        if not text:
            return
        if self._said:
            self._add(Role.SYSTEM, (Text(text),))
        else:
            self._instructions.append(text)

    def user(self, *parts: Part) -> None:
        """Take what a person says."""
        self._add(Role.USER, parts)

    def assistant(self, *parts: Part) -> None:
        """Take what the model has said: text, thoughts and calls."""
        self._add(Role.ASSISTANT, parts)
        said = self._said[-1][1]
        self._calls.update((part.id, said) for part in parts if isinstance(part, ToolCall))

    def result(self, call_id: str, text: str, *, failed: bool = False, pictures: Sequence[Image] = ()) -> None:
        """Take what came of a call; pictures are shown to the model after all results. Raises RequestInvalid."""
        if call_id not in self._calls:
            raise RequestInvalid(problem=f"there is a result of the call “{call_id[:80]}”, but no such call before it")
        self._calls[call_id].append(ToolResult(call_id, text, failed))
        self._pictures += pictures

    @property
    def open_calls(self) -> list[ToolCall]:
        """Return the calls of the last reply of which no result has come, for clients that do not name them."""
        parts = next((parts for role, parts in reversed(self._said) if role is Role.ASSISTANT), [])
        done = {part.call_id for part in parts if isinstance(part, ToolResult)}
        return [part for part in parts if isinstance(part, ToolCall) and part.id not in done]

    @property
    def instruction(self) -> str:
        """Return what is said to the model beside the talk."""
        return "\n\n".join(self._instructions) if self._said else ""

    @property
    def messages(self) -> list[Message]:
        """Return the talk. Where nothing but an instruction was sent, that is the question. Raises RequestInvalid."""
        self._show()
        if not self._said and self._instructions:
            return [_message(Role.USER, [Text("\n\n".join(self._instructions))])]
        if not any(parts for _, parts in self._said):
            raise RequestInvalid(problem="there is nothing to answer", invalid={"messages": ["there are none"]})
        return [_message(role, parts) for role, parts in self._said]

    def _add(self, role: Role, parts: tuple[Part, ...]) -> None:
        self._show()
        self._said.append((role, list(parts)))

    def _show(self) -> None:
        if self._pictures:
            self._said.append((Role.USER, list(self._pictures)))
            self._pictures = []


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks. Without a model the assistant's answers, if there is one, else the account's default.

    `assistant` is an id, a slug or a name. `tool_choice`: see `ProviderRequest`.
    """

    talk: Talk
    model: str = ""
    parameters: Parameters = NO_PARAMETERS
    tools: Sequence[ToolSpec] = ()
    tool_choice: str = "auto"
    assistant: str = ""


async def ask(backend: Backend, caller: Caller, question: Question, *, keep: bool = False) -> Turn:
    """Return the turn that answers. Nothing is kept but with `keep`, or if what programs ask is to become chats.

    Raises ChatError.
    """
    engine, model = backend.services.engine, question.model.strip()
    if model:
        provider, name = await backend.services.catalog.offered(model)
        model = f"{provider.id}/{name}"
    messages, instruction = question.talk.messages, question.talk.instruction
    return await engine.complete(
        messages,
        model,
        instruction,
        parameters=question.parameters,
        tools=question.tools,
        tool_choice=question.tool_choice,
        account=caller.id,
        assistant=question.assistant,
        channel=CHANNEL if keep or backend.options.server_log_traffic else "",
    )


async def whole(turn: Turn, request: Request) -> Finished:
    """Return how a turn has ended that is answered at once. Raises TurnFailed, and ServerEnding if it was stopped."""
    last = await outcome(turn, request)
    if not isinstance(last, Finished):
        raise ServerEnding
    return last


def spent(turn: Turn, last: Finished) -> Usage:
    """Return what an answer cost, guessed where nobody has counted."""
    return last.usage or turn.usage


def image_of(data: bytes) -> Image:
    """Return a picture as it is, byte for byte; its kind is told by what it holds. Raises RequestInvalid."""
    kind = media_type(data)
    if not kind:
        raise RequestInvalid(problem="an image is of no kind that models take: PNG, JPEG, GIF and WebP are")
    return Image(kind, data)


def image_from_text(text: str) -> Image:
    """Return the picture of a field that may hold either: Base64, or an address with it. Raises RequestInvalid."""
    return image_from_url(text) if text[:5].lower() == "data:" else image_from_base64(text)


def image_from_base64(text: str) -> Image:
    """Return the picture that was sent as text. Raises RequestInvalid."""
    try:
        data = b64decode("".join(text.split()) if any(map(text.__contains__, " \r\n\t")) else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(problem="an image is not written in Base64") from error
    return image_of(data)


def image_from_url(url: str) -> Image:
    """Return the picture that an address holds, which begins with `data:`. Raises RequestInvalid.

    Nothing is fetched: whoever may ask would reach through us what only this computer can reach.
    """
    head, comma, data = url.partition(",")
    if not head[:5].lower() == "data:":
        raise RequestInvalid(problem="images are taken as “data:” addresses only, and are fetched from nowhere")
    if not comma or not head.lower().rstrip().endswith(";base64"):
        raise RequestInvalid(problem="an image is not written as “data:image/png;base64,…”")
    return image_from_base64(data)


def checked(parameters: Parameters, names: Mapping[str, str] | None = None) -> Parameters:
    """Return parameters that are within their limits. `names`: what they are called on the wire, where it differs.

    Raises RequestInvalid.
    """
    wrong: dict[str, list[str]] = {}
    for each in fields(parameters):
        if not fits(each.name, getattr(parameters, each.name)):
            wrong[(names or {}).get(each.name, each.name)] = [_limit(each.name)]
    if wrong:
        told = "; ".join(f"{name}: {words[0]}" for name, words in wrong.items())
        raise RequestInvalid(problem=told, invalid=wrong)
    return parameters


async def allowed_models(backend: Backend, caller: Caller) -> list[Model]:
    """Return the models that an account may use, those that only embed texts last."""
    catalog, allows = backend.services.catalog, caller.account.permissions.allows_model
    models = [*await catalog.models(), *catalog.cached_models("embedding")]
    return [model for model in models if allows(model.provider, model.name)]


def seed_of(number: int | None) -> int | None:
    """Return a seed that every vendor takes. Others, which are longer or below zero, each stand for one of these."""
    return None if number is None else number % (int(LIMITS["seed"][1]) + 1)


def stops_of(stop: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the sequences that end an answer; empty ones say nothing."""
    sequences = (stop,) if isinstance(stop, str) else stop or ()
    return tuple(sequence for sequence in sequences if sequence)


def effort_of(word: str | None, name: str = "reasoning_effort") -> Effort:
    """Return how long the model is to think. Raises RequestInvalid for a word that is none."""
    known: dict[str, Effort] = {each: each for each in EFFORTS} | dict.fromkeys(_LARGER_EFFORTS, "high")
    if word is None:
        return ""
    if word not in known:
        told = f"one of {', '.join(filter(None, EFFORTS))}"
        raise RequestInvalid.of_field(name, told)
    return known[word]


def _limit(name: str) -> str:
    if name in LIMITS:
        least, most = LIMITS[name]
        return f"it is from {least:g} to {most:g}"
    return f"there are at most {MOST_STOPS}"


def _message(role: Role, parts: Iterable[Part]) -> Message:
    return Message("", "", None, role, tuple(parts), MessageStatus.COMPLETE, time.time())
