"""A trial says exactly what is wrong, with a list that everybody may read as well."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import ChatError, KeyRefused, ModelUnknown, NoCredit, ProviderTimeout
from parley.events import Finished
from parley.models import Model, Price
from parley.providers import trials
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import DIALECT
from parley.providers.trials import FEW_TOKENS, try_out
from tests.conftest import ScriptedProvider
from tests.fakes import FakeOpenAI, Reply
from tests.providers.sockets import Exchange, openai_error

KEY = "sk-or-v1-0123456789abcdef"


class OpenKeyed(FakeOpenAI):
    """A service whose list is open to everybody, as OpenRouter's is; what a key may do stands at /key."""

    def __init__(self, key_facts: Any) -> None:
        super().__init__("cheap", "dear")
        self.key_facts = key_facts

    async def answer(self, exchange: Exchange) -> None:
        sent = exchange.request.headers.get("authorization", "")
        if exchange.request.path != "/v1/key":
            await super().answer(exchange)
        elif sent != f"Bearer {KEY}":
            await exchange.respond(openai_error("No auth credentials found"), 401)
        else:
            await exchange.respond({"data": self.key_facts})


async def trial(server: FakeOpenAI, key: str = KEY, *, model: str = "", ask: bool = False) -> trials.Trial:
    endpoint = replace(Endpoint("open", "Open", server.url), key_path="/key")
    access = Access(lambda: key)
    provider = DIALECT.make(endpoint, access)
    try:
        return await try_out(endpoint, provider, access, model=model, ask=ask)
    finally:
        await provider.close()


class TestKeys:
    @pytest.mark.parametrize("left", [None, 0.4])
    async def test_a_good_one(self, left: float | None) -> None:
        async with OpenKeyed({"label": "sk-or-…", "usage": 1.5, "limit_remaining": left}) as server:
            found = await trial(server)
            assert [model.name for model in found.models] == ["cheap", "dear"]
            assert found.answered == ""
            assert server.asked("/v1/chat/completions") == []

    async def test_a_wrong_one(self) -> None:
        async with OpenKeyed({}) as server:
            with pytest.raises(KeyRefused):
                await trial(server, "sk-or-v1-wrong")

    async def test_one_with_nothing_left(self) -> None:
        async with OpenKeyed({"limit": 5, "limit_remaining": 0}) as server:
            with pytest.raises(NoCredit):
                await trial(server)


class TestQuestions:
    async def test_the_chosen_model_is_asked(self) -> None:
        async with OpenKeyed({}) as server:
            assert (await trial(server, model="dear", ask=True)).answered == "dear"
            (request,) = server.asked("/v1/chat/completions")
            assert request.json["model"] == "dear"

    @pytest.mark.parametrize(
        ("reply", "kind"),
        [
            (Reply(error=(402, openai_error("Insufficient credits"))), NoCredit),
            (Reply(error=(403, openai_error("This key may not use this model"))), KeyRefused),
        ],
    )
    async def test_what_a_list_does_not_show(self, reply: Reply, kind: type[ChatError]) -> None:
        async with OpenKeyed({}) as server:
            server.reply = reply
            assert (await trial(server)).models
            with pytest.raises(kind):
                await trial(server, ask=True)

    async def test_a_model_that_is_not_there(self) -> None:
        async with OpenKeyed({}) as server:
            for ask in (False, True):
                with pytest.raises(ModelUnknown, match="open/gone"):
                    await trial(server, model="gone", ask=ask)

    async def test_an_answer_without_a_word_is_one(self) -> None:
        async with OpenKeyed({}) as server:
            server.reply = Reply(pieces=())
            assert (await trial(server, ask=True)).answered == "cheap"

    async def test_who_costs_least_is_asked_but_not_for_nothing(self) -> None:
        provider = ScriptedProvider(
            models=[
                Model("scripted", "dear", price=Price(10, 50)),
                Model("scripted", "free", price=Price(0, 0)),
                Model("scripted", "cheap", price=Price(0.1, 0.4)),
            ]
        )
        provider.says("yes", Finished())
        found = await try_out(Endpoint("scripted", "S", ""), provider, Access(), model="", ask=True)
        assert found.answered == "cheap"
        assert provider.requests[0].parameters.max_tokens == FEW_TOKENS
        assert provider.requests[0].about == provider.listed[2]
        assert provider.streaming == 0

    async def test_nobody_waits_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trials, "ANSWER_SECONDS", 0.05)
        provider = ScriptedProvider()
        provider.says(asyncio.Event())
        with pytest.raises(ProviderTimeout):
            await try_out(Endpoint("scripted", "S", ""), provider, Access(), model="", ask=True)
        assert provider.streaming == 0
