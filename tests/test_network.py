"""Proxies, certificates and lines that are down, all on real sockets."""

import asyncio
import base64
import re
import socket
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from parley import http_session
from parley.errors import (
    AccessBlocked,
    AddressWrong,
    AuthoritiesUnreadable,
    CertificateExpired,
    CertificateForeign,
    CertificateUnknown,
    ConnectTimeout,
    FileProblem,
    KeyRefused,
    NoCredit,
    NoNetwork,
    PageInstead,
    ProviderFailed,
    ProviderUnreachable,
    ProxyFailed,
    ProxyLoginNeeded,
    RateLimited,
    RegionRefused,
    RequestTooLarge,
)
from parley.http import Client
from parley.network import DIRECT, Network, is_proxy, proxy_for, without_login
from parley.providers.catalog import BUILT_IN
from parley.providers.endpoints import Access, Endpoint, ProviderDialect
from parley.refusals import kind_of
from tests.providers.proxies import Proxy, SocksProxy
from tests.providers.sockets import FakeServer, bytes_handler, response, unused_port

HOST = "models.example"
LOGIN = "ann:s3cret-word"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@pytest.fixture
async def server(authority: trustme.CA) -> AsyncIterator[FakeServer]:
    """A server with a certificate that a company's own authority has made, as where a proxy reads along."""
    async with FakeServer(bytes_handler(response({"ok": True})), tls=context(authority.issue_cert(HOST))) as server:
        yield server


def settings(**values: str) -> "Client":
    async def network() -> Network:
        return Network(**values)

    return Client("Fake", f"https://{HOST}/v1", network=network)


