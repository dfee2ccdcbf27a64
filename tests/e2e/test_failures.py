"""What goes wrong is one plain line, exit code 1, and nothing that was said is lost."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import Parley, text_of
from tests.fakes import FakeOllama, FakeOpenAI, FakeServer, Reply
from tests.providers.sockets import Exchange, Handler, chunk, head, silence, sse, unused_port

SLOW_DOWN = {"error": {"message": "Slow down!", "type": "rate_limit"}}


def answers(status: int, body: object = "") -> Handler:
    async def handle(exchange: Exchange) -> None:
        await exchange.respond({"error": {"message": body}} if isinstance(body, str) else body, status)  # type: ignore[arg-type]

    return handle


async def cut_off(exchange: Exchange) -> None:
    """Say something, then break the connection."""
    delta = {"choices": [{"index": 0, "delta": {"content": "Well, "}, "finish_reason": None}]}
    await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"), chunk(sse(delta)))
    exchange.reset()


async def broken_json(exchange: Exchange) -> None:
    await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"))
    await exchange.send(chunk(sse("{not json")), b"0\r\n\r\n")


async def web_page(exchange: Exchange) -> None:
    await exchange.respond("<html><title>Welcome</title></html>", 200, content_type="text/html")


CASES: dict[str, tuple[Handler, str]] = {
    "401": (answers(401, "Bad key"), "Your key was refused by fake"),
    "403": (answers(403, "Not yours"), "Your key was refused by fake"),
    "404": (answers(404, "model 'm' not found"), "no model named “fake/m”"),
    "429": (answers(429, "Slow down!"), "takes no more requests for now. Wait a little, then try again. (Slow down!)"),
    "500": (answers(500, "out of luck"), "an error of its own (500). Trying again may help. (out of luck)"),
    "memory": (answers(500, "CUDA error: out of memory"), "fake/m needs more memory than is free."),
    "503": (answers(503, "overloaded"), "(503)"),
    "cut off": (cut_off, "broke off"),
    "broken JSON": (broken_json, "broke off"),
    "a web page": (web_page, "Something answers"),
}


async def check_failure(parley: Parley, server: FakeServer, words: str, stdout: str = "") -> None:
    """Chat with a server that fails, and look at what is said and kept."""
    parley.env["FAKE_KEY"] = "sk-verysecretverysecret1234"
    add = ("provider", "add", "fake", "--base-url", f"{server.root}/v1", "--key-env", "FAKE_KEY")
    await asyncio.to_thread(parley, *add)
    await asyncio.to_thread(parley, "settings", "set", "retries", "0")
    done = await asyncio.to_thread(parley, "chat", "-m", "fake/m", "my question", code=1)
    (line,) = done.stderr.splitlines()
    assert line.startswith("parley: ")
    assert words in line
    assert "sk-very" not in line
    assert done.stdout == stdout
    question, answer = await asyncio.to_thread(parley.messages)
    assert (text_of(question), question["status"]) == ("my question", "complete")
    assert (text_of(answer), answer["status"]) == (stdout.rstrip("\n"), "failed")
    assert answer["failure"]["sentence"] in line
    for path in parley.data.rglob("*"):
        assert path.is_dir() or b"sk-verysecret" not in path.read_bytes()


@pytest.mark.parametrize("case", CASES)
async def test_a_server_that_fails(parley: Parley, case: str) -> None:
    handler, words = CASES[case]
    async with FakeServer(handler) as server:
        await check_failure(parley, server, words, stdout="Well, \n" if case == "cut off" else "")


async def test_a_server_that_never_answers(parley: Parley) -> None:
    await asyncio.to_thread(parley, "settings", "set", "first_token_timeout", "1")
    async with FakeOpenAI("m") as server:
        server.reply = Reply(hold=asyncio.Event())
        await check_failure(parley, server, "has said nothing for 1 seconds")


async def test_a_server_that_is_silent_altogether(parley: Parley) -> None:
    await asyncio.to_thread(parley, "settings", "set", "first_token_timeout", "1")
    async with FakeServer(silence) as server:
        await check_failure(parley, server, "has said nothing for 1 seconds")


async def test_an_error_in_the_middle(parley: Parley) -> None:
    async with FakeOpenAI("m", reply=Reply(pieces=["Well, "], late_error=SLOW_DOWN)) as server:
        await check_failure(parley, server, "error of its own", stdout="Well, \n")


class Busy(FakeOpenAI):
    """Refuses before it answers."""

    def __init__(self) -> None:
        super().__init__("m")
        self.refusals = [429, 500]

    async def answer(self, exchange: Exchange) -> None:
        if exchange.request.method == "POST" and self.refusals:
            await exchange.respond(SLOW_DOWN, self.refusals.pop(0), retry_after="0.01")
        else:
            await super().answer(exchange)


async def test_a_failure_that_passes(parley: Parley) -> None:
    async with Busy() as server:
        await asyncio.to_thread(parley, "provider", "add", "fake", "--base-url", server.url)
        done = await asyncio.to_thread(parley, "chat", "-m", "fake/m", "hi")
    assert done.stdout == "Hello, world!\n"
    assert re.sub(r"in [01] s", "soon", done.stderr).splitlines() == [
        "parley: Too many requests: trying again soon…",
        "parley: The service had an error: trying again soon…",
    ]


def test_a_server_that_is_not_there(parley: Parley) -> None:
    added = parley("provider", "add", "fake", "--base-url", f"http://127.0.0.1:{unused_port()}")
    assert "cannot be reached" in added.stderr
    assert "cannot be reached at http://127.0.0.1" in parley.fails("chat", "-m", "fake/m", "my question")
    question, answer = parley.messages()
    assert (text_of(question), answer["status"]) == ("my question", "failed")


async def test_json_tells_of_a_failure(parley: Parley) -> None:
    async with FakeServer(answers(429, "Slow down!")) as server:
        await asyncio.to_thread(parley, "provider", "add", "fake", "--base-url", server.root)
        await asyncio.to_thread(parley, "settings", "set", "retries", "0")
        done = await asyncio.to_thread(parley, "chat", "-m", "fake/m", "--json", "my question", code=1)
    assert '"status": "failed"' in done.stdout
    assert '"code": "rate_limited"' in done.stdout


async def test_a_model_that_is_being_loaded_is_waited_for(parley: Parley) -> None:
    loaded = asyncio.Event()
    async with FakeOllama("slow", reply=Reply(hold=loaded, hold_at=0)) as server:
        await asyncio.to_thread(parley, "provider", "add", "fake", "--base-url", server.root, "--dialect", "ollama")
        process = await asyncio.to_thread(parley.start, "chat", "-m", "fake/slow", "hi")
        assert process.stderr is not None
        assert b"oading" in await asyncio.to_thread(process.stderr.readline)
        loaded.set()
        out, _ = await asyncio.to_thread(process.communicate)
    assert out == b"Hello, world!\n"


def test_names_that_do_not_exist(parley: Parley) -> None:
    assert "no model named “nothing”" in parley.fails("chat", "-m", "nothing", "hi")
    assert "no conversation “0123”" in parley.fails("show", "0123")
    assert "no conversation" in parley.fails("chat", "--last", "hi")
    assert "no provider named “nobody”" in parley.fails("provider", "remove", "nobody")
    assert "no setting “colour”" in parley.fails("settings", "set", "colour", "red")
    assert "nothing to send" in parley.fails("chat", stdin=" \n")
    assert "no UTF-8 text" in parley.fails("chat", stdin=b"\xff\x00\x81")
    assert parley.json("conversations", "--json") == []


# --- The data directory -----------------------------------------------------------------------------------------------


def test_a_database_that_is_none(parley: Parley) -> None:
    parley("conversations")
    database = parley.data / "parley.db"
    for leftover in parley.data.glob("parley.db-*"):
        leftover.unlink()
    database.write_bytes(b"This is no database." * 1000)
    before = database.read_bytes()
    for words in (["conversations"], ["chat", "-m", "guide/manual", "hi"], ["models"], ["search", "x"]):
        assert "damaged or is no Parley database" in parley.fails(*words)
    assert database.read_bytes() == before
    doctor = parley("doctor", code=1)
    assert "damaged" in doctor.stdout


def test_a_damaged_settings_file(parley: Parley) -> None:
    (parley.data / "settings.json").write_text("{", encoding="utf-8")
    line = parley.fails("chat", "hi")
    assert f"The settings file {parley.data / 'settings.json'} cannot be read" in line
    assert parley.json("conversations", "--json") == []
    assert "!!  settings" in parley("doctor", code=1).stdout


def test_a_file_where_the_folder_should_be(parley: Parley) -> None:
    shutil.rmtree(parley.data)
    parley.data.write_text("x", encoding="utf-8")
    for words in (["chat", "-m", "guide/manual", "hi"], ["settings", "set", "theme", "dark"], ["conversations"]):
        assert "cannot write to its data folder" in parley.fails(*words)


def can_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture
def mounted(parley: Parley) -> Iterator[Callable[[str], None]]:
    """Put the data directory on a file system of its own, and mount it anew with other options."""
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(parley.data)]
    if not can_mount() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount file systems")

    def again(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(parley.data)], check=True)

    yield again
    subprocess.run(["umount", "--lazy", str(parley.data)], check=True)


def test_a_read_only_folder(parley: Parley, mounted: Callable[[str], None]) -> None:
    parley("chat", "-m", "guide/manual", "hi")
    mounted("ro")
    for words in (["chat", "-m", "guide/manual", "hi"], ["settings", "set", "theme", "dark"]):
        assert "cannot write to its data folder" in parley.fails(*words)
    mounted("rw")
    assert len(parley.messages()) == 2


def test_a_full_disk(parley: Parley, mounted: Callable[[str], None]) -> None:
    parley("chat", "-m", "guide/manual", "hi")
    with (parley.data / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    for words in (["chat", "-m", "guide/manual", "hi " * 5000], ["settings", "set", "theme", "dark"]):
        assert "The disk is full" in parley.fails(*words)
    assert "Free some space" in parley("doctor", code=1).stdout
    (parley.data / "filler").unlink()
    assert len(parley.messages()) == 2


def test_a_newer_database(parley: Parley) -> None:
    parley("conversations")
    from contextlib import closing

    from parley.store.directory import connect

    with closing(connect(parley.data / "parley.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        (migrations,) = [table for table in tables if "migrations" in table]
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({migrations})")]
        values = dict(zip(columns, connection.execute(f"SELECT * FROM {migrations}").fetchone(), strict=True))
        values["name"] = "m999_from_the_future"
        values.pop("id", None)
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT INTO {migrations}({', '.join(values)}) VALUES ({marks})", list(values.values()))
    assert "was written by a newer Parley" in parley.fails("conversations")
    assert "newer Parley" in parley("doctor", code=1).stdout


# --- Output -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("words", "code"),
    [("conversations --json | head -c1", 0), ("--help | true", 0), ("settings list >&-", 0), ("models 2>&- | cat", 0)],
)
def test_output_that_nobody_reads(parley: Parley, words: str, code: int) -> None:
    parley("chat", "-m", "guide/manual", "hi")
    program = Path(sys.executable).with_name("parley")
    done = subprocess.run(["/bin/sh", "-c", f"{program} {words}"], env=parley.env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_that_cannot_be_written(parley: Parley) -> None:
    with Path("/dev/full").open("wb") as full:
        process = parley.start("chat", "-m", "guide/manual", "hi", stdout=full)
        _, err = process.communicate()
    assert process.returncode == 1
    assert err.decode().startswith("parley: standard output: ")
    assert len(err.splitlines()) == 1
    assert parley.messages()[1]["status"] in ("stopped", "complete")


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_output_is_utf8_everywhere(parley: Parley, locale: str) -> None:
    env = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    parley("settings", "set", "default_model", "guide/grüße-你好")
    assert parley("settings", "get", "default_model", env=env).stdout == "guide/grüße-你好\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no bytes in arguments")
def test_words_that_are_no_text(parley: Parley) -> None:
    word = os.fsdecode(b"gr\xffn")
    parley("settings", "set", "instruction", word)
    assert parley("settings", "get", "instruction").stdout == "gr\ufffdn\n"
    parley("chat", "-m", "guide/manual", word)
    assert text_of(parley.messages()[0]) == "gr\ufffdn"
    parley("search", word)
    parley("backup", str(parley.data / word))
    assert (parley.data / word).exists()
    for command in (["show", word], ["chat", "-m", word, "x"], ["provider", "remove", word]):
        parley.fails(*command)


def test_no_display(parley: Parley) -> None:
    env = {name: value for name, value in parley.env.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    parley.env = env
    for platform in ("", "offscreen"):
        done = parley(code=3, env={"QT_QPA_PLATFORM": platform})
        assert done.stdout == ""
        assert "parley serve" in done.stderr
