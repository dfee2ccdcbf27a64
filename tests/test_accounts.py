"""Passwords and tokens: real hashes, a clock of our own, several at once."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest

from parley import accounts
from parley.accounts import FREE_FAILURES, LONGEST_DELAY, NOBODY, Credentials
from parley.errors import (
    AccountExists,
    AdminRefused,
    EmailInvalid,
    LoginDelayed,
    LoginWrong,
    PasswordInvalid,
    TokenRefused,
)
from parley.messages import OWNER
from parley.people import Account
from parley.store import Store
from tests.conftest import Until

PASSWORD = "correct horse 電池"


class Clock:
    """The seconds of delays."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def credentials(store: Store, clock: Clock) -> Iterator[Credentials]:
    credentials = Credentials(store, clock)
    yield credentials
    credentials.close()


@pytest.fixture
async def anna(credentials: Credentials) -> Account:
    return await credentials.add("Anna@example.org", PASSWORD)


async def login(credentials: Credentials, email: str, password: str, address: str = "") -> Account:
    """Log in, and keep nothing of the token."""
    account, _ = await credentials.login(email, password, "phone", address)
    return account


async def test_login(store: Store, credentials: Credentials, anna: Account) -> None:
    assert (anna.email, anna.name) == ("anna@example.org", "Anna")
    assert await login(credentials, " ANNA@example.org ", PASSWORD) == anna
    found = store.accounts.password("anna@example.org")
    assert found
    assert found[1].startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    await credentials.set_password(anna.id, "another")
    with pytest.raises(LoginWrong):
        await login(credentials, "anna@example.org", PASSWORD)
    assert await login(credentials, "anna@example.org", "another") == anna
    await store.accounts.change(anna.id, disabled=True)
    with pytest.raises(LoginWrong):
        await login(credentials, "anna@example.org", "another")


async def test_what_a_keyboard_writes_in_another_way_is_the_same_password(credentials: Credentials) -> None:
    account = await credentials.add("a@example.org", "Gr\u00fc\u00dfe")
    assert await login(credentials, "a@example.org", "Gru\u0308\u00dfe") == account


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("anna@example.org", "wrong"),
        ("anna@example.org", ""),
        ("anna@example.org", "x" * 2000),
        ("anna@example.org", "\udcff"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("owner", ""),
        ("\udcff" * 9000, PASSWORD),
    ],
)
async def test_whatever_is_wrong_is_said_in_the_same_words(
    credentials: Credentials, anna: Account, email: str, password: str
) -> None:
    with pytest.raises(LoginWrong) as error:
        await login(credentials, email, password)
    assert str(error.value) == LoginWrong.sentence
    assert error.value.detail == ""


async def test_time_does_not_tell_which_addresses_are_known(credentials: Credentials, anna: Account) -> None:
    kinds = NOBODY.split("$")[:4]
    found = credentials._store.accounts.password(anna.email)
    assert found
    assert found[1].split("$")[:4] == kinds, "the hash of nobody costs what ours do"

    async def seconds(email: str) -> float:
        began = time.perf_counter()
        with pytest.raises(LoginWrong):
            await login(credentials, email, "wrong")
        return time.perf_counter() - began

    known, unknown = list[float](), list[float]()
    for _ in range(5):
        known.append(await seconds(anna.email))
        unknown.append(await seconds("nobody@example.org"))
    assert 0.5 < median(known) / median(unknown) < 2.0


@pytest.mark.parametrize("email", ["", "anna", "@example.org", "anna@", "a b@example.org", "a@b@c", "a\0@b", "x" * 300])
async def test_addresses_that_are_none(credentials: Credentials, email: str) -> None:
    with pytest.raises(EmailInvalid):
        await credentials.add(email, PASSWORD)


@pytest.mark.parametrize("password", ["", "two\nlines", "x" * 1025, "ü" * 600])
async def test_passwords_that_are_none(store: Store, credentials: Credentials, password: str) -> None:
    with pytest.raises(PasswordInvalid):
        await credentials.add("a@example.org", password)
    assert len(store.accounts.all()) == 1


