"""What is loaded after the last chat has been drawn, in parts that take less than a frame."""

from importlib import import_module

from PySide6.QtWidgets import QApplication

LOOP = ("subprocess", "concurrent.futures.thread", "socket", "ssl", "asyncio", "parley.ui.program.loop")

REST = (
    "parley.engine",
    "parley.ui.chat.find",
    "parley.ui.chat.message_commands",
    "parley.ui.chat.status",
    "parley.ui.composer.spelling",
    "parley.ui.handlers",
    "parley.ui.links",
    "parley.ui.preferences.settings_door",
    "parley.ui.welcome.first_run",
)


def load_loop() -> None:
    """Import what runs the event loop. Between its parts Qt goes on without it: it paints, and takes keys."""
    for name in LOOP:
        QApplication.processEvents()
        import_module(name)


async def load_rest() -> None:
    """Import what the rest of the window is made of."""
    import asyncio

    for name in REST:
        await asyncio.sleep(0)
        import_module(name)
