"""Neighbours: what the server has to do with the network around it. Its names and addresses, certificates, the
announcement, and that the computer stays awake; all of it follows what changes while the server is on.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from parley.errors import AnnounceFailed, AwakeRefused, ChatError
from parley.server.addresses import LOOPBACK, Names, host_name, lan_addresses, urls
from parley.server.awake import Awake
from parley.server.discovery import Announced, Announcement
from parley.serving import Certificates

if TYPE_CHECKING:
    from parley.server.backend import Plan
    from parley.server.certificates import Issuer
    from parley.services import Services

logger = logging.getLogger(__name__)

REFUSED_SECONDS = 0.5
"""So soon the system refuses to stay awake, if it does."""


class Neighbours:
    """What others see of this computer. `announcement` and `awake` are given by tests."""

    def __init__(
        self, services: "Services", announcement: Announcement | None = None, awake: Awake | None = None
    ) -> None:
        self._services = services
        self._announcement = announcement or Announcement()
        self._awake = awake or Awake()
        self._names = Names()
        self._host = ""
        self._auth = True
        self._issuer: Issuer | None = None
        self._context: ssl.SSLContext | None = None
        self.certificates: Certificates | None = None
        self.addresses: Sequence[str] = ()
        self.warnings: Sequence[ChatError] = ()

    def names(self) -> frozenset[str]:
        """Return the hosts that requests may be meant for.

        Where no token is needed that is not what the network calls this computer: who answers for such a name there
        could let a page of theirs be one of ours.
        """
        added = f"{self._services.settings.options.server_names} {self._host}"
        return self._names(added) if self._auth else self._names.added(added) | LOOPBACK

    def authority_pem(self) -> bytes | None:
        """Return the certificate that devices install, or None if there is none. Takes a while."""
        issuer = self._issuer or self._made_issuer()
        return issuer.public_pem if issuer.exists else None

    async def context(self, plan: "Plan") -> ssl.SSLContext | None:
        """Return what encrypts connections, or None where that is not wished.

        Raises CertificatesUnusable and StoreError.
        """
        self._host, self._auth = plan.host, plan.auth
        self._context = None
        if not plan.encrypted:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        issuer = self._issuer = await asyncio.to_thread(self._made_issuer)
        self.certificates = await asyncio.to_thread(lambda: issuer.authority)
        await asyncio.to_thread(issuer.certify, context, self.names())
        self._context = context
        return context

    async def begin(self, plan: "Plan", port: int) -> None:
        """Tell where it can be reached. The rest is seen to by `look`, which may take a second."""
        self.addresses = await asyncio.to_thread(urls, plan, port)

    async def look(self, plan: "Plan", port: int) -> bool:
        """See whether all is as it should be. Return whether something that is shown has changed."""
        before = (self.addresses, [warning.code for warning in self.warnings])
        self.addresses = await asyncio.to_thread(urls, plan, port)
        found: list[ChatError] = []
        try:
            if self._context and self._issuer:
                renewed = await asyncio.to_thread(self._issuer.certify, self._context, self.names())
                if renewed:
                    logger.info("the server has a new certificate")
        except ChatError as error:
            found.append(error)
        try:
            await self._announce(plan, port)
        except AnnounceFailed as error:
            found.append(error)
        try:
            if self._services.settings.options.server_keep_awake:
                if self._awake.keep():
                    await asyncio.sleep(REFUSED_SECONDS)
                    self._awake.keep()
            else:
                self._awake.release()
        except AwakeRefused as error:
            found.append(error)
        self.warnings = found
        return before != (self.addresses, [warning.code for warning in found])

    async def end(self) -> None:
        """Let go of everything."""
        self._awake.release()
        await self._announcement.end()
        self.addresses, self.warnings, self._context = (), (), None

    async def _announce(self, plan: "Plan", port: int) -> None:
        if self._services.settings.options.server_announce and plan.open:
            numbers = tuple(lan_addresses())
            await self._announcement.begin(Announced(host_name(), port, plan.encrypted, numbers))
        else:
            await self._announcement.end()

    def _made_issuer(self) -> "Issuer":
        from parley.server.certificates import Issuer

        return Issuer(self._services.paths.certificates)
