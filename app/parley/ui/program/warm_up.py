"""What is loaded after the first paint, in a thread: nobody waits for it when the first message is sent."""

import asyncio
import importlib
import logging

logger = logging.getLogger(__name__)

HEAVY = ("aiohttp", "markdown_it", "parley.render.markdown", "pygments.lexers")
PAINT_SECONDS = 0.05


async def warm_up() -> None:
    """Import the heavy modules one by one, so that the interpreter is not held for long."""
    await asyncio.sleep(PAINT_SECONDS)
    for name in HEAVY:
        try:
            await asyncio.to_thread(importlib.import_module, name)
        except ImportError:
            logger.warning("%s cannot be loaded", name, exc_info=True)
