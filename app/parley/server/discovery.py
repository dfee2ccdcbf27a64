"""Discovery: announces the server on the network by mDNS, so that programs find it without its address."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley import __version__
from parley.errors import AnnounceFailed

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

SERVICE = "_parley._tcp.local."
LONGEST_NAME = 60
"""Of what is announced; a number may come behind it, where there are two of one name."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What is announced: the computer's name, the port, whether connections are encrypted, and the addresses."""

    host: str
    port: int
    encrypted: bool
    addresses: tuple[str, ...]


class Announcement:
    """An announcement, from `begin` to `end`. `interfaces` are the addresses to speak from; None is all."""

    def __init__(self, interfaces: Sequence[str] | None = None) -> None:
        self._interfaces = interfaces
        self._zeroconf: AsyncZeroconf | None = None
        self._told: Announced | None = None

    async def begin(self, announced: Announced) -> None:
        """Announce, or what has changed of it. Raises AnnounceFailed."""
        if announced == self._told:
            return
        await self.end()
        await asyncio.to_thread(_load)
        from zeroconf import Error, InterfaceChoice
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        info = AsyncServiceInfo(
            SERVICE,
            f"{f'Parley on {announced.host}'[:LONGEST_NAME]}.{SERVICE}",
            port=announced.port,
            server=f"{announced.host}.local.",
            addresses=[_packed(address) for address in announced.addresses],
            properties={"version": __version__, "tls": "1" if announced.encrypted else "0", "path": "/"},
        )
        try:
            self._zeroconf = AsyncZeroconf(interfaces=self._interfaces or InterfaceChoice.All)
            await self._zeroconf.async_register_service(info, allow_name_change=True)
        except (OSError, RuntimeError, Error) as error:  # RuntimeError: there is no network at all
            await self.end()
            raise AnnounceFailed(detail=str(error) or type(error).__name__) from error
        self._told = announced

    async def end(self) -> None:
        """Take it back."""
        ending, self._zeroconf, self._told = self._zeroconf, None, None
        if ending:
            await ending.async_unregister_all_services()
            await ending.async_close()


def _load() -> None:
    """Import what takes a while."""
    import zeroconf.asyncio  # noqa: F401


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
