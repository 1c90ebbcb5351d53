"""What a sweep takes, in which slot, and what it leaves to others."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.domain.task import Status
from app.domain.transitions import cancel
from app.engine import cas
from app.engine.sweeper import is_claimable, plan
from tests.factories import make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import (
    CPU_MODEL,
    INTERVAL,
    IO_MODEL,
    Process,
    completed,
    died,
    document,
    fill,
    hold_all,
    stored,
)


async def test_a_plan_fills_the_free_slots_and_keeps_the_rest() -> None:
    """The decision is pure: what was found and how many fit are all it knows."""
    found = [await stored(MemoryStore()) for _ in range(3)]

    decided = plan(found, free=2)

    assert decided.take == tuple(found[:2])
    assert decided.surplus == tuple(found[2:])


@pytest.mark.parametrize(
    ("status", "model_name", "take_over", "expected"),
    [
        (Status.PENDING, CPU_MODEL.name, True, True),
        (Status.PENDING, CPU_MODEL.name, False, True),
        (Status.PROCESSING, CPU_MODEL.name, True, True),
        (Status.PROCESSING, CPU_MODEL.name, False, False),
        (Status.PENDING, "unknown", True, False),
        (Status.PROCESSING, "unknown", True, False),
    ],
)
async def test_what_a_process_may_claim(status: Status, model_name: str, *, take_over: bool, expected: bool) -> None:
    """Only what it can run; and after an outage nothing that may still be alive."""
    models = Process(store=MemoryStore()).models
    task = make_task(status, model_name=model_name)

    assert is_claimable(task, models=models, now=task.created_at, take_over=take_over) is expected


async def test_a_sweep_fills_only_free_slots() -> None:
    """Work waits in the store, never in memory."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=5)
    gates = hold_all(process, runs=2)

    await process.sweeper.sweep()
    await gates[1].reached()

    assert len(process.registry) == 2
    assert process.store.calls["swap"] == 2
    assert process.slots.free(Execution.CPU) == 0


async def test_both_kinds_are_swept() -> None:
    """The queue of language models must not wait for the processors."""
    process = Process(store=MemoryStore())
    await stored(process.store)
    await stored(process.store, model_name=IO_MODEL.name, execution=Execution.IO)

    await process.sweeper.sweep()
    await process.quiet()

    assert completed(process.store) == 2
    assert process.all_slots_are_free()


async def test_without_a_free_slot_no_task_is_asked_for() -> None:
    """A query costs money, and nothing could be done with its answer."""
    process = Process(store=MemoryStore(), slots_for_each=0)

    await process.sweeper.sweep()

    assert process.store.calls == {"check": 1}


async def test_a_slot_that_was_full_at_the_sweep_is_looked_after_when_it_comes_free() -> None:
    """Nobody knows what waits, so the sweeper has to look."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    (gate,) = hold_all(process, runs=1)
    await process.claimed_at_birth()

    await process.sweeper.sweep()
    gate.open()
    await process.quiet()

    assert process.slots.freed.is_set()


async def test_surplus_fills_the_next_free_slots_without_another_query() -> None:
    """One query serves many tasks."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=4)

    await process.sweeper.sweep()
    await process.quiet()
    queries = process.store.calls["due"]
    await process.sweeper.sweep()
    await process.quiet()

    assert completed(process.store) == 4
    assert process.store.calls["due"] == queries + 1, "one for the other kind, which has no surplus"


async def test_surplus_that_does_not_fill_the_free_slots_is_followed_by_a_query_at_once() -> None:
    """The store may hold more than the last query brought."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=3)
    await process.sweeper.sweep()
    await process.quiet()
    (gate,) = hold_all(process, runs=1)

    process.slots.freed.clear()
    await process.sweeper.sweep()
    looks_again = process.slots.freed.is_set()
    gate.open()
    await process.quiet()

    assert looks_again
    assert completed(process.store) == 3


async def test_surplus_is_kept_for_one_interval_at_most() -> None:
    """By then most of it has been taken by others."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=4)

    await process.sweeper.sweep()
    await process.quiet()
    queries = process.store.calls["due"]
    process.store.clock.advance(INTERVAL + timedelta(seconds=1))
    await process.sweeper.sweep()
    await process.quiet()

    assert completed(process.store) == 4
    assert process.store.calls["due"] == queries + 2


