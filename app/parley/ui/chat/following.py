"""Following: shows the turns of this process in the transcript while they happen."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from parley.messages import MessageStatus
from parley.services import Services
from parley.trees import ConversationTree
from parley.ui.tasks import Tasks
from parley.ui.transcript import Transcript

if TYPE_CHECKING:
    from parley.turn import Turn


class Following:
    """Follows every turn of one conversation, from its first event on. `ended` is called after each with its reply."""

    def __init__(self, services: Services, transcript: Transcript, tasks: Tasks, ended: Callable[[str], None]) -> None:
        self._services = services
        self._transcript = transcript
        self._tasks = tasks
        self._ended = ended
        self._followed: dict[str, Callable[[], None]] = {}
        """What ends following a reply, by its id."""

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._followed

    def __bool__(self) -> bool:
        return bool(self._followed)

    def follow(self, tree: ConversationTree) -> None:
        """Follow the replies on show that are being written here, unless that is done already, and no others."""
        for message_id in [id for id in self._followed if not self._transcript.shows(id)]:
            self._followed.pop(message_id)()
        for turn in self._shown(tree):
            message = tree.message(turn.reply_id)
            if message and message.status is MessageStatus.STREAMING and message.id not in self._followed:
                self._followed[message.id] = self._tasks.start(self._follow(turn))

    def leave(self) -> None:
        """Follow nothing more. The turns go on."""
        for end in self._followed.values():
            end()
        self._followed.clear()

    def _shown(self, tree: ConversationTree) -> "list[Turn]":
        turns = self._services.turns(tree.conversation.id)
        return [turn for turn in turns if self._transcript.shows(turn.reply_id)]

    async def _follow(self, turn: "Turn") -> None:
        self._transcript.begin(turn.reply_id)
        async for batch in turn.batches():
            self._transcript.feed(turn.reply_id, batch)
        self._transcript.finish(turn.reply_id)
        self._followed.pop(turn.reply_id, None)
        self._ended(turn.reply_id)
