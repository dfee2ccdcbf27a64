"""Listening: encrypted and not on one port, on the network and on this computer, with real clients."""

import asyncio
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from parley.errors import AddressTaken, CertificatesUnusable, LanRefused
from parley.server import EmbeddedServer, Plan, wire
from parley.server.addresses import host_name, lan_addresses
from parley.server.certificates import Issuer
from parley.server.listening import _first_byte
from parley.services import Services
from parley.settings import Settings
from tests.conftest import Until
from tests.server.conftest import Serve, Site, client

LAN = Plan(port=0, lan=True)

needs_network = pytest.mark.skipif(not [host for host in lan_addresses() if ":" not in host], reason="no network here")


def port(site: Site) -> int:
    found = httpx.URL(site.url).port
    assert found
    return found


def trusting(site: Site) -> ssl.SSLContext:
    assert site.server.certificates
    return ssl.create_default_context(cafile=site.server.certificates.path)


async def serial(site: Site) -> str:
    """Return the number of the certificate that a new connection gets."""
    _, writer = await asyncio.open_connection("127.0.0.1", port(site), ssl=trusting(site), server_hostname="localhost")
    told = writer.get_extra_info("peercert")
    writer.close()
    return str(told["serialNumber"])


def from_the_network(code: str, *words: str) -> str:
    """Run code in a process of its own: tests reach no address but loopback, not even this computer's others."""
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
connection.request(sys.argv[3], sys.argv[4])
answer = connection.getresponse()
print(answer.status, answer.getheader("location"), answer.read().decode())
"""


async def test_this_computer_only(site: Site) -> None:
    assert site.server.addresses == [site.url]
    assert site.url.startswith("http://127.0.0.1:")
    assert site.server.certificates is None
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        if family == socket.AF_INET6 and not socket.has_ipv6:
            continue
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.connect((host, port(site)))


@needs_network
async def test_others_cannot_reach_it(site: Site) -> None:
    code = "import socket, sys; print(socket.socket().connect_ex((sys.argv[1], int(sys.argv[2]))) != 0)"
    assert await asyncio.to_thread(from_the_network, code, lan_addresses()[0], str(port(site))) == "True\n"


async def test_one_port_for_both(serve: Serve) -> None:
    site = await serve(LAN)
    assert (await site.owner.client.get("/health")).status_code == 200
    async with httpx.AsyncClient(verify=trusting(site), headers=site.owner.headers) as encrypted:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            answer = await encrypted.get(f"https://{host}:{port(site)}/health")
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_the_addresses_of_the_network(serve: Serve) -> None:
    site = await serve(LAN)
    own, *others = site.server.addresses
    assert own == f"http://127.0.0.1:{port(site)}"
    assert all(address.startswith("https://") for address in others)
    assert others[-1] == f"https://{host_name()}.local:{port(site)}"
    assert site.server.offer("owner").url.startswith(f"{others[0]}/#pair=")
    assert site.server.certificates


async def test_who_does_not_trust_us_does_not_connect(serve: Serve) -> None:
    site = await serve(LAN)
    async with httpx.AsyncClient() as stranger:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get(f"https://127.0.0.1:{port(site)}/live")
    old = trusting(site)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", port(site), ssl=old)
    assert (await site.anyone.get("/live")).status_code == 204


async def test_the_certificate_for_devices(serve: Serve) -> None:
    site = await serve(LAN)
    answer = await site.anyone.get("/ca.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert site.server.certificates
    assert answer.content == Path(site.server.certificates.path).read_bytes()


@needs_network
async def test_nothing_in_the_clear_from_the_network(serve: Serve) -> None:
    site = await serve(LAN)
    host, number = lan_addresses()[0], str(port(site))
    said = await asyncio.to_thread(from_the_network, ASK, host, number, "GET", "/")
    assert said.split()[:2] == ["307", f"https://{host}:{number}/"]
    said = await asyncio.to_thread(from_the_network, ASK, host, number, "GET", "/health")
    assert said.startswith("403 None ")
    assert "https://" in said
    said = await asyncio.to_thread(from_the_network, ASK, host, number, "POST", "/pair")
    assert said.startswith("403 ")


@needs_network
async def test_in_the_clear_where_that_is_wished(serve: Serve) -> None:
    site = await serve(Plan(port=0, lan=True, tls=False))
    assert site.server.certificates is None
    assert all(address.startswith("http://") for address in site.server.addresses)
    said = await asyncio.to_thread(from_the_network, ASK, lan_addresses()[0], str(port(site)), "GET", "/live")
    assert said.startswith("204 ")


async def test_a_network_without_keys_is_refused(services: Services) -> None:
    for plan in (Plan(port=0, lan=True, auth=False), Plan("0.0.0.0", 0, auth=False)):
        server = EmbeddedServer(services, plan)
        with pytest.raises(LanRefused):
            await server.start()
        assert (server.state, isinstance(server.problem, LanRefused)) == ("off", True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_no_one_address_is_all_of_them(serve: Serve, host: str) -> None:
    site = await serve(Plan(host, 0))
    assert site.server.addresses[0] == f"http://127.0.0.1:{port(site)}"
    assert (await site.anyone.get("/live")).status_code == 204
    assert all(address.startswith("https://") for address in site.server.addresses[1:])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere that address has to be set up")
async def test_one_address_alone(serve: Serve) -> None:
    site = await serve(Plan("127.0.0.2", 0))
    assert site.server.addresses == [f"http://127.0.0.2:{port(site)}"]
    assert site.server.offer("owner").url.startswith("http://127.0.0.2:")
    assert (await site.owner.client.get("/health")).status_code == 200
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port(site))


async def test_half_of_a_port_is_taken(services: Services) -> None:
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    with other:
        server = EmbeddedServer(services, Plan(port=other.getsockname()[1]))
        with pytest.raises(AddressTaken):  # “localhost” would be the other program
            await server.start()


async def test_a_new_name_is_certified_while_it_runs(serve: Serve, settings: Settings, until: Until) -> None:
    site = await serve(LAN)
    before = await serial(site)
    settings.update(server_names="büro.example")
    async with asyncio.timeout(10):
        while await serial(site) == before:
            await asyncio.sleep(0.05)
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port(site), ssl=trusting(site), server_hostname="xn--bro-hoa.example"
    )
    writer.close()
    assert site.server.state == "on"


async def test_a_certificate_that_ends_is_renewed_at_the_start(serve: Serve, services: Services) -> None:
    old = datetime.now(UTC) - timedelta(days=390)
    Issuer(services.paths.certificates, lambda: old).certify(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ["localhost"])
    site = await serve(LAN)
    async with httpx.AsyncClient(verify=trusting(site)) as encrypted:
        assert (await encrypted.get(f"https://localhost:{port(site)}/live")).status_code == 204


async def test_a_damaged_authority_is_a_sentence(services: Services, serve: Serve) -> None:
    services.paths.certificates.mkdir()
    (services.paths.certificates / "authority.pem").write_text("nonsense")
    server = EmbeddedServer(services, LAN)
    with pytest.raises(CertificatesUnusable):
        await server.start()
    assert (server.state, isinstance(server.problem, CertificatesUnusable)) == ("off", True)
    await server.stop()
    site = await serve()
    answer = await site.anyone.get("/ca.crt")
    assert answer.status_code == 404
    assert str(services.paths.data) not in answer.text


@pytest.mark.parametrize("noise", [b"", b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x80\x2e\x01", b"GARBAGE\r\n\r\n"])
async def test_noise_disturbs_nobody(serve: Serve, noise: bytes) -> None:
    site = await serve(LAN)
    writers = []
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", port(site))
        writer.write(noise)
        writers.append(writer)
    assert (await site.anyone.get("/live")).status_code == 204
    async with httpx.AsyncClient(verify=trusting(site)) as encrypted:
        assert (await encrypted.get(f"https://localhost:{port(site)}/live")).status_code == 204
    async with asyncio.timeout(5):
        await site.server.stop()
    for writer in writers:
        writer.close()


async def test_who_says_nothing_keeps_nobody_else_out(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """One place has only so many connections that wait for their first byte; before, it could have all there are."""
    monkeypatch.setattr(wire, "MOST_FROM_ONE", 3)
    site = await serve(LAN)
    silent = [await asyncio.open_connection("127.0.0.1", port(site)) for _ in range(5)]
    async with asyncio.timeout(5):  # they are given longer to say something
        ended = [asyncio.ensure_future(reader.read()) for reader, _ in silent]
        await asyncio.wait(ended[3:])
    assert [each.done() for each in ended] == [False] * 3 + [True] * 2
    for _, writer in silent:
        writer.close()
    async with asyncio.timeout(30):  # until it has noticed that they have gone
        while True:
            with suppress(httpx.HTTPError):
                assert (await site.anyone.get("/live")).status_code == 204
                break


async def test_the_settings_say_how(services: Services, settings: Settings, until: Until) -> None:
    """Changed while it is on they hold soon after, by themselves."""
    from tests.providers.sockets import unused_port

    first, second = unused_port(), unused_port()
    settings.update(server_port=first)
    server = EmbeddedServer(services)
    await server.start()
    try:
        assert server.address == f"http://127.0.0.1:{first}"
        settings.update(server_port=second)
        await until(lambda: server.address == f"http://127.0.0.1:{second}")
        settings.update(server_lan=True)
        await until(lambda: len(server.addresses) > 1 and server.state == "on")
        settings.update(server_auth=False)
        await until(lambda: server.state == "off")
        assert isinstance(server.problem, LanRefused)
        async with client(f"http://127.0.0.1:{second}") as anyone:
            with pytest.raises(httpx.ConnectError):
                await anyone.get("/live")
    finally:
        await server.stop()


@pytest.mark.parametrize("watched", [True, False], ids=["selector", "as on Windows"])
async def test_the_first_byte_stays_to_be_read(watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: object) -> None:
        raise NotImplementedError

    if not watched:
        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", unknown)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        looking = asyncio.create_task(_first_byte(ours))
        await asyncio.sleep(0)
        theirs.sendall(b"\x16rest")
        assert await looking == b"\x16"
        assert ours.recv(10) == b"\x16rest"
        theirs.close()
        assert await _first_byte(ours) == b""


async def test_no_answer_waits_for_what_was_sent_before_it(site: Site) -> None:
    await site.owner.client.get("/health")
    listening = site.server._listening
    assert listening
    (connection,) = listening._state.connections
    taken = connection.transport.get_extra_info("socket")
    assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