async def test_failures_cost_ever_more_time(credentials: Credentials, anna: Account, clock: Clock) -> None:
    for _ in range(FREE_FAILURES):
        with pytest.raises(LoginWrong):
            await login(credentials, anna.email, "wrong", "10.0.0.1")
    waits = list[int]()
    while not waits or waits[-1] < LONGEST_DELAY:
        with pytest.raises(LoginDelayed) as error:
            await login(credentials, anna.email.upper(), PASSWORD, "10.0.0.1")
        waits.append(error.value.fields["seconds"])
        clock.now += waits[-1]
        with pytest.raises(LoginWrong):
            await login(credentials, anna.email, "wrong", "10.0.0.1")
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert await login(credentials, anna.email, PASSWORD, "10.0.0.2") == anna, "another address"
    with pytest.raises(LoginWrong):
        await login(credentials, "nobody@example.org", "wrong", "10.0.0.1")
    clock.now += LONGEST_DELAY
    assert await login(credentials, anna.email, PASSWORD, "10.0.0.1") == anna
    with pytest.raises(LoginWrong):
        await login(credentials, anna.email, "wrong", "10.0.0.1")


async def test_failures_are_forgotten_in_time_and_places_in_number(
    credentials: Credentials, anna: Account, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_MOST_PLACES", 3)
    for _ in range(FREE_FAILURES):
        with pytest.raises(LoginWrong):
            await login(credentials, anna.email, "wrong", "a")
    clock.now += accounts.FORGET_SECONDS
    for _ in range(2):
        with pytest.raises(LoginWrong):
            await login(credentials, anna.email, "wrong", "a")
    for address in "bcd":
        await login(credentials, anna.email, PASSWORD, address)
    assert len(credentials._places) == 3


async def test_logins_side_by_side(credentials: Credentials, anna: Account, until: Until) -> None:
    """Right ones all succeed; of wrong ones no more are tried than one after the other; two hash at most."""
    most = 0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            names = [thread.name for thread in threading.enumerate()]
            most = max(most, sum(name.startswith("passwords") for name in names))
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    right = [login(credentials, anna.email, PASSWORD, f"{number % 4}") for number in range(12)]
    assert await asyncio.gather(*right) == [anna] * 12
    wrong = [login(credentials, anna.email, f"wrong {number}", "same") for number in range(25)]
    results = await asyncio.gather(*wrong, return_exceptions=True)
    done.set()
    await watching
    assert [type(result) for result in results] == [LoginWrong] * FREE_FAILURES + [LoginDelayed] * 15
    assert most == 2


async def test_who_gives_up_leaves_no_more_hashes_at_work(credentials: Credentials, anna: Account) -> None:
    tasks = [asyncio.create_task(login(credentials, anna.email, PASSWORD, f"{number}")) for number in range(40)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await login(credentials, anna.email, PASSWORD, "39") == anna
    assert sum(thread.name.startswith("passwords") for thread in threading.enumerate()) <= 2


async def test_two_who_add_the_same_person_at_once(store: Store, credentials: Credentials) -> None:
    both = [credentials.add(email, PASSWORD) for email in ("a@example.org", "A@EXAMPLE.ORG")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [Account.__name__, AccountExists.__name__]
    assert len(store.accounts.all()) == 2


async def test_a_weaker_hash_is_made_anew_at_login(store: Store, credentials: Credentials, anna: Account) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await store.accounts.set_password(anna.id, weak)
    await login(credentials, anna.email, PASSWORD)
    found = store.accounts.password(anna.email)
    assert found
    assert found[1].split("$")[:4] == NOBODY.split("$")[:4]


async def test_a_new_password_ends_what_the_old_one_opened(
    store: Store, credentials: Credentials, anna: Account
) -> None:
    """Who knew the old password keeps nothing: not what it gave, nor what was asked for with that."""
    _, named = await credentials.issue(anna, "editor")
    _, others = await credentials.issue(store.accounts.get(OWNER), "mine")
    _, phone = await credentials.login(anna.email, PASSWORD, "phone")
    _, child = await credentials.issue(anna, "script", maker=credentials.identify(phone).token)
    _, of_named = await credentials.issue(anna, "script", maker=credentials.identify(named).token)
    marks = [credentials.identify(text).token.by_password for text in (named, others, phone, child, of_named)]
    assert marks == [False, False, True, True, False]
    gone = credentials.identify(phone).token
    assert await credentials.set_password(anna.id, "another") == 2
    for text in (phone, child):
        with pytest.raises(TokenRefused):
            credentials.identify(text)
    with pytest.raises(TokenRefused):
        await credentials.issue(anna, "too late", maker=gone)
    assert [credentials.identify(text).account for text in (named, of_named)] == [anna, anna]
    _, phone = await credentials.login(anna.email, "another", "phone")
    assert await credentials.set_password(anna.id, "a third", all_tokens=True) == 3
    assert [token.name for token in store.tokens.all()] == ["mine"]
    assert credentials.identify(others).account.id == OWNER


async def test_a_login_under_way_while_the_password_changes(
    store: Store, credentials: Credentials, anna: Account
) -> None:
    logins = [asyncio.create_task(login(credentials, anna.email, PASSWORD, f"{number}")) for number in range(4)]
    await asyncio.sleep(0)
    await store.accounts.set_password(anna.id, NOBODY)
    await asyncio.gather(*logins, return_exceptions=True)
    assert store.tokens.all() == []
    found = store.accounts.password(anna.email)
    assert found
    assert found[1] == NOBODY


async def test_a_hash_that_is_made_anew_brings_no_old_password_back(
    store: Store, credentials: Credentials, anna: Account
) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await store.accounts.set_password(anna.id, weak)
    under_way = asyncio.create_task(login(credentials, anna.email, PASSWORD))
    await asyncio.sleep(0)
    await store.accounts.set_password(anna.id, NOBODY)
    await asyncio.gather(under_way, return_exceptions=True)
    found = store.accounts.password(anna.email)
    assert found
    assert found[1] == NOBODY
    assert store.tokens.all() == []


# --- Tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_is_told_once(store: Store, credentials: Credentials, anna: Account) -> None:
    token, text = await credentials.issue(anna, "phone")
    number, _, secret = text.partition("|")
    assert (number, len(secret)) == (str(token.number), 43)
    assert credentials.identify(text).account == anna
    assert credentials.identify(f" {text}\n").token.number == token.number
    await store.close()
    assert secret.encode() not in b"".join(path.read_bytes() for path in store.path.parent.glob("parley.db*"))


async def test_secrets_differ(credentials: Credentials, anna: Account) -> None:
    made = [(await credentials.issue(anna, "x"))[1] for _ in range(20)]
    assert len({text.partition("|")[2] for text in made}) == 20


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: text.partition("|")[2],
        lambda text: text.replace("|", ""),
        lambda text: "2" + text[1:],
        lambda text: "-" + text,
        lambda text: "٣" + text[1:],
        lambda text: "9" * 5000 + text[1:],
        lambda text: text[:2],
        lambda text: "1|\udcff",
        lambda text: text.swapcase(),
    ],
)
async def test_what_is_no_token(credentials: Credentials, anna: Account, change: Callable[[str], str]) -> None:
    _, text = await credentials.issue(anna, "phone")
    await credentials.issue(anna, "another")
    with pytest.raises(TokenRefused):
        credentials.identify(change(text))


async def test_tokens_that_are_good_no_longer(store: Store, credentials: Credentials, anna: Account) -> None:
    (token, first), (_, second) = [await credentials.issue(anna, "x") for _ in range(2)]
    await store.tokens.revoke(token.number)
    with pytest.raises(TokenRefused):
        credentials.identify(first)
    await store.accounts.change(anna.id, disabled=True)
    with pytest.raises(TokenRefused):
        credentials.identify(second)
    await store.accounts.change(anna.id, disabled=False)
    assert credentials.identify(second).account == anna
    await store.accounts.remove(anna.id)
    with pytest.raises(TokenRefused):
        credentials.identify(second)


async def test_only_an_admin_has_an_admin_s_token(store: Store, credentials: Credentials, anna: Account) -> None:
    with pytest.raises(AdminRefused):
        await credentials.issue(anna, "x", admin=True)
    assert store.tokens.all() == []
    owner = store.accounts.get(OWNER)
    assert credentials.identify((await credentials.issue(owner, "x", admin=True))[1]).admin
    assert not credentials.identify((await credentials.issue(owner, "x"))[1]).admin
    anna = await store.accounts.change(anna.id, role="admin")
    _, text = await credentials.issue(anna, "x", admin=True)
    assert credentials.identify(text).admin
    await store.accounts.change(anna.id, role="user")
    assert not credentials.identify(text).admin


async def test_the_last_use_is_written_once_a_minute(
    store: Store, credentials: Credentials, anna: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, text = await credentials.issue(anna, "x")
    marked = list[int]()
    mark = store.tokens.mark_used

    def noted(number: int) -> None:
        marked.append(number)
        mark(number)

    monkeypatch.setattr(store.tokens, "mark_used", noted)
    for _ in range(50):
        credentials.identify(text)
    await store.write(lambda connection: None)
    (found,) = store.tokens.all()
    assert found.used_at
    assert abs(found.used_at - time.time()) < accounts.MARK_SECONDS
    again = Credentials(store)
    for _ in range(50):
        again.identify(text)
    assert marked == [token.number], "another one that knows the store does not write either"
    later = time.time() + accounts.MARK_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    for _ in range(50):
        credentials.identify(text)
    assert marked == [token.number] * 2
    await store.write(lambda connection: None)
