"""Server mode as the desktop and the command line see it: values and a protocol. How it serves is `server`'s affair."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from parley.errors import ChatError

ServerState = Literal["off", "starting", "on", "ending"]
"""What the switch shows."""


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who is connected, or was a moment ago. `open` counts the requests and sockets that have not ended.

    `token` is the number of the token, None where no key is asked for. `seen_at` is in Unix seconds.
    """

    account: str
    name: str
    token: int | None
    token_name: str
    address: str
    program: str
    open: int
    requests: int
    seen_at: float


@dataclass(frozen=True, slots=True)
class Certificates:
    """The authority that was made on this computer: where its certificate is, and its SHA-256 fingerprint in pairs."""

    path: str
    fingerprint: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer to pair one device: the address with the code in it, and until when it holds, in Unix seconds."""

    url: str
    code: str
    expires_at: float


class ServerSwitch(Protocol):
    """Server mode, off or on. It is told apart from its settings: those say what is wished, this what is."""

    @property
    def state(self) -> ServerState: ...

    @property
    def address(self) -> str | None:
        """Return the first of the addresses, or None while it is off."""
        ...

    @property
    def addresses(self) -> Sequence[str]:
        """Return the URLs at which it can be reached, this computer's own first; none while it is off."""
        ...

    @property
    def problem(self) -> "ChatError | None":
        """Return why the last start failed, or it ended by itself."""
        ...

    @property
    def warnings(self) -> "Sequence[ChatError]":
        """Return what does not work although it is on: it could not be announced, or the computer may fall asleep."""
        ...

    @property
    def requests(self) -> int:
        """Return how many requests have come since it was started."""
        ...

    @property
    def clients(self) -> Sequence[Client]:
        """Return who is connected, or was in the last minutes; latest first."""
        ...

    @property
    def certificates(self) -> Certificates | None:
        """Return the authority, or None as long as none has been needed."""
        ...

    async def start(self) -> None:
        """Listen as the settings say; where it does so otherwise, it begins anew. It does that by itself, too, soon
        after they have changed.

        Raises AddressTaken, LanRefused, SettingInvalid, CertificatesUnusable and StoreError, and is off then.
        """
        ...

    async def stop(self) -> None:
        """Listen no more; streams end, and what had come is kept."""
        ...

    def offer(self, account: str) -> Offer:
        """Return an offer to pair one device of an account. Made anew it takes the place of the one before.

        Raises ServerOff, and AccountUnknown.
        """
        ...

    def free_port(self) -> int:
        """Return the next port after that of the settings on which nobody listens. Raises AddressTaken without any."""
        ...

    def subscribe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call the observer after something of this has changed, at most a few times a second. Return what ends it."""
        ...
