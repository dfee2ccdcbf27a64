"""Asking an assistant: its answer whole, or as it comes."""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.engine import ChatRequest
from parley.errors import AssistantUnknown, ConversationUnknown, FileUnknown, PromptEmpty
from parley.events import Event, Failed, Finished, ImageMade, Stopped, TextDelta, ToolFinished
from parley.server.application import Asking, json_response
from parley.server.asking import Talk
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.dialect import to_json
from parley.server.dialects.mingleego.files import PREFIX, address_of
from parley.server.dialects.mingleego.problems import error_body
from parley.server.dialects.mingleego.shapes import AssistantName, Completion, Interaction
from parley.server.dialects.mingleego.signatures import Signatures
from parley.server.problems import Kind, Problem, TurnFailed
from parley.server.streams import EventStream, begun, outcome, rendered, sse
from parley.turn import Turn

_NAMED_IN_THE_BODY = (AssistantUnknown, ConversationUnknown, FileUnknown)


def routes(backend: Backend, signatures: Signatures) -> APIRouter:
    """Return the routes that ask a model, and tell which assistants there are."""
    router = APIRouter()

    @router.get(f"{PREFIX}/assistants")
    async def assistants(caller: Asking) -> list[AssistantName]:
        """Tell the assistants by name."""
        return [AssistantName(id=found.id, name=found.name) for found in backend.services.store.assistants.all()]

    @router.post(f"{PREFIX}/chat", response_model=Completion)
    async def chat(interaction: Interaction, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole."""
        turn = await _asked(backend, interaction, caller)
        await outcome(turn, request)
        made = [id async for event in turn for id in _files_of(event)]
        body = {"text": turn.text, "fileUrl": address_of(request, caller, signatures, made)}
        return json_response(body)

    @router.post(f"{PREFIX}/chat/sse", response_class=EventStream)
    async def stream(interaction: Interaction, request: Request, caller: Asking) -> Response:
        """Answer while the answer comes, as server-sent events: pieces of text, and last the whole with `done`."""
        turn = await _asked(backend, interaction, caller)
        rendering = _Rendering(turn, request, caller, signatures)
        return EventStream(rendered(turn, rendering, prompt=False), problem=_error)

    return router


async def _asked(backend: Backend, interaction: Interaction, caller: Caller) -> Turn:
    """Return the turn that answers. Raises ChatError, and TurnFailed for names that mean nothing here."""
    if not interaction.prompt.strip():
        raise PromptEmpty
    try:
        return await begun(_asking(backend, interaction, caller))
    except _NAMED_IN_THE_BODY as error:  # the address is right, what was sent to it is not
        refused = TurnFailed(error.to_failure())
        refused.problem = replace(refused.problem, kind=Kind.BAD_REQUEST)
        raise refused from error


def _asking(backend: Backend, interaction: Interaction, caller: Caller) -> Coroutine[Any, Any, Turn]:
    ids = tuple(interaction.fileIds or ())
    if not interaction.conversationId:
        return _answered(backend, interaction, ids, caller)
    request = ChatRequest(
        interaction.prompt,
        interaction.conversationId,
        files=ids,
        channel=CHANNEL,
        account=caller.id,
        assistant=interaction.assistantId,
    )
    return backend.services.engine.send(request)


async def _answered(backend: Backend, interaction: Interaction, ids: Sequence[str], caller: Caller) -> Turn:
    """Return a turn that is not kept."""
    services = backend.services
    assistant = services.store.assistants.find(interaction.assistantId)
    _, parts = await services.attachments.parts(ids, interaction.prompt, account=caller.id)
    talk = Talk()
    talk.user(*parts)
    return await services.engine.complete(talk.messages, account=caller.id, assistant=assistant.id, keeps_images=True)


class _Rendering:
    """Makes the bytes of events: each piece of text, and at the end all of it with the file that was made."""

    def __init__(self, turn: Turn, request: Request, caller: Caller, signatures: Signatures) -> None:
        self._turn = turn
        self._request = request
        self._caller = caller
        self._signatures = signatures
        self._made: list[str] = []

    def __call__(self, events: Sequence[Event], number: int) -> bytes:
        return b"".join(map(self._rendered, events))

    def _rendered(self, event: Event) -> bytes:
        self._made += _files_of(event)
        match event:
            case TextDelta(text):
                return sse(to_json({"text": text, "fileUrl": None}))
            case Finished() | Stopped():
                address = address_of(self._request, self._caller, self._signatures, self._made)
                return sse(to_json({"text": self._turn.text, "fileUrl": address}), event="done")
            case Failed(failure):
                return _error(Problem.from_failure(failure))
        return b""


def _files_of(event: Event) -> Sequence[str]:
    return event.files if isinstance(event, ImageMade | ToolFinished) else ()


def _error(problem: Problem) -> bytes:
    return sse(to_json(error_body(problem)), event="error")
