"""Files over Mingly's API: large ones, too large ones, and those that break off."""

import asyncio
import os
from collections.abc import AsyncIterator

from parley.settings import Settings
from tests.conftest import Until
from tests.server.conftest import Site

MEGABYTE = 1024 * 1024
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def left_over(site: Site) -> list[str]:
    """Return what is in the folder of files, without the folders."""
    folder = site.services.store.path.parent / "files"
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_a_large_file_comes_back_byte_for_byte(site: Site) -> None:
    data = os.urandom(3 * MEGABYTE) + b"\r\n--not the end\r\n"
    parts = {"file": ("Bücher 📚.bin", data), "other": ("other.txt", b"not kept")}
    kept = (await site.owner.client.post("/files", files=parts, data={"field": "ignored"})).json()
    assert (kept["name"], kept["size"], kept["mediaType"]) == ("Bücher 📚.bin", len(data), "application/octet-stream")
    answer = await site.owner.client.get(f"/files/{kept['id']}")
    assert answer.content == data
    assert "filename*=utf-8''B%C3%BCcher%20%F0%9F%93%9A.bin" in answer.headers["content-disposition"]
    assert (await site.owner.client.head(f"/files/{kept['id']}")).headers["content-length"] == str(len(data))


async def test_an_empty_file(site: Site) -> None:
    kept = (await site.owner.client.post("/files", files={"file": ("empty.txt", b"")})).json()
    assert kept["size"] == 0
    assert (await site.owner.client.get(f"/files/{kept['id']}")).content == b""


async def test_a_page_that_was_uploaded_runs_nothing(site: Site) -> None:
    page = b"<script>alert(1)</script>"
    kept = (await site.owner.client.post("/files", files={"file": ("page.html", page, "text/plain")})).json()
    headers = (await site.owner.client.get(f"/files/{kept['id']}")).headers
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-security-policy"].startswith("sandbox")
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_is_too_large(site: Site, settings: Settings) -> None:
    settings.update(server_upload_mib=1)

    async def in_pieces() -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(3):
            yield b"x" * MEGABYTE

    for body in ({"files": {"file": ("big.bin", b"x" * MEGABYTE)}}, {"content": in_pieces(), "headers": FORM}):
        answer = await site.owner.client.post("/files", **body)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert not left_over(site)


async def test_no_more_than_an_account_may_keep(site: Site, settings: Settings) -> None:
    settings.update(files_mb=1)
    for status in (201, 413):
        answer = await site.owner.client.post("/files", files={"file": ("big.bin", os.urandom(600_000))})
        assert answer.status_code == status
    assert len(left_over(site)) == 1


async def test_a_client_that_goes_away_in_the_middle(site: Site, until: Until) -> None:
    going = asyncio.Event()

    async def in_pieces() -> AsyncIterator[bytes]:
        yield HEAD
        yield b"x" * MEGABYTE
        await going.wait()
        yield b""

    asking = asyncio.create_task(site.owner.client.post("/files", content=in_pieces(), headers=FORM))
    await until(lambda: left_over(site))
    asking.cancel()
    await until(lambda: not left_over(site))
    assert not site.services.store.files.all()
