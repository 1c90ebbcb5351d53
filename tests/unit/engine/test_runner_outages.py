"""Runs while the store does not answer: finished work is kept, and nothing is guessed."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.domain.processing import Execution
from app.domain.task import Status
from app.domain.transitions import claim
from app.engine import cas
from tests.factories import make_lease
from tests.fakes import Gate, Lost, MemoryStore
from tests.unit.engine.process import LEASE, MOMENT, Process, document, stored


async def working(process: Process) -> tuple[str, Gate]:
    """Begin a run and hold it in the middle of its work."""
    gate = process.pool.hold()
    task = await process.claimed_at_birth()
    await gate.reached()
    return task.id, gate


@pytest.mark.parametrize("lost", Lost)
async def test_a_result_is_recorded_once_whatever_got_lost(lost: Lost) -> None:
    """Exactly one outcome."""
    process = Process(store=MemoryStore())
    task_id, gate = await working(process)
    process.store.lose("swap", lost)

    gate.open()
    await process.quiet()

    assert [task.status for task in process.store.history] == [Status.PROCESSING, Status.COMPLETED]
    assert process.store.peek(task_id).status is Status.COMPLETED


async def test_finished_work_outlives_an_outage() -> None:
    """The slot is kept, and the write repeated, until it lands."""
    process = Process(store=MemoryStore())
    task_id, gate = await working(process)

    process.store.reachable = False
    gate.open()
    await process.store.until(lambda: process.store.calls["get"] == 3)
    free_in_the_outage = process.slots.free(Execution.CPU)
    process.store.reachable = True
    await process.quiet()

    assert free_in_the_outage == process.slots_for_each - 1
    assert process.store.peek(task_id).status is Status.COMPLETED
    assert process.pool.runs == 1
    assert process.all_slots_are_free()


async def test_a_process_that_ends_in_an_outage_leaves_its_lease_to_expire() -> None:
    """The platform kills what does not end; another process does the work again."""
    process = Process(store=MemoryStore(), hand_over=MOMENT, grace=MOMENT)
    task_id, gate = await working(process)
    process.store.reachable = False
    gate.open()

    with capture_logs() as lines:
        await process.drain.finish()
        await process.quiet()

    assert process.store.peek(task_id).status is Status.PROCESSING
    assert "outcome not recorded, the lease will expire" in [line["event"] for line in lines]


async def test_work_goes_on_through_an_outage() -> None:
    """A heartbeat that does not get through stops nobody."""
    process = Process(store=MemoryStore(), heartbeat=MOMENT)
    task_id, gate = await working(process)

    process.store.reachable = False
    await process.store.until(lambda: process.store.calls["get"] == 3)
    process.store.reachable = True
    gate.open()
    await process.quiet()

    assert process.store.peek(task_id).status is Status.COMPLETED
    assert process.pool.killed == 0


@pytest.mark.parametrize("lost", Lost)
async def test_a_claim_is_resolved_before_the_work_begins(lost: Lost) -> None:
    """A claim nobody is sure of must neither be dropped nor counted twice."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("swap", lost)

    await process.take(seen)

    ended = process.store.peek(seen.task.id)
    assert ended.status is Status.COMPLETED
    assert ended.attempt == 1
    assert process.pool.runs == 1


async def test_the_slot_is_kept_until_a_claim_is_resolved() -> None:
    """A slot that is freed for a task one may hold is a task nobody works on."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("swap", Lost.ANSWER)
    process.store.lose("get", Lost.REQUEST, times=3)

    taking = asyncio.create_task(process.take(seen))
    await process.store.until(lambda: process.store.calls["get"] == 3)
    free_meanwhile = process.slots.free(Execution.CPU)
    await taking

    assert free_meanwhile == process.slots_for_each - 1
    assert process.store.peek(seen.task.id).status is Status.COMPLETED
    assert process.store.peek(seen.task.id).attempt == 1
    assert process.all_slots_are_free()


async def test_a_claim_that_somebody_else_won_in_the_outage_is_given_up() -> None:
    """The store's word counts, not who asked first."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("swap", Lost.REQUEST)
    reading = process.store.hold("get")

    taking = asyncio.create_task(process.take(seen))
    await reading.reached()
    theirs = await cas.apply(
        process.store, seen.task.id, lambda task: claim(task, lease=make_lease(), now=process.store.now())
    )
    reading.open()
    await taking

    assert process.store.peek(seen.task.id) == theirs.task
    assert process.pool.runs == 0
    assert process.all_slots_are_free()


@pytest.mark.parametrize("lost", Lost)
async def test_a_claim_that_took_an_outage_to_land_holds_a_whole_lease(lost: Lost) -> None:
    """A lease that has expired when it is won would be taken over at once."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("swap", lost)
    process.store.lose("get", Lost.REQUEST)
    outage = process.store.hold("get")
    gate = process.pool.hold()

    taking = asyncio.create_task(process.take(seen))
    await outage.reached()
    process.store.clock.advance(3 * LEASE)
    outage.open()
    await gate.reached()

    assert process.store.peek(seen.task.id).due_at == process.store.now() + LEASE
    assert process.store.peek(seen.task.id).attempt == 1
    gate.open()
    await taking


async def test_a_claim_that_nobody_answers_is_given_up_at_the_end() -> None:
    """The process has to end; if the claim landed, its lease expires."""
    process = Process(store=MemoryStore(), hand_over=MOMENT, grace=MOMENT)
    seen = await stored(process.store)
    process.store.reachable = False

    taking = asyncio.create_task(process.take(seen))
    await process.store.until(lambda: process.store.calls["get"] == 1)
    await process.drain.finish()
    await taking

    assert process.pool.runs == 0
    assert process.store.peek(seen.task.id) == seen.task


async def test_a_submission_whose_answer_was_lost_runs_once() -> None:
    """The create landed with a lease: the same process goes on from it."""
    process = Process(store=MemoryStore())
    process.store.lose("create", Lost.ANSWER)

    accepted = await process.submit(document())
    await process.quiet()

    assert process.store.peek(accepted.task.id).status is Status.COMPLETED
    assert process.pool.runs == 1
