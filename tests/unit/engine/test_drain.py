"""The end of a process: quick, and without a task lost or an attempt wasted."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.processing import Document, Execution, Report, Result
from app.domain.task import Status
from app.domain.transitions import cancel
from app.engine import cas
from tests.fakes import PATIENCE, Gate, MemoryStore
from tests.unit.engine.process import LONG, MOMENT, Process, document, io_model


async def working(process: Process) -> tuple[str, Gate]:
    """Begin a run and hold it in the middle of its work."""
    gate = process.pool.hold()
    task = await process.claimed_at_birth()
    await gate.reached()
    return task.id, gate


async def finish(process: Process) -> None:
    """Let the process end, as long as it does so in its time."""
    async with asyncio.timeout(PATIENCE):
        await process.drain.finish()


async def test_from_the_signal_on_nothing_is_claimed() -> None:
    """The platform counts seconds from here."""
    process = Process(store=MemoryStore())

    process.drain.begin()

    assert process.drain.begun.is_set()
    assert process.slots.free(Execution.CPU) == 0
    assert not process.drain.interrupted.is_set()


async def test_a_second_signal_does_not_prolong_the_end() -> None:
    """An impatient operator presses the key twice."""
    process = Process(store=MemoryStore(), grace=MOMENT, hand_over=MOMENT)
    _, gate = await working(process)

    process.drain.begin()
    await process.drain.interrupted.wait()
    process.drain.begin()
    await finish(process)

    assert process.drain.gave_up.is_set()
    gate.open()


async def test_work_that_ends_within_the_grace_is_recorded() -> None:
    """Most tasks are shorter than that."""
    process = Process(store=MemoryStore(), grace=LONG)
    task_id, gate = await working(process)

    process.drain.begin()
    gate.open()
    await finish(process)

    assert process.store.peek(task_id).status is Status.COMPLETED
    assert not process.drain.interrupted.is_set()


async def test_longer_work_is_handed_back_and_the_attempt_does_not_count() -> None:
    """A deployment must not eat a caller's retries."""
    store = MemoryStore()
    process, other = Process(store=store, grace=MOMENT), Process(store=store, name="worker-b")
    task_id, _ = await working(process)

    await finish(process)
    handed_back = store.peek(task_id)
    await other.sweeper.sweep()
    await other.quiet()

    assert handed_back.status is Status.PENDING
    assert handed_back.attempt == 0
    assert handed_back.due_at == store.now()
    assert process.pool.killed == 1
    assert store.peek(task_id).status is Status.COMPLETED
    assert store.peek(task_id).attempt == 1


async def test_handing_back_what_was_cancelled_cancels_it() -> None:
    """The caller's wish is not lost on the way."""
    process = Process(store=MemoryStore(), grace=MOMENT)
    task_id, _ = await working(process)
    await cas.apply(process.store, task_id, lambda task: cancel(task, now=process.store.now()))

    await finish(process)

    assert process.store.peek(task_id).status is Status.CANCELLED


async def test_the_end_waits_for_a_release_that_takes_its_time() -> None:
    """A lease that was not released keeps the task from others for half a minute."""
    process = Process(store=MemoryStore(), grace=MOMENT)
    task_id, _ = await working(process)
    releasing = process.store.hold("swap")

    finishing = asyncio.create_task(process.drain.finish())
    await releasing.reached()
    releasing.open()
    async with asyncio.timeout(PATIENCE):
        await finishing

    assert process.store.peek(task_id).status is Status.PENDING


@pytest.mark.parametrize("silent", [False, True], ids=["refusing", "silent"])
async def test_the_end_comes_in_its_time_although_the_store_is_dead(*, silent: bool) -> None:
    """The platform kills what takes longer, and with it everything else that is on its way."""
    process = Process(store=MemoryStore(), grace=MOMENT, hand_over=MOMENT)
    task_id, _ = await working(process)
    process.store.reachable = False
    if silent:
        process.store.hold("swap")

    await finish(process)
    await process.quiet()

    assert process.drain.gave_up.is_set()
    assert process.store.peek(task_id).status is Status.PROCESSING


async def test_the_end_comes_in_its_time_although_a_model_resists() -> None:
    """A model that catches its cancellation must not hold the process."""
    began, resisted, gave_in = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def resist(_document: Document, _report: Report) -> Result:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            resisted.set()
            await gave_in.wait()
        return "I stay."

    process = Process(store=MemoryStore(), model=io_model(resist), grace=MOMENT, hand_over=MOMENT)
    task = await process.claimed_at_birth()
    await began.wait()

    await finish(process)
    gave_in.set()
    await process.quiet()

    assert resisted.is_set()
    assert process.store.peek(task.id).status is Status.PROCESSING


async def test_an_idle_process_ends_at_once() -> None:
    """Scaling down is the ordinary case."""
    process = Process(store=MemoryStore(), grace=LONG, hand_over=LONG)

    await finish(process)

    assert process.drain.begun.is_set()


async def test_the_sweeper_stops_when_the_end_begins() -> None:
    """It must neither claim nor keep the process alive."""
    process = Process(store=MemoryStore(), interval=timedelta(hours=1))
    process.sweeper.wake()
    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: process.store.calls["due"] == 2)

    process.drain.begin()

    async with asyncio.timeout(PATIENCE):
        await sweeping


async def test_a_run_that_begins_during_the_end_is_handed_back_before_it() -> None:
    """The last request had claimed its task just before the signal."""
    process = Process(store=MemoryStore(), grace=LONG)
    _, gate = await working(process)

    async with process.intake.reservation() as reservation:
        accepted = await process.intake.accept(document(), reservation)
        finishing = asyncio.create_task(process.drain.finish())
        await process.drain.begun.wait()
    gate.open()
    async with asyncio.timeout(PATIENCE):
        await finishing

    assert process.store.peek(accepted.task.id).status is Status.PENDING
    assert len(process.registry) == 0
