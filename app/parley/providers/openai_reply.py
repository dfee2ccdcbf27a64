"""Reading chat completions: the events of OpenAI's `/chat/completions`, as its many imitations send them too.

https://developers.openai.com/api/docs/api-reference/chat, and what vendors' documents say beyond it (`openai_rows`).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from parley.events import Event, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import ToolCall, new_id
from parley.providers.endpoints import object_of
from parley.providers.openai_chat import signature
from parley.providers.openai_usage import REASONS
from parley.providers.pictures import picture_at
from parley.providers.thinking import ThinkSplitter


class ChatReply:
    """What is known of an answer so far. `usage` is what was said last of the tokens, as it came."""

    def __init__(self, provider: str) -> None:
        self.reason = ""
        self.spoken = False
        self.usage: Mapping[str, Any] = {}
        self._provider = provider
        self._splitter = ThinkSplitter()
        self._calls: list[_Call] = []
        self._details: list[dict[str, Any]] = []
        self._sources: list[Any] = []

    def take(self, chunk: Mapping[str, Any]) -> list[Event]:
        """Return the events of a chunk, or of a whole answer that came at once."""
        for name in ("usage", "timings", "x_groq"):
            if name in chunk:
                self._count(chunk)
                break
        try:
            choice = chunk["choices"][0]
            delta = choice.get("delta") or choice.get("message") or {}
        except (KeyError, IndexError, TypeError, AttributeError):
            return []
        if not isinstance(delta, dict):
            return []
        events: list[Event] = []
        if len(delta) > 1 or "content" not in delta:
            self._beside(delta, events)
        if content := delta.get("content"):
            self._say(content, events)
        if refusal := delta.get("refusal"):
            self._say(refusal, events)
        if calls := delta.get("tool_calls"):
            self._call(calls)
        if images := delta.get("images"):
            self._show(images, events)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self.reason = REASONS.get(reason.lower(), reason)
        return events

    def end(self) -> list[Event]:
        """Return what was held back until the answer was complete: its calls above all, unless it broke off."""
        events: list[Event] = []
        self._note(self._splitter.end(), events)
        if not self.reason:
            return events
        if self._sources and self.spoken:
            events.append(TextDelta(_listed(self._sources)))
        if self._details:
            self._sign(events)
        calls = [call for call in self._calls if call.name]
        taken: set[str] = set()
        for call in calls:
            if not call.id or call.id in taken:
                call.id = f"call_{new_id().replace('-', '')}"
            taken.add(call.id)
            events.append(ToolCalled(ToolCall(call.id, call.name, call.arguments or "{}")))
        if calls and self.reason == "stop":
            self.reason = "tool_calls"
        elif not calls and self.reason == "tool_calls":
            self.reason = "stop"
        self.spoken = self.spoken or bool(calls)
        return events

    def _count(self, chunk: Mapping[str, Any]) -> None:
        usage = chunk.get("usage") or object_of(chunk.get("x_groq")).get("usage")
        timings = chunk.get("timings")
        if isinstance(usage, dict) or isinstance(timings, dict):
            told = usage if isinstance(usage, dict) else {}
            self.usage = {**self.usage, **told, **({"timings": timings} if isinstance(timings, dict) else {})}
        # Perplexity tells in every chunk what the numbers in its text stand for.
        sources = chunk.get("search_results")
        self._sources = sources if isinstance(sources, list) else self._sources

    def _beside(self, delta: Mapping[str, Any], events: list[Event]) -> None:
        """Take what is thought, under the names that it has with the vendors."""
        for name in ("reasoning_content", "reasoning"):
            thought = delta.get(name)
            if isinstance(thought, str) and thought:
                events.append(ReasoningDelta(thought))
                break
        details = delta.get("reasoning_details")
        if isinstance(details, list):
            for detail in details:
                if isinstance(detail, dict):
                    self._detail(detail)

    def _detail(self, detail: Mapping[str, Any]) -> None:
        """Join the pieces of OpenRouter's details: they are wanted back whole."""
        last = self._details[-1] if self._details else {}
        if not last or (last.get("index"), last.get("type")) != (detail.get("index"), detail.get("type")):
            self._details.append(dict(detail))
            return
        for name, value in detail.items():
            if name in ("text", "summary", "data") and isinstance(value, str) and isinstance(last.get(name), str):
                last[name] += value
            elif value is not None:
                last[name] = value

    def _sign(self, events: list[Event]) -> None:
        events.append(ReasoningDelta("", signature(self._provider, self._details)))
        self._details = []

    def _say(self, content: Any, events: list[Event]) -> None:
        """Take the text of a delta: a string, or with some vendors a list of typed parts."""
        if isinstance(content, str):
            if self._details:
                self._sign(events)
            self._note(self._splitter.feed(content), events)
        elif isinstance(content, list):
            for part in map(object_of, content):
                thinking = part.get("thinking")
                if isinstance(text := part.get("text"), str):
                    self._note(self._splitter.feed(text), events)
                elif isinstance(thinking, str):
                    events.append(ReasoningDelta(thinking))
                elif isinstance(thinking, list):
                    words = "".join(str(object_of(piece).get("text", "")) for piece in thinking)
                    events.append(ReasoningDelta(words))

    def _note(self, deltas: Iterable[TextDelta | ReasoningDelta], events: list[Event]) -> None:
        events += deltas
        if not self.spoken:
            self.spoken = any(isinstance(delta, TextDelta) and not delta.text.isspace() for delta in events)

    def _show(self, images: Any, events: list[Event]) -> None:
        """Take pictures, as https://openrouter.ai/docs/features/multimodal/image-generation has them."""
        for entry in map(object_of, images if isinstance(images, list) else ()):
            if image := picture_at(object_of(entry.get("image_url")).get("url")):
                events.append(ImageMade(image))
                self.spoken = True

    def _call(self, deltas: Any) -> None:
        for delta in deltas if isinstance(deltas, list) else [deltas]:
            if isinstance(delta, dict):
                function = object_of(delta.get("function"))
                self._which(delta, function.get("name")).take(delta, function)

    def _which(self, delta: Mapping[str, Any], name: Any) -> "_Call":
        """Return the call that a piece belongs to: by its index, else by its id, else it is the last one.

        Some servers give all calls one index, but each its own id, or send neither.
        """
        index, id = delta.get("index"), delta.get("id")
        found = next((call for call in reversed(self._calls) if index is not None and call.index == index), None)
        if found is None and index is None and self._calls:
            known = next((call for call in self._calls if id and call.id == id), None)
            found = known or (None if id or name else self._calls[-1])
        if found is None or (id and found.id and found.id != id and name):
            found = _Call(index)
            self._calls.append(found)
        return found


class _Call:
    """A call whose arguments are still coming."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments = ""

    def take(self, delta: Mapping[str, Any], function: Mapping[str, Any]) -> None:
        id, name, arguments = delta.get("id"), function.get("name"), function.get("arguments")
        self.id = self.id or (id if isinstance(id, str) else "")
        self.name = self.name or (name if isinstance(name, str) else "")
        if isinstance(arguments, str):
            self.arguments += arguments
        elif isinstance(arguments, dict):
            self.arguments = json.dumps(arguments, ensure_ascii=False)


def _listed(sources: Iterable[Any]) -> str:
    """Return the pages that an answer names by numbers, in Markdown."""
    lines = []
    for number, source in enumerate(map(object_of, sources), 1):
        url, title = source.get("url"), source.get("title")
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            words = str(title or url).replace("[", "(").replace("]", ")")
            lines.append(f"{number}. [{words}](<{url}>)")
    return "\n\n" + "\n".join(lines) if lines else ""
