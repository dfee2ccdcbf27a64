"""Search over messages and titles."""

import asyncio
import re
import string
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.messages import MessageStatus, Reasoning, Role, Text
from parley.store import Hit, Store
from parley.store.snippets import snippet
from parley.store.words import queries, searchable
from tests.store.conftest import Ask

MARKUP = string.punctuation


def marked(hit: Hit) -> list[str]:
    return [hit.snippet[start:end] for start, end in hit.marks]


def texts(hits: Sequence[Hit]) -> list[str]:
    return [hit.snippet for hit in hits]


async def test_a_hit_says_where(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("Where do wombats live?", "Wombats live in Australia.", title="Animals")
    newest, oldest = await store.search("wombats")
    assert (newest.conversation_id, newest.message_id, newest.role) == (conversation.id, reply.id, Role.ASSISTANT)
    assert (oldest.message_id, oldest.role, oldest.created_at) == (question.id, Role.USER, question.created_at)
    assert (newest.title, newest.snippet, marked(newest)) == ("Animals", "Wombats live in Australia.", ["Wombats"])


async def test_the_last_word_is_a_beginning_until_a_space_follows(store: Store, ask: Ask) -> None:
    await ask("kangaroos jump high", "indeed")
    for words in ("kan", "kang", "kangar", "kangaroo", "KANGAROOS", "jump kan", "jump kangaroo"):
        assert texts(await store.search(words)) == ["kangaroos jump high"], words
    for words in ("kangaroo ", "jump kang ", '"kangaroo"', "kangaroox", "jump kangaroox"):
        assert texts(await store.search(words)) == [], words


async def test_all_words_must_occur(store: Store, ask: Ask) -> None:
    await ask("red apples", "green pears")
    assert len(await store.search("apples red")) == 1
    assert await store.search("red pears") == []


async def test_quoted_words_stand_together(store: Store, ask: Ask) -> None:
    await ask("the red apple and the green pear", "fine", title="fruit")
    assert len(await store.search('"red apple"')) == 1
    assert await store.search('"green apple"') == []
    assert len(await store.search('pear "red apple" gree')) == 1
    assert len(await store.search('"red apple')) == 1


async def test_accents_and_case_are_ignored(store: Store, ask: Ask) -> None:
    await ask("Ein Müller aus Ångström, ΑΘΗΝΑ, Straße, Ёлка", "ja", title="t")
    for words in ("muller", "MÜLLER", "angstrom", "Αθηνα", "αθη", "straß", "ёлк"):
        assert len(await store.search(words)) == 1, words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我今天去北京看朋友", ["北京", "京", "看朋友", "去北京看", "今天 朋友"]),
        ("東京タワーへ行きました", ["タワー", "東京", "行きまし", "ました"]),
        ("오늘은 학교에서 친구를 만났다", ["학교", "친구", "교에서", "친구를 만났"]),
        ("ผมชอบกินข้าวผัด", ["ข้าว", "กินข้าวผัด"]),
        ("Python入门教程v2", ["python", "入门", "教程", "门教程v2", "Python入门"]),
    ],
)
async def test_languages_without_spaces(store: Store, ask: Ask, text: str, words: list[str]) -> None:
    await ask(text, "ok", title="x")
    for each in words:
        (hit,) = await store.search(each)
        assert hit.snippet == text, each
    assert await store.search("京北") == []
    assert marked((await store.search(words[0]))[0])[0] in {words[0], words[0].capitalize()}


async def test_one_or_two_letters_search_titles(store: Store, ask: Ask) -> None:
    go, *_ = await ask("Which language?", "Go, go, go", title="Go or Rust")
    await ask("go away", "gone", title="Something else")
    for words in ("g", "go", "GO", "Go "):
        hits = await store.search(words)
        assert [(hit.conversation_id, hit.message_id, hit.role) for hit in hits] == [(go.id, None, None)], words
        assert hits[0].title == hits[0].snippet == "Go or Rust"
    assert marked((await store.search("ru"))[0]) == ["Rust"]


