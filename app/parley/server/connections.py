"""Connections: requests and sockets that are open, whose they are, and how they are ended when a token is revoked."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from parley.errors import ChatError, ServerEnding, TokenRefused
from parley.people import Account, Token
from parley.serving import Client

REMEMBERED_SECONDS = 600.0
"""How long who has gone stays in the list."""

MOST_REMEMBERED = 1000
"""So many are remembered before those who have gone longest are forgotten."""

END_SECONDS = 2.0
"""How long what is ended may take to end."""

_LONGEST_PROGRAM = 200


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account, the token that says so (None where none is needed), and from which address.

    `others` are further tokens of the account that were sent along.
    """

    account: Account
    token: Token | None
    address: str
    others: tuple[Token, ...] = ()

    @property
    def id(self) -> str:
        """Return the account's id, as the engine and the store take it."""
        return self.account.id

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Return all tokens that were sent: each of them has to be good for as long as it is asked with."""
        return (self.token, *self.others) if self.token else self.others

    @property
    def admin(self) -> bool:
        """Return whether what concerns all accounts is open: by an admin's token, or where no token is needed."""
        return self.account.role == "admin" and (self.token is None or self.token.admin)

    def joined(self, other: "Caller") -> "Caller":
        """Return who asks with the tokens of both, who must be of one account. Raises TokenRefused."""
        if other.id != self.id:
            raise TokenRefused
        return replace(self, others=(*self.others, *other.tokens))

    @property
    def key(self) -> tuple[str, object]:
        """Return what limits are counted by: the credential, or the address where none is needed."""
        return ("token", self.token.number) if self.token else ("address", self.address)


@dataclass(eq=False, slots=True)
class Connection:
    """One request, or one socket, while it is open. `ending` is why it is being ended from our side.

    `caller` is None as long as nobody has said who it is. `admitted` is called when somebody has.
    """

    caller: Caller | None
    task: "asyncio.Task[object]"
    program: str = ""
    admitted: Callable[[], None] = lambda: None
    ending: ChatError | None = None

    def end(self, error: ChatError) -> None:
        """End it at once: what it is doing is cancelled, and the client is told why where that is still possible."""
        if self.ending is None:
            self.ending = error
            self.task.cancel()


@dataclass(slots=True)
class _Seen:
    caller: Caller
    program: str
    requests: int = 0
    at: float = 0.0
    open: set[Connection] = field(default_factory=set)


class Connections:
    """All that are open now, and who was there lately."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._open: set[Connection] = set()
        self._seen: dict[tuple[object, ...], _Seen] = {}
        self.requests = 0
        self._ending = False

    def begin(self, caller: Caller | None, program: str, admitted: Callable[[], None] = lambda: None) -> Connection:
        """Count a request of the running task. Whoever begins it calls `finish`. Raises ServerEnding."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection needs a task")
        if self._ending:
            raise ServerEnding
        connection = Connection(None, task, program[:_LONGEST_PROGRAM], admitted)
        self._open.add(connection)
        self.requests += 1
        if caller:
            self.admit(connection, caller)
        return connection

    def admit(self, connection: Connection, caller: Caller) -> None:
        """Remember whose connection it is: a socket's first message may tell."""
        connection.caller = caller
        connection.admitted()
        seen = self._seen.setdefault((caller.key, caller.address), _Seen(caller, connection.program))
        seen.caller, seen.program, seen.at = caller, connection.program, time.time()
        seen.requests += 1
        seen.open.add(connection)
        if len(self._seen) > MOST_REMEMBERED:
            self._forget()
        self._changed()

    def finish(self, connection: Connection) -> None:
        """It has ended."""
        self._open.discard(connection)
        caller = connection.caller
        if caller and (seen := self._seen.get((caller.key, caller.address))):
            seen.open.discard(connection)
            seen.at = time.time()
        self._changed()

    def clients(self) -> Sequence[Client]:
        """Return who is here, or was lately; latest first."""
        long_ago = time.time() - REMEMBERED_SECONDS
        self._seen = {key: seen for key, seen in self._seen.items() if seen.open or seen.at > long_ago}
        return [_client(seen) for seen in sorted(self._seen.values(), key=lambda seen: seen.at, reverse=True)]

    def demand_good(self, still_good: Callable[[Caller], bool]) -> None:
        """End those whose token or account is good no longer."""
        verdicts: dict[tuple[object, ...], bool] = {}
        for connection in tuple(self._open):
            caller = connection.caller
            if caller is None:
                continue
            key = (caller.id, *(token.number for token in caller.tokens))
            if key not in verdicts:
                verdicts[key] = still_good(caller)
            if not verdicts[key]:
                connection.end(TokenRefused())

    async def end_all(self) -> None:
        """End all of them, let no others begin, and wait until they have ended, but no longer than a moment."""
        self._ending = True
        for connection in tuple(self._open):
            connection.end(ServerEnding())
        if tasks := {connection.task for connection in self._open}:
            await asyncio.wait(tasks, timeout=END_SECONDS)

    def _forget(self) -> None:
        """Forget half of those who have gone."""
        gone = sorted((key for key, seen in self._seen.items() if not seen.open), key=lambda key: self._seen[key].at)
        for key in gone[: len(gone) // 2 + 1]:
            del self._seen[key]


def _client(seen: _Seen) -> Client:
    account, token = seen.caller.account, seen.caller.token
    return Client(
        account.id,
        account.name or account.email,
        token.number if token else None,
        token.name if token else "",
        seen.caller.address,
        seen.program,
        len(seen.open),
        seen.requests,
        seen.at,
    )
