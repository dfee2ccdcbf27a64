"""Credentials: who is asking? Passwords and tokens, checked and made. What somebody may use is `permits`' affair."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from parley.errors import AdminRefused, EmailInvalid, LoginDelayed, LoginWrong, PasswordInvalid, TokenRefused
from parley.people import Account, AccountRole, Credential, Token
from parley.store import Store

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")

LONGEST_PASSWORD = 1024
"""Bytes: more is no password, and would only take time."""

FREE_FAILURES = 10
"""So many failed logins cost no time."""

LONGEST_DELAY = 900.0
"""Seconds between two logins, however many have failed."""

FORGET_SECONDS = 3600.0
"""After so long without another one, failures are forgotten."""

MARK_SECONDS = 60.0
"""How old the time of a token's last use may be: it is a write each."""

_HASHERS = 2
"""Passwords that are hashed at once: each takes 64 MiB and some tenths of a second of a core."""

_MOST_PLACES = 10_000
_LONGEST_EMAIL = 254
_LONGEST_NUMBER = 18
_SECRET_BYTES = 32
_NO_DIGEST = bytes(32)

NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$kIDLGnsKnWQQpdB2dYJa3w$nZ8ZcDskHn+HVT9xElEz3zlESWizaF+m9nCi5HgEB9M"
"""What is checked where there is no password, so that it takes as long: of the same kind as ours, of no password."""


