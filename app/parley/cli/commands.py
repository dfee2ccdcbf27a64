"""The table of commands. Each is imported when it is called."""

from argparse import Namespace

from parley.cli.shell import Shell


def run(arguments: Namespace, shell: Shell) -> int:
    """Run a command and return its exit code. Raises ChatError, UsageError and KeyboardInterrupt."""
    match arguments.command:
        case "chat":
            from parley.cli.chat import chat

            return chat(arguments, shell)
        case "models" | "conversations" | "show" | "search" | "usage":
            return _look_up(arguments, shell)
        case "backup" | "restore":
            from parley.cli.backup import backup, restore

            return (backup if arguments.command == "backup" else restore)(arguments, shell)
        case "data":
            from parley.cli.data import data

            return data(arguments, shell)
        case "doctor":
            from parley.cli.doctor import doctor

            return doctor(arguments, shell)
        case "provider":
            from parley.cli.provider import provider

            return provider(arguments, shell)
        case "settings":
            from parley.cli.settings import settings

            return settings(arguments, shell)
        case "serve":
            from parley.cli.serve import serve

            return serve(arguments, shell)
    raise AssertionError(arguments.command)


def _look_up(arguments: Namespace, shell: Shell) -> int:
    """Run a command that changes nothing."""
    match arguments.command:
        case "models":
            from parley.cli.models import models

            return models(arguments, shell)
        case "conversations":
            from parley.cli.conversations import conversations

            return conversations(arguments, shell)
        case "show":
            from parley.cli.show import show

            return show(arguments, shell)
        case "search":
            from parley.cli.search import search

            return search(arguments, shell)
        case "usage":
            from parley.cli.usage import usage

            return usage(arguments, shell)
    raise AssertionError(arguments.command)
