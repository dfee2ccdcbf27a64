"""What browsers get without a token: the page with its files, and nothing else."""

import re

import pytest

from parley.paths import resources
from parley.server.dialects.page import FILES, OPEN
from tests.server.conftest import Site


@pytest.mark.parametrize("path", OPEN)
async def test_files_come_without_a_token_and_once(site: Site, path: str) -> None:
    answer = await site.anyone.get(path)
    assert answer.status_code == 200
    assert answer.content == (resources() / FILES[path]).read_bytes()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    tag = answer.headers["etag"]
    again = await site.anyone.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await site.anyone.head(path)).status_code == 200
    assert (await site.anyone.post(path)).status_code == 405


@pytest.mark.parametrize("name", sorted({name for name in FILES.values() if name.startswith("web/")}))
def test_they_load_nothing_from_elsewhere_and_have_no_code_in_the_page(name: str) -> None:
    text = (resources() / name).read_text("utf-8")
    assert not re.search(r"(?:src|href)=\"(?!/)", text)
    assert not re.search(r"https?://|//cdn|@import|url\(|innerHTML|eval\(", text)
    assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=", text)


@pytest.mark.parametrize(
    "path",
    ["/web/", "/web/index.html", "/web/../prices.json", "/web/%2e%2e/prices.json", "/web/..%2fprices.json",
     "/web/index.js/", "/docs/x"],
)  # fmt: skip
async def test_there_is_nothing_else(site: Site, path: str) -> None:
    assert (await site.anyone.get(path)).status_code == 401
    answer = await site.owner.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_what_can_be_asked_is_for_those_who_have_a_token(site: Site) -> None:
    for path in ("/openapi.json", "/docs"):
        answer = await site.anyone.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
    documents = await site.owner.client.get("/docs")
    assert documents.content == (resources() / FILES["/docs"]).read_bytes()
    api = (await site.owner.client.get("/openapi.json")).json()
    assert "/pair" in api["paths"]
    assert "/docs" not in api["paths"]


async def test_no_certificate_where_none_was_made(site: Site) -> None:
    assert (await site.anyone.get("/ca.crt")).status_code == 404
