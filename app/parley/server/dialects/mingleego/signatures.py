"""Signatures: addresses of files that need no key, for an hour. What signs them is a secret of the data folder.

They are signed for an account: when it is switched off or removed, they are good no longer.
"""

import hashlib
import hmac
import time
from functools import cached_property
from pathlib import Path
from secrets import token_hex

from parley.files import alone, write_private

VALID_SECONDS = 3600
KEY_FILE = "signing-key"
_SHORTEST_KEY = 64


class Signatures:
    """Signs the ids of files. The secret is made when it is first needed."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / KEY_FILE

    def sign(self, id: str, account: str) -> tuple[int, str]:
        """Return until when an address is good, in Unix seconds, and what proves it. Raises StoreError."""
        until = int(time.time()) + VALID_SECONDS
        return until, self._signature(id, account, until)

    def good(self, id: str, account: str, until: int, signature: str) -> bool:
        """Return whether an address was signed here for an account and is still good."""
        expected = self._signature(id, account, until).encode()
        return hmac.compare_digest(expected, signature.encode()) and time.time() < until

    def _signature(self, id: str, account: str, until: int) -> str:
        return hmac.new(self._key, f"{id}\n{account}\n{until}".encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _key(self) -> bytes:
        if not (key := self._read()):
            with alone(self._path):
                key = self._read() or token_hex(32)
                write_private(self._path, key)
        return key.encode()

    def _read(self) -> str:
        try:
            key = self._path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""
        return key if len(key) >= _SHORTEST_KEY else ""
