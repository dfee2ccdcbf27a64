"""The models that an Ollama server keeps: what is in memory, fetching one with its progress, deleting one."""

import re
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    ChatError,
    DiskShort,
    ModelUnknown,
    ProviderFailed,
    PullFailed,
    RequestRefused,
    ServerOutdated,
)
from parley.http import Client
from parley.providers.endpoints import number, object_of
from parley.providers.library import LoadedModel, PullProgress, Stage
from parley.providers.ollama_wire import loaded_of
from parley.refusals import error_words

SPEED_SECONDS, LEAST_SECONDS = 8.0, 0.5
"""The speed of a download is that of the last seconds, and is told once it has been watched for a moment."""

_CHECKING = ("verifying", "writing", "removing", "cleaning")
_NO_SUCH_MODEL = re.compile(r"file does not exist|not found|\b404\b|invalid model (name|path)|name .* is invalid")
_NO_ROOM = re.compile(r"no space left|not enough (disk )?space|disk (is )?full|disk quota", re.IGNORECASE)
_OUTDATED = re.compile(r"newer version of ollama|\b412\b", re.IGNORECASE)
_TYPED = re.compile(r"^(?:ollama\s+(?:pull|run)\s+|(?:https?://)?(?:www\.)?ollama\.com/(?:library/)?)", re.IGNORECASE)


def pulled_name(typed: str) -> str:
    """Return the model that a person means, who may have copied a whole command or the address of its page."""
    words = _TYPED.sub("", typed.strip().strip("`\"'")).removeprefix("https://").split()
    return words[0].rstrip("/") if words else ""


async def loaded(client: Client, seconds: float) -> list[LoadedModel]:
    """Return the models in memory. Raises ChatError."""
    listed = object_of(await client.ask("/api/ps", seconds=seconds)).get("models")
    return [loaded_of(object_of(entry)) for entry in listed] if isinstance(listed, list) else []


async def pull(client: Client, name: str, model: str) -> AsyncGenerator[PullProgress, None]:
    """Fetch a model and tell how far it is. Raises ChatError."""
    tally = _Tally()
    done = False
    try:
        async with (
            client.stream("/api/pull", {"model": name, "stream": True}, model=model) as answer,
            aclosing(answer.lines()) as lines,
        ):
            async for line in lines:
                said = object_of(client.parsed(line))
                if error := said.get("error"):
                    raise client.refusal("while fetching", error_words(error), model=model)
                progress = tally.take(said)
                done = progress.stage == "done"
                yield progress
                if done:
                    break
    except ChatError as error:
        raise _told(error, client.provider, model) from error
    if not done:
        raise PullFailed(provider=client.provider, model=model, detail="the stream ended before the model was there")


class _Tally:
    """Adds up the files of a model, and knows how fast they come."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[int, int]] = {}
        self._came = 0
        self._seen: deque[tuple[float, int]] = deque()

    def take(self, said: Mapping[str, Any]) -> PullProgress:
        status, digest = str(said.get("status", "")), said.get("digest")
        if isinstance(digest, str) and (total := number(said.get("total"))):
            before = self._files.get(digest, (0, 0))[0]
            now = min(max(before, number(said.get("completed")) or 0), total)
            self._came += now - before if before else 0  # what an earlier download has brought is told at once
            self._files[digest] = now, total
        completed = sum(file[0] for file in self._files.values())
        total = sum(file[1] for file in self._files.values())
        stage = self._stage(status)
        return PullProgress(stage, completed, total, self._speed() if stage == "downloading" else None)

    def _stage(self, status: str) -> Stage:
        if status == "success":
            return "done"
        if status.startswith(_CHECKING):
            return "checking"
        return "downloading" if self._files else "preparing"

    def _speed(self) -> float | None:
        """Return bytes a second, once there is something to measure."""
        now = monotonic()
        self._seen.append((now, self._came))
        while len(self._seen) > 2 and now - self._seen[1][0] > SPEED_SECONDS:
            self._seen.popleft()
        began, before = self._seen[0]
        return (self._came - before) / (now - began) if now - began >= LEAST_SECONDS else None


def _told(error: ChatError, provider: str, model: str) -> ChatError:
    """Return what to say of a download that failed: Ollama's own errors are words only."""
    facts: dict[str, Any] = {"provider": provider, "model": model, "detail": error.detail}
    if isinstance(error, AddressWrong) and "page not found" in error.detail:
        return error
    if _OUTDATED.search(error.detail):
        return ServerOutdated(**facts)
    if _NO_ROOM.search(error.detail):
        return DiskShort(**facts)
    if isinstance(error, ModelUnknown) or _NO_SUCH_MODEL.search(error.detail):
        return ModelUnknown(**facts)
    return PullFailed(**facts) if isinstance(error, AnswerBroken | ProviderFailed | RequestRefused) else error
