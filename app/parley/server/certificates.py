"""Certificates: an authority that is made on this computer once, and the server's certificate, which renews itself.

Not trustme's: its authority never ends, and what it issues may sign programs. Slow to import, so the work is done in a
thread; but for `Issuer` nothing here is needed before encryption is.
"""

import logging
import os
import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import CertificatesUnusable
from parley.files import alone, write_private
from parley.serving import Certificates

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

logger = logging.getLogger(__name__)

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397
"""What phones and browsers take at most."""

RENEWED_DAYS = 30
"""The server's certificate is made anew so long before it ends."""

BACKDATED = timedelta(hours=1)
"""Clocks of other devices may be slow."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate and its key."""

    certificate: "x509.Certificate"
    key: "EllipticCurvePrivateKey"

    @property
    def pem(self) -> str:
        """Return both as text."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (key + self.certificate.public_bytes(Encoding.PEM)).decode("ascii")


class Issuer:
    """The certificates in a folder. `clock` tells the time. Its methods take a while: call them in a thread."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._clock = clock
        self._kept = folder / "authority.pem"
        self._public = folder / "ca.crt"
        self._leaf = folder / "server.pem"
        self._served: _Pair | None = None

    @property
    def exists(self) -> bool:
        """Return whether an authority has been made."""
        return self._kept.exists()

    @cached_property
    def authority(self) -> Certificates:
        """Return the authority, made if there is none yet. Raises CertificatesUnusable and StoreError."""
        from cryptography.hazmat.primitives.hashes import SHA256

        certificate = self._authority.certificate
        fingerprint = certificate.fingerprint(SHA256()).hex(":").upper()
        return Certificates(str(self._public), fingerprint, certificate.not_valid_after_utc.timestamp())

    @property
    def public_pem(self) -> bytes:
        """Return the authority's certificate, which devices install. Raises like `authority`."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self._authority.certificate.public_bytes(Encoding.PEM)

    def certify(self, context: ssl.SSLContext, names: Collection[str]) -> bool:
        """Let a server use a certificate for all names and addresses; return whether it is another than before.

        It is made anew if it would end soon, or does not name all. Connections that are open keep theirs.
        Raises CertificatesUnusable and StoreError.
        """
        authority, wanted = self._authority, frozenset(map(_general_name, _writable(names)))
        if self._served and self._is_good(self._served.certificate, wanted):
            return False
        with alone(self._leaf):
            found = _read(self._leaf)
            if found is None or not self._is_good(found.certificate, wanted):
                found = _issued(authority, wanted, self._clock())
                write_private(self._leaf, found.pem)
            context.load_cert_chain(self._leaf)
        self._served = found
        return True

    @cached_property
    def _authority(self) -> _Pair:
        with alone(self._kept):
            if self._kept.exists():
                found = self._demand_authority()
            else:
                found = _made_authority(self._clock())
                write_private(self._kept, found.pem)
                logger.info("a certificate authority was made: %s", self._public)
            from cryptography.hazmat.primitives.serialization import Encoding

            text = found.certificate.public_bytes(Encoding.PEM).decode("ascii")
            if not self._public.exists() or self._public.read_text("ascii", "replace") != text:
                write_private(self._public, text)
        return found

    def _demand_authority(self) -> _Pair:
        """Return the authority that is kept. It is never replaced by another one: devices trust it."""
        if os.name == "posix" and self._kept.stat().st_mode & 0o077:
            self._kept.chmod(0o600)
        found = _read(self._kept)
        if found is None or not found.certificate.not_valid_before_utc <= self._clock():
            raise CertificatesUnusable(path=self._folder)
        if found.certificate.not_valid_after_utc <= self._clock():
            raise CertificatesUnusable(path=self._folder, detail="the authority has expired")
        return found

    def _is_good(self, certificate: "x509.Certificate", wanted: "frozenset[x509.GeneralName]") -> bool:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature

        now = self._clock()
        last = certificate.not_valid_after_utc - timedelta(days=RENEWED_DAYS)
        if not certificate.not_valid_before_utc <= now < last:
            return False
        try:
            certificate.verify_directly_issued_by(self._authority.certificate)
            told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return wanted <= set(told)


def _read(path: Path) -> _Pair | None:
    """Return a certificate and its key; None if there is none, or what is there is damaged."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        data = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(data)
        key = load_pem_private_key(data, None)
    except (OSError, ValueError, TypeError) as error:
        if not isinstance(error, FileNotFoundError):
            logger.warning("%s cannot be read: %s", path, type(error).__name__)
        return None
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        logger.warning("%s holds a key that is not the certificate's", path)
        return None
    return _Pair(certificate, key)


def _made_authority(now: datetime) -> _Pair:
    import secrets

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    from parley.server.addresses import host_name

    key = ec.generate_private_key(ec.SECP256R1())
    # The number tells two of them apart in a device's list.
    name = _subject(f"Parley on {host_name()} {secrets.token_hex(2)}")
    certificate = (
        _begun(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, SHA256())
    )
    return _Pair(certificate, key)


def _issued(authority: _Pair, names: "frozenset[x509.GeneralName]", now: datetime) -> _Pair:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    from parley.server.addresses import host_name

    key, issuer = ec.generate_private_key(ec.SECP256R1()), authority.certificate
    days = min(LEAF_DAYS, (issuer.not_valid_after_utc - now).days)
    subject = _subject(host_name())
    parent = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _begun(subject, issuer.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(sorted(names, key=repr)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(parent), critical=False)
        .sign(authority.key, SHA256())
    )
    return _Pair(certificate, key)


def _begun(
    subject: "x509.Name", issuer: "x509.Name", key: "EllipticCurvePublicKey", now: datetime, days: int
) -> "x509.CertificateBuilder":
    from cryptography import x509

    begin = now - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    longest = 64  # as the standard has it
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Parley"),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:longest]),
        ]
    )


def _writable(names: Collection[str]) -> list[str]:
    """Return the names that a certificate can hold, those of other scripts as the network knows them."""
    found = []
    for name in names:
        try:
            found.append(name.encode("idna").decode("ascii"))
        except UnicodeError:
            logger.warning("“%s” is no name that a certificate can hold", name)
    return [name for name in found if name]


def _general_name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
