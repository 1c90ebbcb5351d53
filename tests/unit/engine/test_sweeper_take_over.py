"""Whose work a sweep may take over, and whose it must leave alone."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.domain.task import Status
from app.domain.transitions import DEADLINE
from app.engine.sweeper import LEAST
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import LEASE, Process, died, stored


async def test_a_living_workers_task_is_left_alone() -> None:
    """Its lease says how long."""
    store = MemoryStore()
    owner, other = Process(store=store), Process(store=store, name="worker-b")
    gate = owner.pool.hold()
    task = await owner.claimed_at_birth()
    await gate.reached()

    store.clock.advance(LEASE - timedelta(seconds=1))
    await other.sweeper.sweep()
    await other.quiet()

    assert other.pool.runs == 0
    assert store.peek(task.id) == task
    gate.open()
    await owner.quiet()


async def test_a_process_does_not_take_over_from_itself() -> None:
    """Its own lease may expire in an outage while it works on."""
    process = Process(store=MemoryStore())
    gate = process.pool.hold()
    task = await process.claimed_at_birth()
    await gate.reached()

    process.store.clock.advance(2 * LEASE)
    await process.sweeper.sweep()
    gate.open()
    await process.quiet()

    assert process.pool.runs == 1
    assert process.store.peek(task.id).status is Status.COMPLETED
    assert process.store.peek(task.id).attempt == 1


async def test_a_dead_workers_cancelled_task_is_cancelled_by_who_finds_it() -> None:
    """The caller's wish outlives the worker that should have seen it."""
    process = Process(store=MemoryStore())
    seen = await died(process.store, cancel_requested=True)

    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(seen.task.id).status is Status.CANCELLED
    assert process.pool.runs == 0
    assert not process.store.has_content(seen.task.id)


async def test_a_document_that_kills_its_workers_is_given_up() -> None:
    """Poison cannot loop: each death counts as an attempt."""
    process = Process(store=MemoryStore())
    seen = await died(process.store, attempt=2, max_attempts=2)

    await process.sweeper.sweep()
    await process.quiet()

    ended = process.store.peek(seen.task.id)
    assert ended.status is Status.FAILED
    assert ended.failure is not None
    assert ended.failure.code == "attempts_exhausted"
    assert process.pool.runs == 0


async def test_after_a_failed_sweep_nothing_is_taken_over_for_the_length_of_a_lease() -> None:
    """The outage kept the living from renewing theirs."""
    process = Process(store=MemoryStore())
    seen = await died(process.store)
    process.store.lose("due", Lost.REQUEST)

    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    process.store.clock.advance(LEASE - timedelta(seconds=1))
    await process.sweeper.sweep()
    await process.quiet()
    left_alone = process.store.peek(seen.task.id)
    process.store.clock.advance(timedelta(seconds=1))
    await process.sweeper.sweep()
    await process.quiet()

    assert left_alone == seen.task
    assert process.store.peek(seen.task.id).status is Status.COMPLETED


@pytest.mark.parametrize(("silence", "expected"), [(20, Status.COMPLETED), (21, Status.PROCESSING)])
async def test_an_outage_counts_if_leases_can_have_expired_in_it(silence: int, expected: Status) -> None:
    """Who beats every ten seconds has at least twenty left of thirty when the store goes."""
    process = Process(store=MemoryStore(), heartbeat=LEASE / 3)
    seen = await died(process.store)
    process.slots.reserve(Execution.CPU)
    process.slots.reserve(Execution.CPU)
    await process.sweeper.sweep()
    process.store.lose("due", Lost.REQUEST)
    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    process.slots.release(Execution.CPU)

    process.store.clock.advance(timedelta(seconds=silence))
    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(seen.task.id).status is expected


async def test_a_full_process_notices_an_outage_too() -> None:
    """It has nothing to ask for; yet the first slot that comes free must not go to live work."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    seen = await died(process.store)
    for execution in Execution:
        process.slots.reserve(execution)
    process.store.reachable = False

    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    process.store.reachable = True
    process.slots.release(Execution.CPU)
    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(seen.task.id) == seen.task


async def test_a_process_whose_children_cannot_be_had_notices_an_outage_too() -> None:
    """Its CPU slots are free and useless, its other ones full: it asks for nothing either."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    process.pool.usable = False
    process.slots.reserve(Execution.IO)
    process.store.reachable = False

    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()


async def test_after_a_failed_sweep_waiting_tasks_are_still_claimed() -> None:
    """Nobody holds a pending task, so nothing can be stolen."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("due", Lost.REQUEST)

    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(seen.task.id).status is Status.COMPLETED


async def test_what_was_found_before_an_outage_is_not_taken_over_after_it() -> None:
    """The surplus of an earlier sweep knows nothing of the renewals that the outage prevented."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    for _ in range(2):
        await died(process.store)
    gate = process.pool.hold()
    await process.sweeper.sweep()
    await gate.reached()

    process.store.lose("due", Lost.REQUEST)
    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    gate.open()
    await process.quiet()
    await process.sweeper.sweep()
    await process.quiet()

    assert process.pool.runs == 1


async def test_tasks_of_models_that_this_process_does_not_know_do_not_hide_the_others() -> None:
    """During a rollout, the new revision's tasks stand at the head of the old one's queue."""
    process = Process(store=MemoryStore())
    strange = [await stored(process.store, model_name="not here") for _ in range(LEAST + 1)]
    process.store.clock.advance(timedelta(seconds=1))
    known = await stored(process.store)

    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(known.task.id).status is Status.COMPLETED
    assert all(process.store.peek(one.task.id) == one.task for one in strange)


async def test_a_task_that_nobody_can_run_fails_after_its_deadline() -> None:
    """Every task ends, even if its model is never offered again."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store, model_name="not here")

    process.store.clock.advance(DEADLINE)
    await process.sweeper.sweep()
    await process.quiet()

    ended = process.store.peek(seen.task.id)
    assert ended.status is Status.FAILED
    assert ended.failure is not None
    assert ended.failure.code == "deadline_exceeded"
    assert process.pool.runs == 0


async def test_a_delayed_task_is_not_begun_early() -> None:
    """The caller chose the time."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store, available_at=process.store.now() + timedelta(hours=1))

    await process.sweeper.sweep()
    await process.quiet()
    waited = process.store.peek(seen.task.id)
    process.store.clock.advance(timedelta(hours=1))
    await process.sweeper.sweep()
    await process.quiet()

    assert waited == seen.task
    assert process.store.peek(seen.task.id).status is Status.COMPLETED


async def test_a_claim_that_lands_while_the_drain_begins_is_handed_back_at_once() -> None:
    """Another process has more time for it; the attempt does not count."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    claiming = process.store.hold("swap")

    taking = asyncio.create_task(process.take(seen))
    await claiming.reached()
    process.drain.begin()
    claiming.open()
    await taking

    handed_back = process.store.peek(seen.task.id)
    assert handed_back.status is Status.PENDING
    assert handed_back.attempt == 0
    assert process.pool.runs == 0
