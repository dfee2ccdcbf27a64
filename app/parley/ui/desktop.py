"""The desktop: application, event loop, one window, and an orderly end."""

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication

from parley import __version__, log
from parley.errors import ChatError, InternalError, SettingsUnreadable, StoreError
from parley.paths import Paths
from parley.services import Services
from parley.ui.appearance.look import Look, app_icon
from parley.ui.program.first_paint import show_painted
from parley.ui.program.instance import Instance
from parley.ui.program.languages import speak
from parley.ui.program.loading import load_loop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine

    from parley.ui.window import Window

logger = logging.getLogger(__name__)

LISTEN_MS = 100
"""After so long the chat that was open last has been painted; a second desktop tries for longer."""

OpenServices = Callable[[Paths], Services]
Wishes = list[Path | None]

_ENDS = (signal.SIGINT, signal.SIGTERM)


def run(paths: Paths, open_services: OpenServices) -> int:
    """Open the window and return the exit code when it has been closed.

    A second desktop on the same data directory shows the window of the first, and ends.
    """
    if sys.platform != "win32":
        # They wait for the loop. Before the application is made: its threads take this over, and else get the signals.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    app = application()
    instance = Instance(paths)
    if not instance.claim():
        if instance.ask_first():
            return 0
        logger.warning("the first window does not answer")
        return 1
    try:
        return _open(app, paths, open_services, instance)
    finally:
        instance.release()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # windows go before the application


def application() -> QApplication:
    """Return the one QApplication, made at the first call."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("parley")
    app.setApplicationDisplayName("Parley")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("parley")
    app.setQuitOnLastWindowClosed(False)
    return app


def _open(app: QApplication, paths: Paths, open_services: OpenServices, instance: Instance) -> int:
    """Show the window, or why there is none. It is painted before the event loop and the engine are even loaded."""
    try:
        services = open_services(paths)
    except (StoreError, SettingsUnreadable) as error:
        return _run(app, _say_why(app, paths, error, instance))
    window, wishes = _made_window(app, services, instance)
    show_painted(window)
    window.start()
    load_loop()
    return _run(app, _live(app, services, window, wishes, instance, open_services))


def _made_window(app: QApplication, services: Services, instance: Instance) -> "tuple[Window, Wishes]":
    """Return the window, and the list of what the person will have wished of the program, also before there is a loop.

    A wish is a folder: to go on with the data there. None is to leave.
    """
    from parley.ui.window import Window

    speak(app, services.settings.options.language)
    look = Look(app, services.settings.options.theme)
    window = Window(services, look)
    look.setParent(window)  # it goes with its window
    instance.raised.connect(window.come_forward)
    wishes: Wishes = []
    window.ended.connect(lambda: wishes.append(None))
    window.move_requested.connect(wishes.append)
    window.restart_requested.connect(lambda: wishes.append(services.paths.data))
    return window, wishes


def _run(app: QApplication, main: "Coroutine[None, None, int]") -> int:
    import asyncio

    from parley.ui.program.loop import Loop

    app.setWindowIcon(app_icon())
    with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
        return runner.run(main)


async def _live(
    app: QApplication,
    services: Services,
    window: "Window",
    wishes: Wishes,
    instance: Instance,
    open_services: OpenServices,
) -> int:
    ended = _ended_by_signals()
    QTimer.singleShot(LISTEN_MS, instance, instance.listen)
    news = ""
    while True:
        try:
            target, serves = await _until_left(app, services, window, wishes, ended, news)
        finally:
            await services.close()
        if target is None:
            return 0
        paths, news = services.paths, ""
        if target != paths.data:
            paths, news = await _move(app, services, target, ended, instance)
        try:
            services = open_services(paths)
        except (StoreError, SettingsUnreadable) as error:
            return await _say_why(app, paths, error, instance)
        window, wishes = _made_window(app, services, instance)
        window.show()
        window.start()
        if serves:
            window.start_rest()
            window.serving.control.turn(on=True)


async def _until_left(
    app: QApplication, services: Services, window: "Window", wishes: Wishes, ended: "asyncio.Event", news: str
) -> tuple[Path | None, bool]:
    """Let the window work until the person leaves. Return where they want to go on, if anywhere: with which data; and
    whether the server was on.
    """
    from parley.ui.program.garbage import Garbage

    for wish in (window.ended, window.move_requested, window.restart_requested):
        wish.connect(ended.set)
    window.go_on()
    if wishes:  # from before anybody listened
        ended.set()
    if news:
        window.reports.tell(news)
    services.store.start_watching()
    garbage = Garbage(app)
    with _faults_told_to(window.report):
        await ended.wait()
    ended.clear()  # a signal from now on ends what comes next
    window.start_rest()
    serves = window.serving.control.wanted
    await window.close_down()
    garbage.stop()
    return next((target for target in reversed(wishes) if target is not None), None), serves


async def _move(
    app: QApplication, services: Services, target: Path, ended: "asyncio.Event", instance: Instance
) -> tuple[Paths, str]:
    """Move the data of services that are closed. Return the paths from now on, and what to tell of it."""
    from parley.ui.program.moving import MovingWindow, move_data
    from parley.ui.tasks import Tasks

    window = MovingWindow(target)
    look = Look(app, services.settings.options.theme)
    look.setParent(window)
    instance.raised.connect(window.come_forward)
    waiting = Tasks(lambda error: logger.error("%s", error))
    waiting.start(_cancel_at(ended, window.cancelled.emit))
    paths, news = await move_data(window, services.paths, target)
    await waiting.close()
    if paths != services.paths:
        log.follow(paths.log)
        instance.follow(paths)
    return paths, news


async def _cancel_at(ended: "asyncio.Event", cancel: Callable[[], object]) -> None:
    await ended.wait()
    cancel()


async def _say_why(app: QApplication, paths: Paths, error: StoreError | SettingsUnreadable, instance: Instance) -> int:
    from parley.ui.program.start_failed import StartFailed

    ended = _ended_by_signals()
    logger.error("cannot start: %s (%s)", error, error.detail)
    speak(app, "")
    window = StartFailed(paths, error)
    Look(app).setParent(window)
    window.ended.connect(ended.set)
    instance.raised.connect(window.come_forward)
    instance.listen()
    window.show()
    await ended.wait()
    window.hide()
    window.deleteLater()
    return 1


@contextmanager
def _faults_told_to(report: Callable[[ChatError], None]) -> Iterator[None]:
    """Show what is raised in a slot, once it is logged: Qt itself drops it."""
    log_it = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if not isinstance(error, ChatError):
            log_it(kind, error, traceback)
        report(error if isinstance(error, ChatError) else InternalError(detail=repr(error)))

    sys.excepthook = tell
    try:
        yield
    finally:
        sys.excepthook = log_it


def _ended_by_signals() -> "asyncio.Event":
    """Return what is set when the system or a person at a terminal wants the program to end."""
    import asyncio

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in _ENDS:
            loop.add_signal_handler(number, ended.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    return ended
