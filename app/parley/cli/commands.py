"""The table of commands. Each is imported when it is called."""

from argparse import Namespace
from importlib import import_module

from parley.cli.shell import Shell

_ELSEWHERE = {"restore": "backup"}
"""Commands that share another one's module."""


def run(arguments: Namespace, shell: Shell) -> int:
    """Run a command and return its exit code. Raises ChatError, UsageError and KeyboardInterrupt."""
    name = arguments.command
    module = import_module(f"parley.cli.{_ELSEWHERE.get(name, name)}")
    return int(getattr(module, name)(arguments, shell))