async def test_surplus_that_somebody_else_has_dealt_with_merely_loses() -> None:
    """A stale snapshot is no right to anything."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    tasks = await fill(process.store, tasks=2)
    await process.sweeper.sweep()
    await process.quiet()
    (left,) = [task for task in tasks if process.store.peek(task.id).status is Status.PENDING]

    await cas.apply(process.store, left.id, lambda task: cancel(task, now=process.store.now()))
    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(left.id).status is Status.CANCELLED
    assert process.pool.runs == 1
    assert process.all_slots_are_free()


async def test_while_work_waits_a_freed_slot_is_the_sweepers() -> None:
    """Overload is worked off in order of age; the next request has to queue."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    process.sweeper.wake()
    await fill(process.store, tasks=2)
    await process.sweeper.sweep()
    await process.quiet()

    accepted = await process.submit(document())

    assert accepted.task.status is Status.PENDING
    assert process.slots.freed.is_set()


async def test_once_nothing_waits_requests_get_slots_again() -> None:
    """Claimed at birth is the cheap way, so it has to come back after a rush."""
    process = Process(store=MemoryStore())
    process.sweeper.wake()
    process.slots.note_backlog(Execution.CPU)

    await process.sweeper.sweep()
    accepted = await process.submit(document())
    await process.quiet()

    assert accepted.task.status is Status.PROCESSING


async def test_while_sweeps_fail_requests_get_the_free_slots() -> None:
    """Slots that are kept for work which nobody can find would stay empty, with new work at the door."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    await stored(process.store)
    process.sweeper.wake()
    process.slots.note_backlog(Execution.CPU)
    process.store.lose("due", Lost.REQUEST)

    kept = process.slots.reserve_for_request(Execution.CPU)
    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    given = process.slots.reserve_for_request(Execution.CPU)
    process.slots.release(Execution.CPU)
    await process.sweeper.sweep()
    await process.quiet()
    await stored(process.store)
    process.slots.note_backlog(Execution.CPU)
    kept_again = process.slots.reserve_for_request(Execution.CPU)

    assert (kept, given, kept_again) == (False, True, False)


async def test_only_a_sweep_that_reached_the_store_keeps_slots_again() -> None:
    """A sweep that had nothing to ask for says nothing about the store."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    process.sweeper.wake()
    process.store.reachable = False
    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()

    await process.sweeper.sweep(known=True)
    process.slots.note_long_backlog(Execution.CPU)

    assert process.slots.reserve_for_request(Execution.CPU)


async def test_a_process_without_traffic_keeps_no_slots_for_a_backlog() -> None:
    """The scheduler's sweep of a tagged revision must not leave its slots empty for ever."""
    process = Process(store=MemoryStore(), slots_for_each=1)

    await process.sweeper.sweep()
    process.slots.note_long_backlog(Execution.CPU)

    assert process.slots.reserve_for_request(Execution.CPU)


async def test_work_that_was_stored_during_the_query_is_looked_for_again() -> None:
    """The query began too early to find it, and its slot came free too late."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    process.sweeper.wake()
    query = process.store.hold("due")
    (gate,) = hold_all(process, runs=1)

    sweeping = asyncio.create_task(process.sweeper.sweep())
    await query.reached()
    process.store.clock.advance(timedelta(seconds=1))
    await process.submit(document())
    waiting = await process.submit(document())
    query.open()
    await sweeping
    gate.open()
    await process.quiet()

    assert waiting.task.status is Status.PENDING
    assert process.slots.freed.is_set()


async def test_a_lost_claim_does_not_keep_the_slot() -> None:
    """Two processes find the same tasks; both must stay able to work."""
    store = MemoryStore()
    first, second = Process(store=store), Process(store=store, name="worker-b")
    await fill(store, tasks=2)

    await asyncio.gather(first.sweeper.sweep(), second.sweeper.sweep())
    await first.quiet()
    await second.quiet()

    assert completed(store) == 2
    assert first.pool.runs + second.pool.runs == 2
    assert first.all_slots_are_free()
    assert second.all_slots_are_free()


async def test_a_dead_workers_task_is_finished_by_another() -> None:
    """The promise of the whole thing."""
    process = Process(store=MemoryStore())
    seen = await died(process.store)

    await process.sweeper.sweep()
    await process.quiet()

    ended = process.store.peek(seen.task.id)
    assert ended.status is Status.COMPLETED
    assert ended.attempt == 2
