"""Pairing: a code that is shown on this computer gives one device a token. Codes live in memory, for some minutes."""

import secrets
import time
from collections.abc import Callable
from hmac import compare_digest

from parley.errors import PairingRefused

OFFER_SECONDS = 300.0
CODE_BYTES = 16

_SYSTEMS = ("iPhone", "iPad", "Android", "CrOS", "Windows", "Macintosh", "Linux")
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "FxiOS": "Firefox", "CriOS": "Chrome"}
_BROWSERS |= {"Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
"""What browsers call themselves. Each names those further down as well."""


class Pairing:
    """The offers that hold: one for each account, good for one device. `clock` tells seconds; it must not jump."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._offers: dict[str, tuple[bytes, float]] = {}

    def offer(self, account: str) -> str:
        """Return a new code for an account; it takes the place of the one before, and holds for OFFER_SECONDS."""
        code = secrets.token_urlsafe(CODE_BYTES)
        self._offers[account] = (code.encode("ascii"), self._clock() + OFFER_SECONDS)
        return code

    def redeem(self, code: str) -> str:
        """Return the account that a code was offered to; it is good no more then. Raises PairingRefused."""
        now, said = self._clock(), code.strip().encode("utf-8", "replace")
        self._offers = {account: offer for account, offer in self._offers.items() if offer[1] > now}
        found = [account for account, (right, _) in self._offers.items() if compare_digest(said, right)]
        if not found:
            raise PairingRefused
        del self._offers[found[0]]
        return found[0]


def device_name(program: str) -> str:
    """Return what a device is called in the list of tokens, from what its browser says of itself (User-Agent)."""
    system = next((name for name in _SYSTEMS if name in program), "")
    system = {"Macintosh": "Mac", "CrOS": "Chromebook"}.get(system, system)
    browser = next((name for sign, name in _BROWSERS.items() if f"{sign}/" in program), "")
    return ", ".join(filter(None, (system, browser))) or "a device"
