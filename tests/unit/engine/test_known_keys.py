"""Who presents a key, and what it costs to find out."""

import asyncio
import gc
from datetime import datetime, timedelta

import pytest
from token_bucket import Limiter, MemoryStorage

from app.domain.errors import KeysUnavailable, StoreUnavailable, Unauthenticated
from app.domain.keys import make_key
from app.engine.known_keys import ALL_AGAIN, FRESH, STRANGERS_PER_SECOND, KnownKeys
from tests.factories import NOW
from tests.fakes import MemoryApiKeys
from tests.unit.engine.ledger import MOMENT, Stopwatch

AGES = 1_000_000
"""Seconds in which a bucket of the tests gets one more token: none, as far as a test is concerned."""


class Drawer(MemoryApiKeys):
    """Keys that were made without a call; `asked_for` says which were looked up."""

    def issue(self, number: int = 1, *, owner: str = "acme", expires_at: datetime | None = None) -> str:
        """Keep a new key, and return it."""
        key, kept = make_key(f"{number:016x}", f"{number:064x}", owner=owner, now=NOW, expires_at=expires_at)
        self._kept[kept.id] = kept
        return key

    def clear(self) -> None:
        """Lose all keys."""
        self._kept.clear()

    @property
    def listed(self) -> int:
        """How often all keys were asked for."""
        return self.calls["list"]


@pytest.fixture
def drawer() -> Drawer:
    """Return a drawer without keys."""
    return Drawer()


def known(drawer: Drawer, stopwatch: Stopwatch, *, most: int = 100, strangers: int = 100) -> KnownKeys:
    """Return what a new process knows of the keys: nothing yet."""
    limiter = Limiter(1 / AGES, strangers, MemoryStorage())
    return KnownKeys(drawer, now=lambda: NOW, most=most, strangers=limiter, monotonic=stopwatch)


async def is_refused(keys: KnownKeys, key: str) -> bool:
    """Tell whether *key* is no valid one."""
    try:
        await keys.owner_of(key)
    except Unauthenticated:
        return True
    return False


