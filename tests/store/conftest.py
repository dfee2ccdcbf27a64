"""What the tests of the store share: stores, turns, and other processes."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.messages import Conversation, Message, MessageStatus, Text
from parley.store import Store

ROOT = Path(__file__).parents[2]

Ask = Callable[..., Awaitable[tuple[Conversation, Message, Message]]]


async def make(folder: Path, turns: int = 1) -> Path:
    """Make a store with some turns; return its file."""
    store = Store.open(folder)
    for number in range(turns):
        await store.turns.begin(conversation_id=None, title=f"t{number}", parts=[Text(f"hello {number}")], model="m")
    await store.close()
    return store.path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


class Child:
    """A process with a store of its own. See tests/store/child.py."""

    def __init__(self, command: str, directory: Path, number: int = 0, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", command, str(directory), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            **options,
        )

    def hear(self) -> Any:
        """Wait for a line of it. None: it has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def hear_all(self) -> list[Any]:
        """Wait for its end and return all its lines."""
        lines = list(iter(self.hear, None))
        assert self.process.wait() == 0
        return lines

    def go_on(self) -> None:
        """Let it go on."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(command: str, directory: Path, number: int = 0, **options: Any) -> Child:
        children.append(Child(command, directory, number, **options))
        return children[-1]

    yield start
    for one in children:
        one.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def ask(store: Store) -> Ask:
    """Keep a whole turn: a question and, if given, the answer to it."""

    async def ask(
        question: str,
        answer: str | None = None,
        title: str = "",
        conversation: Conversation | None = None,
        **facts: Any,
    ) -> tuple[Conversation, Message, Message]:
        id = conversation.id if conversation else None
        facts = {"model": "some/model", **facts}
        made, asked, reply = await store.turns.begin(
            conversation_id=id, title=title or question, parts=[Text(question)], **facts
        )
        if answer is not None:
            reply = await store.turns.finish(reply.id, [Text(answer)], MessageStatus.COMPLETE)
        return made, asked, reply

    return ask