@asynccontextmanager
async def hanging_up(said: bytes) -> AsyncIterator[int]:
    """Run a proxy that hears something, says this and goes away; give its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        yield proxy.sockets[0].getsockname()[1]


class TestProxy:
    async def test_leads_through(self, server: FakeServer, authority_file: str) -> None:
        async with Proxy(server.port) as proxy:
            client = settings(proxy=proxy.url, ca_file=authority_file)
            assert await client.ask("/models") == {"ok": True}
            assert proxy.asked == [f"{HOST}:443"]
            await client.close()

    @pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
    async def test_of_the_environment(
        self, server: FakeServer, authority_file: str, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", authority_file)
        async with Proxy(server.port, login=LOGIN) as proxy:
            monkeypatch.setenv(variable, proxy.url_with(LOGIN))
            client = settings()
            assert await client.ask("/models") == {"ok": True}
            await client.close()

    @pytest.mark.parametrize("login", [LOGIN, "ann:a:b@c/d é%", "ann:"])
    async def test_the_password_is_kept_apart(self, server: FakeServer, authority_file: str, login: str) -> None:
        async with Proxy(server.port, login=login) as proxy:
            address, kept = without_login(proxy.url_with(login.replace("%", "%25")))
            assert address == proxy.url
            assert is_proxy(address)
            client = settings(proxy=address, ca_file=authority_file, login=kept)
            assert await client.ask("/models") == {"ok": True}
            await client.close()

    async def test_that_wants_another_password(self, server: FakeServer) -> None:
        async with Proxy(server.port, login=LOGIN) as proxy:
            for login in ("", "ann:wrong-word"):
                client = settings(proxy=proxy.url, login=login)
                with pytest.raises(ProxyLoginNeeded, match="wants a user name") as caught:
                    await client.ask("/models")
                assert proxy.url in str(caught.value)
                told = "".join(traceback.format_exception(caught.value))
                assert "wrong-word" not in f"{caught.value!r} {caught.value.detail} {caught.value.fields} {told}"
                assert base64.b64encode(b"ann:wrong-word").decode() not in told
                await client.close()

    async def test_that_refuses(self, server: FakeServer) -> None:
        async with Proxy(server.port, refusal="403 Not in this house") as proxy:
            client = settings(proxy=proxy.url)
            with pytest.raises(ProxyFailed) as caught:
                await client.ask("/models")
            assert type(caught.value) is ProxyFailed
            assert caught.value.detail == "403 Not in this house"
            await client.close()

    async def test_that_is_gone(self) -> None:
        client = settings(proxy=f"http://ann:hush-hush@127.0.0.1:{unused_port()}")
        with pytest.raises(ProxyFailed, match=r"The proxy http://127\.0\.0\.1:\d+ on the way to Fake") as caught:
            await client.ask("/models")
        assert "refused" in caught.value.detail.lower()
        assert "hush" not in f"{caught.value!r} {caught.value.detail} {caught.value.fields}"
        await client.close()

    async def test_whose_name_is_unknown(self) -> None:
        client = settings(proxy="http://nowhere.invalid:3128")
        with pytest.raises(ProxyFailed):
            await client.ask("/models")
        await client.close()

    async def test_socks(self, server: FakeServer, authority_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
        async with SocksProxy(server.port, login=LOGIN) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url_with(LOGIN).replace("socks5:", "socks:"))
            client = settings(ca_file=authority_file)
            assert await client.ask("/models") == {"ok": True}
            assert proxy.asked == [f"{HOST}:443"]
            await client.close()

    async def test_socks_with_another_password(self, server: FakeServer) -> None:
        async with SocksProxy(server.port, login=LOGIN) as proxy:
            client = settings(proxy=proxy.url, login="ann:wrong-word")
            with pytest.raises(ProxyLoginNeeded, match="wants a user name"):
                await client.ask("/models")
            await client.close()

    @pytest.mark.parametrize("said", [b"", b"\x05\x00\x05", b"HTTP/1.1 400 What?\r\n\r\n"])
    async def test_socks_that_breaks_off(self, said: bytes) -> None:
        async with hanging_up(said) as port:
            client = settings(proxy=f"socks5://127.0.0.1:{port}", login="ann:hush-hush")
            with pytest.raises(ProxyFailed, match=f"The proxy socks5://127.0.0.1:{port} on the way"):
                await client.ask("/models")
            await client.close()

    async def test_socks_with_a_login_that_is_not_ascii(self, server: FakeServer, authority_file: str) -> None:
        async with SocksProxy(server.port, login="änn:h:ush@/€") as proxy:
            login = "%C3%A4nn:h%3Aush%40%2F%E2%82%AC"
            client = settings(proxy=proxy.url, ca_file=authority_file, login=login)
            assert await client.ask("/models") == {"ok": True}
            await client.close()

    async def test_socks_to_a_certificate_of_nobody(self, server: FakeServer) -> None:
        async with SocksProxy(server.port) as proxy:
            client = settings(proxy=proxy.url)
            with pytest.raises(CertificateUnknown):
                await client.ask("/models")
            await client.close()

    @pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 O", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
    async def test_that_breaks_off(self, said: bytes) -> None:
        async with hanging_up(said) as port:
            client = settings(proxy=f"http://127.0.0.1:{port}", login="ann:hush-hush")
            with pytest.raises(ProxyFailed, match=f"The proxy http://127.0.0.1:{port} on the way") as caught:
                await client.ask("/models")
            assert not {"hush", "Raw", "None", "CIMulti"} & set(re.findall(r"[A-Z]*[a-z]+", caught.value.detail))
            await client.close()

    async def test_hears_nothing_that_is_for_the_server(self, server: FakeServer, authority_file: str) -> None:
        async def network() -> Network:
            return Network(proxy.url, authority_file, LOGIN)

        async with Proxy(server.port, login=LOGIN) as proxy:
            client = Client("Fake", f"https://{HOST}/v1", key=lambda: "the-key", network=network)
            await client.ask("/models", {"said": "in private"})
            assert "the-key" not in proxy.heads[0]
            assert "/models" not in proxy.heads[0]
            assert "proxy-authorization" not in server.requests[0].headers
            await client.close()

    async def test_hears_its_login_for_plain_servers_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with FakeServer(bytes_handler(response({}))) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.root.replace("://", f"://{LOGIN}@"))
            client = Client("Fake", "http://models.example/v1", key=lambda: "the-key")
            await client.ask("/models")
            heard = proxy.requests[0].headers
            assert heard["proxy-authorization"] == f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
            assert heard["authorization"] == "Bearer the-key"
            await client.close()

    async def test_that_is_encrypted_itself(
        self, server: FakeServer, authority: trustme.CA, authority_file: str
    ) -> None:
        async with Proxy(server.port, login=LOGIN, tls=context(authority.issue_cert("127.0.0.1"))) as proxy:
            client = settings(proxy=proxy.url, ca_file=authority_file, login=LOGIN)
            assert await client.ask("/models", {"text": "x" * 1_000_000}) == {"ok": True}
            assert len(server.requests[0].body) > 1_000_000
            await client.close()
            client = settings(proxy=proxy.url, ca_file=authority_file, login="ann:wrong-word")
            with pytest.raises(ProxyLoginNeeded):
                await client.ask("/models")
            await client.close()

    async def test_that_speaks_tls_itself(self, server: FakeServer, authority_file: str) -> None:
        client = settings(proxy=f"https://127.0.0.1:{server.port}", ca_file=authority_file)
        with pytest.raises(CertificateForeign):  # it is for the other name
            await client.ask("/models")
        await client.close()

    async def test_settings_changed_meanwhile_count_at_once(self, server: FakeServer, authority_file: str) -> None:
        async with Proxy(server.port) as one, Proxy(server.port) as two:
            proxies = iter([one.url, two.url])

            async def network() -> Network:
                return Network(next(proxies), authority_file)

            client = Client("Fake", f"https://{HOST}/v1", network=network)
            await client.ask("/models")
            await client.ask("/models")
            assert (len(one.asked), len(two.asked)) == (1, 1)
            await client.close()

    async def test_a_plain_one_that_asks_for_a_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with FakeServer(bytes_handler(response("<html><title>Who?</title>", 407))) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.root)
            client = Client("Fake", "http://models.example/v1")
            with pytest.raises(ProxyLoginNeeded, match=proxy.root):
                await client.ask("/models")
            await client.close()


class TestWhichProxy:
    @pytest.mark.parametrize(
        ("exceptions", "direct"),
        [
            ("", False),
            ("models.example", True),
            (".example", True),
            ("*.example", True),
            ("example", True),
            ("ample", False),
            ("other.example, MODELS.example", True),
            ("models.example:443", True),
            ("models.example:8443", False),
            ("*", True),
            ("10.0.0.0/8", False),
        ],
    )
    def test_exceptions(self, exceptions: str, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        monkeypatch.setenv("NO_PROXY", exceptions)
        assert proxy_for(f"https://{HOST}/v1", Network()) == ("" if direct else "http://proxy:3128")
        assert (proxy_for(f"https://{HOST}/v1", Network("http://mine:1")) == "") is direct

    @pytest.mark.parametrize(("host", "direct"), [("10.1.2.3", True), ("11.1.2.3", False), ("[fd00::1]", True)])
    def test_networks(self, host: str, direct: bool) -> None:
        environ = {"no_proxy": "10.0.0.0/8,fd00::/8"}
        assert (proxy_for(f"https://{host}/", Network("http://mine:1"), environ) == "") is direct

    def test_what_is_set_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
        assert proxy_for("https://x.example", Network("mine.example:8080")) == "http://mine.example:8080"
        assert proxy_for("https://x.example", Network(DIRECT)) == ""
        assert proxy_for("http://x.example", Network()) == ""

    def test_what_can_be_set(self) -> None:
        for good in ("", "none", "http://proxy:3128", "proxy:3128", "socks5h://proxy", "https://[::1]:8"):
            assert is_proxy(good)
        for bad in (
            "http://ann:hush@proxy",
            "ftp://proxy",
            "http://",
            "http://pro xy",
            "http://x:99999",
            "http://[::1",
        ):
            assert not is_proxy(bad)

    def test_a_login_is_in_no_repr(self) -> None:
        assert "hush" not in repr(Network("http://proxy", login="ann:hush"))


class TestCertificates:
    async def test_of_an_unknown_authority(self, server: FakeServer) -> None:
        async with Proxy(server.port) as proxy:
            client = settings(proxy=proxy.url)
            with pytest.raises(CertificateUnknown, match="signed by nobody") as caught:
                await client.ask("/models")
            assert f"https://{HOST}/v1" in str(caught.value)
            assert caught.value.detail
            assert server.requests == []
            await client.close()

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    async def test_that_the_environment_trusts(
        self, authority: trustme.CA, authority_file: str, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, authority_file)
        certificate = context(authority.issue_cert("127.0.0.1"))
        async with FakeServer(bytes_handler(response({"ok": True})), tls=certificate) as server:
            client = Client("Fake", server.url)
            assert await client.ask("/models") == {"ok": True}
            await client.close()

    @pytest.mark.parametrize("year", [2001, 2090])
    async def test_out_of_date(
        self, authority: trustme.CA, authority_file: str, year: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", authority_file)
        first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 2, 1, tzinfo=UTC)
        certificate = authority.issue_cert("127.0.0.1", not_before=first, not_after=last)
        async with FakeServer(tls=context(certificate)) as server:
            client = Client("Fake", server.url)
            with pytest.raises(CertificateExpired, match="not valid at this date"):
                await client.ask("/models")
            await client.close()

    @pytest.mark.parametrize("name", ["elsewhere.example", "10.0.0.1"])
    async def test_for_another_name(
        self, authority: trustme.CA, authority_file: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", authority_file)
        async with FakeServer(tls=context(authority.issue_cert(name))) as server:
            client = Client("Fake", server.url)
            with pytest.raises(CertificateForeign, match="for another name") as caught:
                await client.ask("/models")
            assert "127.0.0.1" in caught.value.detail
            await client.close()

    async def test_a_file_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "empty.pem").write_text("nothing")
        for path in (tmp_path / "empty.pem", tmp_path / "gone.pem", tmp_path):
            client = settings(ca_file=str(path))
            with pytest.raises(AuthoritiesUnreadable, match="nothing was sent to Fake"):
                await client.ask("/models")
            await client.close()

    async def test_https_to_a_server_without(self) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(response("The plain HTTP request was sent to HTTPS port", 400))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            client = Client("Fake", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            with pytest.raises(ProviderUnreachable) as caught:
                await client.ask("/models")
            assert "no encrypted connection" in caught.value.detail
            await client.close()

    async def test_the_usual_ones_stay_trusted_beside_a_file(self, authority_file: str) -> None:
        from parley.network import trusted

        known = repr(trusted(Network(ca_file=authority_file)).get_ca_certs())
        assert "ISRG Root X1" in known
        assert "trustme" in known


@contextmanager
def deaf_port() -> Iterator[int]:
    """Lend a port whose connections nobody takes."""
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        first.connect(("127.0.0.1", port))
        yield port


class TestLines:
    async def test_no_such_name(self) -> None:
        client = Client("Fake", "http://nowhere.invalid/v1")
        with pytest.raises(NoNetwork, match="cannot be found"):
            await client.ask("/models")
        await client.close()

    async def test_nobody_listens(self) -> None:
        client = Client("Fake", f"http://127.0.0.1:{unused_port()}")
        with pytest.raises(ProviderUnreachable) as caught:
            await client.ask("/models")
        assert type(caught.value) is ProviderUnreachable
        assert "refused" in caught.value.detail.lower()
        await client.close()

    async def test_nobody_takes_the_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http_session, "CONNECT_SECONDS", 0.2)
        with deaf_port() as port:
            client = Client("Fake", f"http://127.0.0.1:{port}")
            with pytest.raises(ConnectTimeout, match="no firewall"):
                await client.ask("/models")
            await client.close()

    async def test_the_login_page_of_a_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        page = "<html><head><title>Welcome to Hotel Wi-Fi</title></head>"
        answers = [
            response(page, content_type="text/html; charset=utf-8"),
            response(page, 511, content_type="text/html"),
            response("", 302, location="http://login.hotel.example/?from=models"),
        ]
        async with FakeServer() as portal:  # it answers for every host, as a proxy does
            monkeypatch.setenv("HTTP_PROXY", portal.root)
            client = Client("Fake", "http://models.example/v1")
            for answer in answers:
                portal.handler = bytes_handler(answer)
                with pytest.raises(PageInstead, match="open a browser") as caught:
                    await client.ask("/models")
                assert "otel" in caught.value.detail
                with pytest.raises(PageInstead):
                    async with client.stream("/chat", {}):
                        pytest.fail("no answer has begun")
            portal.handler = bytes_handler(response("", 301, location="http://models.example/v2/models"))
            with pytest.raises(AddressWrong) as wrong:
                await client.ask("/models")
            assert wrong.value.detail == "301: http://models.example/v2/models"
            await client.close()

    async def test_a_web_page_of_this_computer(self) -> None:
        async with FakeServer(bytes_handler(response("<title>Router</title>", content_type="text/html"))) as server:
            client = Client("Fake", server.url)
            with pytest.raises(AddressWrong) as caught:
                await client.ask("/models")
            assert caught.value.detail == "Router"
            await client.close()


@pytest.mark.parametrize("dialect", BUILT_IN, ids=lambda dialect: dialect.name)
async def test_every_dialect_asks_for_the_way(dialect: ProviderDialect) -> None:
    """A provider that does not hand `Access.network` to its client would pass the proxy by."""

    async def barred() -> Network:
        raise FileProblem(path="the way", problem="asked for")

    provider = dialect.make(Endpoint("x", "X", "http://127.0.0.1:9/v1"), Access(network=barred))
    with pytest.raises(FileProblem):
        await provider.models()
    await provider.close()


@pytest.mark.parametrize(
    ("status", "words", "page", "kind"),
    [
        (400, "Your credit balance is too low to access the Anthropic API.", False, NoCredit),
        (403, "Your newly created team doesn't have any credits yet.", False, NoCredit),
        (429, "Insufficient balance", False, NoCredit),
        (429, "You exceeded your current quota, please check your plan", False, RateLimited),
        (400, "User location is not supported for the API use.", False, RegionRefused),
        (403, "Country, region, or territory not supported", False, RegionRefused),
        (451, "", False, RegionRefused),
        (403, "Attention Required! | Cloudflare", True, AccessBlocked),
        (403, "Forbidden", False, KeyRefused),
        (407, "", True, ProxyLoginNeeded),
        *((status, "", False, ProviderFailed) for status in (408, 409, 425, 500, 502, 503, 504)),
        *((status, "api.example | Web server is down", True, ProviderFailed) for status in range(520, 528)),
        (413, "", True, RequestTooLarge),
        (415, "Unsupported Media Type", False, AddressWrong),
        (429, "", True, RateLimited),
        (511, "", True, PageInstead),
        (302, "https://elsewhere", False, AddressWrong),
    ],
)
def test_what_statuses_mean(status: int, words: str, page: bool, kind: type[Exception]) -> None:
    assert kind_of(status, words, page=page) is kind