async def test_titles_are_found_beside_messages(store: Store, ask: Ask) -> None:
    by_title, *_ = await ask("hello", "hi", title="Penguins")
    by_text, *_ = await ask("penguins?", "yes, penguins", title="Penguins, too")
    hits = await store.search("pengu")
    assert [(hit.conversation_id, hit.message_id is None) for hit in hits] == [
        (by_title.id, True),
        (by_text.id, False),
        (by_text.id, False),
    ]
    await store.conversations.rename(by_title.id, "Seals")
    assert len(await store.search("pengu")) == 2
    assert [hit.conversation_id for hit in await store.search("seals")] == [by_title.id]


async def test_a_short_last_word_does_not_lose_what_is_found(store: Store, ask: Ask) -> None:
    await ask("vitamin c is sour", "ok", title="x")
    await ask("vitamin d is not", "ok", title="x")
    assert texts(await store.search("vitamin")) == ["vitamin d is not", "vitamin c is sour"]
    assert texts(await store.search("vitamin c")) == ["vitamin c is sour"]
    assert len(await store.search("vitamin x")) == 2
    assert await store.search("vitamin x ") == []


async def test_newest_first_and_best_match(store: Store, ask: Ask) -> None:
    await ask("zebra zebra zebra", "ok", title="x")
    await ask("a long text in which just one zebra is to be found, among many other words", "ok", title="x")
    newest = await store.search("zebra")
    best = await store.search("zebra", order="best")
    assert texts(best)[0] == "zebra zebra zebra"
    assert texts(newest) == texts(best)[::-1]
    assert len(await store.search("zebra", limit=1)) == 1


async def test_a_reply_is_found_once_it_has_ended(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("hello")
    await store.turns.save(reply.id, [Reasoning("secretly"), Text("platypus")])
    assert await store.search("platypus") == []
    await store.turns.finish(reply.id, [Reasoning("secretly"), Text("platypus")], MessageStatus.FAILED)
    assert len(await store.search("platypus")) == 1
    assert await store.search("secretly") == []


@pytest.mark.parametrize("order", ["newest", "best"])
@pytest.mark.parametrize(
    "words",
    [
        *MARKUP,
        *(f"word{mark}" for mark in MARKUP),
        *(f"{mark}word" for mark in MARKUP),
        "word NEAR word",
        "NEAR(word, 2)",
        "word OR",
        "AND word",
        "NOT word",
        "text:word",
        "{text}: word",
        "^word",
        "-word",
        '""',
        '"""',
        '" "',
        '"word" "',
        "word*",
        "*",
        "💥",
        "word 💥",
        "שלום",
        "\u202eword",
        "\0",
        "wo\0rd",
        "word\x01\x02\x03",
        "\udcff",
        "word\udcff",
        "",
        "   ",
        "\n",
        "x" * 100_000,
        "word " * 10_000,
        '"' * 10_000,
        "你" * 5_000,
    ],
    ids=repr,
)
async def test_words_are_never_a_query_language(store: Store, ask: Ask, words: str, order: str) -> None:
    await ask("a word", "another word", title="word")
    assert isinstance(await store.search(words, order=order), list)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(st.text(st.characters(codec=None, categories=None), min_size=1, max_size=40))
async def test_any_words_are_safe(store: Store, words: str) -> None:
    await store.search(words)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(st.text("abcdefgäöüßçñ你好京都한글 ", min_size=3, max_size=12), min_size=1, max_size=5))
async def test_what_was_said_is_found(store: Store, ask: Ask, words: list[str]) -> None:
    text = " ".join(words)
    _, question, _ = await ask(text, title="x")
    if queries(text) and sum(map(str.isalnum, text)) >= 3:
        assert question.id in {hit.message_id for hit in await store.search(text, limit=1000)}