async def test_a_key_names_its_owner_and_is_read_once(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """A short task costs two writes and no reads."""
    key, keys = drawer.issue(owner="acme"), known(drawer, stopwatch)

    owners = [await keys.owner_of(key) for _ in range(100)]

    assert set(owners) == {"acme"}
    assert len(drawer.asked_for) == 1


async def test_a_revoked_key_is_refused_within_half_a_minute(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Whoever revokes a key wants it to end now; a minute is promised."""
    key, keys = drawer.issue(1), known(drawer, stopwatch)
    await keys.owner_of(key)
    await drawer.revoke(f"{1:016x}", now=NOW)

    stopwatch.advance(FRESH - MOMENT)
    before = await is_refused(keys, key)
    stopwatch.advance(MOMENT)
    after = await is_refused(keys, key)

    assert (before, after) == (False, True)


async def test_what_counts_is_when_the_store_was_asked(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """A slow answer may be older than it looks."""
    key, keys = drawer.issue(), known(drawer, stopwatch)
    gate = drawer.hold()
    asking = asyncio.create_task(keys.owner_of(key))
    await gate.reached()
    stopwatch.advance(timedelta(seconds=3))
    gate.open()
    await asking

    stopwatch.advance(FRESH - timedelta(seconds=3))
    await keys.owner_of(key)

    assert len(drawer.asked_for) == 2


async def test_a_key_expires_to_the_instant(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """What is remembered of a key says when it ends, so nobody has to be asked."""
    key = drawer.issue(expires_at=NOW + MOMENT)
    now = NOW
    keys = KnownKeys(drawer, now=lambda: now, monotonic=stopwatch)
    before = await is_refused(keys, key)

    now = NOW + MOMENT

    assert (before, await is_refused(keys, key)) == (False, True)


async def test_a_key_that_nobody_has_is_looked_up_once(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """A client that goes on with a wrong key must not cost a read for each request."""
    keys = known(drawer, stopwatch)
    key = Drawer().issue()

    refused = [await is_refused(keys, key) for _ in range(100)]

    assert all(refused)
    assert len(drawer.asked_for) == 1


async def test_the_wrong_secret_for_a_known_id_asks_nobody(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """The id of a key is no secret; who knows it must not be able to make the service work."""
    key, keys = drawer.issue(), known(drawer, stopwatch)
    await keys.owner_of(key)

    assert await is_refused(keys, key[:-1] + "f")
    assert len(drawer.asked_for) == 1


@pytest.mark.parametrize("key", ["", "geheim", "afterword_", "Bearer x", "afterword_" + "0" * 10_000])
async def test_what_is_no_key_is_not_looked_up(drawer: Drawer, stopwatch: Stopwatch, key: str) -> None:
    """Most of what is tried at a public door does not even look like one."""
    assert await is_refused(known(drawer, stopwatch), key)
    assert drawer.asked_for == []


async def test_keys_tried_at_random_are_not_all_looked_up(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Each would be a read on the owner's bill."""
    keys = known(drawer, stopwatch, strangers=10)
    for number in range(10):
        await is_refused(keys, Drawer().issue(number))

    for number in range(10, 100):
        with pytest.raises(KeysUnavailable):
            await keys.owner_of(Drawer().issue(number))
    assert len(drawer.asked_for) == 10
    assert drawer.listed == 1


async def test_keys_tried_at_random_do_not_shut_out_who_comes_for_the_first_time(
    drawer: Drawer, stopwatch: Stopwatch
) -> None:
    """A process that starts in the middle of an attack knows nobody; its callers must not suffer for it."""
    keys, mine = known(drawer, stopwatch, strangers=1), drawer.issue(1000)
    await is_refused(keys, Drawer().issue(1))

    owner = await keys.owner_of(mine)

    assert owner == "acme"
    assert (drawer.listed, drawer.asked_for) == (1, [f"{1:016x}", f"{1000:016x}"])


async def test_all_keys_are_read_again_only_after_a_while(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Who made a key in the middle of an attack waits for some seconds; the attacker does not decide what is read."""
    keys = known(drawer, stopwatch, strangers=1)
    for number in range(2):
        with pytest.raises((Unauthenticated, KeysUnavailable)):
            await keys.owner_of(Drawer().issue(number))
    made_meanwhile = drawer.issue(1000)
    with pytest.raises(KeysUnavailable):
        await keys.owner_of(made_meanwhile)
    stopwatch.advance(ALL_AGAIN)

    assert await keys.owner_of(made_meanwhile) == "acme"
    assert drawer.listed == 2


async def test_the_more_keys_there_are_the_less_often_all_are_read(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """All of them every ten seconds could cost more than the attack."""
    keys = known(drawer, stopwatch, strangers=1)
    for number in range(STRANGERS_PER_SECOND * 60):
        drawer.issue(number)
    for number in (1_000_000, 1_000_001):
        with pytest.raises((Unauthenticated, KeysUnavailable)):
            await keys.owner_of(Drawer().issue(number))

    for _ in range(6):
        stopwatch.advance(ALL_AGAIN - MOMENT)
        with pytest.raises(KeysUnavailable):
            await keys.owner_of(Drawer().issue(1_000_001))

    assert drawer.listed == 1


async def test_as_many_valid_keys_as_there_are_come_in_beside_an_attack(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """More of them than are remembered, too."""
    keys, valid = known(drawer, stopwatch, most=5, strangers=1), [drawer.issue(number) for number in range(100, 150)]
    await is_refused(keys, Drawer().issue(1))

    owners = [await keys.owner_of(key) for key in valid]

    assert (set(owners), drawer.listed) == ({"acme"}, 1)


async def test_all_keys_are_read_once_however_many_want_to_know(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Two hundred wrong keys a second are two hundred at once if the store takes a second."""
    keys, mine = known(drawer, stopwatch, strangers=1), drawer.issue(1000)
    await is_refused(keys, Drawer().issue(1))

    owners = await asyncio.gather(*(keys.owner_of(mine) for _ in range(50)))

    assert set(owners) == {"acme"}
    assert drawer.listed == 1


async def test_keys_tried_at_random_do_not_shut_out_who_was_here_before(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """An attack must not become an outage when what is remembered grows old."""
    key, keys = drawer.issue(1), known(drawer, stopwatch, strangers=3)
    await keys.owner_of(key)
    for number in range(2, 100):
        with pytest.raises((Unauthenticated, KeysUnavailable)):
            await keys.owner_of(Drawer().issue(number))

    stopwatch.advance(FRESH)

    assert await keys.owner_of(key) == "acme"


async def test_strangers_do_not_push_out_what_is_known(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Memory is bounded, and an attacker has no share in the one for valid keys."""
    key, keys = drawer.issue(0), known(drawer, stopwatch, most=5, strangers=100)
    await keys.owner_of(key)
    for number in range(1, 51):
        await is_refused(keys, Drawer().issue(number))

    await keys.owner_of(key)

    assert drawer.asked_for.count(f"{0:016x}") == 1


async def test_one_more_key_than_is_remembered_pushes_out_the_one_used_longest_ago(
    drawer: Drawer, stopwatch: Stopwatch
) -> None:
    """A process lives for weeks; its memory is not the number of keys."""
    keys = known(drawer, stopwatch, most=2)
    first, second, third = (drawer.issue(number) for number in range(3))
    for key in (first, second, first, third):
        await keys.owner_of(key)

    await keys.owner_of(first)
    await keys.owner_of(second)

    assert drawer.asked_for == [f"{number:016x}" for number in (0, 1, 2, 1)]


async def test_many_at_once_ask_once(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """A process that has just started gets all its callers in one moment."""
    key, keys = drawer.issue(), known(drawer, stopwatch)

    owners = await asyncio.gather(*(keys.owner_of(key) for _ in range(50)))

    assert set(owners) == {"acme"}
    assert len(drawer.asked_for) == 1


async def test_a_caller_who_hangs_up_does_not_take_the_answer_along(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Others wait for the same key."""
    key, keys = drawer.issue(), known(drawer, stopwatch)
    gate = drawer.hold()
    leaving, staying = (asyncio.create_task(keys.owner_of(key)) for _ in range(2))
    await gate.reached()
    leaving.cancel()
    gate.open()

    assert await staying == "acme"


async def test_a_refusal_that_nobody_waits_for_any_more_is_no_news(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Who tries keys and hangs up must not fill the log."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    keys = known(drawer, stopwatch)
    gate = drawer.hold()
    trying = asyncio.create_task(keys.owner_of(Drawer().issue()))
    await gate.reached()

    trying.cancel()
    gate.open()
    await asyncio.wait([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])
    gc.collect()

    assert complaints == []


async def test_a_store_that_does_not_answer_lets_nobody_in(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """And the next one asks again, for nothing was learnt."""
    key, keys = drawer.issue(), known(drawer, stopwatch)
    drawer.reachable = False
    with pytest.raises(StoreUnavailable):
        await keys.owner_of(key)

    drawer.reachable = True

    assert await keys.owner_of(key) == "acme"


async def test_a_key_that_is_gone_from_the_store_is_forgotten(drawer: Drawer, stopwatch: Stopwatch) -> None:
    """Somebody has cleared the store by hand; that ends its keys too."""
    key, keys = drawer.issue(), known(drawer, stopwatch)
    await keys.owner_of(key)
    drawer.clear()

    stopwatch.advance(FRESH)

    assert await is_refused(keys, key)
