"""Pictures that models make: a part of the answer, and a file where answers are kept."""

from base64 import b64encode

from parley.engine import ChatEngine, ChatRequest
from parley.events import Finished, ImageMade
from parley.messages import Image, Message, MessageStatus, Reasoning, Role, Text, part_from_json, part_to_json
from parley.providers.pictures import picture, picture_at
from parley.providers.prompts import with_pictures_asked
from parley.settings import Settings
from parley.store import Store
from parley.tokens import OF_IMAGE
from parley.turn import Turn
from tests.conftest import ScriptedProvider
from tests.test_attachments import written

PICTURE = Image("image/png", written("PNG"))
QUESTION = Message("", "", None, Role.USER, (Text("Draw a box"),), MessageStatus.COMPLETE, 0.0)


async def made(turn: Turn) -> list[ImageMade]:
    return [event async for event in turn if isinstance(event, ImageMade)]


async def test_a_picture_is_a_part_of_the_reply_and_a_file(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("Here:", ImageMade(PICTURE), "Well?")
    turn = await engine.send(ChatRequest("Draw a box"))
    (event,) = await made(turn)
    reply = store.messages.get(turn.reply_id)
    assert reply.parts == (Text("Here:"), PICTURE, Text("Well?"))
    assert (reply.status, reply.text) == (MessageStatus.COMPLETE, "Here:Well?")
    (file,) = store.files.of_message(reply.id)
    assert event.files == (file.id,)
    assert (file.name, file.media_type, file.origin) == ("image.png", "image/png", "produced")
    assert file.conversation_id == reply.conversation_id
    assert await store.files.read(file) == PICTURE.data


async def test_a_picture_alone_is_an_answer(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(ImageMade(PICTURE))
    turn = await engine.send(ChatRequest("Draw a box"))
    last = await turn.wait()
    assert isinstance(last, Finished)
    assert last.usage
    assert last.usage.output_tokens == OF_IMAGE  # whatever its bytes are
    assert store.messages.get(turn.reply_id).parts == (PICTURE,)


async def test_it_goes_with_the_next_question(engine: ChatEngine, provider: ScriptedProvider) -> None:
    provider.says(ImageMade(PICTURE))
    turn = await engine.send(ChatRequest("Draw a box"))
    await turn.wait()
    await (await engine.send(ChatRequest("Bluer", turn.conversation_id))).wait()
    assert [message.images for message in provider.requests[-1].messages] == [(), (PICTURE,), ()]


async def test_one_that_finds_no_room_stays_in_the_reply(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, settings: Settings
) -> None:
    settings.update(files_mb=1)
    large = Image("image/png", PICTURE.data + bytes(1_000_000))
    provider.says(ImageMade(large))
    turn = await engine.send(ChatRequest("Draw a box"))
    (event,) = await made(turn)
    assert (event.files, store.files.all()) == ((), [])
    assert store.messages.get(turn.reply_id).parts == (large,)
    assert store.messages.get(turn.reply_id).status is MessageStatus.COMPLETE


async def test_an_answer_that_is_not_stored_keeps_one_only_if_asked(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says(ImageMade(PICTURE))
    (event,) = await made(await engine.complete([QUESTION]))
    assert (event.files, store.files.all()) == ((), [])
    provider.says(ImageMade(PICTURE))
    (event,) = await made(await engine.complete([QUESTION], keeps_images=True))
    (file,) = store.files.all()
    assert event.files == (file.id,)


def test_messages_for_those_who_take_pictures_from_people_only() -> None:
    def said(role: Role, *parts: Text | Image | Reasoning) -> Message:
        return Message("", "", None, role, parts, MessageStatus.COMPLETE, 0.0)

    messages = [
        said(Role.USER, Text("Draw")),
        said(Role.ASSISTANT, PICTURE),
        said(Role.ASSISTANT, Text("And:"), PICTURE),
        said(Role.USER, Text("Bluer")),
        said(Role.USER, Text("Now!")),
        said(Role.ASSISTANT, Text("No"), PICTURE),
    ]
    assert [message.parts for message in with_pictures_asked(messages)] == [
        (Text("Draw"),),
        (Text("And:"),),
        (PICTURE, PICTURE, Text("Bluer")),
        (Text("Now!"),),
        (Text("No"),),
    ]


def test_pictures_in_base64() -> None:
    assert picture("image/png", b64encode(PICTURE.data).decode()) == PICTURE
    assert picture_at(PICTURE.url) == PICTURE
    assert part_from_json(part_to_json(PICTURE)) == PICTURE
