"""Pictures of the interface for the README and the manual: a real window, a real store, made-up conversations.

python3 dev.py screenshots [--out FOLDER] [--scale 2] [SCENE…]

They go to resources/help/images. On a computer without a screen it draws offscreen, or in Xvfb under xvfb-run.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from parley.main import open_services
from parley.messages import MessageStatus, Part, Reasoning, Text, Usage
from parley.paths import Paths, resources
from parley.services import Services
from parley.settings import ProviderRow, Settings
from tests.fakes import FakeOllama, OllamaModel, Reply

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap
    from PySide6.QtWidgets import QWidget

    from parley.ui.window import Window

WIDTH, HEIGHT = 1000, 680
MODEL = "ollama/llama3.2:latest"
PATIENCE = 20.0

LISBON = """\
Three days are enough for the old town, the river and one trip to the coast.

**Day 1: Alfama and the castle.** Take tram 28 early, before ten. Walk down from the castle through the lanes and \
eat grilled sardines near the *Miradouro de Santa Luzia*.

**Day 2: Belém.** The monastery opens at 9:30. The pastry shop next door is worth the queue, which moves fast.

| | morning | evening |
|---|---|---|
| Day 1 | Alfama, castle | fado in Mouraria |
| Day 2 | Belém, monastery | Bairro Alto |
| Day 3 | train to Sintra | Cais do Sodré |

**Day 3: Sintra.** The train leaves Rossio every 30 minutes and takes 40. See Pena first, then walk down.
"""
REGEX = """\
Name the groups, and let `datetime` judge whether the day exists:

```python
import re
from datetime import date

DATE = re.compile(r"(?P<year>\\d{4})-(?P<month>\\d{2})-(?P<day>\\d{2})")

def dates(text: str) -> list[date]:
    found = []
    for match in DATE.finditer(text):
        try:
            found.append(date(*map(int, match.groups())))
        except ValueError:  # the 31st of February
            continue
    return found
```

