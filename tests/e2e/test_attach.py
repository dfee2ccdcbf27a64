"""`parley chat -a`: what reaches the model server, and what is said before."""

import asyncio
from base64 import b64decode, b64encode
from pathlib import Path

from tests.e2e.conftest import Parley
from tests.fakes import FakeOpenAI

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")


async def test_an_image_and_parameters_reach_who_takes_them(parley: Parley, tmp_path: Path) -> None:
    picture = tmp_path / "dot"
    picture.write_bytes(PNG)
    async with FakeOpenAI("eye", "blind") as server:
        eye, blind = server.models
        eye |= {"architecture": {"input_modalities": ["text", "image"]}, "supported_parameters": ["temperature"]}
        blind |= {"architecture": {"input_modalities": ["text"]}, "supported_parameters": ["seed"]}
        await asyncio.to_thread(parley, "provider", "add", "fake", "--base-url", server.url)
        words = ("-a", str(picture), "--temperature", "0.5", "What is this?")
        done = await asyncio.to_thread(parley, "chat", "-m", "fake/eye", *words)
        assert (done.stdout, done.stderr) == ("Hello, world!\n", "")
        body = server.requests[-1].json
        assert body["temperature"] == 0.5
        url = f"data:image/png;base64,{b64encode(PNG).decode()}"
        image, text = body["messages"][0]["content"]
        assert (image["image_url"]["url"], text["text"]) == (url, "What is this?")

        done = await asyncio.to_thread(parley, "chat", "-m", "fake/blind", *words)
        assert done.stdout == "Hello, world!\n"
        assert done.stderr.splitlines() == [
            "parley: fake/blind cannot see images: it is only told that there are some.",
            "parley: fake/blind does not take --temperature: it is answered without.",
        ]
        body = server.requests[-1].json
        assert "temperature" not in body
        assert url not in str(body)

        asked = len(server.requests)
        picture.write_bytes(PNG[:40])
        line = await asyncio.to_thread(parley.fails, "chat", "-m", "fake/eye", *words)
        assert str(picture) in line
        assert "broken" in line
        assert len(server.requests) == asked
