"""Ollama's wire format: what a chat is written as, and what its answers and its lists of models mean. Asks nobody."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parley.events import Event, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Part, Reasoning, Role, Text, ToolCall, ToolResult, Usage, new_id
from parley.models import Model, Parameters
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import number, object_of
from parley.providers.library import LoadedModel, ModelDetails
from parley.providers.prompts import arguments, entries, rounds, with_pictures_asked
from parley.providers.thinking import ThinkSplitter

NANOSECONDS = 1e9

UNSEEN = "[image]"
"""Stands for an image that the model cannot see: one that could was asked before."""

FIRST_THAT_TELLS = (0, 12, 6)

COMMON_PARAMETERS = frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "json", "schema"})

_LEVELS = ("low", "medium", "high")
_REFUSED = re.compile(r"request \((\d+) tokens\) exceeds")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_PINNED = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)
_SECONDS = re.compile(r"\.\d+")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model that matters for asking it. Without `abilities` nobody says what it can do.

    `pinned`: its Modelfile says how large its window is. `remote`: it runs on another computer, which knows best.
    `efforts` are the values that `think` takes.
    """

    context: int | None = None
    pinned: bool = False
    remote: bool = False
    abilities: frozenset[str] | None = None
    efforts: tuple[bool | str, ...] = ()

    def can(self, ability: str) -> bool | None:
        """Return whether it has an ability, or None if nobody says."""
        return None if self.abilities is None else ability in self.abilities


UNKNOWN = Facts()


def facts_of(shown: Mapping[str, Any], entry: Mapping[str, Any]) -> Facts:
    """Return the facts in an answer of `/api/show`, and in the model's entry of the list, which is fuller lately."""
    about, details = object_of(shown.get("model_info")), object_of(shown.get("details") or entry.get("details"))
    pinned = _PINNED.search(str(shown.get("parameters", "")))
    trained = number(about.get(f"{about.get('general.architecture')}.context_length"))
    listed = shown.get("capabilities") or entry.get("capabilities")
    abilities = frozenset(map(str, listed)) if isinstance(listed, list) else None
    values = object_of(shown.get("thinking")).get("values")
    if isinstance(values, list):
        efforts = tuple(value for value in values if isinstance(value, bool | str))
    elif abilities and "thinking" in abilities:
        efforts = _LEVELS if str(details.get("family", "")).replace("-", "") == "gptoss" else (True, False)
    else:
        efforts = ()
    return Facts(
        context=int(pinned[1]) if pinned else trained,
        pinned=pinned is not None,
        remote=bool(shown.get("remote_host") or entry.get("remote_host")),
        abilities=abilities,
        efforts=efforts,
    )


def model_of(provider: str, entry: Mapping[str, Any], facts: Facts) -> Model:
    """Return the model of an entry of the list."""
    details = object_of(entry.get("details"))
    quantization = details.get("quantization_level")
    chats = facts.can("completion")
    embeds = chats is False or (chats is None and "bert" in str(details.get("family", "")))
    return Model(
        provider,
        entry["name"],
        context=facts.context,
        vision=facts.can("vision"),
        tools=facts.can("tools"),
        reasoning=facts.can("thinking"),
        size_bytes=number(entry.get("size")),
        quantization=quantization if isinstance(quantization, str) and quantization != "unknown" else "",
        parameters=COMMON_PARAMETERS | ({"effort"} if facts.efforts else frozenset()),
        purpose="embedding" if embeds else "chat",
    )


def details_of(name: str, shown: Mapping[str, Any]) -> ModelDetails:
    """Return what an answer of `/api/show` says for people."""
    details = object_of(shown.get("details"))
    facts = facts_of(shown, {})
    return ModelDetails(
        name,
        family=_text(details, "family"),
        parameter_size=_text(details, "parameter_size"),
        quantization=_text(details, "quantization_level"),
        format=_text(details, "format"),
        context=facts.context,
        abilities=tuple(sorted(facts.abilities or ())),
        parameters=_text(shown, "parameters"),
        instruction=_text(shown, "system"),
        template=_text(shown, "template"),
        license=_text(shown, "license"),
    )


def loaded_of(entry: Mapping[str, Any]) -> LoadedModel:
    """Return a model in memory from its entry of `/api/ps`."""
    return LoadedModel(
        _text(entry, "name") or _text(entry, "model"),
        size_bytes=number(entry.get("size")),
        graphics_bytes=number(entry.get("size_vram")),
        context=number(entry.get("context_length")),
        until=_moment(_text(entry, "expires_at")),
    )


def tokens_refused(words: str) -> int | None:
    """Return how many tokens a prompt has that was too long, where the server says it, as since 0.34."""
    found = _REFUSED.search(words)
    return int(found[1]) if found else None


def tells_windows(version: str) -> bool:
    """Return whether a server of this version says for how many tokens a model is loaded.

    Older ones count those of parallel requests together. 0.12.6 is also the first that refuses instead of cutting.
    A version that cannot be read is that of somebody's own build.
    """
    found = _VERSION.match(version)
    numbers = tuple(map(int, found.groups())) if found else (0, 0, 0)
    return numbers >= FIRST_THAT_TELLS or numbers == (0, 0, 0)


def same_model(one: str, other: str) -> bool:
    """Return whether two names mean one model: without a tag the latest is meant."""
    return other in (one, f"{one}:latest") or one == f"{other}:latest"


