"""`parley serve` and the server in it."""

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
from contextlib import closing
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import PROGRAM, Parley
from tests.providers.sockets import unused_port


def ask(address: str, method: str, path: str) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()


def start(parley: Parley, *words: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the program and return it and the address that it prints."""
    process = parley.start("serve", *words)
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    return process, next(word for word in line.split() if word.startswith("http"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_it_is_told_to_end(parley: Parley, number: signal.Signals) -> None:
    port = unused_port()
    process, address = start(parley, "--port", str(port))
    assert address == f"http://127.0.0.1:{port}"
    assert ask(address, "GET", "/live") == (204, b"")
    assert "is in use" in parley.fails("serve", "--port", str(port))
    assert parley.json("conversations", "--json") == []
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    hint = "parley: Nobody has a token yet. “parley token create NAME” makes one.\n"
    assert (process.returncode, out, err.decode()) == (0, b"", f"{hint}parley: Ending\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_serve_in_the_background_of_a_script(parley: Parley) -> None:
    """A shell starts background commands with Ctrl+C ignored: SIGTERM must do all the same."""
    script = f"trap '' INT; exec '{PROGRAM}' serve --port 0"
    shell = subprocess.Popen(["/bin/sh", "-c", script], env=parley.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with shell:
        assert shell.stdout is not None
        assert shell.stdout.readline().startswith(b"Parley listens on")
        shell.terminate()
        assert shell.wait(60) == 0


@pytest.mark.parametrize("words", [["--lan"], ["--host", "0.0.0.0"], ["--host", "192.0.2.1"]])
def test_the_network_wants_keys(parley: Parley, words: list[str]) -> None:
    done = parley("serve", *words, "--no-auth", code=2)
    assert done.stderr == "parley: the local network cannot be served without keys: leave out --no-auth\n"
    parley("settings", "set", "server_auth", "false")
    assert "cannot be served without keys" in parley.fails("serve", "--port", "0", *words)


def test_an_address_of_another_computer(parley: Parley) -> None:
    assert "--host" in parley.fails("serve", "--host", "192.0.2.1", "--port", "0")


def test_the_local_network_is_encrypted(parley: Parley) -> None:
    process, address = start(parley, "--lan", "--port", "0")
    assert process.stdout is not None
    lines = [process.stdout.readline().decode()]
    while not lines[-1].startswith("Certificate"):
        lines.append(process.stdout.readline().decode())
    fingerprint = lines[-1].split()[-1]
    assert all(line.startswith("On the network: https://") for line in lines[:-1])
    status, pem = ask(address, "GET", "/ca.crt")
    assert status == 200
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    assert sha256(der).hexdigest().upper() == fingerprint.replace(":", "")
    trusting = ssl.create_default_context(cadata=pem.decode())
    with closing(http.client.HTTPSConnection("localhost", urlsplit(address).port, context=trusting)) as connection:
        connection.request("GET", "/live")
        assert connection.getresponse().status == 204
    process.terminate()
    process.communicate(timeout=60)


def test_what_is_not_safe_is_said(parley: Parley) -> None:
    parley("settings", "set", "server_tls", "false")
    process, address = start(parley, "--lan", "--port", "0")
    assert address.startswith("http://")
    process.terminate()
    assert "Connections are not encrypted" in process.communicate(timeout=60)[1].decode()
    process, address = start(parley, "--no-auth", "--port", "0")
    assert ask(address, "GET", "/health")[0] == 200
    process.terminate()
    assert "No token is asked for" in process.communicate(timeout=60)[1].decode()


def test_settings_are_the_defaults_and_hold_by_themselves(parley: Parley) -> None:
    first, second = unused_port(), unused_port()
    parley("settings", "set", "server_port", str(first))
    process, address = start(parley)
    assert address == f"http://127.0.0.1:{first}"
    parley("settings", "set", "server_port", str(second))
    assert process.stdout is not None
    assert f"http://127.0.0.1:{second} " in process.stdout.readline().decode()
    assert ask(f"http://127.0.0.1:{second}", "GET", "/live") == (204, b"")
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        parley("settings", "set", "server_port", str(other.getsockname()[1]))
        assert process.wait(60) == 1
    assert "is in use" in process.communicate()[1].decode()


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal")
def test_the_first_start_gives_a_token_to_a_person(parley: Parley) -> None:
    process, _ = start(parley, "--port", "0")
    process.terminate()
    assert "parley token create" in process.communicate(timeout=60)[1].decode()
    said = served_in_a_terminal(parley, b"shown only now")
    (token,) = re.findall(r"Your token, which is shown only now: (\S+)", said)
    (listed,) = parley.json("token", "list", "--json")
    assert (listed["account"], listed["admin"]) == ("owner", False)
    assert token.startswith(f"{listed['id']}|")
    assert "token" not in served_in_a_terminal(parley, b"listens on")


def served_in_a_terminal(parley: Parley, words: bytes) -> str:
    """Start the server in a terminal, end it when it has said some words, and return all that is shown there."""
    import pty

    ours, theirs = pty.openpty()
    process = parley.start("serve", "--port", "0", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with open(ours, "rb", buffering=0) as screen:  # noqa: PTH123 - a number
        while words not in shown or not shown.endswith(b"\n"):
            shown += screen.read(4096)
        address = re.findall(rb"http://[\d.:]+", shown)[0].decode()
        assert ask(address, "GET", "/live") == (204, b"")
        process.terminate()
        try:
            while data := screen.read(4096):
                shown += data
        except OSError:  # on Linux that is how a terminal ends
            pass
    assert process.wait(60) == 0
    return shown.decode()


def test_doctor_knows_its_own_server(parley: Parley) -> None:
    port = unused_port()
    parley("settings", "set", "server_port", str(port))
    assert f"{port} is free for server mode" in parley("doctor").stdout
    process, _ = start(parley)
    assert f"Parley’s server answers on {port}" in parley("doctor").stdout
    process.terminate()
    process.wait(60)
