"""What every place for API keys promises, the one in the tests' memory included."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, override

import pytest

from app.domain.errors import KeyExists, KeyNotFound, StoreUnavailable
from app.domain.keys import ApiKey
from app.engine.ports import ApiKeys
from tests.contract.arrange_keys import kept_key
from tests.contract.conftest import AnyStore, Backend, Firestore, Sqlite
from tests.factories import NOW
from tests.fakes import MemoryApiKeys

MOMENT = timedelta(microseconds=1)
MANY = 20

CALLS: dict[str, Callable[[ApiKeys, ApiKey], Awaitable[object]]] = {
    "add": lambda keys, key: keys.add(key),
    "find": lambda keys, key: keys.find(key.id),
    "list": lambda keys, _: keys.list(),
    "revoke": lambda keys, key: keys.revoke(key.id, now=NOW),
}


class Place(ABC):
    """Somewhere to keep keys, empty at first."""

    @abstractmethod
    def connect(self) -> AbstractAsyncContextManager[ApiKeys]:
        """Open the keys as one more process would."""

    @abstractmethod
    def connect_to_nothing(self) -> AbstractAsyncContextManager[ApiKeys]:
        """Open keys that are out of reach."""


class Memory(Place):
    """The dictionary that other tests use."""

    def __init__(self) -> None:
        """Begin without keys."""
        self._keys = MemoryApiKeys()

    @override
    def connect(self) -> AbstractAsyncContextManager[ApiKeys]:
        return nullcontext(self._keys)

    @override
    def connect_to_nothing(self) -> AbstractAsyncContextManager[ApiKeys]:
        keys = MemoryApiKeys()
        keys.reachable = False
        return nullcontext(keys)


class BesideTasks(Place):
    """A task store, which keeps the keys, too."""

    def __init__(self, backend: Backend) -> None:
        """Use the stores of *backend*."""
        self._backend = backend

    @override
    def connect(self) -> AbstractAsyncContextManager[ApiKeys]:
        return _open(self._backend.connect())

    @override
    def connect_to_nothing(self) -> AbstractAsyncContextManager[ApiKeys]:
        return _open(self._backend.connect_to_nothing())


@asynccontextmanager
async def _open(store: AnyStore) -> AsyncIterator[ApiKeys]:
    async with store.open():
        yield store.api_keys


@pytest.fixture(params=["memory", "sqlite", "firestore"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return an empty place for keys."""
    if request.param == "memory":
        return Memory()
    return BesideTasks(
        Sqlite(tmp_path) if request.param == "sqlite" else Firestore(request.getfixturevalue("emulator"))
    )


@pytest.fixture
async def keys(place: Place) -> AsyncIterator[ApiKeys]:
    """Open the keys as one process."""
    async with place.connect() as keys:
        yield keys


@pytest.fixture
async def others(place: Place) -> AsyncIterator[ApiKeys]:
    """Open the same keys as another process."""
    async with place.connect() as keys:
        yield keys


async def test_a_key_is_found_by_every_process_as_soon_as_it_is_kept(keys: ApiKeys, others: ApiKeys) -> None:
    """Whoever was just given a key uses it at once, and not with the process that made it."""
    key = kept_key()

    await keys.add(key)

    assert await others.find(key.id) == key


@pytest.mark.parametrize("owner", ["a", "0", "A" * 128, "acme@example.com", "a.b:c_d-e", "Acme", "acme.", "0_-:@."])
async def test_an_owner_comes_back_as_it_was(keys: ApiKeys, owner: str) -> None:
    """One letter more or less, or another case, is another owner's tasks."""
    key = kept_key(owner=owner)

    await keys.add(key)

    assert (await keys.find(key.id)).owner == owner


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        NOW + MOMENT,
        NOW - MOMENT,
        datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime.max.replace(tzinfo=UTC),
    ],
    ids=datetime.isoformat,
)
async def test_times_come_back_to_the_microsecond(keys: ApiKeys, instant: datetime) -> None:
    """A key is valid up to an instant, and what is stored is compared with what was wanted."""
    key = kept_key(created_at=instant, expires_at=instant)
    await keys.add(key)

    await keys.revoke(key.id, now=instant)

    assert await keys.find(key.id) == replace(key, revoked_at=instant)


async def test_a_key_that_is_kept_again_stays_as_it_is(keys: ApiKeys, others: ApiKeys) -> None:
    """Whoever got no answer asks once more, and must not be told that somebody else was faster."""
    key = kept_key()
    await keys.add(key)

    await others.add(key)

    assert list(await keys.list()) == [key]


