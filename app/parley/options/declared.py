"""How an option is declared, and the rows that some of them hold."""

from dataclasses import dataclass, field
from typing import Any, Literal

Page = Literal["appearance", "behaviour", "spending", "data", "server"]
"""Where in the settings window an option stands."""


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802
    """Mark a text for Qt's translators, who know this name; whoever shows it translates it."""
    return text


def option(default: Any, label: str, help: str = "", **facts: Any) -> Any:
    """Declare an option: its default, its label, and one sentence of help.

    Facts: `page`, where people find it; `minimum` and `maximum`; `unit`, what a number counts; `step`, by which buttons
    change it; `choices`, the words for each value; `editor`, for what its type alone does not tell; `typed`, how those
    write it who type it; `check`, which texts it takes, and `words` about that; `hidden`.
    """
    return field(default=default, metadata={"label": label, "help": help, **facts})


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A server that a person has added. `key_env` names an environment variable, never its value."""

    name: str
    base_url: str
    dialect: str = "openai"
    key_env: str = ""


@dataclass(frozen=True, slots=True)
class ShortcutRow:
    """The keys that a person has given a command, as Qt writes them, such as `Ctrl+N`; empty for none."""

    command: str
    keys: str = ""
