"""The models that Ollama keeps: fetched with their progress, stopped, taken up again, shown, deleted."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from parley.errors import (
    AddressWrong,
    ChatError,
    DiskShort,
    KeyRefused,
    ModelAbsent,
    ModelUnknown,
    ProviderUnreachable,
    PullFailed,
    ServerOutdated,
)
from parley.providers import ollama_library
from parley.providers.endpoints import Access, Endpoint
from parley.providers.library import LoadedModel, ModelLibrary, PullProgress
from parley.providers.ollama import Ollama
from parley.providers.ollama_library import pulled_name
from tests.fakes import FakeOllama, OllamaModel, Pull, pull_lines
from tests.providers.sockets import FakeServer, bytes_handler, head, ndjson, response, unused_port

GIGABYTE = 1_000_000_000


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    async with FakeOllama("fake:latest") as server:
        server.library["small:latest"] = Pull(files=(2 * GIGABYTE, 500))
        yield server


@pytest.fixture
async def provider(server: FakeOllama) -> AsyncIterator[Ollama]:
    provider = Ollama(Endpoint("ollama", "Ollama", server.url, dialect="ollama"), Access())
    yield provider
    await provider.close()


async def pulled(provider: Ollama, name: str = "small") -> list[PullProgress]:
    return [step async for step in provider.pull(name)]


async def pulled_until_error(provider: Ollama) -> tuple[list[PullProgress], ChatError | None]:
    steps: list[PullProgress] = []
    note = steps.append
    try:
        async for step in provider.pull("small"):
            note(step)
    except ChatError as error:
        return steps, error
    return steps, None


class TestPulling:
    async def test_one_bar_for_all_files(self, server: FakeOllama, provider: Ollama) -> None:
        assert isinstance(provider, ModelLibrary)
        steps = await pulled(provider)
        assert [step.stage for step in steps] == ["preparing"] + ["downloading"] * 10 + ["checking"] * 3 + ["done"]
        counts = [step.completed for step in steps]
        assert counts == sorted(counts)
        assert (steps[2].completed, steps[2].total) == (GIGABYTE // 2, 2 * GIGABYTE)
        assert (steps[-1].completed, steps[-1].total) == (2 * GIGABYTE + 500, 2 * GIGABYTE + 500)
        assert [model.name for model in await provider.models()] == ["fake:latest", "small:latest"]
        assert server.asked("/api/pull")[0].json == {"model": "small", "stream": True}

    async def test_speed_and_time_left(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 100.0

        def monotonic() -> float:
            nonlocal now
            now += 1.0
            return now

        monkeypatch.setattr(ollama_library, "monotonic", monotonic)
        server.library["small:latest"] = Pull(files=(1000,), steps=10, came=500)
        steps = [step for step in await pulled(provider) if step.stage == "downloading"]
        # what an earlier time had brought came at once, and is no speed
        assert [step.completed for step in steps[:3]] == [500, 550, 600]
        assert (steps[0].speed, steps[0].seconds_left) == (None, None)
        assert {round(step.speed or 0) for step in steps[2:]} == {50}
        assert steps[4].seconds_left == pytest.approx((1000 - 700) / 50)

    async def test_stopped_and_taken_up_again(self, server: FakeOllama, provider: Ollama) -> None:
        pull = server.library["small:latest"]
        pull.hold = asyncio.Event()
        async with aclosing(provider.pull("small")) as steps:
            async for step in steps:
                if step.completed:
                    break
        await asyncio.wait_for(server.all_gone.wait(), 1)
        assert pull.came == GIGABYTE // 2
        pull.hold.set()
        again = await pulled(provider)
        assert again[1].completed == GIGABYTE // 2
        assert again[-1].stage == "done"

    async def test_cut_at_every_byte(self) -> None:
        recording = ndjson(*pull_lines(Pull(files=(1000,), steps=1)))
        async with FakeServer() as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            for at in range(len(recording) - 1):
                server.handler = bytes_handler(head(content_type="application/x-ndjson") + recording[:at])
                steps, error = await pulled_until_error(provider)
                assert type(error) is PullFailed
                assert all(step.stage != "done" for step in steps)
            server.handler = bytes_handler(head() + recording[:-1])
            steps, error = await pulled_until_error(provider)
            assert (steps[-1].stage, error) == ("done", None)
            await provider.close()

    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ("pull model manifest: file does not exist", ModelUnknown),
            ("max retries exceeded: unexpected EOF", PullFailed),
            ('pull model manifest: Get "https://registry.ollama.ai": dial tcp: lookup: no such host', PullFailed),
            ("digest mismatch, file must be downloaded again: want sha256:1, got sha256:2", PullFailed),
            ("write /home/me/.ollama/models/blobs/sha256-1-partial: no space left on device", DiskShort),
            ("pull model manifest: 412: \n\nThe model you are attempting to pull requires a newer version of Ollama.",
             ServerOutdated),
        ],
    )  # fmt: skip
    async def test_errors_in_the_middle(
        self, server: FakeOllama, provider: Ollama, words: str, kind: type[ChatError]
    ) -> None:
        server.library["small:latest"].error = words
        steps, error = await pulled_until_error(provider)
        assert steps[-1].completed == GIGABYTE // 2
        assert type(error) is kind
        assert error.detail == " ".join(words.split())
        assert "small" in str(error)

    async def test_the_connection_breaks(self, server: FakeOllama, provider: Ollama) -> None:
        server.library["small:latest"].cut = True
        _, error = await pulled_until_error(provider)
        assert type(error) is PullFailed
        server.library["small:latest"].cut = False
        assert (await pulled(provider))[-1].stage == "done"

    async def test_no_such_model(self, provider: Ollama) -> None:
        with pytest.raises(ModelUnknown, match="nope"):
            await pulled(provider, "nope")

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (response("404 page not found", 404), AddressWrong),
            (response({"error": "unauthorized"}, 401), KeyRefused),
            (response({"error": 'name "a b" is invalid'}, 400), ModelUnknown),
            (response({"error": "out of luck"}, 500), PullFailed),
            (response("<html><title>Hello</title></html>"), PullFailed),
        ],
    )
    async def test_refused(self, answer: bytes, kind: type[ChatError]) -> None:
        async with FakeServer(bytes_handler(answer)) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access(lambda: "key"))
            _, error = await pulled_until_error(provider)
            assert type(error) is kind
            await provider.close()

    async def test_nothing_listens(self) -> None:
        provider = Ollama(Endpoint("ollama", "Ollama", f"http://127.0.0.1:{unused_port()}"), Access())
        _, error = await pulled_until_error(provider)
        assert type(error) is ProviderUnreachable
        await provider.close()

    @pytest.mark.parametrize(
        "line",
        [
            {},
            {"status": 3},
            {"status": "pulling", "digest": "a", "total": -1, "completed": 5},
            {"status": "pulling", "digest": "a", "total": 5, "completed": "x"},
            {"status": "pulling", "digest": 3, "total": 5},
            {"status": "pulling", "digest": "a", "total": 5, "completed": 50},
            [],
            None,
        ],
    )
    async def test_odd_lines_do_no_harm(self, line: object) -> None:
        async with FakeServer(bytes_handler(head() + ndjson(line, {"status": "success"}))) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            steps = await pulled(provider)
            assert steps[-1].stage == "done"
            assert all(step.completed <= step.total for step in steps)
            await provider.close()


class TestKeeping:
    async def test_deleted(self, server: FakeOllama, provider: Ollama) -> None:
        await provider.delete("fake")
        assert await provider.models() == []
        assert server.asked("/api/delete")[0].method == "DELETE"
        with pytest.raises(ModelAbsent, match="ollama/fake"):
            await provider.delete("fake")

    async def test_in_memory_and_out_of_it(self, server: FakeOllama, provider: Ollama) -> None:
        assert await provider.loaded() == []
        server.in_memory["fake:latest"] = 8192
        (found,) = await provider.loaded()
        assert found == LoadedModel("fake:latest", 2_519_393_189, 2_019_393_189, 8192, found.until)
        assert found.until
        await provider.unload("fake")
        assert await provider.loaded() == []

    async def test_details(self, server: FakeOllama, provider: Ollama) -> None:
        server.models = [OllamaModel("fake:latest", ("completion", "vision"), parameters='stop   "<|eot_id|>"')]
        found = await provider.details("fake")
        assert (found.family, found.parameter_size, found.quantization) == ("llama", "3.2B", "Q4_K_M")
        assert (found.format, found.context, found.abilities) == ("gguf", 8192, ("completion", "vision"))
        assert found.license.startswith("A licence")
        assert found.template == "{{ .Prompt }}"
        assert found.parameters.startswith("stop")
        with pytest.raises(ModelAbsent):
            await provider.details("nope")

    async def test_version(self, provider: Ollama) -> None:
        assert await provider.version() == "0.40.12"

    @pytest.mark.parametrize("body", [{}, [], {"models": 3}, {"models": [None, {}, {"name": 3, "expires_at": "soon"}]}])
    async def test_odd_lists_do_no_harm(self, body: object) -> None:
        async with FakeServer(bytes_handler(response(json.dumps(body)))) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            assert all(model.context is None for model in await provider.loaded())
            await provider.close()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("llama3.2", "llama3.2"),
        (" qwen3:4b \n", "qwen3:4b"),
        ("ollama pull gemma3:12b", "gemma3:12b"),
        ("ollama run  llama3.2 --verbose", "llama3.2"),
        ("`ollama run phi4`", "phi4"),
        ("https://ollama.com/library/mistral", "mistral"),
        ("https://ollama.com/someone/theirs:7b", "someone/theirs:7b"),
        ("ollama.com/library/phi4/", "phi4"),
        ("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0", "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0"),
        ("https://huggingface.co/a/b", "huggingface.co/a/b"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_names_as_people_copy_them(typed: str, name: str) -> None:
    assert pulled_name(typed) == name