A pattern that knows leap years would be ten times as long, and nobody could read it.
"""


@dataclass(frozen=True)
class Chat:
    """A made-up conversation, so many hours old."""

    title: str
    turns: tuple[tuple[str, tuple[Part, ...]], ...]
    hours: float
    pinned: bool = False


def said(text: str) -> tuple[Part, ...]:
    return (Text(text),)


THOUGHT = (Reasoning("Leap years and month lengths do not belong into a pattern.", 4.2), Text(REGEX))
CHATS = (
    Chat("Thesis outline", (("How do I structure a thesis on tides?", said("Begin with the question.")),), 240, True),
    Chat("Gift ideas for a gardener", (("What does a gardener like?", said("A good pair of secateurs.")),), 700),
    Chat("Why the sky is blue", (("Why is the sky blue?", said("Air scatters short waves most.")),), 400),
    Chat("Letter to the landlord", (("Write to my landlord about the heating.", said("Dear Ms Braun,")),), 120),
    Chat("Sourdough that does not rise", (("My dough stays flat.", said("Is the kitchen warm enough?")),), 74),
    Chat("Translate a recipe", (("Translate this recipe.", said("Gladly. Here it is.")),), 26),
    Chat("Packing list", (("What do I pack for Lisbon in May?", said("Layers, and shoes with grip.")),), 24.5),
    Chat("Regex for dates", (("How do I find ISO dates in a text?", THOUGHT),), 3),
    Chat("Trip to Lisbon", (("Plan three days in Lisbon", said(LISBON)),), 0.2),
)


class Studio:
    """One window, and what it takes to have its picture taken."""

    def __init__(self, services: Services, window: "Window", server: FakeOllama) -> None:
        self.services = services
        self.window = window
        self.server = server
        self.shown: QWidget | None = None
        """A window of its own that the picture is of."""

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the window has got so far."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("a scene did not come about")
            await asyncio.sleep(0.02)

    def open(self, title: str) -> None:
        """Open a conversation."""
        page = self.services.store.conversations.page()
        self.window.view.open(next(conversation.id for conversation in page if conversation.title == title))

    async def picture(self) -> "QPixmap":
        """Return the window and what is open over it, once it has settled."""
        from PySide6.QtGui import QPainter
        from PySide6.QtWidgets import QApplication

        await asyncio.sleep(0.6)
        if self.shown:
            return self.shown.grab()
        picture = self.window.grab()
        painter = QPainter(picture)
        for other in QApplication.topLevelWidgets():
            if other is not self.window and other.isVisible():
                painter.drawPixmap(self.window.mapFromGlobal(other.mapToGlobal(other.rect().topLeft())), other.grab())
        painter.end()
        return picture


async def chat(studio: Studio) -> None:
    """An answer with code and thoughts."""
    studio.open("Regex for dates")


async def trip(studio: Studio) -> None:
    """An answer with a table."""
    studio.open("Trip to Lisbon")


async def first_start(studio: Studio) -> None:
    """Nothing but the Guide."""
    await studio.until(studio.window.page.welcome.questions[0].isVisible)


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
    """The servers in the settings."""
    await settings(studio, "providers")


async def appearance(studio: Studio) -> None:
    """Theme and zoom in the settings."""
    await settings(studio, "appearance")


@dataclass(frozen=True)
class Scene:
    """What to show, and how."""

    name: str
    play: Callable[[Studio], Awaitable[None]]
    theme: str = "light"
    size: tuple[int, int] = (WIDTH, HEIGHT)
    seeded: bool = True
    language: str = ""


SCENES = (
    Scene("chat-light", chat),
    Scene("chat-dark", chat, theme="dark"),
    Scene("trip-light", trip),
    Scene("first-start", first_start, seeded=False),
    Scene("search", search),
    Scene("find", find),
    Scene("error", error),
    Scene("models", models, theme="dark"),
    Scene("editing", editing),
    Scene("information", information, theme="dark"),
    Scene("settings-providers", providers),
    Scene("settings-appearance", appearance, theme="dark"),
    Scene("narrow", trip, size=(360, 640)),
    Scene("drawer", drawer, theme="dark", size=(360, 640)),
    Scene("right-to-left", trip, language="ar"),
)


@contextlib.contextmanager
def clock_at(moment: float) -> Iterator[None]:
    """Let the store believe it is another time."""
    real = time.time
    time.time = lambda: moment
    try:
        yield
    finally:
        time.time = real


async def seed(services: Services) -> None:
    """Put the conversations into the store, as if they had been had."""
    now = datetime.now().astimezone().replace(hour=14, minute=14)
    for made_up in CHATS:
        place: str | None = None
        with clock_at((now - timedelta(hours=made_up.hours)).timestamp()):
            for question, answer in made_up.turns:
                conversation, _, reply = await services.store.turns.begin(
                    conversation_id=place, title=made_up.title, parts=said(question), model=MODEL
                )
                place = conversation.id
                usage = Usage(input_tokens=24, output_tokens=312, first_token_seconds=0.4, seconds=8.0)
                await services.store.turns.finish(reply.id, answer, MessageStatus.COMPLETE, usage=usage)
        if place and made_up.pinned:
            await services.store.conversations.pin(place, True)


@contextlib.asynccontextmanager
async def studio(scene: Scene, folder: Path) -> AsyncIterator[Studio]:
    """Open a window for one scene."""
    from parley.ui.appearance.look import Look
    from parley.ui.desktop import application
    from parley.ui.program.languages import speak
    from parley.ui.window import Window

    paths = Paths(folder / scene.name)
    names = (
        OllamaModel("llama3.2:latest", context=131_072),
        OllamaModel("qwen3:8b", context=40_960, size=5_200_000_000),
        OllamaModel("gemma3:4b", context=131_072, size=3_300_000_000),
    )
    server = FakeOllama(*names, reply=Reply())
    await server.__aenter__()
    options: dict[str, object] = {"discover": False, "theme": scene.theme, "language": scene.language}
    if scene.seeded:
        options |= {"providers": (ProviderRow("ollama", server.root, "ollama"),), "default_model": MODEL}
    Settings(paths.settings).update(**options)
    services = open_services(paths)
    if scene.seeded:
        await seed(services)
    app = application()
    speak(app, scene.language)
    window = Window(services, Look(app, services.settings.options.theme))
    window.resize(*scene.size)
    window.show()
    window.start()
    made = Studio(services, window, server)
    await services.catalog.models()
    await made.until(lambda: window.models.label)
    try:
        yield made
    finally:
        await window.close_down()
        await services.close()
        if server.root:
            await server.__aexit__(None, None, None)


async def take(names: list[str], out: Path) -> None:
    """Take the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="parley-pictures-") as folder:
        for scene in SCENES:
            if names and scene.name not in names:
                continue
            async with studio(scene, Path(folder)) as made:
                await scene.play(made)
                picture = await made.picture()
            path = out / f"{scene.name}.png"
            picture.save(str(path))
            print(f"{path.name}  {picture.width()} × {picture.height()}  {path.stat().st_size // 1024} KB")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Take pictures of the interface.")
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help="all of them without one")
    parser.add_argument("--out", type=Path, default=resources() / "help" / "images")
    parser.add_argument("--scale", default="2")
    arguments = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = arguments.scale
    if sys.platform.startswith("linux") and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from parley.ui.desktop import application
    from parley.ui.program.loop import Loop

    app = application()
    with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
        runner.run(take(arguments.scenes, arguments.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
