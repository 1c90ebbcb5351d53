"""Runs whose text is kept: written under the lease before the result, and seen only with it."""

import pytest

from app.domain.errors import TaskNotFound
from app.domain.processing import KeptText
from app.domain.task import Status
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import MOMENT, Process, cpu_model, stored

KEEP = {"keep_text": True}
TEXT = "Año 2026."


async def test_the_text_is_kept_before_the_task_completes_with_it() -> None:
    """A completed task that speaks of a text which is not there yet would answer a caller with a 404."""
    process = Process(store=MemoryStore())
    gate = process.store.hold("keep_text")

    task = await process.claimed_at_birth(TEXT, options=KEEP)
    await gate.reached()
    meanwhile = process.store.peek(task.id).status
    gate.open()
    await process.quiet()

    completed = process.store.peek(task.id)
    assert (meanwhile, completed.status) == (Status.PROCESSING, Status.COMPLETED)
    assert task.lease is not None
    assert completed.text == KeptText(token=task.lease.token, size=len(TEXT.encode()))
    assert await process.store.text(completed) == TEXT
    assert not process.store.has_content(task.id)


async def test_of_a_file_the_extracted_text_is_kept() -> None:
    """The positions in the result count in it, not in the file."""
    process = Process(store=MemoryStore())

    task = await process.claimed_at_birth(TEXT, options=KEEP | {"file": True})
    await process.quiet()

    assert process.pool.extractions == 1
    assert await process.store.text(process.store.peek(task.id)) == TEXT


async def test_without_the_option_a_run_costs_what_it_did() -> None:
    """Two writes and no reads: who does not ask for the text does not pay for it."""
    process = Process(store=MemoryStore())

    task = await process.claimed_at_birth(TEXT)
    await process.quiet()

    assert process.store.peek(task.id).text is None
    assert process.store.calls == {"create": 1, "swap": 1}


@pytest.mark.parametrize("lost", Lost)
async def test_a_text_is_written_again_until_it_is_known_to_be_there(lost: Lost) -> None:
    """The work is done; an outage of the store is waited out with it, under the heartbeat."""
    process = Process(store=MemoryStore())
    process.store.lose("keep_text", lost, times=3)

    task = await process.claimed_at_birth(TEXT, options=KEEP)
    await process.quiet()

    assert process.store.calls["keep_text"] == 4
    assert process.pool.runs == 1
    assert await process.store.text(process.store.peek(task.id)) == TEXT
    assert process.all_slots_are_free()


async def test_a_failed_attempt_keeps_no_text() -> None:
    """Only a result has a text to refer to."""

    def fail(*_given: object) -> str:
        raise ValueError

    process = Process(store=MemoryStore(), model=cpu_model(fail))

    task = await process.claimed_at_birth(TEXT, options=KEEP, max_attempts=1)
    await process.quiet()

    assert process.store.peek(task.id).status is Status.FAILED
    assert process.store.calls["keep_text"] == 0


async def test_the_text_of_a_worker_that_lost_its_task_is_nobodys() -> None:
    """It comes late; the caller reads what the worker has read whose result counts."""
    store = MemoryStore()
    slow, fast = Process(store=store, name="slow"), Process(store=store, name="fast")
    seen = await stored(store, TEXT, options=KEEP)
    gate = store.hold("keep_text")
    assert slow.slots.reserve(seen.task.execution)
    slow.runner.take(seen)
    await gate.reached()
    store.clock.advance(slow.runner.timing.lease)

    await fast.take(await store.get(seen.task.id))
    gate.open()
    await slow.quiet()

    completed = store.peek(seen.task.id)
    assert completed.text is not None
    assert completed.text.token.startswith("fast")
    assert store.calls["keep_text"] == 2


async def test_a_process_that_ends_while_a_text_waits_hands_the_task_back() -> None:
    """Another process goes on at once, instead of after the lease."""
    process = Process(store=MemoryStore(), hand_over=MOMENT, grace=MOMENT)
    gate = process.store.hold("keep_text")
    task = await process.claimed_at_birth(TEXT, options=KEEP)
    await gate.reached()

    await process.drain.finish()
    await process.quiet()

    handed_back = process.store.peek(task.id)
    assert (handed_back.status, handed_back.text) == (Status.PENDING, None)
    with pytest.raises(TaskNotFound):
        await process.store.text(handed_back)
