"""One run of one task: what it costs, who may stop it, and what it leaves behind."""

from datetime import timedelta

import pytest

from app.domain.errors import TaskNotFound
from app.domain.processing import Document, Execution, Kind, Report, Result
from app.domain.task import Status, Task
from app.domain.transitions import cancel, claim
from app.engine import cas
from app.engine.runner import Timing
from tests.factories import make_lease
from tests.fakes import MemoryStore
from tests.unit.engine.process import (
    IO_MODEL,
    LEASE,
    MOMENT,
    Process,
    cpu_model,
    died,
    document,
    io_model,
    several_turns,
    stored,
)


async def cancel_from_outside(store: MemoryStore, task_id: str) -> None:
    """Cancel a task, as its caller does."""
    await cas.apply(store, task_id, lambda task: cancel(task, now=store.now()))


async def take_from_outside(store: MemoryStore, task_id: str) -> Task:
    """Claim a task whose lease has run out, as another process does."""
    store.clock.advance(LEASE)
    lease = make_lease(token="of another", expires_at=store.now() + LEASE)  # noqa: S106 - a lease's token
    return (await cas.apply(store, task_id, lambda task: claim(task, lease=lease, now=store.now()))).task


async def test_a_short_task_claimed_at_birth_costs_two_writes_and_no_reads() -> None:
    """This is what the service pays for nearly every task."""
    process = Process(store=MemoryStore())

    accepted = await process.submit(document())
    await process.quiet()

    assert process.store.peek(accepted.task.id).status is Status.COMPLETED
    assert process.store.calls == {"create": 1, "swap": 1}
    assert process.all_slots_are_free()


async def test_a_task_from_the_backlog_costs_three_writes_a_query_and_its_content() -> None:
    """A claim is the price of waiting; nothing is read twice."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)

    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(seen.task.id).status is Status.COMPLETED
    one_query_for_each_kind = len(Execution)
    assert process.store.calls == {"create": 1, "due": one_query_for_each_kind, "swap": 2, "content": 1}


@pytest.mark.parametrize("model", [cpu_model, io_model], ids=["cpu", "io"])
async def test_a_model_is_given_the_document_with_its_kind_and_options(model: type) -> None:
    """What the caller asked for has to arrive, whichever way the model runs."""
    seen: list[Document] = []

    def remember(document: Document, _report: Report) -> Result:
        seen.append(document)
        return "A summary."

    async def remember_too(document: Document, report: Report) -> Result:
        return remember(document, report)

    process = Process(store=MemoryStore(), model=model(remember if model is cpu_model else remember_too))

    task = await process.claimed_at_birth("Ein Text.", kind=Kind.TEXT, options={"language": "de", "keep_text": True})
    await process.quiet()

    assert seen == [Document(text="Ein Text.", kind=Kind.TEXT, options={"language": "de"})]
    assert process.store.peek(task.id).result == "A summary."


async def test_the_write_that_completes_a_task_erases_its_input() -> None:
    """The caller's document is not kept longer than it is needed."""
    process = Process(store=MemoryStore())

    task = await process.claimed_at_birth()
    kept_while_running = process.store.has_content(task.id)
    await process.quiet()

    assert kept_while_running
    assert not process.store.has_content(task.id)


async def test_a_run_under_way_can_be_cancelled() -> None:
    """Nobody reads the answer, so nobody should compute it."""
    process = Process(store=MemoryStore(), heartbeat=MOMENT)
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await working.reached()

    await cancel_from_outside(process.store, task.id)
    await process.quiet()

    assert process.store.peek(task.id).status is Status.CANCELLED
    assert process.pool.killed == 1
    assert not process.store.has_content(task.id)
    assert process.all_slots_are_free()


async def test_a_cancellation_that_comes_too_late_is_beaten_by_the_result() -> None:
    """The work is done and paid for."""
    process = Process(store=MemoryStore())
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await working.reached()

    await cancel_from_outside(process.store, task.id)
    working.open()
    await process.quiet()

    ended = process.store.peek(task.id)
    assert ended.status is Status.COMPLETED
    assert ended.result == {"summary": "A document."}