def chat_body(request: ProviderRequest, facts: Facts) -> dict[str, Any]:
    """Return a request of `/api/chat`, without what only its server's state decides.

    What the model does not take is left out. That nothing is to be cut and nothing shifted out of sight while it
    answers older servers do not know; they leave it aside.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _messages(request, facts),
        "stream": True,
        "truncate": False,
        "shift": False,
    }
    chosen = [tool for tool in request.tools if request.tool_choice in ("auto", "required", tool.name)]
    if chosen and facts.can("tools") is not False:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)},
            }
            for tool in chosen
        ]
    given = request.parameters
    if (think := _think(given.effort, facts.efforts)) is not None:
        body["think"] = think
    if given.schema is not None:
        body["format"] = dict(given.schema)
    elif given.json:
        body["format"] = "json"
    if options := _options(given):
        body["options"] = options
    return body


class Reading:
    """Reads an answer, line by line. `spoken`: it has said something, or wants a tool to be called."""

    def __init__(self) -> None:
        self.spoken = False
        self.called = False
        self.last: Mapping[str, Any] = {}
        self._splitter = ThinkSplitter()

    def take(self, line: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what a line adds."""
        self.last = line
        message = object_of(line.get("message"))
        if isinstance(thinking := message.get("thinking"), str) and thinking:
            yield ReasoningDelta(thinking)
        content = message.get("content")
        yield from self._noted(self._splitter.feed(content) if isinstance(content, str) else [])
        calls = message.get("tool_calls")
        for call in map(object_of, calls if isinstance(calls, list) else []):
            function = object_of(call.get("function"))
            if isinstance(name := function.get("name"), str) and name:
                yield from self._noted(self._splitter.end())
                self.spoken = self.called = True
                yield ToolCalled(ToolCall(_text(call, "id") or f"call_{new_id()}", name, _written(function)))

    def end(self) -> Iterator[Event]:
        """Yield what was held back."""
        yield from self._noted(self._splitter.end())

    @property
    def done(self) -> bool:
        """Return whether the answer is complete."""
        return self.last.get("done") is True

    @property
    def reason(self) -> str:
        """Return why it ended."""
        if self.last.get("done_reason") == "length":
            return "length"
        return "tool_calls" if self.called else "stop"

    def _noted(self, deltas: Sequence[TextDelta | ReasoningDelta]) -> Iterator[Event]:
        for delta in deltas:
            self.spoken = self.spoken or (isinstance(delta, TextDelta) and not delta.text.isspace())
            yield delta


def usage_of(last: Mapping[str, Any]) -> Usage:
    """Return the tokens and times of the last line of an answer."""
    load, prompt, answer = (number(last.get(f"{name}_duration")) for name in ("load", "prompt_eval", "eval"))
    first = ((load or 0) + (prompt or 0)) / NANOSECONDS if answer else None
    return Usage(
        input_tokens=number(last.get("prompt_eval_count")),
        output_tokens=number(last.get("eval_count")),
        first_token_seconds=first,
        seconds=first + (answer or 0) / NANOSECONDS if first is not None else None,
    )


def _messages(request: ProviderRequest, facts: Facts) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    if request.instruction.strip():
        sent.append({"role": "system", "content": request.instruction})
    for role, parts in entries(with_pictures_asked(request.messages)):
        if role is Role.ASSISTANT:
            sent += _reply(parts)
        elif sent and sent[-1]["role"] == role:
            sent[-1]["content"] += "\n\n" + _said(parts)
        else:
            sent.append(_asked(str(role), parts, seen=facts.can("vision") is not False))
    return sent


def _asked(role: str, parts: Sequence[Part], *, seen: bool) -> dict[str, Any]:
    images = [part for part in parts if isinstance(part, Image)]
    if images and not seen:
        return {"role": role, "content": "\n".join([*(UNSEEN for _ in images), _said(parts)]).strip()}
    message: dict[str, Any] = {"role": role, "content": _said(parts)}
    if images:
        message["images"] = [b64encode(image.data).decode() for image in images]
    return message


def _reply(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a reply: with tools each of its rounds is one, and so is each result.

    What was thought goes back only with the calls that it led to: some models lose their thread without it.
    """
    names: dict[str, str] = {}
    for said, results in rounds(parts):
        calls = [part for part in said if isinstance(part, ToolCall)]
        names |= {call.id: call.name for call in calls}
        message: dict[str, Any] = {"role": "assistant", "content": _said(said)}
        if calls:
            if thought := "".join(part.text for part in said if isinstance(part, Reasoning)):
                message["thinking"] = thought
            message["tool_calls"] = [
                {"id": call.id, "function": {"name": call.name, "arguments": arguments(call.arguments)}}
                for call in calls
            ]
        if message["content"] or calls:
            yield message
        for result in results:
            yield _result(result, names.get(result.call_id, ""))


def _result(result: ToolResult, name: str) -> dict[str, Any]:
    return {"role": "tool", "tool_name": name, "tool_call_id": result.call_id, "content": result.text}


def _said(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def _think(effort: str, efforts: Sequence[bool | str]) -> bool | str | None:
    """Return the value of `think` that comes nearest to what is wanted; None leaves it to the model."""
    if not effort or not efforts:
        return None
    levels = [value for value in efforts if isinstance(value, str)]
    wanted = "low" if effort == "minimal" else effort
    if wanted == "none":
        return False if False in efforts else ("low" if "low" in levels else None)
    if wanted in levels:
        return wanted
    return True if True in efforts else None


def _options(given: Parameters) -> dict[str, Any]:
    wanted = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "num_predict": given.max_tokens,
        "seed": given.seed,
        "stop": list(given.stop) or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _written(function: Mapping[str, Any]) -> str:
    """Return the arguments of a call as text; they come as an object."""
    found = function.get("arguments")
    return found if isinstance(found, str) else json.dumps(object_of(found), ensure_ascii=False)


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found.strip() if isinstance(found, str) else ""


def _moment(text: str) -> float | None:
    """Return the Unix seconds of a time as Go writes it, whose fractions are too fine for Python."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(_SECONDS.sub("", text)).timestamp()
    except (ValueError, OverflowError):
        return None
