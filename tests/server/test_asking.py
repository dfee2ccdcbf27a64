"""What the stateless dialects have in common."""

from base64 import b64encode

import pytest

from parley.engine import ChatEngine
from parley.errors import ModelUnknown, RequestInvalid
from parley.events import Failed, ReasoningDelta, ToolCalled
from parley.messages import Image, Message, MessageStatus, Role, Text, ToolCall, ToolResult
from parley.models import Parameters
from parley.providers.catalog import Catalog
from parley.server.asking import (
    Talk,
    checked,
    effort_of,
    image_from_base64,
    image_from_url,
    seed_of,
    stops_of,
)
from parley.store.store import Store
from tests.conftest import ScriptedProvider, Until

PNG = b"\x89PNG\r\n\x1a\n rest"
QUESTION = Message("", "", None, Role.USER, (Text("Why is the sky blue?"),), MessageStatus.COMPLETE, 0.0)


def parts_of(talk: Talk) -> list[tuple[str, tuple[object, ...]]]:
    return [(message.role, message.parts) for message in talk.messages]


def test_a_talk_with_calls() -> None:
    talk = Talk()
    talk.system("Be brief.")
    talk.system("Be kind.")
    talk.user(Text("Time?"))
    one, two = ToolCall("a", "time", "{}"), ToolCall("b", "date", "{}")
    talk.assistant(one, two)
    assert talk.open_calls == [one, two]
    talk.result("b", "Monday", pictures=[Image("image/png", PNG)])
    assert talk.open_calls == [one]
    talk.result("a", "noon", failed=True)
    talk.system("Now in French.")
    assert talk.instruction == "Be brief.\n\nBe kind."
    assert parts_of(talk) == [
        ("user", (Text("Time?"),)),
        ("assistant", (one, two, ToolResult("b", "Monday"), ToolResult("a", "noon", failed=True))),
        ("user", (Image("image/png", PNG),)),
        ("system", (Text("Now in French."),)),
    ]


def test_an_id_that_comes_again_means_the_last_call_of_it() -> None:
    talk = Talk()
    for text in ("first", "second"):
        talk.user(Text(text))
        talk.assistant(ToolCall("0", "f", "{}"))
        talk.result("0", text)
    assert [message.parts[-1] for message in talk.messages] == [
        Text("first"),
        ToolResult("0", "first"),
        Text("second"),
        ToolResult("0", "second"),
    ]


def test_a_talk_of_an_instruction_alone() -> None:
    talk = Talk()
    talk.system("Say hello.")
    assert (talk.instruction, parts_of(talk)) == ("", [("user", (Text("Say hello."),))])


def test_talks_that_are_none() -> None:
    empty, nothing = Talk(), Talk()
    nothing.user()
    for talk in (empty, nothing):
        with pytest.raises(RequestInvalid, match="nothing to answer"):
            _ = talk.messages
    with pytest.raises(RequestInvalid, match="no such call"):
        empty.result("x", "y")


def test_images_are_taken_byte_for_byte() -> None:
    sent = b64encode(PNG).decode()
    assert image_from_url(f"data:image/jpeg;base64,{sent}") == Image("image/png", PNG)
    assert image_from_url(f"DATA:;Base64,{sent}") == Image("image/png", PNG)
    assert image_from_base64(f"{sent[:4]}\r\n{sent[4:]}\n") == Image("image/png", PNG)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.org/cat.png",
        "http://127.0.0.1:3939/live",
        "file:///etc/passwd",
        "data:image/png;base64",
        "data:image/png,%89PNG",
        "data:image/png;base64,§§§",
        "data:image/png;base64,iVBORw0KGg",
        f"data:image/png;base64,{b64encode(b'<svg/>').decode()}",
    ],
)
def test_what_is_no_image(url: str) -> None:
    with pytest.raises(RequestInvalid, match="image"):
        image_from_url(url)


def test_parameters_within_their_limits() -> None:
    good = Parameters(temperature=2, top_p=0, max_tokens=1, seed=0, stop=("a", "b"))
    assert checked(good) is good
    bad = Parameters(temperature=2.1, top_p=float("nan"), max_tokens=0, stop=tuple("abcde"))
    with pytest.raises(RequestInvalid) as caught:
        checked(bad, {"max_tokens": "max_completion_tokens"})
    assert set(caught.value.invalid) == {"temperature", "top_p", "max_completion_tokens", "stop"}


def test_wishes_of_clients_as_ours() -> None:
    assert (seed_of(None), seed_of(7), seed_of(-1), seed_of(2**63)) == (None, 7, 2**31 - 1, 0)
    assert (stops_of(None), stops_of("a"), stops_of(["a", ""])) == ((), ("a",), ("a",))
    assert (effort_of(None), effort_of("low"), effort_of("xhigh")) == ("", "low", "high")
    with pytest.raises(RequestInvalid, match="minimal"):
        effort_of("huge")


async def test_what_a_provider_here_does_not_have(catalog: Catalog, provider: ScriptedProvider) -> None:
    assert (await catalog.offered("scripted/one"))[1] == "one"
    assert (await catalog.offered("two"))[1] == "two"
    for name in ("scripted/tow", "guide/other", "none", "scripted/" + "x" * 1_000_000):
        with pytest.raises(ModelUnknown) as caught:
            await catalog.offered(name)
        assert len(str(caught.value)) < 1000


async def test_an_exchange_becomes_a_chat(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    call = ToolCall("a", "look", "{}")
    provider.says(ReasoningDelta("Hm"), "Look:", ToolCalled(call))
    guest = await store.accounts.add("ann@example.org", "Ann", "user", (), "")
    turn = await engine.complete(
        [QUESTION], instruction="Brief.", parameters=Parameters(seed=7), account=guest.id, channel="api"
    )
    await turn.wait()
    await until(lambda: store.conversations.page(account=guest.id))
    assert not store.conversations.page()
    (kept,) = store.conversations.page(account=guest.id)
    assert (kept.title, kept.channel, kept.instruction) == ("Why is the sky blue?", "api", "Brief.")
    assert (kept.model, kept.parameters, kept.unread) == ("scripted/one", Parameters(seed=7), False)
    question, answer = store.conversations.tree(kept.id, account=guest.id).branch()
    assert (question.text, answer.text, answer.parts[-1]) == ("Why is the sky blue?", "Look:", call)
    assert (answer.status, answer.model) == (MessageStatus.COMPLETE, "scripted/one")
    assert answer.usage
    await until(lambda: len(store.spending.by_day(account=guest.id)) == 1)


async def test_an_exchange_that_cannot_be_kept(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    pages = "PRAGMA max_page_count = 1"
    await store.write(lambda connection: connection.execute(pages).fetchone())
    long = Message("", "", None, Role.USER, (Text("Why? " * 100_000),), MessageStatus.COMPLETE, 0.0)
    turn = await engine.complete([long], "scripted/one", channel="api")
    last = await turn.wait()
    await engine.close()
    assert not isinstance(last, Failed)
    assert turn.text.startswith("You said")
    assert "an exchange is not kept" in caplog.text
    assert not store.conversations.page()
