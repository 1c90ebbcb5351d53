"""When a process sweeps: on being woken, at an interval, at once for known work, and no more at its end."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.processing import Execution
from app.domain.task import Status
from app.engine.sweeper import LEAST
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import MOMENT, Process, completed, fill, stored


@pytest.mark.parametrize("tasks", [3, LEAST - 1, LEAST, LEAST + 1, 3 * LEAST])
async def test_a_backlog_of_any_length_is_worked_off_without_a_pause(tasks: int) -> None:
    """The interval is for what nobody has told; known work must not wait for it."""
    process = Process(store=MemoryStore(), slots_for_each=2, interval=timedelta(hours=1))
    await fill(process.store, tasks=tasks)
    process.sweeper.wake()

    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: completed(process.store) == tasks)
    process.drain.begin()
    await sweeping

    assert process.pool.runs == tasks


async def test_two_sweeps_at_once_do_not_fight_for_the_same_tasks() -> None:
    """The scheduler's call may come while the process sweeps by itself."""
    process = Process(store=MemoryStore(), slots_for_each=4)
    await fill(process.store, tasks=2)

    await asyncio.gather(process.sweeper.sweep(), process.sweeper.sweep())
    await process.quiet()

    assert process.pool.runs == 2
    assert process.store.calls["swap"] == 4


async def test_a_draining_process_claims_nothing() -> None:
    """It would have to hand it over again in seconds."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=2)

    process.drain.begin()
    await process.sweeper.sweep()

    assert process.store.calls.total() == 0


async def test_a_drain_that_begins_during_the_query_stops_the_claims() -> None:
    """What was found stays where it is."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=2)
    query = process.store.hold("due")

    sweeping = asyncio.create_task(process.sweeper.sweep())
    await query.reached()
    process.drain.begin()
    query.open()
    await sweeping

    assert len(process.registry) == 0
    assert process.store.calls["swap"] == 0


async def test_nothing_is_swept_before_the_process_serves_real_traffic() -> None:
    """A new revision under test must not take work from the one that serves."""
    process = Process(store=MemoryStore(), interval=MOMENT)
    tasks = await fill(process.store, tasks=1)

    sweeping = asyncio.create_task(process.sweeper.run())
    await asyncio.wait([sweeping], timeout=0)
    calls_while_asleep = process.store.calls.total()
    process.sweeper.wake()
    await process.store.until(lambda: completed(process.store) == 1)
    process.drain.begin()
    await sweeping

    assert calls_while_asleep == 0
    assert process.store.peek(tasks[0].id).status is Status.COMPLETED


async def test_sweeps_go_on_at_an_interval() -> None:
    """Work of others is found that nobody tells this process about."""
    process = Process(store=MemoryStore(), interval=MOMENT)
    process.sweeper.wake()
    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: process.store.calls["due"] == 2)

    task = (await stored(process.store)).task
    await process.store.until(lambda: process.store.peek(task.id).status is Status.COMPLETED)
    process.drain.begin()
    await sweeping

    assert process.all_slots_are_free() is False, "a draining process offers none"


async def test_a_slot_that_comes_free_asks_only_for_work_that_is_known_to_wait() -> None:
    """Every query costs money; the other kind's work is looked for at the interval."""
    process = Process(store=MemoryStore(), slots_for_each=1, interval=timedelta(hours=1))
    await fill(process.store, tasks=LEAST + 2)
    asked = process.store.asked_for
    process.sweeper.wake()

    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: completed(process.store) == LEAST + 2)
    process.drain.begin()
    await sweeping

    assert (asked[Execution.CPU], asked[Execution.IO]) == (2, 1)


async def test_a_store_that_does_not_answer_is_asked_again_after_a_rest() -> None:
    """Work must not wait for the whole interval because of one slow query."""
    process = Process(store=MemoryStore(), interval=timedelta(hours=1))
    await stored(process.store)
    process.store.lose("due", Lost.REQUEST)
    process.sweeper.wake()
    process.slots.note_backlog(Execution.CPU)

    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: completed(process.store) == 1)
    process.drain.begin()
    await sweeping

    assert (process.store.asked_for[Execution.CPU], process.store.asked_for[Execution.IO]) == (2, 1)


async def test_a_steady_backlog_of_one_kind_does_not_hide_the_other() -> None:
    """Slots come free all the time; the whole sweep at the interval has to come all the same."""
    process = Process(store=MemoryStore(), slots_for_each=1, interval=MOMENT)
    process.sweeper.wake()
    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: process.store.asked_for[Execution.IO] == 1)

    def busy() -> bool:
        process.slots.note_backlog(Execution.CPU)
        return process.store.asked_for[Execution.IO] > 1

    await process.store.until(busy)
    process.drain.begin()
    await sweeping

    assert process.store.asked_for[Execution.CPU] > 1


async def test_sweeps_go_on_after_an_outage() -> None:
    """An outage ends by itself, and so must its effects."""
    process = Process(store=MemoryStore(), interval=MOMENT)
    task = (await stored(process.store)).task
    process.store.reachable = False
    process.sweeper.wake()
    sweeping = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: process.store.calls["due"] == 2)

    process.store.reachable = True
    await process.store.until(lambda: process.store.peek(task.id).status is Status.COMPLETED)
    process.drain.begin()
    await sweeping

    assert process.store.peek(task.id).attempt == 1
