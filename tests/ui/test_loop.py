"""The event loop: what is ready is done in order, in steps, also while a menu runs Qt's loop; timers that are cancelled
are forgotten; and what comes over sockets that are paused and resumed comes whole.
"""

import asyncio
import socket
import time

from PySide6.QtCore import QEventLoop, QTimer

from parley.ui.program.loop import MANY_CANCELLED, STEP_SECONDS, Loop


def running() -> Loop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    return loop


async def test_what_is_ready_is_done_in_order() -> None:
    loop, done = running(), list[int]()
    for number in range(100):
        loop.call_soon(done.append, number)
    await asyncio.sleep(0)
    assert done == list(range(100))


async def test_timers_come_in_the_order_of_their_times() -> None:
    loop, done = running(), list[str]()
    loop.call_later(0.03, done.append, "late")
    loop.call_later(0.01, done.append, "early")
    loop.call_later(0.02, done.append, "never").cancel()
    loop.call_later(0, done.append, "at once")
    began = loop.time()
    await asyncio.sleep(0.05)
    assert loop.time() - began >= 0.05
    assert done == ["at once", "early", "late"]


async def test_qt_has_its_turn_between_steps() -> None:
    loop, seen, left = running(), list[int](), 50

    def work() -> None:
        nonlocal left
        left -= 1
        time.sleep(STEP_SECONDS / 2)

    QTimer.singleShot(0, lambda: seen.append(left))
    for _ in range(left):
        loop.call_soon(work)
    while left:
        await asyncio.sleep(0)
    assert seen
    assert seen[0] > 0


async def test_a_menu_that_runs_qts_loop_stops_nobody() -> None:
    loop, menu, done = running(), QEventLoop(), list[str]()

    def open_menu() -> None:
        loop.call_soon(done.append, "soon")
        loop.call_later(0.01, done.append, "later")
        loop.call_later(0.02, menu.quit)
        menu.exec()
        done.append("closed")

    loop.call_soon(open_menu)
    loop.call_soon(done.append, "beside")
    while "closed" not in done:
        await asyncio.sleep(0.005)
    assert done == ["beside", "soon", "later", "closed"]


async def test_a_task_that_runs_qts_loop_loses_no_other_a_step() -> None:
    """Two tasks cannot take a step at once: asyncio would refuse the inner one, which never went on then."""
    loop, menu, done = running(), QEventLoop(), list[int]()

    async def count() -> None:
        for number in range(3):
            done.append(number)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    loop.call_soon(done.append, -1)
    QTimer.singleShot(20, menu.quit)
    menu.exec()
    assert done == [], "they wait"
    await asyncio.wait({counting}, timeout=10)
    assert done == [0, -1, 1, 2]


async def test_a_menu_that_a_timer_opens_stops_no_timers() -> None:
    loop, menu, done = running(), QEventLoop(), asyncio.Event()
    loop.call_later(0.001, menu.exec)
    loop.call_later(0.01, menu.quit)
    loop.call_later(0.02, done.set)
    async with asyncio.timeout(10):
        await done.wait()


async def test_cancelled_timers_are_forgotten() -> None:
    loop, done = running(), list[int]()
    loop.call_later(0.01, done.append, 1)
    for _ in range(20 * MANY_CANCELLED):
        loop.call_later(3600, done.append, 2).cancel()
    assert len(loop._scheduled) <= 2 * MANY_CANCELLED + 2
    await asyncio.sleep(0.02)
    assert done == [1]


async def test_what_a_thread_calls_is_done() -> None:
    assert await asyncio.gather(*(asyncio.to_thread(abs, -number) for number in range(20))) == list(range(20))


async def test_a_connection_that_is_paused_and_resumed_loses_nothing() -> None:
    said = bytes(range(256)) * 4096
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours, limit=1024)  # it pauses whenever two of them wait
    _, other = await asyncio.open_connection(sock=theirs)
    other.write(said)
    other.close()
    heard = bytearray()
    while piece := await reader.read(700):
        heard += piece
    writer.close()
    assert heard == said


async def test_a_number_that_another_socket_had_is_watched_anew() -> None:
    loop = running()
    for number in range(20):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            heard = asyncio.Event()
            loop.add_reader(ours, heard.set)
            assert not heard.is_set()
            theirs.send(b"%d" % number)
            async with asyncio.timeout(10):
                await heard.wait()
            assert loop.remove_reader(ours)
            assert not loop.remove_reader(ours)


async def test_many_who_connect_at_once_are_all_accepted() -> None:
    loop, many = running(), 60
    with socket.create_server(("127.0.0.1", 0), backlog=many) as listener:
        listener.setblocking(False)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(many)]
        accepted = set[int]()
        async with asyncio.timeout(10):
            while len(accepted) < many:
                connection, address = await loop.sock_accept(listener)
                accepted.add(address[1])
                connection.close()
    assert accepted == {client.getsockname()[1] for client in clients}
    for client in clients:
        client.close()
