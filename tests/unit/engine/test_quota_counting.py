"""What becomes of a quota while the store counts, or does not answer."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import QuotaExceeded
from app.engine.quota import FRESH, RECOUNT, Quota
from tests.unit.engine.ledger import LIMIT, MOMENT, Ledger, Stopwatch, admitted


async def test_whoever_asks_at_once_shares_one_count(quota: Quota, ledger: Ledger) -> None:
    """A burst that finds no count would otherwise begin with as many queries as it has requests."""
    gate = ledger.hold()
    asking = asyncio.create_task(admitted(quota, 100))
    await gate.reached()

    gate.open()

    assert await asking == LIMIT
    assert len(ledger.asked) == 1


async def test_what_is_admitted_while_the_store_counts_is_added(quota: Quota, ledger: Ledger) -> None:
    """Nobody knows whether the answer holds what was written after the question; so it is taken not to."""
    gate = ledger.hold()
    asking = asyncio.create_task(admitted(quota, LIMIT))
    await gate.reached()
    at_once = await admitted(quota, 3, waits=False)

    gate.open()

    assert at_once == 3
    assert await asking == LIMIT - 3


async def test_what_is_admitted_during_a_recount_is_in_both_counts(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """While the new count is under way the old one still stands; afterwards nothing may be missing."""
    freed = [await quota.admit("me", waits=True) for _ in range(LIMIT)]
    stopwatch.advance(RECOUNT + MOMENT)
    gate = ledger.hold()
    asking = asyncio.create_task(admitted(quota, LIMIT))
    await gate.reached()
    freed[0].withdraw()
    meanwhile = await admitted(quota, 1)

    gate.open()

    assert meanwhile == 1
    assert await asking == LIMIT - 1


async def test_an_age_is_that_of_the_question(quota: Quota, ledger: Ledger, stopwatch: Stopwatch) -> None:
    """A slow answer tells about the past; and a quicker one about somebody else does not hide that."""
    gate = ledger.hold()
    slow = asyncio.create_task(quota.admit("me", waits=True))
    await gate.reached()
    stopwatch.advance(timedelta(seconds=3))
    await quota.admit("you", waits=True)
    gate.open()
    await slow

    stopwatch.advance(FRESH - timedelta(seconds=1))
    await quota.admit("you", waits=True)
    await quota.admit("me", waits=True)

    assert [owner for owner, _ in ledger.asked] == ["me", "you", "me"]


async def test_what_is_withdrawn_after_a_new_count_is_not_taken_from_that(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """It created nothing, so the new count does not hold it: replays must not be a way past the quota."""
    replays = [await quota.admit("me", waits=True) for _ in range(LIMIT)]
    stopwatch.advance(RECOUNT + MOMENT)
    ledger.open["me"] = LIMIT - 1
    assert await admitted(quota, 10) == 1

    for replay in replays:
        replay.withdraw()

    assert await admitted(quota, 10) == 0


async def test_a_caller_who_hangs_up_does_not_end_the_count_of_the_others(quota: Quota, ledger: Ledger) -> None:
    """The first of a burst is the likeliest to give up, and all the others wait for its query."""
    gate = ledger.hold()
    first = asyncio.create_task(quota.admit("me", waits=True))
    await gate.reached()
    others = asyncio.create_task(admitted(quota, 10))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    gate.open()

    assert first.cancelled()
    assert await others == LIMIT
    assert len(ledger.asked) == 1


async def test_a_count_that_nobody_waits_for_any_longer_serves_the_next(quota: Quota, ledger: Ledger) -> None:
    """The store has done the work; and what was never admitted does not count."""
    gate = ledger.hold()
    alone = asyncio.create_task(quota.admit("me", waits=True))
    await gate.reached()
    alone.cancel()
    await asyncio.wait([alone])

    gate.open()

    assert await admitted(quota, 10) == LIMIT
    assert len(ledger.asked) == 1


async def test_a_store_that_does_not_answer_admits(quota: Quota, ledger: Ledger) -> None:
    """Too many tasks is not what is wrong; the create that follows finds out what is, and says it."""
    ledger.open["me"] = LIMIT
    ledger.reachable = False

    assert await admitted(quota, 10) == 10


async def test_what_was_admitted_during_a_count_that_failed_is_no_count(quota: Quota, ledger: Ledger) -> None:
    """It says nothing about what was open before, and many of those tasks may have ended while the store was silent."""
    gate = ledger.hold()
    ledger.reachable = False
    waiting = asyncio.create_task(admitted(quota, 1))
    await gate.reached()
    at_once = await admitted(quota, LIMIT, waits=False)

    gate.open()

    assert at_once == LIMIT
    assert await waiting == 1


async def test_a_store_that_does_not_answer_refuses_nobody_on_an_old_count(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """An outage at the limit must not turn into a wrong answer about the limit."""
    await admitted(quota, LIMIT)
    stopwatch.advance(RECOUNT + MOMENT)

    ledger.reachable = False

    assert await admitted(quota, 10) == 10


async def test_a_store_that_answers_again_is_believed_again(quota: Quota, ledger: Ledger, stopwatch: Stopwatch) -> None:
    """A count that failed is not taken for one of nothing."""
    ledger.open["me"] = LIMIT
    ledger.reachable = False
    await quota.admit("me", waits=True)

    ledger.reachable = True
    stopwatch.advance(timedelta(seconds=1))

    with pytest.raises(QuotaExceeded):
        await quota.admit("me", waits=True)


async def test_a_count_that_failed_is_not_tried_again_at_once(quota: Quota, ledger: Ledger) -> None:
    """In an outage every submission would wait for a count of its own before it fails."""
    ledger.reachable = False

    for owner in ("me", "me", "another"):
        await quota.admit(owner, waits=True)

    assert len(ledger.asked) == 1


async def test_owners_are_counted_side_by_side(quota: Quota, ledger: Ledger) -> None:
    """One owner with a slow count must not hold up the others."""
    gate = ledger.hold()
    slow = asyncio.create_task(quota.admit("slow", waits=True))
    await gate.reached()

    let_in = await admitted(quota, 10, owner="me")

    gate.open()
    await slow
    assert let_in == LIMIT