async def test_marks_fit_whatever_the_text_holds(store: Store, ask: Ask) -> None:
    await ask("\x02bad\x03 \x01needle\x02 你好needle\0needle", "ok", title="x")
    (hit,) = await store.search("needle")
    assert marked(hit) == ["needle", "needle", "needle"]
    assert not set(hit.snippet) & set("\0\x01\x02\x03")


async def test_many_endings_of_a_long_word(store: Store, ask: Ask) -> None:
    await ask(" ".join(f"interest{n}x" for n in range(80)), "ok", title="x")
    await ask("interested in interesting things", "ok", title="x")
    assert len(await store.search("interest")) == 2
    assert marked((await store.search("interesti"))[0]) == ["interesting"]
    assert len(await store.search("things interest")) == 1


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("needle " * 100_000, "needle", "needle"),
        ("x" * 30_000 + " a needle, and " + "y " * 30_000, "needl", "needle"),
        ("x " * 30_000 + "the Needle_thread " + "y " * 30_000, '"needle thread"', "Needle_thread"),
        ("好 " * 30_000 + "去北京看" + "好 " * 30_000, "北京", "北京"),
        ("x" * 100_000 + " needle", "x" * 100_000 + " needle", ""),
    ],
    ids=["one word only", "far away", "phrase", "chinese", "a very long word"],
)
async def test_long_texts(store: Store, ask: Ask, text: str, words: str, found: str) -> None:
    await ask(text, "okay", title="x")
    (hit,) = await store.search(words[:900])
    assert len(hit.snippet) <= 420
    assert all(mark == found for mark in marked(hit)) or not found
    assert bool(marked(hit)) == bool(found)


@given(st.text("ab \n\x01\x02\x03", max_size=600))
def test_snippets_of_any_text(text: str) -> None:
    piece, ranges = snippet(text, re.compile("a+"))
    assert len(piece) <= 500
    assert not set(piece) & set("\x01\x02\x03") or "\x03" in text
    assert all(0 <= start < end <= len(piece) for start, end in ranges)


def test_a_snippet_shows_where_most_words_are() -> None:
    text = "\x02one\x03 " + "filler " * 60 + "\x02one\x03 and \x02two\x03 " + "filler " * 60
    piece, ranges = snippet(text)
    assert [piece[start:end] for start, end in ranges] == ["one", "two"]
    assert piece[0] == piece[-1] == "…"
    assert snippet("no marks at all") == ("no marks at all", ())


async def test_a_cancelled_search_is_interrupted_and_the_next_one_works(store: Store, ask: Ask) -> None:
    await ask("word " * 200_000, "okay", title="x")
    slow = asyncio.create_task(store.search("word"))
    await asyncio.sleep(0)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    several = [asyncio.create_task(store.search("okay")) for _ in range(8)]
    await asyncio.sleep(0)
    several[-1].cancel()
    done = await asyncio.gather(*several, return_exceptions=True)
    assert [len(hits) for hits in done[:-1] if isinstance(hits, list)] == [1] * 7
    assert isinstance(done[-1], asyncio.CancelledError)


async def test_a_search_under_way_does_not_hinder_closing(store: Store, ask: Ask) -> None:
    await ask("word " * 1000, "ok", title="x")
    searching = asyncio.create_task(store.search("word"))
    await asyncio.sleep(0)
    await store.close()
    assert len(await searching) == 1


def test_characters_of_languages_without_spaces_stand_alone() -> None:
    assert searchable("plain, Ünïcode 💥") == "plain, Ünïcode 💥"
    assert searchable("a中文b") == "a\x01中\x01文\x01b"


def test_the_pattern_of_every_search_is_cheap_to_make() -> None:
    """The wide ranges of letters that stand alone take `re` milliseconds, and every letter typed makes a pattern."""
    (query,) = queries("garden kitch")
    assert query.index_pattern().pattern.isascii()
    assert not query.pattern().pattern.isascii()
