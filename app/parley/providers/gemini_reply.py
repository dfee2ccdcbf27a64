"""Gemini's answers: the chunks of one, as https://ai.google.dev/api/generate-content has them, become events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from parley.events import Event, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import ToolCall, Usage, new_id
from parley.providers.endpoints import number, object_of
from parley.providers.pictures import picture

CUT_OFF = frozenset({"MAX_TOKENS", "CONTINUATION"})
WITHHELD = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
        "MODEL_ARMOR",
    }
)
"""Reasons to finish that are Google's rules. What is none of these, nor `STOP`, is a fault."""


@dataclass
class Reply:
    """What is known of an answer so far. `names` gives the tools their own names back."""

    names: Mapping[str, str]
    reason: str = ""
    message: str = ""
    counts: Mapping[str, Any] = field(default_factory=dict)
    spoken: bool = False
    called: bool = False
    withheld: bool = False
    _signatures: list[str] = field(default_factory=list)
    """Signatures of the text that is coming: they are told after it, for they would cut it in two."""

    def take(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """Yield the events of a chunk."""
        counts = object_of(chunk.get("usageMetadata"))
        if isinstance(counts.get("promptTokenCount"), int):
            self.counts = counts
        if feedback := object_of(chunk.get("promptFeedback")):
            blocked = feedback.get("blockReason")
            if isinstance(blocked, str) and not blocked.endswith("UNSPECIFIED"):
                self.reason, self.withheld = blocked, True
                self.message = str(feedback.get("blockReasonMessage") or "")
        candidates = chunk.get("candidates")
        candidate = object_of(candidates[0] if isinstance(candidates, list) and candidates else None)
        parts = object_of(candidate.get("content")).get("parts")
        for part in map(object_of, parts if isinstance(parts, list) else ()):
            yield from self._part(part)
        if isinstance(reason := candidate.get("finishReason"), str) and reason and not self.withheld:
            self.reason, self.message = reason, str(candidate.get("finishMessage") or "")

    @property
    def usage(self) -> Usage | None:
        """Return the tokens that were told last."""
        return _usage(self.counts)

    def signatures(self) -> Iterator[ReasoningDelta]:
        """Yield the signatures of the text that has come."""
        signatures, self._signatures = self._signatures, []
        for signature in signatures:
            yield ReasoningDelta("", signature)

    def _part(self, part: Mapping[str, Any]) -> Iterator[Event]:
        signature = found if isinstance(found := part.get("thoughtSignature"), str) else ""
        text = found if isinstance(found := part.get("text"), str) else ""
        call = part.get("functionCall")
        if isinstance(call, dict) and isinstance(call.get("name"), str):
            yield from self.signatures()
            yield ToolCalled(self._call(call, signature))
        elif part.get("thought") is True:
            yield from self.signatures()
            if text or signature:
                yield ReasoningDelta(text, signature)
        else:
            if text:
                self.spoken = self.spoken or not text.isspace()
                yield TextDelta(text)
            data = object_of(part.get("inlineData"))
            if image := picture(data.get("mimeType"), data.get("data")):
                self.spoken = True
                yield from self.signatures()
                yield ImageMade(image)
                if signature:
                    yield ReasoningDelta("", signature)
            elif signature:
                self._signatures.append(signature)

    def _call(self, call: Mapping[str, Any], signature: str) -> ToolCall:
        self.spoken = self.called = True
        call_id = found if isinstance(found := call.get("id"), str) and found else f"call-{new_id()}"
        written = json.dumps(object_of(call.get("args")), ensure_ascii=False)
        return ToolCall(call_id, self.names.get(call["name"], call["name"]), written, signature)


def _usage(counts: Mapping[str, Any]) -> Usage | None:
    """Return the tokens that are told: those of tools' results belong to the input, those of thoughts to the output."""
    prompt, tools, said, thought, cached = (
        number(counts.get(name))
        for name in (
            "promptTokenCount",
            "toolUsePromptTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
            "cachedContentTokenCount",
        )
    )
    usage = Usage(
        (prompt or 0) + (tools or 0) or None,
        (said or 0) + (thought or 0) or None,
        reasoning_tokens=thought,
        cached_tokens=cached,
    )
    return None if usage == Usage() else usage
