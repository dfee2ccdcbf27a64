"""Turn: one stream, any number of observers, one end."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from itertools import pairwise

import pytest

from parley.errors import InternalError, ProviderTimeout, RateLimited
from parley.events import Event, Failed, Finished, LastEvent, ReasoningDelta, Started, Status, Stopped, TextDelta
from parley.messages import Reasoning, Text, Usage
from parley.turn import BURST, Turn
from tests.conftest import Until


class Source:
    """A stream that a test feeds event by event."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        self.closed = False
        self.begun = False

    def feed(self, *events: Event | BaseException | None) -> None:
        for event in events:
            self.queue.put_nowait(event)

    async def stream(self) -> AsyncGenerator[Event, None]:
        self.begun = True
        try:
            while (event := await self.queue.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed = True


@pytest.fixture
async def source() -> Source:
    return Source()


async def events_of(turn: Turn) -> list[Event]:
    return [event async for event in turn]


async def test_what_was_there_before_is_not_counted_as_come(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    source.feed(ReasoningDelta("old thought"), TextDelta("old "))
    await until(lambda: turn.parts)
    assert turn.come == 4  # nobody has been asked yet
    source.feed(Started("a/b"))
    await until(lambda: not turn.come)
    source.feed(ReasoningDelta("new thought "), TextDelta("new"))
    await until(lambda: turn.text == "old new")
    assert turn.come == 4
    assert turn.usage.first_token_seconds is not None
    assert turn.usage.first_token_seconds >= 0
    source.feed(Finished())
    await turn.wait()


async def test_observers_see_the_same_whenever_they_come(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    early = asyncio.create_task(events_of(turn))
    source.feed(Started("a/b"), TextDelta("one "), TextDelta("two"))
    await until(lambda: turn.text == "one two")
    late = asyncio.create_task(events_of(turn))
    source.feed(Finished(Usage(output_tokens=2)))
    seen = await early
    assert seen == await late == await events_of(turn)
    assert seen[:3] == [Started("a/b"), TextDelta("one "), TextDelta("two")]
    assert isinstance(seen[-1], Finished)
    assert seen[-1].usage is not None
    assert seen[-1].usage.output_tokens == 2
    assert turn.ended
    assert source.closed


async def test_a_slow_observer_gets_all_that_has_come_at_once(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    batches = turn.batches()
    source.feed(TextDelta("a"))
    assert await anext(batches) == [TextDelta("a")]
    source.feed(TextDelta("b"), TextDelta("c"))
    await until(lambda: turn.text == "abc")
    assert await anext(batches) == [TextDelta("b"), TextDelta("c")]
    source.feed(Finished())
    (last,) = await anext(batches)
    assert isinstance(last, Finished)
    assert [batch async for batch in batches] == []


async def test_an_observer_may_begin_in_the_middle(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    source.feed(TextDelta("a"), TextDelta("b"), Finished())
    await turn.wait()
    assert (await anext(turn.batches(1)))[0] == TextDelta("b")
    assert [batch async for batch in turn.batches(3)] == []


async def test_an_observer_that_goes_away_disturbs_nobody(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    gone = asyncio.create_task(events_of(turn))
    stays = asyncio.create_task(events_of(turn))
    source.feed(TextDelta("a"))
    await until(lambda: turn.text == "a")
    gone.cancel()
    source.feed(Finished())
    assert len(await stays) == 2


async def test_a_burst_leaves_room_for_others() -> None:
    async def burst() -> AsyncGenerator[Event, None]:
        for _ in range(20 * BURST):
            yield TextDelta("x")

    turn = Turn(burst())
    seen = []
    while not turn.ended:
        await asyncio.sleep(0)
        seen.append(turn.size)
    assert all(later - before <= BURST for before, later in pairwise(seen))
    assert turn.text == "x" * 20 * BURST


async def test_stop_before_it_has_begun(source: Source) -> None:
    turn = Turn(source.stream())
    turn.stop()
    assert await events_of(turn) == [Stopped()]
    assert not source.begun
    assert turn.parts == ()


async def test_stop_before_the_first_token(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    source.feed(Started("a/b"))
    await until(lambda: turn.size == 1)
    turn.stop()
    assert await events_of(turn) == [Started("a/b"), Stopped()]
    assert source.closed


async def test_stop_in_the_middle_keeps_what_has_come(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    source.feed(ReasoningDelta("hm"), TextDelta("some"))
    await until(lambda: turn.text == "some")
    turn.stop()
    turn.stop()
    assert isinstance(await turn.wait(), Stopped)
    assert [type(part) for part in turn.parts] == [Reasoning, Text]
    assert source.closed


async def test_stop_after_the_end_changes_nothing(source: Source) -> None:
    turn = Turn(source.stream())
    source.feed(TextDelta("x"), Finished())
    last = await turn.wait()
    turn.stop()
    assert await turn.wait() is last
    assert isinstance(last, Finished)


async def test_a_failure_is_the_last_event(source: Source) -> None:
    turn = Turn(source.stream())
    source.feed(TextDelta("some"), RateLimited(provider="X", detail="slow down"))
    last = await turn.wait()
    assert last == Failed(RateLimited(provider="X", detail="slow down").to_failure())
    assert turn.text == "some"


async def test_a_bug_in_the_source_is_logged_and_shown_as_such(
    source: Source, expect_log: Callable[[str], None]
) -> None:
    expect_log("ZeroDivisionError")
    turn = Turn(source.stream())
    source.feed(ZeroDivisionError("oops"))
    last = await turn.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == InternalError.code


async def test_a_source_that_just_ends_has_finished(source: Source) -> None:
    turn = Turn(source.stream())
    source.feed(TextDelta("x"), None)
    assert isinstance(await turn.wait(), Finished)


async def test_nothing_is_read_behind_the_end(source: Source) -> None:
    turn = Turn(source.stream())
    source.feed(Finished(), TextDelta("late"))
    await turn.wait()
    assert turn.text == ""
    assert source.closed


async def test_silence_ends_it(source: Source) -> None:
    turn = Turn(source.stream(), seconds_of_silence=0.05, silence=lambda: ProviderTimeout(provider="X", seconds=0.05))
    source.feed(Started("a/b"), TextDelta("x"))
    last = await turn.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == ProviderTimeout.code
    assert turn.text == "x"
    assert source.closed


async def test_waiting_in_a_queue_is_no_silence(source: Source, until: Until) -> None:
    turn = Turn(source.stream(), seconds_of_silence=0.05)
    source.feed(Status("queued", "Waiting"))
    assert await turn.wait(0.2) is None
    source.feed(Started("a/b"), TextDelta("x"), Finished())
    assert isinstance(await turn.wait(), Finished)


async def test_words_keep_silence_away(source: Source) -> None:
    turn = Turn(source.stream(), seconds_of_silence=0.2)
    source.feed(Started("a/b"))
    for _ in range(6):
        source.feed(TextDelta("x"))
        assert await turn.wait(0.1) is None
    source.feed(Finished())
    assert isinstance(await turn.wait(), Finished)


async def test_conclude_comes_before_the_last_event(source: Source, until: Until) -> None:
    saving, saved = asyncio.Event(), asyncio.Event()

    async def conclude(turn: Turn, last: LastEvent) -> LastEvent:
        saving.set()
        await saved.wait()
        return Failed(InternalError().to_failure())

    turn = Turn(source.stream(), conclude=conclude)
    observer = asyncio.create_task(events_of(turn))
    source.feed(TextDelta("x"), Finished())
    await saving.wait()
    assert not turn.ended
    assert not observer.done()
    saved.set()
    assert (await observer)[-1] == Failed(InternalError().to_failure())


async def test_a_conclude_that_fails_still_ends_it(source: Source, expect_log: Callable[[str], None]) -> None:
    expect_log("could not be concluded")

    async def conclude(turn: Turn, last: LastEvent) -> LastEvent:
        raise ZeroDivisionError

    turn = Turn(source.stream(), conclude=conclude)
    source.feed(Finished())
    assert isinstance(await turn.wait(), Failed)


async def test_times_are_told_where_the_provider_gives_none(source: Source, until: Until) -> None:
    turn = Turn(source.stream())
    source.feed(Started("a/b"), ReasoningDelta("hm"), TextDelta("x"), Finished(Usage(input_tokens=3, seconds=9.0)))
    last = await turn.wait()
    assert isinstance(last, Finished)
    assert last.usage is not None
    assert last.usage.input_tokens == 3
    assert last.usage.seconds == 9.0
    assert last.usage.first_token_seconds is not None
    (thought, _) = turn.parts
    assert isinstance(thought, Reasoning)
    assert thought.seconds is not None
    assert turn.usage.seconds is not None


async def test_a_closed_observer_is_forgotten(source: Source) -> None:
    turn = Turn(source.stream())
    waiting = asyncio.create_task(events_of(turn))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert turn._observers == []
    turn.stop()
    await turn.wait()
