"""The one table of what can be set. A new option is one line here."""

from dataclasses import dataclass
from typing import Literal

from parley.network import are_origins, is_proxy
from parley.options.declared import QT_TRANSLATE_NOOP, ProviderRow, ShortcutRow, option


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
    server_start: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Serve at the start"),
        QT_TRANSLATE_NOOP("Settings", "When Parley is started, so is its server."),
        page="server",
    )
    server_port: int = option(
        3939,
        QT_TRANSLATE_NOOP("Settings", "Port"),
        QT_TRANSLATE_NOOP("Settings", "Where programs reach this computer."),
        minimum=1,
        maximum=65_535,
        page="server",
    )
    server_auth: bool = option(
        True,
        QT_TRANSLATE_NOOP("Settings", "Ask for a key"),
        QT_TRANSLATE_NOOP("Settings", "Nobody gets an answer without a token. Off is for this computer only."),
        page="server",
    )
    server_lan: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Serve the local network"),
        QT_TRANSLATE_NOOP("Settings", "Phones, tools and colleagues can reach this computer."),
        page="server",
    )
    server_tls: bool = option(
        True,
        QT_TRANSLATE_NOOP("Settings", "Encrypt on the network"),
        QT_TRANSLATE_NOOP(
            "Settings", "With certificates made on this computer. Without, everybody on the way can read along."
        ),
        page="server",
    )
    server_origins: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Web pages that may ask"),
        QT_TRANSLATE_NOOP("Settings", "Addresses such as https://chat.example.org, separated by commas."),
        typed="Empty: none but our own.",
        check=are_origins,
        words="addresses such as https://chat.example.org, without a path",
        page="server",
    )
    server_names: str = option(
        "",
        QT_TRANSLATE_NOOP("Settings", "Further names"),
        QT_TRANSLATE_NOOP("Settings", "By which this computer is called from elsewhere, separated by commas."),
        typed="Its own names and addresses count anyway.",
        page="server",
    )
    server_llm_calls: int = option(
        20,
        QT_TRANSLATE_NOOP("Settings", "Questions to models"),
        QT_TRANSLATE_NOOP("Settings", "For each token of the native routes."),
        minimum=1,
        maximum=100_000,
        unit=QT_TRANSLATE_NOOP("Settings", "a minute"),
        page="server",
    )
    server_requests: int = option(
        500,
        QT_TRANSLATE_NOOP("Settings", "Requests"),
        QT_TRANSLATE_NOOP("Settings", "For each token, of every kind."),
        minimum=1,
        maximum=1_000_000,
        unit=QT_TRANSLATE_NOOP("Settings", "a minute"),
        page="server",
    )
    server_sessions: int = option(
        50,
        QT_TRANSLATE_NOOP("Settings", "Open sockets"),
        QT_TRANSLATE_NOOP("Settings", "Sessions that may be open at once."),
        minimum=1,
        maximum=10_000,
        page="server",
    )
    server_json_mib: int = option(
        10,
        QT_TRANSLATE_NOOP("Settings", "Largest request"),
        QT_TRANSLATE_NOOP("Settings", "Of text. Files may be larger."),
        minimum=1,
        maximum=1024,
        unit=QT_TRANSLATE_NOOP("Settings", "MB"),
        page="server",
    )
    server_upload_mib: int = option(
        50,
        QT_TRANSLATE_NOOP("Settings", "Largest file"),
        QT_TRANSLATE_NOOP("Settings", "That can be uploaded."),
        minimum=1,
        maximum=4096,
        unit=QT_TRANSLATE_NOOP("Settings", "MB"),
        page="server",
    )
    server_keep_awake: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Keep the computer awake"),
        QT_TRANSLATE_NOOP("Settings", "While the server is on."),
        page="server",
    )
    server_announce: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Announce on the network"),
        QT_TRANSLATE_NOOP("Settings", "By mDNS, so that programs find this computer by themselves."),
        page="server",
    )
    server_log_traffic: bool = option(
        False,
        QT_TRANSLATE_NOOP("Settings", "Keep what programs ask"),
        QT_TRANSLATE_NOOP("Settings", "What comes over the APIs of OpenAI, Anthropic and Ollama becomes chats."),
        page="server",
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
    files_mb: int = option(
        2000,
        QT_TRANSLATE_NOOP("Settings", "Room for files"),
        QT_TRANSLATE_NOOP("Settings", "What the files of each account may take up, those that models make too."),
        page="data",
        minimum=1,
        maximum=1_000_000,
        unit=QT_TRANSLATE_NOOP("Settings", "MB"),
    )
    providers: tuple[ProviderRow, ...] = option((), "Added providers", hidden=True)
    shortcuts: tuple[ShortcutRow, ...] = option((), "Shortcuts", hidden=True)
    budget_told: str = option("", "What has been said about the budget", hidden=True)
    welcomed: bool = option(False, "The first steps are over", hidden=True)
    window: str = option("", "Window state", hidden=True)
    new_chat: str = option("", "What the next chat is to have of its own", hidden=True)
    network_folded: bool = option(False, "The group of chats from the network is folded", hidden=True)
    last_chat: str = option("", "Chat to open at the start", hidden=True)
