"""A caller who asks after a task that waits need not wait for the next sweep."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.domain.task import Status
from app.engine.ports import Snapshot
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import LEASE, Process, died, several_turns, stored

HOUR = timedelta(hours=1)


@asynccontextmanager
async def sweeping(process: Process) -> AsyncIterator[None]:
    """Let *process* sweep; its first sweep is over when the block begins."""
    process.sweeper.wake()
    loop = asyncio.create_task(process.sweeper.run())
    await process.store.until(lambda: process.store.calls["due"] == len(Execution))
    await several_turns()
    try:
        yield
    finally:
        process.drain.begin()
        await loop


@pytest.mark.parametrize("waiting", [stored, died], ids=["handed over", "worker died"])
async def test_a_task_that_waits_is_taken_up_when_somebody_asks_after_it(
    waiting: Callable[[MemoryStore], Awaitable[Snapshot]],
) -> None:
    """The caller polls every second; the sweep comes every fifteen."""
    process = Process(store=MemoryStore(), interval=HOUR)

    async with sweeping(process):
        task = (await waiting(process.store)).task
        process.sweeper.notice(task)
        await process.store.until(lambda: process.store.peek(task.id).status is Status.COMPLETED)


async def test_nobody_looks_before_this_process_serves_real_traffic() -> None:
    """A tagged revision is asked after tasks too, by those who try it."""
    process = Process(store=MemoryStore())
    task = (await stored(process.store)).task

    process.sweeper.notice(task)

    assert not process.slots.freed.is_set()


@pytest.mark.parametrize(
    "fields",
    [
        {"available_at": HOUR},
        {"model_name": "not here"},
        {"status": Status.PROCESSING},
        {"status": Status.COMPLETED},
    ],
    ids=["not yet due", "unknown model", "somebody works on it", "over"],
)
async def test_a_task_that_does_not_wait_for_this_process_makes_no_query(fields: dict[str, Any]) -> None:
    """A thousand pollers must not become a thousand queries."""
    process = Process(store=MemoryStore())
    process.sweeper.wake()
    if "available_at" in fields:
        fields = {"available_at": process.store.now() + fields["available_at"]}

    process.sweeper.notice((await stored(process.store, **fields)).task)

    assert not process.slots.freed.is_set()


async def test_a_full_process_makes_no_query() -> None:
    """Its next free slot looks by itself."""
    process = Process(store=MemoryStore(), slots_for_each=0)
    process.sweeper.wake()

    process.sweeper.notice((await stored(process.store)).task)

    assert not process.slots.has_backlog(Execution.CPU)


async def test_a_process_that_works_on_the_task_itself_makes_no_query() -> None:
    """Its own lease may have expired in an outage."""
    process = Process(store=MemoryStore())
    process.sweeper.wake()
    gate = process.pool.hold()
    task = await process.claimed_at_birth()
    await gate.reached()
    process.store.clock.advance(LEASE)

    process.sweeper.notice(task)

    assert not process.slots.freed.is_set()
    gate.open()
    await process.quiet()


async def test_soon_after_an_outage_a_poll_takes_nothing_over() -> None:
    """The outage kept the living from renewing their leases, whoever asks."""
    process = Process(store=MemoryStore())
    process.sweeper.wake()
    task = (await died(process.store)).task
    process.store.lose("due", Lost.REQUEST)
    with pytest.raises(StoreUnavailable):
        await process.sweeper.sweep()
    process.store.clock.advance(LEASE - timedelta(seconds=1))

    process.sweeper.notice(task)

    assert not process.slots.freed.is_set()
