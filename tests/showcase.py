"""Made-up conversations for the pictures of the interface, and what puts them into a store."""

import base64
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from parley.messages import MessageStatus, Part, Reasoning, Text, Usage
from parley.services import Services

MODEL = "ollama/llama3.2:latest"

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
from collections.abc import Iterator
from datetime import date

DATE = re.compile(r"(?P<year>\\d{4})-(?P<month>\\d{2})-(?P<day>\\d{2})")

def dates(text: str) -> Iterator[date]:
    for match in DATE.finditer(text):
        try:
            yield date(*map(int, match.groups()))
        except ValueError:  # the 31st of February
            continue
```

A pattern that knows leap years would be ten times as long, and nobody could read it.
"""
TIDES = """\
The moon pulls the near side of the Earth more strongly than its centre, and the centre more than the far side. \
What is left is the **tidal acceleration**. With the moon's mass $m$, its distance $d$ and the Earth's radius $r$:

$$a = \\frac{G m}{(d - r)^2} - \\frac{G m}{d^2} \\approx \\frac{2 G m r}{d^3}$$

- It falls with $d^3$, so the sun, though far heavier, has only $46\\,\\%$ of the moon's effect.
- It is the same on both sides but for its sign, so there are *two* bulges, and two tides a day.

At the latitude $\\varphi$ the height of an ideal tide is

$$h(\\varphi) = \\frac{3}{2}\\,\\frac{m}{M}\\,\\frac{r^4}{d^3}\\left(\\cos^2\\varphi - \\frac{1}{3}\\right)$$

which makes about `0.36 m` in the open sea. Bays and shelves do the rest.
"""
ARABIC = """\
ثلاثة أيام تكفي للمدينة القديمة والنهر ورحلة واحدة إلى الساحل.

**اليوم الأول: ألفاما والقلعة.** خذ الترام 28 مبكرًا، قبل الساعة العاشرة.

**اليوم الثاني: بيليم.** يفتح الدير في الساعة 9:30.

1. احجز التذاكر مسبقًا في `parquesdesintra.pt`.
2. خذ القطار من محطة Rossio؛ تستغرق الرحلة 40 دقيقة.

| | صباحًا | مساءً |
|---|---|---|
| اليوم 1 | ألفاما | فادو |
| اليوم 2 | بيليم | بايرو ألتو |
"""


SHORT = Usage(input_tokens=24, output_tokens=312, first_token_seconds=0.4, seconds=8.0)
LONG = Usage(input_tokens=1942, output_tokens=428, first_token_seconds=0.6, seconds=10.8)


@dataclass(frozen=True)
class Chat:
    """A made-up conversation, so many hours old."""

    title: str
    turns: tuple[tuple[str, tuple[Part, ...]], ...]
    hours: float
    pinned: bool = False
    unread: bool = False
    usage: Usage = SHORT


def said(text: str) -> tuple[Part, ...]:
    return (Text(text),)


THOUGHT = (Reasoning("Leap years and month lengths do not belong into a pattern.", 4.2), Text(REGEX))
CHATS = (
    Chat("Thesis outline", (("How do I structure a thesis on tides?", said("Begin with the question.")),), 240, True),
    Chat("Gift ideas for a gardener", (("What does a gardener like?", said("A good pair of secateurs.")),), 700),
    Chat("Why there are two tides a day", (("Why are there two tides a day?", said(TIDES)),), 400),
    Chat("Letter to the landlord", (("Write about the heating.", said("Dear Ms Braun,")),), 120, unread=True),
    Chat("Sourdough that does not rise", (("My dough stays flat.", said("Is the kitchen warm enough?")),), 74),
    Chat("Translate a recipe", (("Translate this recipe.", said("Gladly. Here it is.")),), 26),
    Chat("Packing list", (("What do I pack for Lisbon in May?", said("Layers, and shoes with grip.")),), 24.5),
    Chat("Regex for dates", (("How do I find ISO dates in a text?", THOUGHT),), 3),
    Chat("Trip to Lisbon", (("Plan three days in Lisbon", said(LISBON)),), 0.2, usage=LONG),
)
IN_ARABIC = Chat("رحلة إلى لشبونة", (("خطط لثلاثة أيام في لشبونة", said(ARABIC)),), 0.1)


def tide_chart() -> Chat:
    """Return a conversation with an image that is part of the text, and one that lies on the web."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
    from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter, QPen, QPolygonF

    heights = [2.9, 3.4, 3.6, 3.3, 2.6, 1.8, 1.1, 0.7, 0.8, 1.4, 2.2, 3.0, 3.5, 3.6, 3.2, 2.5, 1.7, 1.0, 0.7, 0.9, 1.5]
    image = QImage(840, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#f4f7f6"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#d5dedb"), 2))
    for line in range(1, 4):
        painter.drawLine(40, line * 75, 800, line * 75)
    points = [QPointF(40 + 38 * at, 280 - 65 * height) for at, height in enumerate(heights)]
    painter.setPen(QPen(QColor("#2f6f5e"), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPolyline(QPolygonF(points))
    painter.setBrush(QColor("#2f6f5e"))
    for point in points[2::11]:
        painter.drawEllipse(QRectF(point.x() - 8, point.y() - 8, 16, 16))
    painter.end()
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    data = base64.b64encode(kept.data()).decode()
    text = (
        "High water is at **2:10** and at **14:35**, a little later each day:\n\n"
        f"![The tide in Lisbon through one day](data:image/png;base64,{data})\n\n"
        "The harbour office publishes a finer one:\n\n"
        "![Tide table of the port](https://tides.example.org/lisbon.png)\n"
    )
    return Chat("Chart of the tide", (("Draw me the tide in Lisbon today", said(text)),), 0.1)


@contextlib.contextmanager
def clock_at(moment: float) -> Iterator[None]:
    """Let the store believe it is another time."""
    real = time.time
    time.time = lambda: moment
    try:
        yield
    finally:
        time.time = real


async def seed(services: Services, chats: Sequence[Chat]) -> None:
    """Put the conversations into the store, as if they had been had."""
    now = datetime.now().astimezone()
    store = services.store
    for made_up in chats:
        place: str | None = None
        with clock_at((now - timedelta(hours=made_up.hours)).timestamp()):
            for question, answer in made_up.turns:
                conversation, _, reply = await store.turns.begin(
                    conversation_id=place, title=made_up.title, parts=said(question), model=MODEL
                )
                place = conversation.id
                await store.turns.finish(reply.id, answer, MessageStatus.COMPLETE, usage=made_up.usage)
        if place and made_up.pinned:
            await store.conversations.pin(place, True)
        if place and not made_up.unread:
            await store.conversations.see(place)


async def spend(services: Services) -> None:
    """Put into the ledger what two weeks of answers cost, dear ones and free ones."""
    models = (("anthropic/claude-sonnet-5-5", 2.0, 10.0), ("openai/gpt-5.4-mini", 0.75, 4.5), (MODEL, 0.0, 0.0))
    now = datetime.now().astimezone()
    for days in range(14):
        with clock_at((now - timedelta(days=days)).timestamp()):
            for number, (model, price_in, price_out) in enumerate(models):
                read, written = 9_000 * (1 + (days * 7 + number * 3) % 11), 700 * (1 + (days * 5 + number) % 7)
                cost = (read * price_in + written * price_out) / 1_000_000
                await services.store.spending.add(model, Usage(read, written, cost=2 * cost))
