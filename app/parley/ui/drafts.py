"""Draft: what a person has written and pasted and not sent yet. Kept for each conversation while the window lives."""

from dataclasses import dataclass

FOLD_CHARACTERS = 12_000
"""A paste longer than this is folded: a text field that holds it would stall at every key."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text in the field, and the long pastes folded beside it."""

    text: str = ""
    pasted: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to send."""
        return not self.text.strip() and not self.pasted

    @property
    def whole(self) -> str:
        """Return what is sent: the text, then every paste, with an empty line between."""
        return "\n\n".join(part for part in (self.text.strip(), *self.pasted) if part)
