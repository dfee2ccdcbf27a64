"""`parley user` and `parley token` as processes of their own, at once and one after the other."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import Parley

EMAIL = "anna@example.org"


def test_tokens_made_by_several_processes_at_once(parley: Parley) -> None:
    parley("user", "add", EMAIL, "--password-stdin", stdin="correct horse\n")
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda name: parley("token", "create", name, "--user", EMAIL).stdout, "abcdef"))
    numbers = sorted(int(text.partition("|")[0]) for text in made)
    assert numbers == [token["id"] for token in parley.json("token", "list", "--json")] == [1, 2, 3, 4, 5, 6]
    assert len({text.partition("|")[2] for text in made}) == 6
    log = parley.data / "parley.log"
    kept = b"".join(path.read_bytes() for path in parley.data.rglob("*") if path.is_file())
    for text in made:
        assert text.strip().partition("|")[2].encode() not in kept, f"a secret is in {log} or the database"
    assert b"correct horse" not in kept


def test_the_same_person_added_by_two_at_once(parley: Parley) -> None:
    def add(name: str) -> int:
        return parley("user", "add", EMAIL, "--name", name, "--password-stdin", stdin="xxxxxxxx", code=None).returncode

    parley("user", "list")
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(add, "ab")) == [0, 1]
    assert len(parley.json("user", "list", "--json")) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX terminals")
def test_a_password_is_asked_for_twice_and_not_shown(parley: Parley) -> None:
    import termios

    from tests.e2e.test_terminal import Terminal

    for again, code in (("something else", 2), ("correct horse", 0)):
        terminal = Terminal(parley, "user", "add", EMAIL)
        attributes = termios.tcgetattr(terminal._ours)
        attributes[3] |= termios.ECHO  # as terminals have it
        termios.tcsetattr(terminal._ours, termios.TCSANOW, attributes)
        try:
            terminal.wait_for("Password: ")
            terminal.type("correct horse\n")
            assert "horse" not in terminal.wait_for("The same again: ")
            terminal.type(f"{again}\n")
            said = terminal.wait_for("with number 2." if code == 0 else "differ")
            assert "horse" not in said
            assert terminal.ended() == code
        finally:
            terminal.close()
    assert [person["email"] for person in parley.json("user", "list", "--json")] == ["", EMAIL]


@pytest.mark.skipif(os.name == "nt", reason="POSIX rights")
def test_the_file_that_holds_the_hashes_is_private(parley: Parley) -> None:
    parley("user", "add", EMAIL, "--password-stdin", stdin="correct horse")
    assert (parley.data / "parley.db").stat().st_mode & 0o077 == 0
