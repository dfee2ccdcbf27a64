"""Keys of providers: from the environment, else from the keychain, else from a file that only its owner may read.

The file names what is in the keychain, so that nobody has to ask that, and wait, to know whether there is a key; and a
data folder that is moved keeps its keys. Keys are never in settings, logs or exports; `redact` takes them out of other
people's words.
"""

import json
import logging
import os
import re
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from parley.errors import KeychainUnusable, KeysUnreadable, SettingInvalid
from parley.files import alone, write_private
from parley.keychain import SECONDS, Keychain, KeychainFailed

if TYPE_CHECKING:
    from concurrent.futures import Future

logger = logging.getLogger(__name__)

T = TypeVar("T")

Place = Literal["environment", "keychain", "file"]

REDACTED = "[key]"
EXPECTED = "one line of visible ASCII characters"
PROXY = "/proxy"
"""What the proxy's address with user and password is kept as. No provider is called so."""

FAILED_SECONDS = 10.0
"""So long a keychain that has failed is not asked again for keys: each time, a person may be asked to unlock it."""

SILENT_SECONDS = 60.0
"""So long a keychain that does not answer is left to it."""

_NAMED = "keychain"
_LOOKS_LIKE_A_KEY = (
    r"\b(?:sk|gsk|pk|xai|hf|pplx|csk|fw|tgp|r8|nvapi|key)[-_][A-Za-z0-9_-]{16,}"
    r"|\bAIza[A-Za-z0-9_-]{30,}|\bAQ\.[A-Za-z0-9_-]{20,}"
)
_OF_OURS = r"(\b\d{1,18}(?:\||%7[Cc]))[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"
"""A token of server mode: its number is told, by which its owner finds it."""

_BEARER = r"(?i)\b(bearer\s+|(?:x-api-key|api-key|x-goog-api-key)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]{8,}"
_IN_ADDRESS = r"(://)[^/\s@\"']+@|([?&](?:key|api_key|api-key|token)=)[^\s&\"']{8,}"
_SHORTEST_SECRET = 6
"""Shorter values, such as the “none” that local servers are given, are left alone in other texts."""


