"""Pictures of the interface for the README and the manual: a real window, a real store, made-up conversations.

python3 dev.py screenshots [--out FOLDER] [--scale 2] [SCENE…]

They go to resources/help/images. On Linux it draws on a screen of its own that nobody sees, large enough for popups.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parley.main import open_services
from parley.messages import MessageStatus
from parley.paths import Paths, resources
from parley.settings import Settings
from tests.fakes import FakeOllama, OllamaModel, Pull, Reply
from tests.showcase import CHATS, IN_ARABIC, MODEL, Chat, seed, spend, tide_chart
from tests.studio import Studio

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPixmap

WIDTH, HEIGHT, TALL = 1000, 680, 770
SCREEN = {
    "name": "studio",
    "x": 0,
    "y": 0,
    "width": 3200,
    "height": 2400,
    "logicalDpi": 96,
    "logicalBaseDpi": 96,
    "dpr": 1,
}
COLOURS = 256
KIND = 0xF0F0F0
"""What two colours of one kind have in common."""


async def chat(studio: Studio) -> None:
    """An answer with code and thoughts."""
    studio.open("Regex for dates")


async def trip(studio: Studio) -> None:
    """An answer with a table."""
    studio.open("Trip to Lisbon")


async def first_start(studio: Studio) -> None:
    """Nothing but the Guide."""
    await studio.until(studio.window.page.welcome.questions[0].isVisible)


async def first_models(studio: Studio) -> None:
    """A model was found."""
    welcome = studio.window.page.welcome
    await studio.until(lambda: welcome.steps and len(welcome.steps.buttons) >= len(studio.server.models))


async def arabic(studio: Studio) -> None:
    """A conversation from right to left."""
    studio.open(IN_ARABIC.title)


async def tides(studio: Studio) -> None:
    """An answer with formulas."""
    studio.open("Why there are two tides a day")


async def chart(studio: Studio) -> None:
    """An answer with images."""
    studio.open("Chart of the tide")


async def answer(studio: Studio, question: str) -> None:
    """Ask, and wait until half of the answer is there; the rest does not come."""
    from parley.ui.composer.drafts import Draft

    begun = "Yes, if you leave early: the train from Cais do Sodré takes 40 minutes to Cascais. "
    studio.server.reply = Reply((begun, "and then"), hold=asyncio.Event(), hold_at=1)
    view, running = studio.window.view, studio.services.engine.running
    view.outbox.send(Draft(question))
    await studio.until(lambda: (turn := running(view.shown_id or "")) and turn.parts)


async def list_(studio: Studio) -> None:
    """One chat is being answered, another one has an answer that nobody has seen."""
    studio.open("Sourdough that does not rise")
    await answer(studio, "It is 24 °C here.")
    studio.open("Trip to Lisbon")


async def queue(studio: Studio) -> None:
    """Messages that wait for an answer."""
    studio.open("Trip to Lisbon")
    await answer(studio, "Is there time for the beach, too?")
    await add_to_queue(studio, "And what do I eat on the way?")
    await add_to_queue(studio, "Make a packing list, please.")


async def add_to_queue(studio: Studio, text: str) -> None:
    """Send a message while an answer is coming."""
    from parley.ui.composer.drafts import Draft

    view = studio.window.view
    before = view.queue.count
    view.outbox.send(Draft(text))
    await studio.until(lambda: view.queue.count > before)


async def status(studio: Studio) -> None:
    """Tokens and context, with the details open."""
    studio.open("Trip to Lisbon")
    line = studio.window.page.status_line
    await studio.until(line.isVisible)
    line.open_details()


async def actions(studio: Studio) -> None:
    """Everything that can be done with a message."""
    from PySide6.QtCore import QPoint

    studio.open("Regex for dates")
    transcript = studio.window.page.transcript
    await studio.until(lambda: transcript.placed)
    transcript.focused = len(transcript.messages) - 1
    transcript.commands.menu_for(
        transcript.row_at(transcript.focused), transcript.viewport().mapToGlobal(QPoint(330, 120))
    )


async def search(studio: Studio) -> None:
    """Words found in messages."""
    studio.open("Trip to Lisbon")
    studio.window.sidebar.search.setText("lisbon")
    await studio.until(studio.window.sidebar.results.isVisible)


async def find(studio: Studio) -> None:
    """Words found in the conversation on show."""
    studio.open("Trip to Lisbon")
    find = studio.window.find_
    find.open()
    find.bar.field.setText("sintra")
    await studio.until(lambda: find.place)


async def error(studio: Studio) -> None:
    """A server that is down."""
    from parley.ui.composer.drafts import Draft

    studio.open("Packing list")
    await studio.server.__aexit__(None, None, None)
    studio.window.view.outbox.send(Draft("And for the beach?"))
    view = studio.window.view
    await studio.until(lambda: view.tree and view.tree.branch()[-1].status is MessageStatus.FAILED)


async def models(studio: Studio) -> None:
    """The model picker."""
    studio.open("Trip to Lisbon")
    await studio.services.catalog.models()
    studio.window.models.open_picker()


async def chat_settings(studio: Studio) -> None:
    """What a chat has of its own."""
    from parley.models import Parameters

    studio.open("Regex for dates")
    conversations, id = studio.services.store.conversations, studio.window.view.shown_id or ""
    await conversations.set_instruction(id, "Answer with one regular expression, then explain it part by part.")
    await conversations.set_parameters(id, Parameters(temperature=0.2, effort="low"))
    studio.window.start_rest()
    studio.window.chat_settings.toggle()
    await studio.until(studio.window.chat_settings.mark.isVisible)


async def editing(studio: Studio) -> None:
    """A question that is edited in its place."""
    studio.open("Trip to Lisbon")
    transcript = studio.window.page.transcript
    transcript.to_start()
    transcript.editors.begin(transcript.messages[0].id)


async def information(studio: Studio) -> None:
    """What is known of an answer."""
    studio.open("Trip to Lisbon")
    transcript = studio.window.page.transcript
    await studio.until(lambda: transcript.placed)
    studio.window.messages.show_info(transcript.messages[-1].id)


async def drawer(studio: Studio) -> None:
    """The list of chats over a narrow window."""
    studio.open("Trip to Lisbon")
    studio.window.frame.set_folded(False)


async def settings(studio: Studio, page: str) -> None:
    """A page of the settings."""
    studio.window.settings_door.open(page)
    window = studio.window.settings_door.window
    assert window is not None
    window.resize(800, 620)
    await studio.until(window.isVisible)
    studio.shown = window


async def providers(studio: Studio) -> None:
    """The servers in the settings, with a keychain as desktops have one."""
    from parley.ui.preferences.key_words import keeping_text
    from parley.ui.preferences.providers_page import ProvidersPage

    await settings(studio, "providers")
    window = studio.window.settings_door.window
    page = window.pages["providers"] if window else None
    assert isinstance(page, ProvidersPage)
    await studio.until(page.keeping.text)
    page.keeping.setText(keeping_text(studio.services.keys, None))


async def ollama(studio: Studio) -> None:
    """The models of Ollama in the settings, one of them on its way."""
    from parley.ui.preferences.models_page import ModelsPage

    studio.server.in_memory["llama3.2:latest"] = 8192
    studio.server.library["phi4:latest"] = Pull((9_100_000_000,), hold=asyncio.Event(), hold_at=4)
    await settings(studio, "models")
    window = studio.window.settings_door.window
    assert window is not None
    page = window.pages["models"]
    assert isinstance(page, ModelsPage)
    await studio.until(lambda: "ollama" in page.sections and page.sections["ollama"].cards)
    section = page.sections["ollama"]
    section.fetch("phi4")
    await studio.until(lambda: studio.window.downloads.all[0].progress.completed)


async def appearance(studio: Studio) -> None:
    """Theme and zoom in the settings."""
    await settings(studio, "appearance")


async def behaviour(studio: Studio) -> None:
    """What keys and closing do, in the settings."""
    await settings(studio, "behaviour")


async def shortcuts(studio: Studio) -> None:
    """The commands and their keys, in the settings."""
    await settings(studio, "shortcuts")


async def spending(studio: Studio) -> None:
    """What answers have cost, in the settings."""
    await spend(studio.services)
    studio.services.settings.update(budget=10.0)
    await settings(studio, "spending")


async def data(studio: Studio) -> None:
    """The data folder in the settings; named as on a computer at home."""
    from parley.ui.preferences.data_page import DataPage

    await settings(studio, "data")
    window = studio.window.settings_door.window
    page = window.pages["data"] if window else None
    assert isinstance(page, DataPage)
    page.folder.setText("/home/ada/.local/share/parley")
    await studio.until(page.sizes.text)


async def serving(studio: Studio) -> None:
    """Server mode in the settings: on, with a phone that asks and a code for another one."""
    import httpx

    from parley.ui.preferences.server_page import ServerPage

    services, control = studio.services, studio.window.serving.control
    control.turn(on=True)
    await studio.until(lambda: control.state == "on")
    _, token = await services.credentials.issue(services.store.accounts.get("owner"), "my phone")
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "Firefox for Android"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as phone:
        await phone.get(f"{control.switch.address}/info")
    await settings(studio, "server")
    window = studio.window.settings_door.window
    assert window is not None
    window.resize(window.width(), TALL)
    page = window.pages["server"]
    assert isinstance(page, ServerPage)
    await studio.until(lambda: page.clients.cards)


async def people(studio: Studio) -> None:
    """People and their tokens in the settings."""
    from parley.people import Permissions

    services = studio.services
    accounts, credentials = services.store.accounts, services.credentials
    anna = await credentials.add("anna@example.org", None, name="Anna")
    models = Permissions(models=frozenset({"ollama"}), tokens_a_month=500_000)
    await accounts.change(anna.id, permissions=models)
    await credentials.issue(accounts.get("owner"), "my editor")
    await credentials.issue(anna, "her phone")
    ben = await credentials.add("ben@example.org", None, name="Ben")
    await accounts.change(ben.id, disabled=True)
    await settings(studio, "people")


async def assistants(studio: Studio) -> None:
    """Assistants in the settings."""
    add = studio.services.store.assistants.add
    await add("Editor", description="Makes texts shorter", instruction="You shorten texts and keep their tone.")
    await add("Pirate Pete", instruction="Talk like a pirate.", model=MODEL)
    await settings(studio, "assistants")


@dataclass(frozen=True)
class Scene:
    """What to show, and how."""

    name: str
    play: Callable[[Studio], Awaitable[None]]
    theme: str = "light"
    size: tuple[int, int] = (WIDTH, HEIGHT)
    seeded: bool = True
    language: str = ""
    extra: Callable[[], Chat] | None = None
    """One more conversation."""
    finds: bool = True
    """Whether there is a server."""
    discovers: bool = False
    """Whether other servers of this computer are looked for, which may be there or not."""


SCENES = (
    Scene("chat-light", chat, size=(WIDTH, TALL)),
    Scene("chat-dark", chat, theme="dark", size=(WIDTH, TALL)),
    Scene("trip-light", trip),
    Scene("first-start", first_start, seeded=False, finds=False, discovers=True),
    Scene("first-models", first_models, seeded=False, theme="dark"),
    Scene("list", list_),
    Scene("formulas", tides),
    Scene("images", chart, theme="dark", extra=tide_chart),
    Scene("actions", actions, theme="dark"),
    Scene("queue", queue),
    Scene("status", status, theme="dark"),
    Scene("search", search),
    Scene("find", find),
    Scene("error", error),
    Scene("models", models, theme="dark"),
    Scene("editing", editing),
    Scene("information", information, theme="dark"),
    Scene("chat-settings", chat_settings),
    Scene("settings-providers", providers, discovers=True),
    Scene("settings-models", ollama, discovers=True),
    Scene("settings-appearance", appearance, theme="dark"),
    Scene("settings-behaviour", behaviour, discovers=True),
    Scene("settings-spending", spending),
    Scene("settings-assistants", assistants),
    Scene("settings-server", serving),
    Scene("settings-people", people, theme="dark"),
    Scene("settings-shortcuts", shortcuts),
    Scene("settings-data", data, theme="dark"),
    Scene("narrow", trip, size=(360, 640)),
    Scene("drawer", drawer, theme="dark", size=(360, 640)),
    Scene("right-to-left", arabic, language="ar", extra=lambda: IN_ARABIC),
)


@contextlib.asynccontextmanager
async def studio(scene: Scene, folder: Path) -> AsyncIterator[Studio]:
    """Open a window for one scene."""
    from parley.ui.appearance.look import Look
    from parley.ui.desktop import application
    from parley.ui.program.languages import speak
    from parley.ui.window import Window

    paths = Paths(folder / scene.name)
    names = (
        OllamaModel("llama3.2:latest", ("completion", "tools"), context=131_072),
        OllamaModel("qwen3:8b", ("completion", "tools", "thinking"), context=40_960, size=5_200_000_000),
        OllamaModel("gemma3:4b", ("completion", "vision"), context=131_072, size=3_300_000_000),
    )
    server = FakeOllama(*names, reply=Reply())
    await server.__aenter__()
    os.environ["OLLAMA_HOST"] = server.root if scene.finds else ""
    options: dict[str, object] = {"discover": scene.discovers, "theme": scene.theme, "language": scene.language}
    if scene.seeded:
        options["default_model"] = MODEL
    Settings(paths.settings).update(**options)
    services = open_services(paths)
    app = application()
    if scene.seeded:
        await seed(services, CHATS if scene.extra is None else (*CHATS, scene.extra()))
    speak(app, scene.language)
    look = Look(app, services.settings.options.theme)
    window = Window(services, look)
    window.resize(*scene.size)
    window.show()
    window.start()
    window.go_on()
    made = Studio(services, look, window, server)
    await services.catalog.models()
    await made.until(lambda: window.models.label)
    try:
        yield made
    finally:
        await window.close_down()
        await services.close()
        if server.root:
            await server.__aexit__(None, None, None)


def with_few_colours(picture: "QPixmap") -> "QImage":
    """Return a picture in the colours that it has most of, and at least one of each kind: half the file."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB32)
    common = [colour for colour, _ in Counter(memoryview(image.constBits()).cast("I")).most_common()]
    kinds: dict[int, int] = {}
    for colour in common:
        kinds.setdefault(colour & KIND, colour)
    table = list(dict.fromkeys([*list(kinds.values())[: COLOURS // 2], *common]))[:COLOURS]
    return image.convertToFormat(QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.AvoidDither)


async def take(names: list[str], out: Path, folder: Path) -> None:
    """Take the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        if names and scene.name not in names:
            continue
        async with studio(scene, folder) as made:
            await scene.play(made)
            picture = await made.picture()
        path = out / f"{scene.name}.png"
        with_few_colours(picture).save(str(path), None, 0)
        print(f"{path.name}  {picture.width()} × {picture.height()}  {path.stat().st_size // 1024} KB")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Take pictures of the interface.")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="all of them without one")
    parser.add_argument("--out", type=Path, default=resources() / "help" / "images")
    parser.add_argument("--scale", default="2")
    arguments = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = arguments.scale
    with tempfile.TemporaryDirectory(prefix="parley-pictures-") as folder:
        if sys.platform.startswith("linux"):
            screens = Path(folder) / "screens.json"
            screens.write_text(json.dumps({"screens": [SCREEN]}), encoding="utf-8")
            os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screens}"
        run(arguments.scenes, arguments.out, Path(folder))
    return 0


def run(names: list[str], out: Path, folder: Path) -> None:
    """Take the pictures on the loop that the program has."""
    from parley.ui.desktop import application
    from parley.ui.program.loop import Loop

    app = application()
    with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
        runner.run(take(names, out, folder))


if __name__ == "__main__":
    sys.exit(main())
