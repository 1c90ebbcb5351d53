"""Whether the store lives, asked by everybody at once."""

import asyncio
from datetime import timedelta

from app.engine.sign_of_life import FRESH, SignOfLife
from tests.fakes import MemoryStore
from tests.unit.engine.ledger import MOMENT, Stopwatch


async def test_it_is_asked_once_a_second_however_often_somebody_wants_to_know() -> None:
    """The path that tells is open to all, and each look at the store is on the owner's bill."""
    store, stopwatch = MemoryStore(), Stopwatch()
    life = SignOfLife(store, monotonic=stopwatch)

    seen = await asyncio.gather(*(life.seen() for _ in range(100)))
    stopwatch.advance(FRESH)
    seen.append(await life.seen())

    assert all(seen)
    assert store.calls["check"] == 1


async def test_after_a_second_it_is_asked_again() -> None:
    """Traffic is sent by this answer."""
    store, stopwatch = MemoryStore(), Stopwatch()
    life = SignOfLife(store, monotonic=stopwatch)
    before = await life.seen()
    store.reachable = False

    stopwatch.advance(FRESH + MOMENT)

    assert (before, await life.seen()) == (True, False)


async def test_an_outage_is_over_a_second_after_its_end() -> None:
    """Bad news ages as fast as good."""
    store, stopwatch = MemoryStore(), Stopwatch()
    life = SignOfLife(store, fresh=timedelta(seconds=1), monotonic=stopwatch)
    store.reachable = False
    before = await life.seen()
    store.reachable = True

    stopwatch.advance(timedelta(seconds=1) + MOMENT)

    assert (before, await life.seen()) == (False, True)
