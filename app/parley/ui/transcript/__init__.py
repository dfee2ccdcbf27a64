"""The transcript: the messages of a conversation, painted by one virtualized scroll area. `Transcript` is all of it."""

from parley.ui.transcript.view import Transcript

__all__ = ["Transcript"]
