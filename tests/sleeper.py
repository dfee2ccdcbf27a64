"""A process that asks a model server and is put to sleep meanwhile. It sleeps lightly: fractions of a second count.

    python -m tests.sleeper FOLDER BASE_URL LONGEST_WAIT
prints a line when the answer has begun, and one of JSON when it has ended.
"""

import asyncio
import json
import sys
from pathlib import Path

from parley import engine, turn
from parley.engine import ChatRequest
from parley.events import Failed, TextDelta
from parley.main import open_services
from parley.options import ProviderRow
from parley.paths import Paths
from parley.settings import Settings

LIGHT_SLEEP = {"LOOK_SECONDS": 0.05, "ASLEEP_SECONDS": 0.4, "BUFFERED_SECONDS": 0.1}
PATIENCE_AFTER_SLEEP = 1.2


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def ask(paths: Paths) -> None:
    services = open_services(paths)
    asked = await services.engine.send(ChatRequest("hello"))
    async for event in asked:
        if isinstance(event, TextDelta):
            tell("begun")
            break
    last = await asked.wait()
    message = services.store.messages.get(asked.reply_id)
    failure = last.failure if isinstance(last, Failed) else None
    found = {
        "status": message.status,
        "text": message.text,
        "code": failure.code if failure else "",
        "sentence": failure.sentence if failure else "",
    }
    tell(json.dumps(found))
    await services.close()


def main(folder: str, base_url: str, longest_wait: str) -> None:
    vars(turn).update(LIGHT_SLEEP)
    vars(engine).update(AFTER_SLEEP_SECONDS=PATIENCE_AFTER_SLEEP)
    paths = Paths(Path(folder))
    row = ProviderRow("box", base_url)
    Settings(paths.settings).update(
        default_model="box/m", providers=(row,), discover=False, first_token_timeout=float(longest_wait)
    )
    asyncio.run(ask(paths))


if __name__ == "__main__":
    main(*sys.argv[1:4])
