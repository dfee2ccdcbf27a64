"""ChatSetup: what a chat has of its own. That of the chat which is begun next is kept until its first message."""

import json
from typing import NamedTuple

from parley.errors import AssistantUnknown
from parley.messages import Mood
from parley.models import NO_PARAMETERS, Parameters, parameters_from_json, parameters_to_json
from parley.settings import Settings
from parley.store import Store


class ChatSetup(NamedTuple):
    """An instruction, None for that of the settings, parameters, the id of an assistant and the name of a mood."""

    instruction: str | None = None
    parameters: Parameters = NO_PARAMETERS
    assistant: str = ""
    mood: str = ""

    def to_stored(self) -> str:
        """Return the form in which it is kept; an empty text where there is nothing to keep."""
        if self == ChatSetup():
            return ""
        stored = {
            "instruction": self.instruction,
            "parameters": parameters_to_json(self.parameters),
            "assistant": self.assistant,
            "mood": self.mood,
        }
        return json.dumps(stored, ensure_ascii=False)

    @classmethod
    def from_stored(cls, stored: str) -> "ChatSetup":
        """Return what was kept; nothing of what another version has kept in a form of its own."""
        try:
            found = json.loads(stored or "{}")
        except ValueError:
            return cls()
        match found:
            case {"instruction": str() | None as instruction, "parameters": dict(parameters)}:
                assistant, mood = found.get("assistant"), found.get("mood")
                return cls(
                    instruction,
                    parameters_from_json(parameters),
                    assistant if isinstance(assistant, str) else "",
                    mood if mood in tuple(Mood) else "",
                )
        return cls()


def next_setup(settings: Settings) -> ChatSetup:
    """Return how the chat that is begun next is to be."""
    return ChatSetup.from_stored(settings.options.new_chat)


def known(setup: ChatSetup, store: Store) -> ChatSetup:
    """Return a setup without its assistant if that has been removed meanwhile."""
    if not setup.assistant:
        return setup
    try:
        store.assistants.find(setup.assistant)
    except AssistantUnknown:
        return setup._replace(assistant="")
    return setup


def keep_next(settings: Settings, setup: ChatSetup) -> None:
    """Remember that. Raises ChatError if the settings cannot be written."""
    if setup != next_setup(settings):
        settings.update(new_chat=setup.to_stored())
