"""What is said of the models that are suggested."""

from PySide6.QtCore import QCoreApplication

from parley.providers.suggestions import Strength, Suggestion
from parley.ui.models.download_bar import bytes_text


def suggestion_text(suggestion: Suggestion) -> str:
    """Return a suggestion on one line: its name, its size, and what it is good at."""
    return "  ·  ".join((suggestion.name, bytes_text(suggestion.size_bytes), strength_text(suggestion.strength)))


def strength_text(strength: Strength) -> str:
    """Return in the person's language what a model is good at."""
    match strength:
        case "quick":
            return QCoreApplication.translate("Suggestions", "small and quick")
        case "all-round":
            return QCoreApplication.translate("Suggestions", "good at most things")
        case "thinks":
            return QCoreApplication.translate("Suggestions", "thinks before it answers")
        case "sees":
            return QCoreApplication.translate("Suggestions", "sees images")
        case "strong":
            return QCoreApplication.translate("Suggestions", "strong, and slow on most computers")
