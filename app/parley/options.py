"""Options: the one typed table of what can be set, and what each option takes. Knows nothing of the file.

A new option is one line in `Options`. Its type, limits, help and default are read from here by the
command line, the settings window and the manual.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from parley.errors import SettingInvalid, SettingUnknown
from parley.network import is_proxy

Page = Literal["appearance", "behaviour", "spending", "data"]
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


@dataclass(frozen=True)
class Options:
    """All options, in the order in which people see them."""

    theme: Literal["system", "light", "dark"] = option(
        "system",
        QT_TRANSLATE_NOOP("Settings", "Theme"),
        page="appearance",
        choices={
            "system": QT_TRANSLATE_NOOP("Settings", "As the system"),
            "light": QT_TRANSLATE_NOOP("Settings", "Light"),
            "dark": QT_TRANSLATE_NOOP("Settings", "Dark"),
        },
    )
    zoom: int = option(
        100,
        QT_TRANSLATE_NOOP("Settings", "Zoom"),
        QT_TRANSLATE_NOOP("Settings", "The size of the conversation and of what you write."),
        page="appearance",
        minimum=50,
        maximum=300,
        step=10,
        unit=QT_TRANSLATE_NOOP("Settings", "%"),
    )
    language: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Language"),
        QT_TRANSLATE_NOOP("Settings", "Of the windows and menus, from the next start on."),
        typed="Such as “de” or “pt_BR”. Empty follows the system.",
        page="appearance",
        editor="language",
    )
    default_model: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Default model"),
        QT_TRANSLATE_NOOP("Settings", "Answers new chats."),
        typed="As provider/model. Empty: the first one found.",
        page="behaviour",
        editor="model",
    )
    instruction: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Instruction"),
        QT_TRANSLATE_NOOP("Settings", "Sent ahead of every new chat."),
        page="behaviour",
        editor="lines",
    )
    send_key: Literal["enter", "ctrl+enter"] = option(
        "enter",
        QT_TRANSLATE_NOOP("Settings", "Send with"),
        QT_TRANSLATE_NOOP("Settings", "The other one makes a new line."),
        page="behaviour",
        choices={
            "enter": QT_TRANSLATE_NOOP("Settings", "Enter"),
            "ctrl+enter": QT_TRANSLATE_NOOP("Settings", "Ctrl+Enter"),
        },
    )
    first_token_timeout: float = option(
        120.0,
        QT_TRANSLATE_NOOP("Settings", "Longest wait"),
        QT_TRANSLATE_NOOP("Settings", "After so long without a word an answer is given up."),
        page="behaviour",
        minimum=1.0,
        maximum=3600.0,
        unit=QT_TRANSLATE_NOOP("Settings", "seconds"),
    )
    retries: int = option(
        4,
        QT_TRANSLATE_NOOP("Settings", "Try again"),
        QT_TRANSLATE_NOOP("Settings", "After a failure that passes, as long as the model has said nothing."),
        page="behaviour",
        minimum=0,
        maximum=10,
        unit=QT_TRANSLATE_NOOP("Settings", "times"),
    )
    fallback_model: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Fallback model"),
        QT_TRANSLATE_NOOP("Settings", "Asked instead when a provider fails before the first word."),
        typed="As provider/model. Empty: none.",
        page="behaviour",
        editor="fallback",
    )
    discover: bool = option(
        True,
        QT_TRANSLATE_NOOP("Settings", "Find local servers"),
        QT_TRANSLATE_NOOP("Settings", "Look for Ollama, LM Studio and their like on this computer."),
        page="behaviour",
    )
    keep_alive: Literal["server", "0", "5m", "30m", "4h", "always"] = option(
        "server",
        QT_TRANSLATE_NOOP("Settings", "Keep models in memory"),
        QT_TRANSLATE_NOOP("Settings", "After an answer, with Ollama. Loading one again takes a while."),
        page="behaviour",
        choices={
            "server": QT_TRANSLATE_NOOP("Settings", "As Ollama is set"),
            "0": QT_TRANSLATE_NOOP("Settings", "Not at all"),
            "5m": QT_TRANSLATE_NOOP("Settings", "5 minutes"),
            "30m": QT_TRANSLATE_NOOP("Settings", "30 minutes"),
            "4h": QT_TRANSLATE_NOOP("Settings", "4 hours"),
            "always": QT_TRANSLATE_NOOP("Settings", "Always"),
        },
    )
    proxy: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Proxy"),
        QT_TRANSLATE_NOOP("Settings", "On the way to services. Empty: as the system and the environment say."),
        typed="“none”: none at all.",
        page="behaviour",
        editor="proxy",
        check=is_proxy,
        words="an address such as http://proxy.example:8080 without a password, or “none”",
    )
    ca_file: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Certificate authority"),
        QT_TRANSLATE_NOOP("Settings", "A file (PEM) to trust beside the usual ones, as companies with a proxy have."),
        page="behaviour",
        editor="file",
    )
    spelling: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Check spelling"),
        QT_TRANSLATE_NOOP("Settings", "While you write, with the dictionaries of this computer."),
        typed="Languages such as “en_US, de_DE”. Empty: those of the system; “off”: none.",
        page="behaviour",
        editor="spelling",
    )
    on_close: Literal["quit", "tray"] = option(
        "quit",
        QT_TRANSLATE_NOOP("Settings", "When the window is closed"),
        QT_TRANSLATE_NOOP("Settings", "In the tray Parley goes on with its answers."),
        typed="Where there is no tray, closing quits.",
        page="behaviour",
        editor="tray",
        choices={
            "quit": QT_TRANSLATE_NOOP("Settings", "Quit"),
            "tray": QT_TRANSLATE_NOOP("Settings", "Stay in the tray"),
        },
    )
    notify: Literal["hidden", "inactive", "never"] = option(
        "hidden",
        QT_TRANSLATE_NOOP("Settings", "Tell of answers"),
        QT_TRANSLATE_NOOP("Settings", "The system shows a message when an answer is there."),
        page="behaviour",
        choices={
            "hidden": QT_TRANSLATE_NOOP("Settings", "While Parley is out of sight"),
            "inactive": QT_TRANSLATE_NOOP("Settings", "While another window is active"),
            "never": QT_TRANSLATE_NOOP("Settings", "Never"),
        },
    )
    budget: float = option(
        0.0,
        QT_TRANSLATE_NOOP("Settings", "Monthly budget"),
        QT_TRANSLATE_NOOP(
            "Settings", "What services may cost in a month. A notice comes at 80 percent; 0 is no budget."
        ),
        page="spending",
        minimum=0.0,
        maximum=1_000_000.0,
        step=5,
        unit=QT_TRANSLATE_NOOP("Settings", "US dollars"),
    )
    budget_stops: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Stop at the budget"),
        QT_TRANSLATE_NOOP("Settings", "Once it is spent only models that cost nothing are asked."),
        page="spending",
    )
    trash_days: int = option(
        30,
        QT_TRANSLATE_NOOP("Settings", "Keep deleted chats"),
        QT_TRANSLATE_NOOP("Settings", "In the trash, before they are gone for good."),
        page="data",
        minimum=1,
        maximum=3650,
        unit=QT_TRANSLATE_NOOP("Settings", "days"),
    )
    providers: tuple[ProviderRow, ...] = option((), "Added providers", hidden=True)
    shortcuts: tuple[ShortcutRow, ...] = option((), "Shortcuts", hidden=True)
    budget_told: str = option("", "What has been said about the budget", hidden=True)
    welcomed: bool = option(False, "The first steps are over", hidden=True)
    window: str = option("", "Window state", hidden=True)
    new_chat: str = option("", "What the next chat is to have of its own", hidden=True)
    last_chat: str = option("", "Chat to open at the start", hidden=True)


def visible_options(page: Page | None = None) -> Iterator[Field[Any]]:
    """Yield the options that people may set, in their order: all of them, or those of one page."""
    for found in fields(Options):
        if not found.metadata.get("hidden") and page in (None, found.metadata["page"]):
            yield found


def values_of(found: Field[Any]) -> type[Any] | tuple[str, ...]:
    """Return an option's type, or the texts that it chooses from."""
    kind = kind_of(found)
    return tuple(get_args(kind)) if get_origin(kind) is Literal else kind


