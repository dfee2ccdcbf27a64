"""The authority that devices trust, and the server's certificate."""

import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from parley.errors import CertificatesUnusable
from parley.server.certificates import AUTHORITY_DAYS, LEAF_DAYS, Issuer

NOW = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ("localhost", "127.0.0.1", "::1", "desk", "desk.local", "192.168.1.5")


def context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def leaf(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


def issuer(folder: Path, now: datetime = NOW) -> Issuer:
    return Issuer(folder, lambda: now)


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    first = issuer(tmp_path)
    assert not first.exists
    told = first.authority
    der = ssl.PEM_cert_to_DER_cert(Path(told.path).read_text("ascii"))
    assert told.fingerprint.replace(":", "") == sha256(der).hexdigest().upper()
    assert told.fingerprint.count(":") == 31
    assert told.expires_at == (NOW + timedelta(days=AUTHORITY_DAYS, hours=-1)).timestamp()
    assert issuer(tmp_path).authority == told
    assert first.public_pem == Path(told.path).read_bytes()
    made = x509.load_der_x509_certificate(der)
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert issuer(tmp_path / "other").authority.fingerprint != told.fingerprint


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    issuer(tmp_path).certify(context(), NAMES)
    for name in ("authority.pem", "server.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert b"PRIVATE" not in (tmp_path / "ca.crt").read_bytes()
    (tmp_path / "authority.pem").chmod(0o644)
    assert issuer(tmp_path).authority.path
    assert stat.S_IMODE((tmp_path / "authority.pem").stat().st_mode) == 0o600


def test_the_certificate_names_all_and_is_for_servers_only(tmp_path: Path) -> None:
    issuer(tmp_path).certify(context(), (*NAMES, "büro.example"))
    found = leaf(tmp_path)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    told = {*names.get_values_for_type(x509.DNSName)}
    assert told == {"localhost", "desk", "desk.local", "xn--bro-hoa.example"}
    assert set(names.get_values_for_type(x509.IPAddress)) == {
        ip_address(name) for name in ("127.0.0.1", "::1", "192.168.1.5")
    }
    assert found.not_valid_after_utc - found.not_valid_before_utc == timedelta(days=LEAF_DAYS)
    usage = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_it_stays_as_long_as_it_is_good(tmp_path: Path) -> None:
    one = issuer(tmp_path)
    assert one.certify(context(), NAMES)
    before = leaf(tmp_path).serial_number
    assert not one.certify(context(), NAMES)
    assert issuer(tmp_path, NOW + timedelta(days=300)).certify(context(), NAMES[:3])
    assert leaf(tmp_path).serial_number == before


@pytest.mark.parametrize("days", [370, 500, -1])
def test_it_is_renewed_before_it_ends(tmp_path: Path, days: int) -> None:
    now = NOW
    one = Issuer(tmp_path, lambda: now)
    one.certify(context(), NAMES)
    before, authority = leaf(tmp_path).serial_number, one.authority
    now = NOW + timedelta(days=days)
    if days < 0:  # the clock was wrong: what is not good yet helps nobody, and neither does its authority
        with pytest.raises(CertificatesUnusable):
            issuer(tmp_path, now).certify(context(), NAMES)
        return
    assert one.certify(context(), NAMES)
    assert leaf(tmp_path).serial_number != before
    assert one.authority == authority


def test_a_new_address_makes_a_new_certificate(tmp_path: Path) -> None:
    one = issuer(tmp_path)
    one.certify(context(), NAMES)
    before = leaf(tmp_path).serial_number
    assert one.certify(context(), (*NAMES, "10.0.0.7"))
    assert leaf(tmp_path).serial_number != before


@pytest.mark.parametrize("damage", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n", None])
def test_a_damaged_certificate_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    issuer(tmp_path).certify(context(), NAMES)
    other = issuer(tmp_path / "other")
    other.certify(context(), NAMES)
    stranger = (tmp_path / "other" / "server.pem").read_bytes()  # another authority's
    (tmp_path / "server.pem").write_bytes(stranger if damage is None else damage)
    issuer(tmp_path).certify(context(), NAMES)
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    leaf(tmp_path).verify_directly_issued_by(authority)


def test_a_damaged_authority_is_never_replaced(tmp_path: Path) -> None:
    told = issuer(tmp_path).authority
    kept = (tmp_path / "authority.pem").read_bytes()
    key, _, certificate = kept.partition(b"-----BEGIN CERTIFICATE-----")
    others = issuer(tmp_path / "other")
    assert others.authority.path
    wrong_key = (tmp_path / "other" / "authority.pem").read_bytes().partition(b"-----BEGIN CERTIFICATE-----")[0]
    for damaged in (b"", key, b"-----BEGIN CERTIFICATE-----" + certificate, wrong_key + kept[len(key) :], kept[:-100]):
        (tmp_path / "authority.pem").write_bytes(damaged)
        with pytest.raises(CertificatesUnusable, match="move that folder away"):
            issuer(tmp_path).certify(context(), NAMES)
        assert (tmp_path / "authority.pem").read_bytes() == damaged
    (tmp_path / "authority.pem").write_bytes(kept)
    (tmp_path / "ca.crt").unlink()
    assert issuer(tmp_path).authority == told
    assert (tmp_path / "ca.crt").exists()


def test_an_authority_that_has_ended_is_told(tmp_path: Path) -> None:
    assert issuer(tmp_path).authority.path
    with pytest.raises(CertificatesUnusable):
        issuer(tmp_path, NOW + timedelta(days=AUTHORITY_DAYS)).certify(context(), NAMES)
    late = issuer(tmp_path, NOW + timedelta(days=AUTHORITY_DAYS - 40))
    late.certify(context(), NAMES)
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes())
    assert leaf(tmp_path).not_valid_after_utc <= authority.not_valid_after_utc


def test_names_that_no_certificate_can_hold_are_left_out(tmp_path: Path) -> None:
    issuer(tmp_path).certify(context(), ("desk", "x" * 64, "a..b", "desk_2"))
    names = leaf(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"desk", "desk_2"}
