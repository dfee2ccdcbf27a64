"""The errors of assistants and moods."""

from parley.errors.base import ChatError


class AssistantUnknown(ChatError):
    """No assistant of that name, slug or id."""

    code = "assistant_unknown"
    sentence = "There is no assistant “{assistant}”."


class AssistantExists(ChatError):
    """Another assistant has that name, or one that is written alike."""

    code = "assistant_exists"
    sentence = "There is an assistant named “{assistant}” already."


class AssistantNameless(ChatError):
    """The name of an assistant has no letter and no digit."""

    code = "assistant_nameless"
    sentence = "An assistant needs a name with at least one letter or digit."


class MoodUnknown(ChatError):
    """No mood of that name."""

    code = "mood_unknown"
    sentence = "There is no mood “{mood}”. Choose one of {moods}."