def expected(found: Field[Any]) -> str:
    """Return in words which values an option takes."""
    kind = kind_of(found)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if kind is bool:
        return "on or off"
    limits = (found.metadata.get("minimum"), found.metadata.get("maximum"))
    noun = found.metadata.get("words") or {int: "a whole number", float: "a number"}.get(kind, "text")
    return noun if None in limits else f"{noun} from {limits[0]:g} to {limits[1]:g}"


def value_text(value: object) -> str:
    """Return an option's value as people read and type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def option_of(key: str) -> Field[Any]:
    """Return the option of a name. Raises SettingUnknown."""
    if found := next((option for option in fields(Options) if option.name == key), None):
        return found
    raise SettingUnknown(key=key)


def kind_of(found: Field[Any]) -> Any:
    """Return the type of an option's values."""
    return get_type_hints(Options)[found.name]


def from_text(found: Field[Any], text: str) -> Any:
    """Return the value that a person has typed. Raises SettingInvalid."""
    kind = kind_of(found)
    words = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if kind is bool:
        value: Any = words.get(text.strip().lower())
    elif kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            value = None
    else:
        value = text
    if value is None or found.metadata.get("hidden"):
        raise SettingInvalid(key=found.name, value=text, expected=expected(found))
    return value


def checked(found: Field[Any], value: Any) -> Any:
    """Return the value in the option's own type. Raises SettingInvalid."""
    kind = kind_of(found)
    origin = get_origin(kind)
    if kind is float and type(value) is int:
        value = float(value)
    if origin is Literal:
        good = value in get_args(kind)
    elif origin is tuple:
        good = isinstance(value, tuple) and all(isinstance(row, get_args(kind)[0]) for row in value)
    elif origin in (Union, UnionType):
        good = isinstance(value, kind)
    else:
        good = type(value) is kind and (kind is not str or _is_whole(value))
    low, high = found.metadata.get("minimum"), found.metadata.get("maximum")
    within = (low is None or value >= low) and (high is None or value <= high) if good else False
    if not within:
        raise SettingInvalid(key=found.name, value=value, expected=expected(found))
    if (check := found.metadata.get("check")) and not check(value):
        raise SettingInvalid(key=found.name, value="…", expected=expected(found))  # a password may stand in it
    return value


def _is_whole(text: str) -> bool:
    """Return whether a text can be written: no half of a character is in it."""
    return text.encode("utf-8", "ignore").decode() == text
