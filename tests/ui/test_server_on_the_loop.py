"""Server mode on the window's loop: what it asks of the loop works there, too."""

import asyncio
import ssl

from parley.keys import Keys
from parley.main import _make_catalog, _make_server
from parley.paths import Paths
from parley.server import Plan
from parley.services import Services
from parley.settings import Settings
from parley.store import Store


async def get(url_port: int, path: str, context: ssl.SSLContext | None) -> bytes:
    reader, writer = await asyncio.open_connection("localhost", url_port, ssl=context)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_it_serves_the_network_and_ends(paths: Paths) -> None:
    services = Services(
        paths,
        Settings(paths.settings),
        Keys(paths.keys, environ={}),
        Store.open(paths.data),
        lambda *these: _make_catalog(paths, *these),
        _make_server,
    )
    before = asyncio.all_tasks()
    try:
        for _ in range(2):
            server = services.planned_server(lambda options: Plan(port=0, lan=True))
            await server.start()
            assert server.address
            assert server.certificates
            port = int(server.address.rpartition(":")[2])
            trusting = ssl.create_default_context(cafile=server.certificates.path)
            for context in (None, trusting):
                assert (await get(port, "/live", context)).startswith(b"HTTP/1.1 204")
            _, silent = await asyncio.open_connection("127.0.0.1", port)
            answers = await asyncio.gather(*(get(port, "/", trusting) for _ in range(20)))
            assert all(b"<title>Parley</title>" in answer for answer in answers)
            await server.stop()
            silent.close()
    finally:
        await services.close()
    await asyncio.sleep(0)
    assert not {task for task in asyncio.all_tasks() - before if not task.done()}