class Credentials:
    """Checks passwords and tokens, and makes them. `clock` counts the seconds of delays."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._places: OrderedDict[tuple[str, str], _Place] = OrderedDict()
        self._marked: dict[int, float] = {}

    async def add(
        self, email: str, password: str | None, *, name: str = "", role: AccountRole = "user", tags: Sequence[str] = ()
    ) -> Account:
        """Add an account. Without a password it can only ask with tokens.

        Raises EmailInvalid, PasswordInvalid and AccountExists.
        """
        email = checked_email(email)
        hashed = "" if password is None else await self._hashed(password)
        return await self._store.accounts.add(email, name or email.partition("@")[0], role, tags, hashed)

    async def set_password(self, account: str, password: str, *, all_tokens: bool = False) -> int:
        """Give an account another password. What somebody got by the one before ends with it; with `all_tokens`, the
        tokens that were made by name, too. Return how many ended. Raises PasswordInvalid and AccountUnknown.
        """
        return await self._store.accounts.set_password(account, await self._hashed(password), all_tokens=all_tokens)

    async def login(self, email: str, password: str, name: str, address: str = "") -> tuple[Account, str]:
        """Return the account of an e-mail address, if the password is right, and a token of that name to ask with.

        `address` is where the password is said. Raises LoginWrong, with the same words and after the same time for
        whatever was wrong; and LoginDelayed, after too many of them. Those of one account and address go one after
        the other.
        """
        place = self._place(email, address)
        async with place.lock:
            if (seconds := place.delay(self._clock())) > 0:
                raise LoginDelayed(seconds=ceil(seconds))
            account, hashed = await self._account(email, password)
            if account is None:
                place.fail(self._clock())
                raise LoginWrong
            place.failed = 0
        _, text = await self._issue(account, name, password=hashed)
        return account, text

    async def issue(
        self, account: Account, name: str, *, admin: bool = False, maker: Token | None = None
    ) -> tuple[Token, str]:
        """Make a token; return it, and the text to ask with, which cannot be had again.

        With `admin`, which only the owner asks for, it opens what concerns all accounts. `maker` is the token that it
        is asked for with. Raises AccountUnknown, AdminRefused if the account is no admin's, and TokenRefused if the
        maker is good no longer.
        """
        if admin and account.role != "admin":
            raise AdminRefused(account=account.email or account.name)
        return await self._issue(account, name, admin=admin, maker=maker.number if maker else None)

    async def _issue(
        self, account: Account, name: str, *, admin: bool = False, password: str | None = None, maker: int | None = None
    ) -> tuple[Token, str]:
        from secrets import token_urlsafe

        secret = token_urlsafe(_SECRET_BYTES)
        tokens = self._store.tokens
        token = await tokens.add(account.id, name, _digest(secret), admin=admin, password=password, maker=maker)
        return token, f"{token.number}|{secret}"

    def identify(self, text: str) -> Credential:
        """Return whom a token speaks for, and remember that it was used. Raises TokenRefused."""
        from hmac import compare_digest

        number, _, secret = text.strip().partition("|")
        is_number = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
        found = self._store.tokens.find(int(number)) if is_number else None
        credential, digest = found or (None, _NO_DIGEST)
        right = compare_digest(_digest(secret), digest)
        if credential is None or not right or credential.account.disabled:
            raise TokenRefused
        self._mark(credential.token)
        return credential

    def close(self) -> None:
        """Begin no hash any more that waits for its turn."""
        if "_pool" in vars(self):
            self._pool.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        # Not asyncio's own threads: a caller that gives up would leave its thread at work, and let another one begin.
        return ThreadPoolExecutor(max_workers=_HASHERS, thread_name_prefix="passwords")

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        from argon2 import PasswordHasher

        # One lane: more would be as many threads each, on which the window and all answers would wait.
        return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)

    async def _account(self, email: str, password: str) -> tuple[Account | None, str]:
        """Return the account if the password is right, and its hash. Takes as long if there is none."""
        account, hashed = (self._store.accounts.password(email) if len(email) <= _LONGEST_EMAIL else None) or (None, "")
        right, outdated = await self._in_thread(partial(self._verify, hashed or NOBODY, _bytes(password)))
        if account is None or not hashed or not right or account.disabled:
            return None, ""
        if outdated:
            before, hashed = hashed, await self._hashed(password)
            await self._store.accounts.set_hash(account.id, before, hashed)
        return account, hashed

    async def _hashed(self, password: str) -> str:
        data = _bytes(password)
        if not data or "\n" in password or "\r" in password:
            raise PasswordInvalid(most=LONGEST_PASSWORD)
        return await self._in_thread(partial(self._hasher.hash, data))

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

    def _verify(self, hashed: str, password: bytes) -> tuple[bool, bool]:
        """Return whether it is the password, and whether its hash should be made anew."""
        from argon2.exceptions import VerifyMismatchError

        try:
            self._hasher.verify(hashed, password)
        except VerifyMismatchError:
            return False, False
        return True, self._hasher.check_needs_rehash(hashed)

    def _place(self, email: str, address: str) -> "_Place":
        """Return where logins are counted. The place that was used longest ago is forgotten when there are too many."""
        from parley.store.accounts import folded

        key = (folded(email[:_LONGEST_EMAIL]), address)
        place = self._places.setdefault(key, _Place())
        self._places.move_to_end(key)
        if len(self._places) > _MOST_PLACES:
            self._places.popitem(last=False)
        return place

    def _mark(self, token: Token) -> None:
        now = time.time()
        if now - max(self._marked.get(token.number, 0.0), token.used_at or 0.0) >= MARK_SECONDS:
            self._marked[token.number] = now
            self._store.tokens.mark_used(token.number)


@dataclass(slots=True)
class _Place:
    """The logins of one account from one address."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    failed: int = 0
    last: float = 0.0

    def fail(self, now: float) -> None:
        """Another login has failed."""
        self.failed, self.last = self.failed + 1, now

    def delay(self, now: float) -> float:
        """Return in how many seconds the next one may come."""
        if now - self.last >= FORGET_SECONDS:
            self.failed = 0
        beyond = self.failed - FREE_FAILURES
        if beyond < 0:
            return 0.0
        return self.last + min(2.0 ** min(beyond, 30), LONGEST_DELAY) - now


def checked_email(email: str) -> str:
    """Return an e-mail address without what stands around it. Raises EmailInvalid."""
    email = email.strip()
    name, at, host = email.rpartition("@")
    odd = any(letter.isspace() or not letter.isprintable() for letter in email)
    if not name or not at or not host or "@" in name or odd or len(email) > _LONGEST_EMAIL:
        raise EmailInvalid(email=email[:_LONGEST_EMAIL])
    return email


def _bytes(password: str) -> bytes:
    """Return what is hashed; nothing for what is too long to be one."""
    from unicodedata import normalize

    data = normalize("NFC", password).encode("utf-8", "surrogatepass") if len(password) <= LONGEST_PASSWORD else b""
    return data if len(data) <= LONGEST_PASSWORD else b""


def _digest(secret: str) -> bytes:
    from hashlib import sha256

    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
