"""`parley chat`: one turn, or a conversation line by line."""

import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from parley.assistants import instruction_with
from parley.attachments import read_image
from parley.budget import Budget
from parley.cli import manner, streams
from parley.cli.parser import UsageError
from parley.cli.shell import Shell
from parley.cli.usage import tell_budget
from parley.engine import ChatRequest
from parley.errors import ChatError, ConversationUnknown, PromptEmpty
from parley.events import Failed, Finished, ImageMade, LastEvent, ReasoningDelta, Started, Status, TextDelta
from parley.messages import Conversation, Image, Message, MessageStatus, Part, Reasoning, Role, Text, new_id
from parley.models import NO_PARAMETERS, Parameters
from parley.providers.guide import PROVIDER as GUIDE

if TYPE_CHECKING:
    from parley.services import Services
    from parley.turn import Turn

PROMPT = "> "
CHANNEL = "cli"

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def chat(arguments: Namespace, shell: Shell) -> int:
    """Run the command."""
    given = manner.given(arguments)
    images = tuple(map(read_image, arguments.attach))
    prompt = _prompt(arguments)
    if prompt is None and arguments.json:
        raise UsageError("--json needs a prompt")
    with shell.services() as services:
        talk = _Talk(services, arguments.model, arguments.instruction, _conversation(arguments, services))
        talk.assistant, talk.mood = arguments.assistant, arguments.mood
        talk.stores, talk.streams, talk.images = not arguments.no_store, not arguments.json, images
        shell.run(talk.take(given))
        if prompt is None:
            return _line_by_line(shell, talk)
        code = shell.run(talk.say(prompt))
        if arguments.json:
            streams.say_json(talk.report())
        return code


def _prompt(arguments: Namespace) -> str | None:
    """Return what to say, or None for a conversation. Raises PromptEmpty and FileProblem."""
    if streams.is_terminal(sys.stdin) and arguments.prompt is None:
        return None
    piped = streams.piped_text().rstrip("\r\n")
    parts = [part for part in (arguments.prompt, piped) if part and part.strip()]
    if not parts and not arguments.attach:
        raise PromptEmpty
    return "\n\n".join(parts)


def _conversation(arguments: Namespace, services: "Services") -> str | None:
    """Return the id of the conversation to go on with, or None for a new one. Raises ConversationUnknown."""
    conversations = services.store.conversations
    if arguments.conversation is not None:
        return conversations.find(arguments.conversation).id
    if not arguments.last:
        return None
    latest = conversations.latest()
    if latest is None:
        raise ConversationUnknown(conversation="--last", detail="There is none yet.")
    return latest.id


def _line_by_line(shell: Shell, talk: "_Talk") -> int:
    """Converse until the input ends. Ctrl+C stops an answer, and at the prompt it ends the conversation."""
    _use_line_editing()
    streams.write_error("Ctrl+D ends the conversation, Ctrl+C stops an answer.\n")
    while (line := _line()) is not None:
        if not line.strip():
            continue
        try:
            shell.run(talk.say(line))
        except KeyboardInterrupt:
            if shell.terminated:
                raise
        except ChatError as error:
            streams.complain(error)
        streams.write_error("\n")
    return 0


def _line() -> str | None:
    """Return the line that a person types, or None at the end of the input."""
    on_terminal = streams.is_terminal(sys.stdout)
    if not on_terminal:
        streams.write_error(PROMPT)  # standard output is for the answers
    try:
        return input(PROMPT if on_terminal else "")
    except EOFError:
        streams.write_error("\n")
        return None


def _use_line_editing() -> None:
    """Let `input` edit lines and remember them, where the system can."""
    try:
        import readline  # noqa: F401 - importing it is all there is to do
    except ImportError:
        return


