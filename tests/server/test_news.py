"""News of conversations: collected for a moment, handed to whom they concern."""

from parley.server.news import ALL, News
from parley.services import Services
from parley.store import CONVERSATION, EVERYTHING, Change
from tests.conftest import Until


async def test_whom_they_concern(services: Services) -> None:
    news, conversations = News(services), services.store.conversations
    ann = await services.store.accounts.add("ann@example.org", "Ann", "user", (), "")
    mine, hers = await conversations.add("Mine"), await conversations.add("Hers", account=ann.id)
    with news.follow("owner") as all_mine, news.follow("owner", "other") as none, news.follow(ann.id, hers.id) as one:
        for conversation in (mine, hers, mine):
            news.notice(Change(CONVERSATION, conversation.id))
        assert (await all_mine.next(), await one.next()) == ([mine.id], [hers.id])
        news.notice(Change(EVERYTHING))
        assert [await each.next() for each in (all_mine, none, one)] == [[ALL]] * 3


async def test_news_that_come_as_everything_ends(services: Services, until: Until) -> None:
    news = News(services)
    conversation = await services.store.conversations.add("Mine")
    with news.follow("owner"):
        news.notice(Change(CONVERSATION, conversation.id))
    await services.engine.close()
    await services.store.close()
    await until(lambda: news._timer is None)
