"""Values: a conversation with its messages, as the tree that they are."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from parley.messages import Conversation, Message, MessageStatus, Role

NEAR = 50
"""Where a branch changes, it does so among so many of its last messages; otherwise it is worked out anew."""


@dataclass(frozen=True)
class ConversationTree:
    """A conversation with its messages, oldest first. What is in the trash is not among them.

    Of a long one it may be the newest part. `earlier` and `changed` return another tree that takes over what this one
    has worked out: a conversation of thousands of messages costs little more for each than a short one.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    since: int = 0
    """The number of the oldest message if older ones have not been read, otherwise 0."""

    until: int = field(default=0, compare=False)
    """The number that no message here exceeds."""

    @property
    def whole(self) -> bool:
        """Return whether all messages are here."""
        return self.since == 0

    @property
    def leaf(self) -> Message | None:
        """Return the message that the branch shown ends in."""
        return self._by_id.get(self.conversation.leaf_id or "")

    def message(self, message_id: str) -> Message | None:
        """Return the message of that id, or None."""
        return self._by_id.get(message_id)

    def branch(self, leaf_id: str | None = None) -> list[Message]:
        """Return the ancestors of the leaf (by default the conversation's) and itself, oldest first."""
        return self._upwards(leaf_id) if leaf_id else list(self._branch)

    def siblings(self, message: Message) -> list[Message]:
        """Return the message and all others of the same parent and role, oldest first."""
        return [self._by_id[id] for id in self._places.get((message.parent_id, message.role), ())]

    def children(self, message_id: str | None) -> list[str]:
        """Return the ids of the messages right below one; of None, of those that begin the conversation."""
        return [id for role in Role for id in self._places.get((message_id, role), ())]

    def versions(self, message: Message) -> list[Message]:
        """Return the message and its siblings, oldest first.

        Others that ended without a word are left out: a retry replaces them in the reader's eyes.
        """
        return [other for other in self.siblings(message) if _speaks(other) or other.id == message.id]

    def all_versions(self) -> dict[str, list[Message]]:
        """Return the versions of each message that has more than one, by its id."""
        several = [self._by_id[id] for place in self._several for id in self._places[place]]
        versions = {message.id: self.versions(message) for message in several}
        return {id: found for id, found in versions.items() if len(found) > 1}

    def newest_leaf(self, message_id: str) -> str:
        """Return the newest message below this one, or itself: the end of the branch to show with it."""
        newest, below = message_id, {message_id}
        for message in self.messages:  # what is below is newer
            if message.parent_id in below:
                newest = message.id
                below.add(newest)
        return newest

    def earlier(self, messages: Iterable[Message], since: int) -> "ConversationTree":
        """Return the tree with older messages too."""
        found = {message.id: message for message in messages}
        tree = ConversationTree(self.conversation, (*found.values(), *self.messages), since, self.until)
        places, several = dict(self._places), set(self._several)
        for message in reversed(found.values()):
            _place(places, several, message, -1)
        tree.__dict__.update(_by_id={**found, **self._by_id}, _places=places, _several=several)
        if self._branch:
            tree.__dict__.update(_branch=[*tree._upwards(self._branch[0].parent_id), *self._branch])
        return tree

    def changed(self, conversation: Conversation, messages: Iterable[Message], until: int = 0) -> "ConversationTree":
        """Return the tree with these messages as they are now; those that are not in it are added as the newest."""
        found = {message.id: message for message in messages}
        before = [old for id in found if (old := self.message(id)) is not None]
        by_id = {**self._by_id, **found}
        tree = ConversationTree(conversation, tuple(by_id.values()), self.since, max(until, self.until))
        if any(old.parent_id != found[old.id].parent_id for old in before):
            return tree
        places, several = self._places, self._several
        if len(found) > len(before):
            places, several = dict(places), set(several)
            for id, message in found.items():
                if id not in self._by_id:
                    _place(places, several, message, 1)
        tree.__dict__.update(_by_id=by_id, _places=places, _several=several)
        tree.__dict__.update(_branch=tree._branch_after(self._branch, [old.id for old in before]))
        return tree

    def _branch_after(self, old: list[Message], changed: Sequence[str]) -> list[Message]:
        """Return the branch shown, made of an old one that differs near its end; what has `changed` is not moved."""
        first = max(0, len(old) - NEAR)
        near = {message.id: place for place, message in enumerate(old[first:], first)}
        leaf_id = self.conversation.leaf_id
        if not near.keys() >= set(changed):
            return self._upwards(leaf_id)
        end = self._upwards(leaf_id, near)
        top = end[0].parent_id if end else leaf_id
        branch = old[: near.get(top or "", -1) + 1]
        for id in changed:
            if near[id] < len(branch):
                branch[near[id]] = self._by_id[id]
        return branch + end

    def _upwards(self, leaf_id: str | None, end: Container[str] = ()) -> list[Message]:
        """Return a message and those above it, up to one of `end`, oldest first."""
        found: list[Message] = []
        by_id = self._by_id
        message = by_id.get(leaf_id or "")
        while message and message.id not in end:
            found.append(message)
            message = by_id.get(message.parent_id or "")
        found.reverse()
        return found

    @cached_property
    def _branch(self) -> list[Message]:
        return self._upwards(self.conversation.leaf_id)

    @cached_property
    def _by_id(self) -> dict[str, Message]:
        return {message.id: message for message in self.messages}

    @cached_property
    def _places(self) -> "_Places":
        places: _Places = {}
        for message in self.messages:
            _place(places, set(), message, 1)
        return places

    @cached_property
    def _several(self) -> "set[_Place]":
        return {place for place, ids in self._places.items() if len(ids) > 1}


_Place = tuple[str | None, Role]
_Places = dict[_Place, tuple[str, ...]]
"""The ids of those that have a parent and a role in common, oldest first."""


def _place(places: _Places, several: set[_Place], message: Message, end: int) -> None:
    """Put a message among its siblings, last of them (1) or first (-1), and note where there are several."""
    place = (message.parent_id, message.role)
    others = places.get(place, ())
    places[place] = (*others, message.id) if end > 0 else (message.id, *others)
    if others:
        several.add(place)


def _speaks(message: Message) -> bool:
    """Return whether a message holds something, or still may."""
    return bool(message.parts) or message.status is MessageStatus.STREAMING