class Keys:
    """The keys of one data directory. The environment wins, then what the file holds or names.

    Without a `keychain` the file holds them all.
    """

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None, keychain: Keychain | None = None) -> None:
        self.path = path
        self.failure: KeychainFailed | None = None
        """Why the keychain could not be used when it was last asked."""
        self._environ = os.environ if environ is None else environ
        self._keychain = keychain
        self._seen: tuple[int, int, int] | None = None
        self._stored: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._unlocked: dict[str, str] = {}
        self._met: frozenset[str] = frozenset()
        self._reading: Future[dict[str, str]] | None = None
        self._read_at = 0.0

    def __repr__(self) -> str:
        return f"Keys({str(self.path)!r})"

    # --- asking
    def where(self, provider_id: str, env_names: Sequence[str] = ()) -> Place | None:
        """Return where the key of a provider comes from, or None if there is none. Raises KeysUnreadable."""
        if self.variable(env_names):
            return "environment"
        self._read()
        if provider_id in self._names:
            return "keychain"
        return "file" if self._stored.get(provider_id, "").strip() else None

    @property
    def in_file(self) -> bool:
        """Return whether there are keys in the file. Raises KeysUnreadable."""
        return bool(self._read())

    def variable(self, env_names: Sequence[str]) -> str:
        """Return the environment variable that a key comes from, or an empty text."""
        return next((name for name in env_names if self._environ.get(name, "").strip()), "")

    def get(self, provider_id: str, env_names: Sequence[str] = ()) -> str | None:
        """Return the key of a provider as far as it is known without asking the keychain, or None.

        Raises SettingInvalid when it could not stand in an HTTP header, and KeysUnreadable.
        """
        if name := self.variable(env_names):
            value = self._environ[name].strip()
            self._meet(value)
            return _checked(name, value)
        self._read()
        if provider_id in self._names:
            value = self._unlocked.get(self._names[provider_id], "")
        else:
            value = self._stored.get(provider_id, "").strip()
        return _checked(f"{provider_id}’s key", value) if value else None

    async def find(self, provider_id: str, env_names: Sequence[str] = (), name: str = "") -> str | None:
        """Return the key of a provider, or None; the keychain is waited for, a few seconds at most.

        Raises KeychainUnusable, which calls the provider by its `name`, and what `get` raises.
        """
        key = self.get(provider_id, env_names)
        if key is not None or self.where(provider_id, env_names) != "keychain":
            return key
        try:
            await self._unlock()
        except KeychainFailed as error:
            raise KeychainUnusable(provider=name or provider_id, detail=error.words) from error
        return self.get(provider_id, env_names)

    def retry(self) -> None:
        """Let a keychain that has failed be asked again at once: a person wants it."""
        if self._reading and self._reading.done():
            self._reading = None

    async def look(self) -> KeychainFailed | None:
        """Return why a new key could not go into the keychain, or None."""
        try:
            await self._within(self._chain().look())
        except KeychainFailed as error:
            return error
        return None

    # --- changing
    async def keep(self, provider_id: str, key: str) -> Place:
        """Keep a key in the keychain, else in the file; return where. `failure` says why it is the file.

        Raises SettingInvalid, KeysUnreadable, StoreReadOnly, StoreFull and StoreBusy.
        """
        value = _checked(f"{provider_id}’s key", key.strip())
        self._read()
        self._meet(value)
        known = self._names.get(provider_id)
        try:
            keeping = self._chain().keep(known or provider_id.lstrip("/"), value, ours=known is not None)
            name = await self._within(keeping)
        except KeychainFailed:
            self.set(provider_id, value)
            return "file"
        self._unlocked = {**self._unlocked, name: value}
        self._change(provider_id, named=name)
        return "keychain"

    async def forget(self, provider_id: str) -> str:
        """Forget the kept key, if any. Raises like `keep`.

        Return under which name it is still in the keychain because that could not be used, else an empty text.
        """
        self._read()
        name = self._names.get(provider_id, "")
        self.remove(provider_id)
        if name:
            try:
                await self._within(self._chain().remove(name))
            except KeychainFailed as error:
                logger.warning("keys: “%s” is still in the keychain: %s", name, error)
                return name
            self._unlocked = {known: key for known, key in self._unlocked.items() if known != name}
        return ""

    async def move(self) -> bool:
        """Move all keys of the file into the keychain; return whether it holds all of them. Raises like `keep`."""
        for provider_id, key in self._read().items():
            if await self.keep(provider_id, key) == "file":
                return False
        return True

    def set(self, provider_id: str, key: str) -> None:
        """Keep a key in the file. Raises like `keep`."""
        self._change(provider_id, stored=_checked(f"{provider_id}’s key", key.strip()))

    def remove(self, provider_id: str) -> None:
        """Take a key out of the file, or the name under which it is in the keychain. Raises like `keep`."""
        self._read()
        if provider_id in self._stored or provider_id in self._names:
            self._change(provider_id)

    def redact(self, text: str) -> str:
        """Return a text without any key: those known here, and what looks like one."""
        secrets = {value for value in self._met if len(value) >= _SHORTEST_SECRET}
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        return redacted(text)

    # --- the keychain
    def _chain(self) -> Keychain:
        if self._keychain is None:
            raise KeychainFailed("none")
        return self._keychain

    async def _within(self, asked: "Future[T]", age: float = 0.0) -> T:
        """Return what the keychain says, which was asked so long ago. Raises KeychainFailed, also when it is silent."""
        import asyncio

        try:
            result = await asyncio.wait_for(asyncio.wrap_future(asked), max(0.0, SECONDS - age))
        except TimeoutError:
            self.failure = KeychainFailed("silent", f"No answer within {SECONDS:g} s.")
            raise self.failure from None
        except KeychainFailed as error:
            self.failure = error
            raise
        self.failure = None
        return result

    async def _unlock(self) -> None:
        """Read all keys that are in the keychain, once for all that ask at the same time. Raises KeychainFailed.

        Who waits gives up after some seconds; what comes later, from a person who had to unlock it, is taken too.
        """
        if self._reading is None or not self._is_fresh(self._reading):
            self._reading, self._read_at = self._chain().read(sorted(set(self._names.values()))), time.monotonic()
            self._reading.add_done_callback(self._take)
        await self._within(self._reading, time.monotonic() - self._read_at)

    def _is_fresh(self, reading: "Future[dict[str, str]]") -> bool:
        """Return whether what the keychain says, or does not say, still counts."""
        age = time.monotonic() - self._read_at
        if not reading.done():
            return age < SILENT_SECONDS
        return reading.exception() is not None and age < FAILED_SECONDS

    def _take(self, reading: "Future[dict[str, str]]") -> None:
        if not reading.exception():
            self._unlocked = {**self._unlocked, **reading.result()}
            self._meet(*reading.result().values())

    # --- the file
    def _read(self) -> dict[str, str]:
        """Return the file's keys; the file is read anew when another process has changed it."""
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            self._seen, self._stored, self._names = None, {}, {}
            return {}
        except OSError as error:
            raise KeysUnreadable(path=self.path, detail=str(error)) from error
        seen = (facts.st_mtime_ns, facts.st_ino, facts.st_size)
        if seen != self._seen:
            self._close_to_others(facts.st_mode)
            stored = self._load()
            self._stored = {name: key for name, key in stored.items() if isinstance(key, str)}
            self._names = {name: entry[_NAMED] for name, entry in stored.items() if isinstance(entry, dict)}
            if self._seen:
                self._unlocked = {}  # another process may have given the keychain new ones
            self._seen = seen
            self._meet(*self._stored.values())
        return dict(self._stored)

    def _load(self) -> dict[str, str | dict[str, str]]:
        try:
            stored = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            # The text of a decoding error may quote the file, so only its kind is told.
            raise KeysUnreadable(path=self.path, detail=type(error).__name__) from error
        if not isinstance(stored, dict) or not all(map(_is_entry, stored.values())):
            raise KeysUnreadable(path=self.path, detail="not a JSON object of texts")
        return stored

    def _close_to_others(self, mode: int) -> None:
        """Take the file out of other people's reach if it is within."""
        if sys.platform == "win32" or not mode & (stat.S_IRWXG | stat.S_IRWXO):
            return
        logger.warning("keys: others could read %s; its permissions have been narrowed", self.path)
        try:
            self.path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        except OSError as error:
            raise KeysUnreadable(path=self.path, detail=f"others can read it: {error}") from error

    def _change(self, provider_id: str, *, stored: str = "", named: str = "") -> None:
        """Write a key, or its name in the keychain, or neither, in the place of what was there."""
        with alone(self.path):
            entries: dict[str, str | dict[str, str]] = {**self._read()}
            entries |= {known: {_NAMED: name} for known, name in self._names.items()}
            entries.pop(provider_id, None)
            if stored or named:
                entries[provider_id] = stored or {_NAMED: named}
            write_private(self.path, json.dumps(entries, indent=2, sort_keys=True) + "\n")
            self._seen = None
        self._meet(stored)

    def _meet(self, *secrets: str) -> None:
        self._met |= frozenset(secrets) - {""}


def redacted(text: str) -> str:
    """Return a text without what looks like a key, where the keys themselves are not known."""
    text = re.sub(_IN_ADDRESS, lambda found: f"{found[1]}{REDACTED}@" if found[1] else f"{found[2]}{REDACTED}", text)
    text = re.sub(_BEARER, rf"\1{REDACTED}", re.sub(_OF_OURS, rf"\1{REDACTED}", text))
    return re.sub(_LOOKS_LIKE_A_KEY, REDACTED, text)


def _is_entry(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get(_NAMED), str))


def _checked(what: str, value: str) -> str:
    """Return a value that can stand in an HTTP header. Raises SettingInvalid, which does not quote it."""
    if not value or not all("!" <= character <= "~" for character in value):
        raise SettingInvalid(key=what, value="…", expected=EXPECTED)
    return value
