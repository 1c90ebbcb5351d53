"""A sweep that somebody waits for: until nothing is left, the time is over, or the process ends."""

import asyncio

import pytest

from app.domain.errors import Draining, StoreUnavailable
from tests.fakes import PATIENCE, Lost, MemoryStore
from tests.unit.engine.process import INTERVAL, LONG, MOMENT, Process, completed, fill, hold_all


async def test_nothing_to_do_is_done_at_once() -> None:
    """A request that is held for nothing is paid for."""
    assert await Process(store=MemoryStore()).sweeper.work_off(within=LONG) == 0


async def test_all_that_waits_is_worked_off() -> None:
    """More tasks than slots: between two of them nothing runs for a moment, and that is not the end."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    await fill(process.store, tasks=5)

    taken = await process.sweeper.work_off(within=LONG)

    assert taken == 5
    assert completed(process.store) == 5


async def test_what_came_to_wait_meanwhile_is_worked_off_too() -> None:
    """What was found at first is old by then, and is looked for again."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    (gate,) = hold_all(process, runs=1)
    await fill(process.store, tasks=2)

    working = asyncio.create_task(process.sweeper.work_off(within=LONG))
    await gate.reached()
    await fill(process.store, tasks=3)
    process.store.clock.advance(2 * INTERVAL)
    gate.open()
    await working

    assert completed(process.store) == 5


async def test_nobody_waits_longer_than_they_said() -> None:
    """The scheduler gives up; the work goes on."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=1)
    (gate,) = hold_all(process, runs=1)

    taken = await process.sweeper.work_off(within=10 * MOMENT)
    gate.open()
    await process.quiet()

    assert taken == 1
    assert completed(process.store) == 1


async def test_a_draining_process_takes_up_nothing() -> None:
    """Whoever asked must ask another one."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=1)
    process.drain.begin()

    with pytest.raises(Draining):
        await process.sweeper.work_off(within=LONG)

    assert completed(process.store) == 0


async def test_a_drain_in_the_middle_is_said_at_once() -> None:
    """The server cuts open requests off after three seconds; before that there is an answer to give."""
    process = Process(store=MemoryStore())
    await fill(process.store, tasks=1)
    (gate,) = hold_all(process, runs=1)

    working = asyncio.create_task(process.sweeper.work_off(within=LONG))
    await gate.reached()
    process.drain.begin()

    with pytest.raises(Draining):
        await asyncio.wait_for(working, PATIENCE)
    gate.open()
    await process.quiet()


async def test_a_store_out_of_reach_is_said() -> None:
    """Nobody knows what waits."""
    process = Process(store=MemoryStore())
    process.store.lose("due", Lost.REQUEST)

    with pytest.raises(StoreUnavailable):
        await process.sweeper.work_off(within=LONG)
