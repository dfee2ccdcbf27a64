"""Keychain: where the operating system keeps secrets: the Secret Service, KWallet, macOS's and Windows' own.

It may be locked, silent or missing, so it is asked in threads that nobody waits for longer than a few seconds, and
that keep no process from ending. `keyring` is slow to import, and is imported in such a thread.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

    from keyring.backend import KeyringBackend

logger = logging.getLogger(__name__)

T = TypeVar("T")

SERVICE = "Parley"
SECONDS = 3.0
"""How long anybody waits."""

SESSION = "DBUS_SESSION_BUS_ADDRESS"
CHOSEN = "PYTHON_KEYRING_BACKEND"
"""The variable with which a person says which keychain they want."""

Trouble = Literal["none", "locked", "silent", "failed"]
"""Why it cannot be used: there is none, a person must unlock it, it does not answer in time, or something else."""

_BACKENDS = {
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
_FREEDESKTOP = ("keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring")
_SECRET_SERVICE = "keyring.backends.SecretService"
_DEFAULT_KEYRING = "/org/freedesktop/secrets/aliases/default"
_LOCKED = ("KeyringLocked", "LockedException", "PromptDismissedException")
_NONE = ("NoKeyringError", "SecretServiceNotAvailableException")


class KeychainFailed(Exception):
    """The keychain cannot be used. The words are the system's."""

    def __init__(self, trouble: Trouble, words: str = "") -> None:
        super().__init__(f"{trouble}: {words}" if words else trouble)
        self.trouble: Trouble = trouble
        self.words = words


class Keychain:
    """The keychain of whoever is logged in. Every call starts a thread and gives what will come of it.

    What comes may be an error: always a KeychainFailed.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    def read(self, names: Sequence[str]) -> "Future[dict[str, str]]":
        """Look for secrets; those that are not there are left out."""

        def read(backend: "KeyringBackend") -> dict[str, str]:
            found = {name: backend.get_password(SERVICE, name) for name in names}
            return {name: secret for name, secret in found.items() if secret}

        return self._asked(read)

    def keep(self, wanted: str, secret: str, *, ours: bool) -> "Future[str]":
        """Keep a secret and look whether it is there. Return the name that it got.

        `ours`: the name is in use by the same data already. Another data folder's secret is never written over: a
        number is put to the name then.
        """

        def keep(backend: "KeyringBackend") -> str:
            name, number = wanted, 1
            while not ours and backend.get_password(SERVICE, name) not in (None, secret):
                number += 1
                name = f"{wanted} {number}"
            backend.set_password(SERVICE, name, secret)
            if backend.get_password(SERVICE, name) != secret:
                raise KeychainFailed("failed", "It does not keep what it is given.")
            return name

        return self._asked(keep)

    def remove(self, name: str) -> "Future[None]":
        """Take a secret away, if it is there."""

        def remove(backend: "KeyringBackend") -> None:
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

        return self._asked(remove)

    def look(self) -> "Future[str]":
        """Return the name of the keychain that there is, if it can be used now. Nothing is unlocked for that."""

        def look(backend: "KeyringBackend") -> str:
            if type(backend).__module__ == _SECRET_SERVICE:
                _demand_unlocked()
            return str(backend.name)

        return self._asked(look)

    def _asked(self, job: "Callable[[KeyringBackend], T]") -> "Future[T]":
        import threading
        from concurrent.futures import Future

        future: Future[T] = Future()
        freedesktop = sys.platform not in _BACKENDS
        if freedesktop and not self._environ.get(SESSION) and not self._environ.get(CHOSEN):
            future.set_exception(KeychainFailed("none", "There is no D-Bus session."))
            return future
        future.set_running_or_notify_cancel()

        def work() -> None:
            try:
                result = job(_backend())
            except Exception as error:
                failed = _told(error)
                if failed.trouble == "failed":
                    logger.exception("keychain: it does not work")
                else:
                    logger.warning("keychain: %s (%s)", failed, type(error).__name__)
                future.set_exception(failed)
            else:
                future.set_result(result)

        threading.Thread(target=work, name="keychain", daemon=True).start()
        return future


def _backend() -> "KeyringBackend":
    """Return the keychain that a person has chosen for all programs, else this system's. Raises KeychainFailed."""
    from keyring import core

    chosen = core.load_env() or core.load_config()
    if chosen is not None:
        return _real(chosen)
    words = []
    for name in _BACKENDS.get(sys.platform, _FREEDESKTOP):
        try:
            return core.load_keyring(name)
        except (ImportError, RuntimeError) as error:  # it says of itself that it cannot be used here
            words.append(str(error))
    raise KeychainFailed("none", words[0])


def _real(chosen: "KeyringBackend") -> "KeyringBackend":
    """Return a chosen keychain, if it is one: not one that keeps nothing, fails always, or writes plain files."""
    from keyring.backends import chainer, fail, null

    if isinstance(chosen, chainer.ChainerBackend):
        parts = [part for part in chosen.backends if part.priority > 0]
        if not parts:
            raise KeychainFailed("none", "The chain of keychains is empty.")
        return _real(parts[0])
    if isinstance(chosen, (null.Keyring, fail.Keyring)) or type(chosen).__module__.startswith("keyrings.alt"):
        raise KeychainFailed("none", f"{type(chosen).__module__} keeps no secrets.")
    return chosen


def _demand_unlocked() -> None:
    """Raise KeychainFailed if the Secret Service is locked. keyring itself would ask a person to unlock it."""
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException

    with closing(secretstorage.dbus_init()) as connection:
        try:
            locked = secretstorage.Collection(connection, _DEFAULT_KEYRING).is_locked()
        except ItemNotFoundException:
            return  # it is made when the first secret comes
    if locked:
        raise KeychainFailed("locked")


def _told(error: Exception) -> KeychainFailed:
    """Return what an error of a keychain means. They come from many libraries, so they are known by their names."""
    if isinstance(error, KeychainFailed):
        return error
    words, name = str(error).strip() or type(error).__name__, type(error).__name__
    if name in _LOCKED or "dismissed" in words.lower() or "locked" in words.lower():
        return KeychainFailed("locked", words)
    if "disconnected" in words:  # it ended while it was asked
        return KeychainFailed("silent", words)
    return KeychainFailed("none" if name in _NONE else "failed", words)