async def test_a_run_that_lost_its_lease_stops_and_writes_nothing() -> None:
    """Two outcomes of one task would be one too many."""
    process = Process(store=MemoryStore(), heartbeat=MOMENT)
    process.pool.hold()
    suspended = process.store.hold("swap")
    task = await process.claimed_at_birth()
    await suspended.reached()

    taken = await take_from_outside(process.store, task.id)
    suspended.open()
    await process.quiet()

    assert process.store.peek(task.id) == taken
    assert process.pool.killed == 1
    assert process.all_slots_are_free()


async def test_an_outcome_that_comes_after_the_lease_was_lost_is_not_recorded() -> None:
    """The successor's outcome is the task's."""
    process = Process(store=MemoryStore())
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await working.reached()

    taken = await take_from_outside(process.store, task.id)
    working.open()
    await process.quiet()

    assert process.store.peek(task.id) == taken
    assert process.all_slots_are_free()


async def test_an_outcome_of_a_task_that_is_gone_is_not_recorded() -> None:
    """Erased is erased."""
    process = Process(store=MemoryStore())
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await working.reached()

    await process.store.delete(await process.store.get(task.id))
    working.open()
    await process.quiet()

    with pytest.raises(TaskNotFound):
        await process.store.get(task.id)
    assert process.all_slots_are_free()


async def test_the_heartbeat_never_races_the_final_write() -> None:
    """A beat under way lands first; the final write goes on from its version and reads nothing."""
    process = Process(store=MemoryStore(), heartbeat=MOMENT)
    beat = process.store.hold("swap")
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await beat.reached()
    working.open()

    await several_turns()
    writes_meanwhile = process.store.calls["swap"]
    beat.open()
    await process.quiet()

    assert writes_meanwhile == 1
    assert [one.status for one in process.store.history] == [Status.PROCESSING, Status.PROCESSING, Status.COMPLETED]
    assert process.store.peek(task.id).status is Status.COMPLETED
    assert process.store.reads == 0


async def test_a_lease_is_kept_while_the_work_takes_its_time() -> None:
    """A long document must not be taken for a dead worker's."""
    process = Process(store=MemoryStore(), heartbeat=MOMENT)
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    await working.reached()
    process.store.clock.advance(LEASE)

    await process.store.until(lambda: process.store.peek(task.id).due_at == process.store.now() + LEASE)
    working.open()
    await process.quiet()

    assert process.store.peek(task.id).status is Status.COMPLETED
    assert process.store.peek(task.id).attempt == 1


async def test_the_loser_of_a_claim_does_no_work() -> None:
    """Any number of processes may find the same task."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    taken = await cas.apply(
        process.store, seen.task.id, lambda task: claim(task, lease=make_lease(), now=process.store.now())
    )

    await process.take(seen)

    assert process.store.peek(seen.task.id) == taken.task
    assert process.pool.runs == 0
    assert process.all_slots_are_free()


async def test_a_task_that_was_deleted_before_the_claim_is_left_alone() -> None:
    """A claim must not bring it back."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    await process.store.delete(seen)

    await process.take(seen)

    assert process.pool.runs == 0
    assert process.all_slots_are_free()


async def test_a_claim_can_be_the_end_of_a_task() -> None:
    """Out of attempts: the write that takes it over records that, and no work follows."""
    process = Process(store=MemoryStore())
    seen = await died(process.store, attempt=3, max_attempts=3)

    await process.take(seen)

    ended = process.store.peek(seen.task.id)
    assert ended.failure is not None
    assert ended.failure.code == "attempts_exhausted"
    assert process.pool.runs == 0
    assert process.all_slots_are_free()


def test_a_models_own_time_limit_goes_before_the_services() -> None:
    """A model knows best how long it may take."""
    timing = Timing(cpu_limit=timedelta(seconds=1), io_limit=timedelta(seconds=2))

    limits = [timing.limit(model) for model in (cpu_model(print), IO_MODEL, cpu_model(print, limit=MOMENT))]

    assert limits == [timedelta(seconds=1), timedelta(seconds=2), MOMENT]
