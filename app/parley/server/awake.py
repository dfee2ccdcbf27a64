"""Awake: keeps the computer from falling asleep, by the means of each system, no longer than this process lives."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from parley.errors import AwakeRefused

HELPER_SECONDS = 0.5
"""How long the helper may take to end."""

_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001
"""Of Windows' SetThreadExecutionState."""


class Awake:
    """Whether the computer is kept awake. To be called from one thread, which on Windows has to live on."""

    def __init__(self, command: Callable[[], list[str] | None] | None = None) -> None:
        self._command = command or awake_command
        self._helper: subprocess.Popen[bytes] | None = None
        self._asked = False

    def keep(self) -> bool:
        """Keep it awake from now on; return whether that begins now.

        Raises AwakeRefused, also when it was found out only later: ask again after a moment.
        """
        begins = not self._asked
        if sys.platform == "win32":
            self._tell_windows(_CONTINUOUS | _SYSTEM_REQUIRED)
        elif not self._asked:
            self._start()
        elif self._helper is None or self._helper.poll() is not None:
            raise AwakeRefused
        self._asked = True
        return begins

    def release(self) -> None:
        """Let it sleep again."""
        if self._asked and sys.platform == "win32":
            self._tell_windows(_CONTINUOUS)
        if self._helper:
            if self._helper.stdin:
                self._helper.stdin.close()
            self._helper.terminate()
            try:
                self._helper.wait(HELPER_SECONDS)
            except subprocess.TimeoutExpired:
                self._helper.kill()
                self._helper.wait()
        self._helper, self._asked = None, False

    def _start(self) -> None:
        command = self._command()
        if command is None:
            raise AwakeRefused(detail="no command for it was found")
        self._asked = True
        try:
            # What it reads from is closed by the system when this process ends, however it does.
            self._helper = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise AwakeRefused(detail=str(error)) from error

    def _tell_windows(self, state: int) -> None:
        import ctypes

        if not getattr(ctypes, "windll").kernel32.SetThreadExecutionState(state):  # noqa: B009 - Windows' only
            raise AwakeRefused


def awake_command(system: str = sys.platform, which: Callable[[str], str | None] = shutil.which) -> list[str] | None:
    """Return the command that keeps a computer awake as long as it runs, or None."""
    if system == "darwin":
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    if which("systemd-inhibit"):
        why = ["--what=sleep:idle", "--who=Parley", "--why=Its server is on", "--mode=block"]
        return ["systemd-inhibit", *why, "cat"]
    return None
