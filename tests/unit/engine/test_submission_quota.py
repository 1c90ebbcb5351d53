"""A submission beyond the owner's quota is refused, and nothing else is."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import QuotaExceeded, StoreUnavailable, SubmissionConflict
from app.domain.processing import Execution
from app.domain.task import Status
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import Process, document

HOUR = timedelta(hours=1)


async def test_what_is_beyond_the_quota_is_refused_and_takes_nothing() -> None:
    """One owner's million documents must not bury everybody else's."""
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=2)
    for _ in range(2):
        await process.submit(document())

    with pytest.raises(QuotaExceeded):
        await process.submit(document())

    assert len(process.store.history) == 2
    assert (await process.submit(document(owner="another"))).task.status is Status.PENDING


async def test_a_refused_submission_gives_its_slot_back() -> None:
    """It had one: the quota was used up by tasks that wait for tomorrow."""
    process = Process(store=MemoryStore(), open_tasks=2)
    for _ in range(2):
        await process.submit(document(delay=HOUR))

    with pytest.raises(QuotaExceeded):
        await process.submit(document())

    assert process.all_slots_are_free()


async def test_a_task_that_starts_at_once_costs_no_count() -> None:
    """Two writes and no reads is what a short task costs."""
    process = Process(store=MemoryStore())

    await process.submit(document())
    await process.quiet()

    assert process.store.calls == {"create": 1, "swap": 1}


async def test_a_repetition_is_answered_beyond_the_quota_too() -> None:
    """The task it asks for is there; a refusal would look as if it had never been taken."""
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=1)
    first = await process.submit(document(key="k1"))

    again = await process.submit(document(key="k1"))
    with pytest.raises(SubmissionConflict):
        await process.submit(document("Another.", key="k1"))
    with pytest.raises(QuotaExceeded):
        await process.submit(document(key="k2"))

    assert again.replayed
    assert again.task.id == first.task.id


async def test_a_repetition_beyond_the_quota_holds_no_slot_while_its_caller_waits() -> None:
    """The run that the caller waits for may need it."""
    process = Process(store=MemoryStore(), slots_for_each=1, open_tasks=1)
    await process.submit(document(key="k1", delay=HOUR))

    async with process.intake.reservation() as reservation:
        with pytest.raises(SubmissionConflict):
            await process.intake.accept(document(key="k1"), reservation)
        free_meanwhile = process.slots.free(Execution.CPU)

    assert free_meanwhile == 1


async def test_looking_for_an_earlier_task_is_part_of_the_callers_wait() -> None:
    """Whatever has to be asked of the store, there is one budget."""
    moment = timedelta(milliseconds=20)
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=1, create_budget=moment)
    await process.submit(document())
    process.store.hold("get")

    with pytest.raises(StoreUnavailable):
        await process.submit(document(key="k1"))


async def test_repetitions_do_not_use_up_the_quota() -> None:
    """A client that hammers away with one key has one task."""
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=2)
    for _ in range(5):
        await process.submit(document(key="k1"))

    accepted = await process.submit(document(key="k2"))

    assert not accepted.replayed


async def test_a_count_that_fails_refuses_nobody() -> None:
    """The create says by itself whether the store is there."""
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=1)
    process.store.lose("open_tasks", Lost.REQUEST)

    accepted = await process.submit(document())

    assert accepted.task.status is Status.PENDING


async def test_a_count_that_hangs_does_not_lengthen_the_callers_wait() -> None:
    """Count and create share one budget; then it is a 503."""
    process = Process(store=MemoryStore(), slots_for_each=0, create_budget=timedelta(milliseconds=20))
    process.store.hold("open_tasks")

    with pytest.raises(StoreUnavailable):
        await process.submit(document())

    assert process.store.calls["create"] == 0


async def test_a_burst_within_the_quota_is_accepted_as_a_whole() -> None:
    """None is refused wrongly, and all of them together ask for one count."""
    process = Process(store=MemoryStore(), slots_for_each=0, open_tasks=100)

    accepted = await asyncio.gather(*(process.submit(document()) for _ in range(100)))

    assert len({one.task.id for one in accepted}) == 100
    assert process.store.calls["open_tasks"] == 1
    assert process.slots.notes(Execution.CPU) == 100