@pytest.mark.parametrize(
    "change",
    [{"owner": "other"}, {"digest": "0" * 64}, {"created_at": NOW + MOMENT}, {"expires_at": NOW}, {"revoked_at": NOW}],
    ids=lambda change: next(iter(change)),
)
async def test_an_id_belongs_to_one_key(keys: ApiKeys, change: dict[str, Any]) -> None:
    """A second key must not take the first one's place, nor prolong it, nor open a revoked one again."""
    key = kept_key()
    await keys.add(key)

    with pytest.raises(KeyExists):
        await keys.add(replace(key, **change))

    assert await keys.find(key.id) == key


async def test_a_revoked_key_is_not_opened_by_keeping_it_again(keys: ApiKeys) -> None:
    """A repetition that comes late must not undo what an operator did meanwhile."""
    key = kept_key()
    await keys.add(key)
    revoked = await keys.revoke(key.id, now=NOW)

    with pytest.raises(KeyExists):
        await keys.add(key)

    assert await keys.find(key.id) == revoked


async def test_of_two_keys_with_one_id_one_is_kept(keys: ApiKeys, others: ApiKeys) -> None:
    """The other's maker has to know that it opens nothing."""
    rivals = [kept_key(key_id="0" * 16, owner=owner) for owner in ("one", "two")]

    answers = await asyncio.gather(keys.add(rivals[0]), others.add(rivals[1]), return_exceptions=True)

    assert sorted(map(repr, map(type, answers))) == sorted(map(repr, (type(None), KeyExists)))
    assert await keys.find("0" * 16) == rivals[answers.index(None)]


@pytest.mark.parametrize(
    "key_id", ["0" * 16, "", "0" * 15, "F" * 16, "../tasks", "a/b", ".", "__id__", "0\n", "\ud800", "ñ"]
)
async def test_what_nobody_has_is_not_found(keys: ApiKeys, key_id: str) -> None:
    """People mistype ids on the command line; the answer is the same plain one for all of them."""
    await keys.add(kept_key(key_id="1" * 16))

    with pytest.raises(KeyNotFound):
        await keys.find(key_id)
    with pytest.raises(KeyNotFound):
        await keys.revoke(key_id, now=NOW)


async def test_there_are_no_keys_at_first(keys: ApiKeys) -> None:
    """Nothing is no error."""
    assert list(await keys.list()) == []


async def test_keys_are_listed_in_the_order_in_which_they_were_made(keys: ApiKeys) -> None:
    """Whoever looks for the key that was made yesterday knows where; made at once, the id decides."""
    made = [kept_key(created_at=NOW + n // 2 * MOMENT) for n in range(MANY)]
    for key in reversed(made):
        await keys.add(key)

    listed = await keys.list()

    assert list(listed) == sorted(made, key=lambda key: (key.created_at, key.id))


async def test_expired_and_revoked_keys_stay(keys: ApiKeys) -> None:
    """Whose key was it that stands in last year's log?"""
    expired = kept_key(created_at=NOW, expires_at=NOW)
    revoked = kept_key(created_at=NOW + MOMENT)
    for key in (expired, revoked):
        await keys.add(key)

    revoked = await keys.revoke(revoked.id, now=NOW)

    assert list(await keys.list()) == [expired, revoked]
    assert await keys.find(expired.id) == expired


async def test_every_process_sees_at_once_that_a_key_is_revoked(keys: ApiKeys, others: ApiKeys) -> None:
    """A key that leaked must not be good for another minute because of where it is looked up."""
    key = kept_key()
    await keys.add(key)
    before = await others.find(key.id)

    revoked = await keys.revoke(key.id, now=NOW + MOMENT)

    assert before == key
    assert revoked == replace(key, revoked_at=NOW + MOMENT)
    assert await others.find(key.id) == revoked


async def test_a_key_is_revoked_once(keys: ApiKeys, others: ApiKeys) -> None:
    """The first time says since when nobody can have used it."""
    key = kept_key()
    await keys.add(key)
    first = await keys.revoke(key.id, now=NOW)

    again = await others.revoke(key.id, now=NOW + MOMENT)

    assert again == first == await keys.find(key.id)


async def test_all_who_revoke_a_key_at_once_agree_on_the_time(keys: ApiKeys, others: ApiKeys) -> None:
    """In an emergency more than one person acts; all of them read the same, and none an error."""
    key = kept_key()
    await keys.add(key)

    answers = await asyncio.gather(*((keys, others)[n % 2].revoke(key.id, now=NOW + n * MOMENT) for n in range(MANY)))

    assert set(answers) == {await keys.find(key.id)}
    assert answers[0].revoked_at is not None


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_keys_out_of_reach_are_not_missing(
    place: Place, call: Callable[[ApiKeys, ApiKey], Awaitable[object]]
) -> None:
    """Nobody is told that a valid key is not, and no path or foreign text comes out."""
    async with place.connect_to_nothing() as keys:
        with pytest.raises(StoreUnavailable) as caught:
            await call(keys, kept_key())

    assert "/" not in caught.value.message
