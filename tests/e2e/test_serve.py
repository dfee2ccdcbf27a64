"""`parley serve` and the server in it."""

import http.client
import os
import signal
import socket
import subprocess
from contextlib import closing
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
    assert (process.returncode, out, err.decode()) == (0, b"", "parley: Ending\n")


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


@pytest.mark.parametrize("words", [["--lan"], ["--host", "0.0.0.0"], ["--host", "example.org"]])
def test_the_network_is_for_later(parley: Parley, words: list[str]) -> None:
    done = parley("serve", *words, code=2)
    assert done.stderr == (
        "parley: this version serves this computer only: leave out --lan, and --host unless it is 127.0.0.1\n"
    )


def test_doctor_knows_its_own_server(parley: Parley) -> None:
    """Only where the usual port is free: doctor looks at that one."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 3939))
        except OSError:
            pytest.skip("port 3939 is in use here")
    process, _ = start(parley)
    assert "Parley’s server answers on 3939" in parley("doctor").stdout
    process.terminate()
    process.wait(60)
