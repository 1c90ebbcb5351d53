"""From a submission to a durable task, and never a slot or a lease left behind."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable, UnknownModel
from app.domain.processing import Execution, Kind
from app.domain.task import Status
from app.domain.transitions import DEADLINE, cancel
from app.engine import cas
from app.engine.submission import Submission, reference_id
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import LEASE, Process, document

HOUR = timedelta(hours=1)


def text(**fields: Any) -> Submission:  # noqa: ANN401 - any field of a submission
    """Return a text that its caller has given the name `mine`."""
    return document(**{"kind": Kind.TEXT, "reference": "mine"} | fields)


async def test_a_task_is_claimed_at_birth_and_begun_when_the_answer_is_on_its_way() -> None:
    """One write less, and no wait."""
    process = Process(store=MemoryStore())

    async with process.intake.reservation() as reservation:
        accepted = await process.intake.accept(document(), reservation)
        runs_before_the_answer = len(process.registry)
    runs_after_it = len(process.registry)
    await process.quiet()

    assert accepted.task.lease is not None
    assert accepted.task.lease.holder == process.name
    assert accepted.task.lease.expires_at == process.store.now() + LEASE
    assert not accepted.replayed
    assert (runs_before_the_answer, runs_after_it) == (0, 1)
    assert process.store.peek(accepted.task.id).status is Status.COMPLETED
    assert process.all_slots_are_free()


async def test_a_run_can_begin_before_the_answer() -> None:
    """The blocking call waits for it; the end of the request must not begin it again."""
    process = Process(store=MemoryStore())

    async with process.intake.reservation() as reservation:
        accepted = await process.intake.accept(document(), reservation)
        await reservation.start()
        await reservation.start()
        await process.registry.ended(accepted.task.id)
        ended_before_the_answer = process.store.peek(accepted.task.id).status

    await process.quiet()
    assert ended_before_the_answer is Status.COMPLETED
    assert process.pool.runs == 1
    assert process.all_slots_are_free()


async def test_a_task_keeps_what_was_asked_for() -> None:
    """Whoever runs it later knows only what is stored."""
    process = Process(store=MemoryStore())

    accepted = await process.submit(
        document("añb", options={"language": "es"}, max_attempts=5, time_to_live=HOUR, reference="mine", delay=HOUR)
    )

    task, now = accepted.task, process.store.now()
    assert (task.content_bytes, task.options, task.max_attempts, task.time_to_live) == (4, {"language": "es"}, 5, HOUR)
    assert (task.reference, task.id) == ("mine", reference_id("anonymous", Kind.DOCUMENT, "mine"))
    assert (task.created_at, task.available_at, task.deadline_at) == (now, now + HOUR, now + HOUR + DEADLINE)


async def test_without_a_slot_a_task_waits_in_the_store() -> None:
    """Overload is stored, not refused; and the sweeper knows of it."""
    process = Process(store=MemoryStore(), slots_for_each=0)

    accepted = await process.submit(document())

    assert accepted.task.status is Status.PENDING
    assert process.slots.notes(Execution.CPU) == 1


async def test_a_delayed_task_takes_no_slot() -> None:
    """It may wait for a month, and nothing waits that one could do now."""
    process = Process(store=MemoryStore())

    accepted = await process.submit(document(delay=HOUR))

    assert accepted.task.status is Status.PENDING
    assert process.slots.notes(Execution.CPU) == 0
    assert process.all_slots_are_free()


async def test_a_process_without_children_accepts_and_claims_nothing() -> None:
    """It would hold the lease for nothing, and cost the task an attempt."""
    process = Process(store=MemoryStore())
    process.pool.usable = False

    accepted = await process.submit(document())
    await process.sweeper.sweep()
    await process.quiet()

    assert process.store.peek(accepted.task.id).status is Status.PENDING
    assert process.store.peek(accepted.task.id).attempt == 0


async def test_a_draining_process_accepts_and_claims_nothing() -> None:
    """The caller gets its 202; the work is somebody else's."""
    process = Process(store=MemoryStore())
    process.drain.begin()

    accepted = await process.submit(document())

    assert accepted.task.status is Status.PENDING
    assert len(process.registry) == 0


async def test_a_run_that_is_to_begin_in_a_draining_process_is_handed_back() -> None:
    """The task was claimed at birth, and then the platform wanted the instance back."""
    process = Process(store=MemoryStore())

    async with process.intake.reservation() as reservation:
        accepted = await process.intake.accept(document(), reservation)
        process.drain.begin()
    await process.quiet()

    handed_back = process.store.peek(accepted.task.id)
    assert handed_back.status is Status.PENDING
    assert handed_back.attempt == 0
    assert process.pool.runs == 0


async def test_an_unknown_model_is_refused_before_anything_is_taken() -> None:
    """A typing error must not cost a slot."""
    process = Process(store=MemoryStore())

    with pytest.raises(UnknownModel):
        await process.submit(document(model_name="no such model"))

    assert process.store.calls.total() == 0
    assert process.all_slots_are_free()


async def test_a_request_that_breaks_after_its_task_was_stored_leaves_the_task_running() -> None:
    """The task is durable and claimed: nobody else would look at it before the lease expires."""
    process = Process(store=MemoryStore())

    async def accept_and_break() -> None:
        async with process.intake.reservation() as reservation:
            await process.intake.accept(document(), reservation)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await accept_and_break()
    await process.quiet()

    assert [task.status for task in process.store.history] == [Status.PROCESSING, Status.COMPLETED]
    assert process.all_slots_are_free()


async def test_a_request_that_breaks_before_its_task_was_stored_gives_its_slot_back() -> None:
    """Every way out of a request leads past this."""
    process = Process(store=MemoryStore())

    async def reserve_and_break() -> None:
        async with process.intake.reservation() as reservation:
            reservation.reserve(Execution.CPU)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await reserve_and_break()

    assert process.all_slots_are_free()


async def test_a_request_that_is_cancelled_gives_its_slot_back() -> None:
    """Its client has gone away in the middle of the write."""
    process = Process(store=MemoryStore())
    writing = process.store.hold("create")

    submitting = asyncio.create_task(process.submit(document()))
    await writing.reached()
    submitting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await submitting

    assert process.all_slots_are_free()


async def test_a_submission_in_an_outage_is_refused_in_its_time_and_gives_its_slot_back() -> None:
    """The caller repeats it with its key; this process stays able to work."""
    process = Process(store=MemoryStore(), create_budget=timedelta(milliseconds=20))
    process.store.reachable = False

    with pytest.raises(StoreUnavailable):
        await process.submit(document())

    assert process.store.calls["create"] > 1
    assert process.all_slots_are_free()


async def test_a_submission_that_was_dealt_with_before_its_answer_came_leaves_nothing_behind() -> None:
    """Another process, or the caller, may be faster than a lost answer."""
    process = Process(store=MemoryStore(), slots_for_each=0)
    process.store.lose("create", Lost.ANSWER)
    reading = process.store.hold("get")

    submitting = asyncio.create_task(process.submit(text()))
    await reading.reached()
    task_id = reference_id("anonymous", Kind.TEXT, "mine")
    await cas.apply(process.store, task_id, lambda task: cancel(task, now=process.store.now()))
    reading.open()
    accepted = await submitting

    assert accepted.task.status is Status.CANCELLED
    assert not accepted.replayed
    assert process.slots.notes(Execution.CPU) == 0
