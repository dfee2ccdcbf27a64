"""ChatEngine: starts turns. Others ask the providers for it (`answers`) and save the replies (`replies`)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Coroutine, Sequence
from contextlib import aclosing, suppress
from functools import partial

from parley.answers import Answers, lost_asleep
from parley.assistants import Assistant, instruction_with, mood_of, parameters_with
from parley.attachments import Attachments
from parley.chat_request import ChatRequest
from parley.context import Prompt
from parley.errors import (
    MessageUnknown,
    NoModel,
    PromptEmpty,
    ProviderTimeout,
    ProviderUnknown,
)
from parley.events import Event, Status
from parley.messages import OWNER, Conversation, Message, MessageStatus, Role, Text, title_from
from parley.models import NO_PARAMETERS, Model, Parameters, ToolSpec
from parley.permits import Permits
from parley.pricing import Prices
from parley.providers.base import Provider, ProviderRequest
from parley.providers.catalog import Catalog
from parley.replies import Replies
from parley.rounds import Rounds, or_nothing
from parley.settings import Settings
from parley.store import ANYONE, Store
from parley.store.idempotency import Claim
from parley.tools import Place, SaveFile, Toolbox
from parley.turn import Conclude, Turn
from parley.written import said_before

__all__ = ["ChatEngine", "ChatRequest"]

logger = logging.getLogger(__name__)

Events = AsyncGenerator[Event, None]

FORGET_SECONDS = 60.0
"""How long an ended turn can be replayed; later readers get the stored message."""

FOREIGN_LOOK_SECONDS = 0.25
"""How often we look whether another process has finished its answer."""

AFTER_SLEEP_SECONDS = 30.0
"""How long another computer is waited for after this one has slept: its connection is mostly dead, and does not say so.
A server on this computer has slept with it, and goes on."""


class ChatEngine:
    """Sends messages, regenerates and resumes replies. All doors (desktop, server, command line) call it alike.

    Everything is done for an account: what is another's is unknown, and what it may not use raises ChatError.
    """

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, prices: Prices | None = None) -> None:
        self._store = store
        self._catalog = catalog
        self._settings = settings
        prices = prices or Prices()
        self._permits = Permits(store)
        self._attachments = Attachments(store, settings)
        self.toolbox = Toolbox([SaveFile(self._attachments)])
        answers = Answers(catalog, settings, prices, store.spending, self._permits)
        self._rounds = Rounds(answers, catalog, self.toolbox, self._permits, self._attachments)
        self._replies = Replies(store, catalog, prices)
        self._turns: dict[str, Turn] = {}
        self._stateless: dict[Turn, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, request: ChatRequest) -> Turn:
        """Store the message and start the reply to it.

        If the conversation is being answered, here or by another process, the reply waits for that one.
        Raises ChatError, and then has stored nothing.
        """
        if not request.text.strip() and not request.images and not request.files:
            raise PromptEmpty
        id, account = request.conversation_id or None, request.account
        conversation = self._store.conversations.get(id, account=account) if id else None
        assistant = self._store.assistants.find(request.assistant) if request.assistant else None
        mood = mood_of(request.mood)
        provider, model = await self._model(request.model, conversation, account, assistant)
        files, parts = await self._attachments.parts(request.files, request.text, account=account)
        conversation, _, reply = await self._store.turns.begin(
            conversation_id=id,
            title=title_from(request.first_said) or (files[0].name if files else "Image"),
            parts=(*request.images, *parts),
            model=f"{provider.id}/{model}",
            instruction=self._settings.options.instruction if request.instruction is None else request.instruction,
            parameters=request.parameters,
            channel=request.channel,
            account=account,
            from_draft=request.from_draft,
            assistant_id=assistant.id if assistant else None,
            mood=mood,
            history=request.history,
            file_ids=[file.id for file in files],
            claim=request.claim,
        )
        return self._start(conversation, reply, provider, model, request.tools)

    async def edit(self, message_id: str, text: str, model: str = "", *, account: str = OWNER) -> Turn:
        """Send another version of a person's message, and start the reply to it. The old branch stays.

        Its images stay. Raises ChatError, MessageUnknown also for what no person has said, and then has stored nothing.
        """
        message = self._store.messages.get(message_id, account=account)
        images = message.images
        if not text.strip() and not images:
            raise PromptEmpty
        if message.role is not Role.USER:
            raise MessageUnknown(message=message_id)
        conversation = self._store.conversations.get(message.conversation_id, account=account)
        provider, name = await self._model(model, conversation, account)
        conversation, _, reply = await self._store.turns.begin(
            conversation_id=conversation.id,
            title="",
            parts=(*images, *([Text(text)] if text else [])),
            model=f"{provider.id}/{name}",
            parent_id=message.parent_id,
            account=account,
        )
        return self._start(conversation, reply, provider, name)

    async def regenerate(
        self, message_id: str, model: str = "", *, account: str = OWNER, claim: Claim | None = None
    ) -> Turn:
        """Answer again: the reply of that id, or to the user message of that id, gets a new version.

        `claim` is the request that wants it, if it may come again. Raises ChatError, and then has stored nothing.
        """
        message = self._store.messages.get(message_id, account=account)
        question = message.parent_id if message.role is Role.ASSISTANT else message.id
        conversation = self._store.conversations.get(message.conversation_id, account=account)
        provider, name = await self._model(model, conversation, account)
        if question is None:
            raise PromptEmpty
        asked = f"{provider.id}/{name}"
        reply = await self._store.turns.begin_reply(parent_id=question, model=asked, account=account, claim=claim)
        return self._start(conversation, reply, provider, name)

    async def resume(self, message_id: str, *, account: str = OWNER) -> Turn:
        """Go on with a reply that was cut off, stopped, interrupted or failed: the same message grows.

        The model is sent the branch with what there is of the answer at its end. Where a provider takes that for the
        beginning of its answer it goes on; others may begin anew, and that is added. The turn's events begin with
        what there was. Raises ChatError, MessageUnknown also for what is no reply, and then nothing has changed.
        """
        message = self._store.messages.get(message_id, account=account)
        conversation = self._store.conversations.get(message.conversation_id, account=account)
        provider, name = await self._model(message.model, conversation, account)
        reply = await self._store.turns.resume(message_id, account=account)
        return self._start(conversation, reply, provider, name)

    async def withdraw(self, reply_id: str, *, account: str = OWNER) -> str:
        """Take back the message that a reply waits for: both go to the trash. Return what it said.

        Meant for replies whose turn has not come, but another one is stopped and what had come is in the trash too. A
        message that has other replies stays. Raises ChatError, also while another process writes the reply.
        """
        reply = self._store.messages.get(reply_id, account=account)
        if reply.parent_id is None or reply.role is not Role.ASSISTANT:
            raise MessageUnknown(message=reply_id)
        if turn := self._turns.get(reply_id):
            turn.stop()
            await turn.wait()
        question = self._store.messages.get(reply.parent_id, account=account)
        alone = self._store.messages.siblings(reply) == [reply.id]
        await self._store.messages.trash(*([question.id] if alone else []), reply.id, account=account)
        return question.text

    async def complete(  # noqa: PLR0913 - what is asked, each by its name
        self,
        messages: Sequence[Message],
        model: str = "",
        instruction: str = "",
        *,
        parameters: Parameters = NO_PARAMETERS,
        tools: Sequence[ToolSpec] = (),
        tool_choice: str = "auto",
        account: str = OWNER,
        assistant: str = "",
        mood: str = "",
        channel: str = "",
        own_tools: Collection[str] = (),
        keeps_images: bool = False,
    ) -> Turn:
        """Answer messages that are not stored; keep the files that tools, and with `keeps_images` also models, make.

        Calls of `tools` are left to the caller; without any, our `own_tools` may be called, and the assistant's. With a
        channel, question and answer become a conversation of it before the last event. Raises ChatError.
        """
        answers = self._store.assistants.find(assistant) if assistant else None
        instruction = instruction_with(instruction, answers, mood_of(mood))
        parameters = parameters_with(parameters, answers)
        provider, name = await self._model(model, None, account, answers)
        about = self._catalog.known(provider.id, name)
        request = ProviderRequest(name, messages, instruction, parameters, tools, tool_choice, about)
        wanted = () if tools else {*own_tools, *(answers.tools if answers else ())}
        events = self._rounds.events(provider, request, Place(account, keeps=keeps_images), wanted)
        if messages and messages[-1].role is Role.ASSISTANT:  # results of tools, or an answer to go on with
            events = or_nothing(events)
        record = partial(self._replies.record, request=request, channel=channel) if channel else None
        turn = self._turn(events, provider, account, record)
        self._stateless[turn] = self._keep(self._forget_stateless(turn))
        return turn

    def running(self, conversation_id: str, *, account: str = OWNER) -> Turn | None:
        """Return the first unfinished turn of a conversation in this process, or None."""
        return next((turn for turn in self.turns(conversation_id, account=account) if not turn.ended), None)

    @property
    def answering(self) -> bool:
        """Return whether any reply is coming in this process."""
        return any(not turn.ended for turn in self._turns.values())

    def turns(self, conversation_id: str, *, account: str = OWNER) -> list[Turn]:
        """Return the turns of a conversation that run in this process, or ended in the last minute, oldest first."""
        wanted = (conversation_id, account)
        return [turn for turn in self._turns.values() if (turn.conversation_id, turn.account) == wanted]

    def turn(self, reply_id: str, *, account: str | None = OWNER) -> Turn | None:
        """Return the turn of a reply that runs in this process, or ended in the last minute."""
        turn = self._turns.get(reply_id)
        return turn if turn and account in (ANYONE, turn.account) else None

    def stop(self, account: str) -> None:
        """Stop all that an account is being answered; what has come is kept."""
        for turn in (*self._turns.values(), *self._stateless):
            if turn.account == account:
                turn.stop()

    async def close(self) -> None:
        """Stop every turn, keep what had come, and wait until that is saved."""
        unfinished = [turn for turn in (*self._turns.values(), *self._stateless) if not turn.ended]
        for turn in unfinished:
            turn.stop()
        await asyncio.gather(*(turn.wait() for turn in unfinished))
        await asyncio.gather(*self._stateless.values(), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._replies.close()

    async def _model(
        self, wanted: str, conversation: Conversation | None, account: str, assistant: Assistant | None = None
    ) -> tuple[Provider, str]:
        name = wanted or (conversation.model if conversation else "") or (assistant.model if assistant else "")
        name = name or await self._default_model(account)
        if not name:
            raise NoModel
        provider, model = await self._catalog.resolve(name)
        self._permits.demand(account, provider.id, model, self._under_way(account))
        self._catalog.demand_key(provider)
        return provider, model

    def _under_way(self, account: str) -> list[Turn]:
        """Return the turns of an account that have not ended."""
        return [
            turn for turn in (*self._turns.values(), *self._stateless) if turn.account == account and not turn.ended
        ]

    async def _default_model(self, account: str) -> str:
        """Return the model for new conversations of an account: its own, else the usual one, else the first allowed."""
        name = self._preferred(account) or await self._catalog.default_model()
        permissions = self._permits.of(account)
        if permissions.models is None or permissions.allows_model(*name.partition("/")[::2]):
            return name
        models = await self._catalog.models()
        return next((model.id for model in models if permissions.allows_model(model.provider, model.name)), name)

    def _preferred(self, account: str) -> str:
        """Return the model that an account prefers; nothing if its provider has gone."""
        name = self._store.preferences.of(account).model
        with suppress(ProviderUnknown):
            self._catalog.get(name.partition("/")[0])
            return name
        return ""

    def _start(
        self,
        conversation: Conversation,
        reply: Message,
        provider: Provider,
        model: str,
        tools: frozenset[str] = frozenset(),
    ) -> Turn:
        events = self._reply(conversation, reply, provider, model, tools)
        turn = self._turn(events, provider, conversation.account_id, self._replies.conclude, reply)
        self._turns[reply.id] = turn
        self._replies.begin(turn, reply)
        self._keep(self._look_after(turn))
        return turn

    def _turn(
        self, source: Events, provider: Provider, account: str, conclude: Conclude | None, reply: Message | None = None
    ) -> Turn:
        limit = self._settings.options.first_token_timeout
        return Turn(
            source,
            conversation_id=reply.conversation_id if reply else "",
            reply_id=reply.id if reply else "",
            account=account,
            conclude=conclude,
            seconds_of_silence=limit,
            silence=lambda: ProviderTimeout(provider=provider.name, seconds=limit),
            seconds_after_sleep=None if provider.local else AFTER_SLEEP_SECONDS,
            lost=lambda error: error if provider.local else lost_asleep(provider, error),
        )

    async def _reply(
        self, conversation: Conversation, reply: Message, provider: Provider, model: str, tools: frozenset[str]
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of a stored reply: those of waiting for its turn, then the provider's."""
        for said in said_before(reply.parts):
            yield said
        if earlier := self._store.messages.streaming_before(reply):
            here = earlier[-1] in self._turns
            words = (
                "Waiting for the answer before this one" if here else "Another Parley is answering in this conversation"
            )
            yield Status("queued" if here else "queued_elsewhere", words)
            for message_id in earlier:
                await self._settled(message_id)
        about = self._catalog.known(provider.id, model)
        id = conversation.assistant_id
        assistant = self._store.assistants.get(id) if id else None
        instruction = instruction_with(conversation.instruction, assistant, conversation.mood)
        parameters = parameters_with(conversation.parameters, assistant)
        messages = await self._prompt(instruction, reply, about)
        goes_on = bool(messages) and messages[-1].id == reply.id
        if not goes_on and (not messages or messages[-1].role is Role.ASSISTANT):
            raise PromptEmpty  # the question has gone while this waited
        request = ProviderRequest(model, messages, instruction, parameters, about=about)
        place = Place(conversation.account_id, conversation.id, reply.id, keeps=True)
        wanted = tools.union(assistant.tools if assistant else ())
        answered = self._rounds.events(provider, request, place, wanted)
        async with aclosing(or_nothing(answered) if goes_on else answered) as events:
            async for event in events:
                yield event

    async def _prompt(self, instruction: str, reply: Message, model: Model | None) -> list[Message]:
        prompt = Prompt(instruction=instruction, context=model.context if model else None)
        prompt.take(reply)
        async with aclosing(self._store.conversations.upwards(reply.parent_id)) as above:
            async for message in above:
                if not prompt.take(message):
                    break
        return prompt.messages

    async def _settled(self, message_id: str) -> None:
        """Return once a message is no longer streaming, in whichever process it is."""
        if turn := self._turns.get(message_id):
            await turn.wait()
            return
        with suppress(MessageUnknown):  # it may be in the trash by now
            message = self._store.messages.get(message_id, account=ANYONE)
            while message.status is MessageStatus.STREAMING:
                await asyncio.sleep(FOREIGN_LOOK_SECONDS)
                message = self._store.messages.get(message_id, account=ANYONE)

    async def _look_after(self, turn: Turn) -> None:
        """Have what comes saved; forget the turn a while after its end."""
        await self._replies.look_after(turn)
        await asyncio.sleep(FORGET_SECONDS)
        if self._turns.get(turn.reply_id) is turn:  # it may have been resumed
            del self._turns[turn.reply_id]

    async def _forget_stateless(self, turn: Turn) -> None:
        try:
            last = await turn.wait()
            if last and turn.model:
                self._store.spending.add_soon(turn.model, self._replies.spent(turn, last), turn.account)
        finally:
            del self._stateless[turn]

    def _keep(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a background task of the engine failed", exc_info=error)