@dataclass
class _Talk:
    """A conversation in the terminal: where it goes on, and how the last turn went."""

    services: "Services"
    model: str
    instruction: str
    conversation_id: str | None
    parameters: Parameters = NO_PARAMETERS
    images: tuple[Image, ...] = ()
    """What goes with the next message."""
    assistant: str = ""
    mood: str = ""
    stores: bool = True
    streams: bool = True
    turn: "Turn | None" = None
    last: LastEvent | None = None
    model_asked: str = ""
    unstored: list[Message] = field(default_factory=list)

    async def take(self, given: Mapping[str, Any]) -> None:
        """Take the parameters that were given; a conversation that there is keeps them. Raises ChatError."""
        conversations = self.services.store.conversations
        conversation = conversations.get(self.conversation_id) if self.conversation_id else None
        before = conversation.parameters if conversation else NO_PARAMETERS
        self.parameters = manner.changed(before, given)
        model = self.model or (conversation.model if conversation else "")
        for remark in await manner.remarks(self.services, model, manner.changed(NO_PARAMETERS, given), self.images):
            streams.note(remark)
        if conversation and self.stores and self.parameters != before:
            await conversations.set_parameters(conversation.id, self.parameters)

    async def say(self, text: str) -> int:
        """Send a text, print the answer while it comes, and return the exit code. Raises ChatError."""
        self.turn = turn = await (self._send(text) if self.stores else self._complete(text))
        printer = _Printer(self.streams)
        try:
            async for batch in turn.batches():
                for event in batch:
                    if isinstance(event, Started):
                        self._answers(event.model)
                    printer.take(event)
                printer.flush()
        finally:
            turn.stop()
            self.last = await turn.wait()
            printer.end(turn.text)
        if self.stores and streams.is_terminal(sys.stdout):
            await self.services.store.conversations.see(turn.conversation_id)
        if not self.stores:
            self._remember(turn.parts)
        if isinstance(self.last, Failed):
            streams.complain(self.last.failure)
        tell_budget(Budget(self.services.settings, self.services.store.spending))
        return 0 if isinstance(self.last, Finished) else 1

    def report(self) -> dict[str, object]:
        """Return what `--json` prints."""
        assert self.turn is not None
        usage = self.last.usage if isinstance(self.last, Finished) else self.turn.usage
        report: dict[str, object] = {
            "conversation_id": self.turn.conversation_id or None,
            "message_id": self.turn.reply_id or None,
            "model": self.model_asked,
            "text": self.turn.text,
            "reasoning": "".join(part.text for part in self.turn.parts if isinstance(part, Reasoning)),
            "status": _status(self.last),
            "usage": asdict(usage) if usage else None,
        }
        if isinstance(self.last, Failed):
            report["failure"] = asdict(self.last.failure)
        return report

    def _answers(self, model: str) -> None:
        """Remember who answers. If it is the Guide for want of a model, say what is wrong with the providers."""
        self.model_asked = model
        if not self.model and model.startswith(f"{GUIDE}/"):
            for problem in self.services.catalog.problems.values():
                streams.complain(problem)

    async def _send(self, text: str) -> "Turn":
        instruction = self.instruction or None
        request = ChatRequest(
            text, self.conversation_id, self.model, instruction, self.parameters, self.images, channel=CHANNEL
        )
        request = replace(request, assistant=self.assistant, mood=self.mood)
        turn = await self.services.engine.send(request)
        self.assistant = self.mood = ""  # the conversation has them now
        self.conversation_id, self.images = turn.conversation_id, ()
        return turn

    async def _complete(self, text: str) -> "Turn":
        """Ask without storing anything; what was said before is remembered here."""
        if self.conversation_id and not self.unstored:
            tree = self.services.store.conversations.tree(self.conversation_id)
            self.unstored += tree.branch()
            self.model = self.model or tree.conversation.model
            self._adopt(tree.conversation)
        self._add(Role.USER, (*self.images, *([Text(text)] if text else [])))
        self.images = ()
        instruction = self.instruction or self.services.settings.options.instruction
        return await self.services.engine.complete(
            tuple(self.unstored),
            self.model,
            instruction,
            parameters=self.parameters,
            assistant=self.assistant,
            mood=self.mood,
        )

    def _adopt(self, conversation: Conversation) -> None:
        """Speak as a stored conversation does; its assistant may have been removed since."""
        self.instruction = conversation.instruction
        if conversation.assistant_id and not self.assistant:
            assistant = self.services.store.assistants.get(conversation.assistant_id)
            self.instruction = instruction_with(self.instruction, assistant, None)
        self.mood = self.mood or conversation.mood or ""

    def _remember(self, parts: tuple[Part, ...]) -> None:
        if parts:
            self._add(Role.ASSISTANT, parts)

    def _add(self, role: Role, parts: tuple[Part, ...]) -> None:
        self.unstored.append(Message(new_id(), "", None, role, parts, MessageStatus.COMPLETE, 0.0))


def _status(last: LastEvent | None) -> MessageStatus:
    match last:
        case Finished():
            return MessageStatus.COMPLETE
        case Failed():
            return MessageStatus.FAILED
        case _:
            return MessageStatus.STOPPED


class _Printer:
    """Writes the answer to standard output, and on a terminal what was thought to standard error."""

    def __init__(self, prints: bool) -> None:
        self._prints = prints
        self._shows_thoughts = prints and streams.is_terminal(sys.stderr)
        self._pieces: list[str] = []
        self._thoughts: list[str] = []
        self._thinking = False
        self._printed = 0
        self._at_line_start = True

    def take(self, event: object) -> None:
        """Remember a piece of the answer; tell at once what the turn waits for."""
        match event:
            case TextDelta(text):
                self._pieces.append(text)
            case ReasoningDelta(text) if self._shows_thoughts:
                self._thoughts.append(text)
            case ImageMade(image):
                streams.note(f"[Image: {image.media_type}, {len(image.data)} bytes]")
            case Status(_, text, None):
                streams.note(f"{text}…")
            case Status(_, text, seconds):
                streams.note(f"{text} in {seconds:.0f} s…")

    def flush(self) -> None:
        """Write what has come."""
        if self._thoughts:
            self._thinking = True
            streams.write_error(f"{_DIM}{streams.printable(''.join(self._thoughts))}{_PLAIN}")
            self._thoughts.clear()
        text = "".join(self._pieces)
        self._pieces.clear()
        if text and self._prints:
            self._print(text)

    def end(self, whole: str) -> None:
        """Write the rest of the whole answer, for what came last may not have been seen, and end the line."""
        if not self._prints:
            return
        self._print(whole[self._printed :])
        if not self._at_line_start:
            self._print("\n")

    def _print(self, text: str) -> None:
        if self._thinking:
            self._thinking = False
            streams.write_error("\n\n")
        try:
            streams.say(text, end="", flush=True)
        except (streams.OutputGone, ChatError):
            self._prints = False
            raise
        self._printed += len(text)
        self._at_line_start = text.endswith("\n") if text else self._at_line_start
