"""Keys of providers: from the environment, else from a file that only its owner may read.

They are never in settings, logs or exports; `redact` takes them out of other people's words.
"""

import json
import logging
import os
import re
import stat
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from parley.errors import KeysUnreadable, SettingInvalid
from parley.files import alone, write_private

logger = logging.getLogger(__name__)

Place = Literal["environment", "file"]

REDACTED = "[key]"
EXPECTED = "one line of visible ASCII characters"

_LOOKS_LIKE_A_KEY = r"\b(?:sk|gsk|pk|xai|hf)[-_][A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}"
_BEARER = r"(?i)\b(bearer\s+)[^\s\"',;]{8,}"
_SHORTEST_SECRET = 6
"""Shorter values, such as the “none” that local servers are given, are left alone in other texts."""


class Keys:
    """The keys of one data directory. The environment wins over the file."""

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._environ = os.environ if environ is None else environ
        self._seen: tuple[int, int, int] | None = None
        self._stored: dict[str, str] = {}
        self._met: set[str] = set()

    def __repr__(self) -> str:
        return f"Keys({str(self._path)!r})"

    def get(self, provider_id: str, env_names: Sequence[str] = ()) -> str | None:
        """Return the key of a provider, or None.

        Raises SettingInvalid when it could not stand in an HTTP header, and KeysUnreadable.
        """
        for name in env_names:
            if value := self._environ.get(name, "").strip():
                self._met.add(value)
                return _checked(name, value)
        value = self._read().get(provider_id, "").strip()
        return _checked(f"{provider_id}’s key", value) if value else None

    def where(self, provider_id: str, env_names: Sequence[str] = ()) -> Place | None:
        """Return where the key of a provider comes from, or None if there is none. Raises KeysUnreadable."""
        if any(self._environ.get(name, "").strip() for name in env_names):
            return "environment"
        return "file" if self._read().get(provider_id, "").strip() else None

    def set(self, provider_id: str, key: str) -> None:
        """Keep a key in the file. Raises SettingInvalid, KeysUnreadable, StoreReadOnly, StoreFull and StoreBusy."""
        value = _checked(f"{provider_id}’s key", key.strip())
        with alone(self._path):
            self._write(self._read() | {provider_id: value})

    def remove(self, provider_id: str) -> None:
        """Forget the key that the file holds, if any. Raises like `set`."""
        if provider_id not in self._read():
            return
        with alone(self._path):
            self._write({name: key for name, key in self._read().items() if name != provider_id})

    def redact(self, text: str) -> str:
        """Return a text without any key: those known here, and what looks like one."""
        secrets = {value for value in (*self._met, *self._stored.values()) if len(value) >= _SHORTEST_SECRET}
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return re.sub(_LOOKS_LIKE_A_KEY, REDACTED, re.sub(_BEARER, rf"\1{REDACTED}", text))

    def _read(self) -> dict[str, str]:
        """Return the file's keys; the file is read anew when another process has changed it."""
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            self._seen, self._stored = None, {}
            return {}
        except OSError as error:
            raise KeysUnreadable(path=self._path, detail=str(error)) from error
        seen = (facts.st_mtime_ns, facts.st_ino, facts.st_size)
        if seen != self._seen:
            self._close_to_others(facts.st_mode)
            self._stored = self._load()
            self._seen = seen
            self._met.update(self._stored.values())
        return dict(self._stored)

    def _load(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            # The text of a decoding error may quote the file, so only its kind is told.
            raise KeysUnreadable(path=self._path, detail=type(error).__name__) from error
        if not isinstance(stored, dict) or not all(isinstance(key, str) for key in stored.values()):
            raise KeysUnreadable(path=self._path, detail="not a JSON object of texts")
        return stored

    def _close_to_others(self, mode: int) -> None:
        """Take the file out of other people's reach if it is within."""
        if sys.platform == "win32" or not mode & (stat.S_IRWXG | stat.S_IRWXO):
            return
        logger.warning("keys: others could read %s; its permissions have been narrowed", self._path)
        try:
            self._path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        except OSError as error:
            raise KeysUnreadable(path=self._path, detail=f"others can read it: {error}") from error

    def _write(self, stored: Mapping[str, str]) -> None:
        write_private(self._path, json.dumps(stored, indent=2, sort_keys=True) + "\n")
        self._seen = None
        self._met.update(stored.values())


def _checked(what: str, value: str) -> str:
    """Return a value that can stand in an HTTP header. Raises SettingInvalid, which does not quote it."""
    if not value or not all("!" <= character <= "~" for character in value):
        raise SettingInvalid(key=what, value="…", expected=EXPECTED)
    return value
