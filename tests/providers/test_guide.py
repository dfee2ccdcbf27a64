import asyncio

import pytest

from parley.errors import StoreUnreadable
from parley.events import Event, Finished, TextDelta
from parley.messages import Role
from parley.providers import guide
from parley.providers.base import ProviderRequest
from parley.providers.guide import Guide, Section
from tests.providers.helpers import events_of, question, said, text_of

SEARCH = Section("search", "Searching [all] chats", "all-chats", "Press **Ctrl+K** and type.\n\n- titles\n- messages\n")
BACKUP = Section("backup", "Backups", "", "Use `parley backup`.")


class Manual:
    """A search that has two sections and remembers what it was asked."""

    def __init__(self, *sections: Section) -> None:
        self.sections = sections
        self.asked: list[tuple[str, int]] = []

    def __call__(self, words: str, limit: int) -> list[Section]:
        self.asked.append((words, limit))
        return [
            section for section in self.sections if any(word in section.text.lower() for word in words.lower().split())
        ]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "WORD_SECONDS", 0.0)


async def ask(text: str, *sections: Section) -> str:
    return text_of(await events_of(Guide(Manual(*sections)), question(text, "manual")))


class TestPassages:
    async def test_they_come_word_by_word_with_links(self) -> None:
        manual = Manual(SEARCH, BACKUP)
        events = await events_of(Guide(manual), question("How do I type\nto  search?", "manual"))
        text = text_of(events)
        assert "### [Searching (all) chats](help:search#all-chats)" in text
        assert SEARCH.text.strip() in text
        assert "not a language model" in text
        assert "help:backup" not in text
        assert manual.asked == [("How do I type to search?", guide.PASSAGES)]
        assert all(isinstance(event, TextDelta) and len(event.text.split()) == 1 for event in events[:-1])
        assert events[-1] == Finished()

    async def test_a_page_without_anchor(self) -> None:
        assert "[Backups](help:backup)" in await ask("How does parley backup work?", SEARCH, BACKUP)

    async def test_a_long_section_is_cut_between_paragraphs(self) -> None:
        paragraphs = [f"type {number} " + "word " * 60 for number in range(10)]
        text = await ask("type", Section("page", "Long", "long", "\n\n".join(paragraphs)))
        assert paragraphs[0].strip() in text
        assert "…" in text
        assert "type 9" not in text

    async def test_a_cut_leaves_no_code_open(self) -> None:
        code = "```\ntype a\n\n" + "type b " * 200 + "\n```"
        text = await ask("type", Section("page", "Code", "", code))
        assert text.count("```") == 2

    async def test_pictures_of_the_manual_stay_there(self) -> None:
        text = await ask("type", Section("page", "Typing", "", "Before.\n\n![The field](images/field.png)\n\ntype"))
        assert "images/" not in text
        assert "Before.\n\ntype" in text

    async def test_the_newest_question_counts(self) -> None:
        manual = Manual(BACKUP)
        turns = [said(Role.USER, "old"), said(Role.ASSISTANT, "answer"), said(Role.USER, "backup " * 1000)]
        await events_of(Guide(manual), ProviderRequest("manual", turns))
        assert len(manual.asked) == 1
        assert manual.asked[0][0].startswith("backup backup")
        assert len(manual.asked[0][0]) <= guide.QUERY_LENGTH


class TestFirstSteps:
    @pytest.mark.parametrize(
        "text",
        [
            "How do I get a model?",
            "how can i install ollama",
            "Where do I find models?",
            "I have no model",
            "connect LM Studio",
            "add an API key",
            "which LLM should I use?",
        ],
    )
    async def test_how_to_get_a_model(self, text: str) -> None:
        answer = await ask(text)
        for words in ("ollama pull", "LM Studio", "OPENAI_API_KEY", "not a language model"):
            assert words in answer
        assert "More in the manual: [Backups](help:backup)." in await ask(f"{text} parley", BACKUP)

    @pytest.mark.parametrize("text", ["Hi", "hello!", "Hey there", "¡Hola!", "good morning", "Thanks", "", " ?"])
    async def test_a_greeting_is_answered_with_an_introduction(self, text: str) -> None:
        answer = await ask(text, SEARCH)
        assert answer.startswith(guide.INTRODUCTION)
        assert answer.count("\n- ") >= 3
        assert "ollama pull" in answer

    async def test_nothing_found(self) -> None:
        answer = await ask("Who won the world cup?")
        assert answer.startswith("The manual has nothing about that.")
        assert guide.INTRODUCTION in answer
        assert guide.EXAMPLES in answer

    async def test_no_question_at_all(self) -> None:
        events = await events_of(Guide(Manual()), ProviderRequest("manual", []))
        assert text_of(events).startswith(guide.INTRODUCTION)


async def test_it_can_be_stopped() -> None:
    stream = Guide(Manual()).stream(question("Hi", "manual"))
    assert isinstance(await anext(stream), TextDelta)
    await stream.aclose()
    task: asyncio.Task[list[Event]] = asyncio.create_task(events_of(Guide(Manual()), question("Hi", "manual")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_manual_is_passed_on() -> None:
    def broken(words: str, limit: int) -> list[Section]:
        raise StoreUnreadable(path="manual")

    with pytest.raises(StoreUnreadable):
        await events_of(Guide(broken), question("backup", "manual"))


async def test_what_it_is() -> None:
    it = Guide(Manual())
    (model,) = await it.models()
    assert (it.id, it.name, model.id) == ("guide", "Guide", "guide/manual")
    assert model.label
