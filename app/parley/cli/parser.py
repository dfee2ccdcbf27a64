"""The words of the command line, and their help. Imports nothing heavy: `--help` and mistakes answer at once."""

import argparse
import os
from collections.abc import Sequence
from datetime import date
from typing import Any, NoReturn

from parley import __version__
from parley.models import EFFORTS, LIMITS, fits

DESCRIPTION = "A local-first chat program. Without a command its window opens."
EPILOG = "“parley COMMAND --help” tells more. Results go to standard output, everything else to standard error."
PORT = 3939

AUTO = "auto"
"""Leaves a parameter to the model."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose every level takes `--data-dir`, and whose complaints begin like all of ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        words = "where conversations, settings and keys are kept (or PARLEY_DATA_DIR)"
        # Suppressed, so that the level after the command does not undo what stood before it.
        self.add_argument("--data-dir", metavar="DIR", default=argparse.SUPPRESS, help=words)

    def error(self, message: str) -> NoReturn:
        """Say on one line what is wrong, and exit with 2."""
        self.exit(2, f"parley: {message} (see “{self.prog} --help”)\n")


class UsageError(Exception):
    """Words that cannot stand together, found after parsing."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Return what was asked: `command` (None for the desktop), `data_dir`, and the command's own words.

    Raises SystemExit: 0 after --help and --version, 2 for a mistake.
    """
    parser = Parser(prog="parley", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"Parley {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    looking_up = (_chat, _models, _conversations, _show, _search, _usage, _data)
    for add in (*looking_up, _provider, _assistant, _user, _token, _settings, _serve):
        add(commands)
    arguments = parser.parse_args(words, argparse.Namespace(data_dir=None))
    if arguments.command == "chat":
        _check_chat(parser, arguments)
    return arguments


def _add(commands: Any, name: str, words: str, **options: Any) -> Parser:
    """Add a command with its one line of help."""
    parser: Parser = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", **options)
    return parser


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for scripts")


def _chat(commands: Any) -> None:
    parser = _add(
        commands,
        "chat",
        "ask a model; the answer streams to standard output",
        epilog="Text that is piped in is the prompt, or is added to it. Without a prompt, on a terminal, this is a "
        "conversation line by line. Ctrl+C stops the answer; what had come is kept.",
    )
    parser.add_argument("-m", "--model", type=_text, default="", metavar="PROVIDER/MODEL", help="whom to ask")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-c", "--conversation", type=_text, metavar="ID", help="go on with a conversation (the id, or its beginning)"
    )
    where.add_argument("--last", action="store_true", help="go on with the newest conversation")
    parser.add_argument(
        "-s", "--instruction", type=_text, default="", metavar="INSTRUCTION", help="how to answer, in a new chat"
    )
    parser.add_argument(
        "-a",
        "--attach",
        type=_text,
        action="append",
        default=[],
        metavar="FILE",
        help="send an image along; repeatable",
    )
    _parameters(parser)
    parser.add_argument("--assistant", type=_text, default="", metavar="A", help="who is to answer, from now on")
    parser.add_argument(
        "--mood", type=_text, default="", metavar="M", help="in which tone: serious, friendly or normal, from now on"
    )
    parser.add_argument("--no-store", action="store_true", help="keep nothing of it")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.add_argument("prompt", type=_text, nargs="?", metavar="PROMPT", help="what to say")


def _parameters(parser: Parser) -> None:
    """Add how the answer is to be made. A conversation keeps it."""
    group = parser.add_argument_group("how to answer", "The conversation keeps these; “auto” leaves one to the model.")
    for option, kind, words in (
        ("--temperature", float, "how freely words are chosen, from 0 to 2"),
        ("--top-p", float, "from which share of the likeliest words, from 0 to 1"),
        ("--max-tokens", int, "the longest answer, in tokens"),
        ("--seed", int, "the same number brings the same answer, as far as the model can"),
    ):
        name = option[2:].replace("-", "_")
        group.add_argument(option, type=_Number(name, kind), metavar="N", help=words)
    group.add_argument(
        "--stop", type=_text, action="append", metavar="TEXT", help="ends the answer; repeatable; an empty one: none"
    )
    efforts = [effort for effort in EFFORTS if effort]
    group.add_argument("--effort", choices=(*efforts, AUTO), help="how long to think before the answer")
    group.add_argument("--json-mode", action=argparse.BooleanOptionalAction, help="answer with a JSON object")


class _Number:
    """Reads a parameter that is a number."""

    def __init__(self, name: str, kind: type[int] | type[float]) -> None:
        self._name = name
        self._kind = kind

    def __call__(self, word: str) -> int | float | str:
        if word == AUTO:
            return word
        least, most = LIMITS[self._name]
        try:
            value = self._kind(word)
        except ValueError:
            value = None
        if value is None or not fits(self._name, value):
            kind = "a whole number" if self._kind is int else "a number"
            raise argparse.ArgumentTypeError(f"“{word}” is not {kind} from {least:.0f} to {most:.0f}, nor “{AUTO}”")
        return value


def _check_chat(parser: Parser, arguments: argparse.Namespace) -> None:
    if arguments.instruction and (arguments.conversation or arguments.last):
        parser.error("a conversation keeps the instruction it began with: -s is for a new one")


def _models(commands: Any) -> None:
    parser = _add(commands, "models", "list the models that can be asked; fetch, show and delete those of Ollama")
    _json(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=Parser)
    pull = _add(actions, "pull", "fetch a model; the same command goes on with one that was stopped")
    show = _add(actions, "show", "tell what is known of a model that is there")
    _json(show)
    remove = _add(actions, "rm", "delete a model")
    remove.add_argument("--yes", action="store_true", help="delete it without asking")
    for action in (pull, show, remove):
        action.add_argument("name", type=_text, metavar="NAME", help="as Ollama names it, such as llama3.2 or qwen3:4b")


def _conversations(commands: Any) -> None:
    parser = _add(commands, "conversations", "list the conversations, newest first")
    parser.add_argument("--limit", type=_positive, default=50, metavar="N", help="at most so many (50)")
    _json(parser)


def _show(commands: Any) -> None:
    parser = _add(commands, "show", "print a conversation")
    parser.add_argument("id", type=_text, metavar="ID", help="its id, or the beginning of it")
    parser.add_argument(
        "--format",
        choices=("md", "json", "html"),
        default="md",
        help="md and html: the current branch; json: all of it",
    )


def _search(commands: Any) -> None:
    parser = _add(commands, "search", "search all conversations, newest first")
    parser.add_argument(
        "words", type=_text, nargs="+", metavar="WORDS", help='all must occur; "quoted words" stand together'
    )
    parser.add_argument("--limit", type=_positive, default=50, metavar="N", help="at most so many (50)")
    _json(parser)


def _usage(commands: Any) -> None:
    parser = _add(commands, "usage", "say what answers have cost: tokens and US dollars")
    parser.add_argument("--by", choices=("day", "month", "model"), default="day", help="sum it up so (day)")
    days = "from this day on, as 2026-11-21 (the last 30 days; all months)"
    parser.add_argument("--since", type=_day, metavar="DATE", help=days)
    _json(parser)


def _data(commands: Any) -> None:
    parser = _add(commands, "backup", "write a copy of all conversations into one file")
    parser.add_argument("file", metavar="FILE")
    parser = _add(commands, "restore", "put a backup in the place of all conversations")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--yes", action="store_true", help="replace what is there without asking")
    parser = _add(commands, "data", "say where the data is, or move it")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    _add(actions, "where", "print the data folder")
    move = _add(actions, "move", "copy the data into another folder, check it, and use it from then on")
    move.add_argument("folder", metavar="DIR")
    _json(_add(commands, "doctor", "check data, keys, providers, port and versions, and say what to do"))


def _provider(commands: Any) -> None:
    parser = _add(commands, "provider", "add, list and remove model servers")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    add = _add(actions, "add", "add a model server")
    add.add_argument("name", type=_text, metavar="NAME", help="becomes the first half of NAME/model")
    add.add_argument("--base-url", type=_text, required=True, metavar="URL", help="the server’s address")
    dialects = ("openai", "anthropic", "gemini", "azure", "ollama")
    add.add_argument("--dialect", choices=dialects, default="openai", help="what it speaks (openai)")
    key = add.add_mutually_exclusive_group()
    key.add_argument(
        "--key-env", type=_text, metavar="VAR", default="", help="the environment variable that holds the key"
    )
    key.add_argument("--key-stdin", action="store_true", help="read the key from standard input and keep it")
    _json(_add(actions, "list", "list the added servers"))
    remove = _add(actions, "remove", "remove an added server and its key")
    remove.add_argument("name", type=_text, metavar="NAME")
    words = "say where keys are kept; keep or forget one"
    kept = _add(actions, "key", words, epilog="A key is never an argument: others could read it, and shells keep it.")
    kept.add_argument("name", type=_text, nargs="?", default="", metavar="NAME", help="whose key (all)")
    wish = kept.add_mutually_exclusive_group()
    wish.add_argument("--set", action="store_true", help="read the key from standard input, or ask for it, and keep it")
    wish.add_argument("--forget", action="store_true", help="forget the key that is kept")
    wish.add_argument("--move", action="store_true", help="move all keys of the file into the system’s keychain")
    _json(kept)


def _assistant(commands: Any) -> None:
    parser = _add(commands, "assistant", "add, list, show and remove assistants")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    add = _add(actions, "add", "add an assistant: an instruction with a name")
    add.add_argument("--instruction", type=_text, required=True, metavar="TEXT", help="how it is to answer")
    add.add_argument("--description", type=_text, default="", metavar="TEXT", help="what it is for, in a few words")
    add.add_argument("--model", type=_text, default="", metavar="PROVIDER/MODEL", help="whom it asks")
    for option, words in (("--tool", "a tool that it may call"), ("--knowledge", "a collection that it may search")):
        add.add_argument(option, type=_text, action="append", default=[], metavar="NAME", help=f"{words}; repeatable")
    _json(_add(actions, "list", "list the assistants"))
    show = _add(actions, "show", "tell what an assistant is")
    _json(show)
    remove = _add(actions, "remove", "remove an assistant; conversations that were begun with it go on with it")
    for action in (add, show, remove):
        action.add_argument("name", type=_text, metavar="NAME")


def _user(commands: Any) -> None:
    parser = _add(commands, "user", "add, list and remove people who may ask this computer")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    add = _add(actions, "add", "add a person, who logs in with e-mail address and password")
    add.add_argument("--name", type=_text, default="", metavar="N", help="what the person is called")
    add.add_argument("--admin", action="store_true", help="may be given tokens for what concerns all people")
    password = _add(actions, "password", "give a person another password; who logged in with the old one is out")
    password.add_argument("--revoke-tokens", action="store_true", help="tokens of programs and paired devices end, too")
    for action in (add, password):
        action.add_argument("--password-stdin", action="store_true", help="read the password, one line, from stdin")
    _json(_add(actions, "list", "list the people; the owner, at this computer, has number 1"))
    remove = _add(actions, "remove", "remove a person: tokens are revoked, conversations go to your trash")
    allow = _add(actions, "allow", "say what a person may use: NAMES are separated by commas, or “all”, or “none”")
    allow.add_argument("--models", type=_text, metavar="NAMES", help="models as PROVIDER/MODEL, or whole providers")
    allow.add_argument("--tools", type=_text, metavar="NAMES", help="tools that models may call")
    allow.add_argument("--knowledge", type=_text, metavar="NAMES", help="collections of documents")
    allow.add_argument("--tokens", type=_text, metavar="N", help="tokens in a month, or “all”")
    switch = allow.add_mutually_exclusive_group()
    switch.add_argument("--off", action="store_true", help="nothing at all: tokens and password are refused")
    switch.add_argument("--on", action="store_true", help="what was allowed before it was switched off")
    for action in (add, password, remove, allow):
        action.add_argument("email", type=_text, metavar="EMAIL")


def _token(commands: Any) -> None:
    parser = _add(commands, "token", "make, list and revoke tokens, which programs ask with")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    create = _add(actions, "create", "make a token; it is printed once")
    create.add_argument("name", type=_text, metavar="NAME", help="what it is for, such as the program’s name")
    create.add_argument("--user", type=_text, default="owner", metavar="EMAIL", help="whose it is (yours)")
    create.add_argument("--admin", action="store_true", help="it opens what concerns all people too")
    _json(_add(actions, "list", "list the tokens that are good"))
    revoke = _add(actions, "revoke", "let a token be good no longer")
    revoke.add_argument("id", type=_text, metavar="ID", help="its number, as “token list” tells it")


def _settings(commands: Any) -> None:
    parser = _add(commands, "settings", "list, get and set options")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    _json(_add(actions, "list", "list all options"))
    get = _add(actions, "get", "print the value of an option")
    get.add_argument("key", type=_text, metavar="KEY")
    set_ = _add(actions, "set", "set an option")
    set_.add_argument("key", type=_text, metavar="KEY")
    set_.add_argument("value", type=_text, metavar="VALUE")


def _serve(commands: Any) -> None:
    parser = _add(commands, "serve", "run without a window until Ctrl+C")
    parser.add_argument("--host", type=_text, default="", metavar="H", help="the one address to listen on")
    parser.add_argument(
        "--port", type=_port, metavar="N", help=f"the port to listen on ({PORT}, or as the settings say)"
    )
    parser.add_argument("--lan", action="store_true", help="for the local network, too")
    parser.add_argument("--no-auth", action="store_true", help="ask for no token: on this computer only")


def _text(word: str) -> str:
    """Return a word as text: one that the locale could not read is UTF-8, and what is none of that is replaced."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return os.fsencode(word).decode("utf-8", "replace")
    return word


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError
    return value


_day.__name__ = "date"
_positive.__name__ = "positive number"
_port.__name__ = "port"
