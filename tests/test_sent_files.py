"""Files that are sent along, and conversations that begin with what was said elsewhere."""

from collections.abc import AsyncIterator

import pytest

from parley.attachments import MOST_BYTES, MOST_FILES, MOST_TEXT, Attachments, kind_of
from parley.engine import ChatEngine, ChatRequest
from parley.errors import FileProblem, FilesFull, FileUnknown, PromptEmpty
from parley.messages import OWNER, Attachment, Image, Role, Text
from parley.settings import Settings
from parley.store import Earlier, Store
from tests.conftest import ScriptedProvider
from tests.test_attachments import GIF, written


@pytest.fixture
def attachments(store: Store, settings: Settings) -> Attachments:
    return Attachments(store, settings)


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def keep(attachments: Attachments, name: str, data: bytes, account: str = OWNER) -> Attachment:
    return await attachments.keep(name, chunks(data), account=account)


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (GIF, "notes.txt", "image/gif"),
        (b"hello", "picture.png", "text/plain"),
        (b"\x00\x01", "picture.png", "application/octet-stream"),
        (b"# Hi", "readme.md", "text/markdown"),
        (b"%PDF-1.7", "report.pdf", "application/pdf"),
        (b"hello", "x", "text/plain"),
        (b"", "x", "text/plain"),
        ("é".encode()[:1], "x", "text/plain"),
        (b"\x1f\x8b\x08", "x.tar.gz", "application/octet-stream"),
        (b"<svg", "x.svg", "image/svg+xml"),
    ],
)
def test_what_a_file_is(head: bytes, name: str, kind: str) -> None:
    assert kind_of(head, name) == kind


async def test_pictures_and_texts_go_to_the_model(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, attachments: Attachments
) -> None:
    png = written("PNG")
    picture = await keep(attachments, "a.txt", png)
    code = await keep(attachments, "a.py", b"print('```')")
    table = await keep(attachments, "b.csv", "name;größe\r\n".encode("utf-16"))
    ids = (picture.id, code.handle, table.id, picture.id)
    turn = await engine.send(ChatRequest("What is this?", files=ids))
    await turn.wait()
    text = "a.py\n\n````py\nprint('```')\n````\n\nb.csv\n\n```csv\nname;größe\r\n```\n\nWhat is this?"
    (sent,) = provider.requests[0].messages
    assert sent.parts == (Image("image/png", png), Text(text))
    conversation = store.conversations.get(turn.conversation_id)
    assert conversation.title == "What is this?"
    assert [file.id for file in store.files.of_message(sent.id)] == [picture.id, code.id, table.id]


async def test_a_file_alone(engine: ChatEngine, store: Store, attachments: Attachments) -> None:
    file = await keep(attachments, "plan.md", b"# Plan\n")
    turn = await engine.send(ChatRequest("", files=(file.id,)))
    await turn.wait()
    assert store.conversations.get(turn.conversation_id).title == "plan.md"
    with pytest.raises(PromptEmpty):
        await engine.send(ChatRequest(" "))


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.pdf", b"%PDF-1.7\x00", "a file of this kind"),
        ("latin.txt", "größe".encode("latin-1"), "a file of this kind"),
        ("a.txt", b"a\x01b", "a file of this kind"),
        ("empty.txt", b"", "empty"),
        ("cut.png", b"\x89PNG\r\n\x1a\n...", "broken"),
        ("long.txt", b"x" * (MOST_TEXT + 1), "200 KB"),
        ("large.bin", b"x" * (MOST_BYTES + 1), "20 MB"),
    ],
)
async def test_what_cannot_be_sent(
    engine: ChatEngine, store: Store, attachments: Attachments, name: str, data: bytes, problem: str
) -> None:
    file = await keep(attachments, name, data)
    with pytest.raises(FileProblem, match=problem) as caught:
        await engine.send(ChatRequest("look", files=(file.id,)))
    assert str(caught.value).startswith(name)
    assert store.conversations.page() == []


async def test_texts_together(engine: ChatEngine, attachments: Attachments) -> None:
    files = [await keep(attachments, f"{n}.txt", b"x" * (MOST_TEXT // 2 + 1)) for n in range(2)]
    with pytest.raises(FileProblem, match=r"1\.txt"):
        await engine.send(ChatRequest("look", files=tuple(file.id for file in files)))
    large = [await keep(attachments, f"{n}.bin", bytes([n]) * MOST_BYTES) for n in range(3)]
    with pytest.raises(FileProblem, match=r"2\.bin: the files have more than 50 MB together"):
        await engine.send(ChatRequest("look", files=tuple(file.id for file in large)))
    many = [await keep(attachments, f"{n}.txt", b"x") for n in range(MOST_FILES + 1)]
    with pytest.raises(FileProblem, match="too many"):
        await engine.send(ChatRequest("look", files=tuple(file.id for file in many)))


async def test_files_of_others_are_unknown(engine: ChatEngine, store: Store, attachments: Attachments) -> None:
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    file = await keep(attachments, "secret.txt", b"secret")
    for id in (file.id, file.handle, "nonsense"):
        with pytest.raises(FileUnknown):
            await engine.send(ChatRequest("look", files=(id,), account=ann))
    assert store.conversations.page(account=ann) == []


async def test_the_setting_limits_each_account(store: Store, settings: Settings, attachments: Attachments) -> None:
    settings.update(files_mb=1)
    await keep(attachments, "a", b"x" * 700_000)
    with pytest.raises(FilesFull):
        await keep(attachments, "b", b"y" * 700_000)


async def test_a_conversation_that_was_begun_elsewhere(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    history = (Earlier(Role.USER, "My name is Ann."), Earlier(Role.ASSISTANT, "Hello Ann!"))
    turn = await engine.send(ChatRequest("Who am I?", history=history))
    await turn.wait()
    assert [message.text for message in provider.requests[0].messages] == ["My name is Ann.", "Hello Ann!", "Who am I?"]
    tree = store.conversations.tree(turn.conversation_id)
    assert [message.role for message in tree.branch()] == [Role.USER, Role.ASSISTANT] * 2
    assert tree.conversation.title == "My name is Ann."
    again = await engine.send(ChatRequest("And now?", turn.conversation_id, history=history))
    await again.wait()
    assert len(store.conversations.tree(turn.conversation_id).branch()) == 6
