"""Waiting for a task to end, here or elsewhere."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailable, TaskNotFound
from app.domain.task import Status, Task
from app.domain.transitions import cancel
from app.engine import cas
from app.engine.feed import finished
from app.engine.registry import Registry
from tests.factories import make_task
from tests.fakes import PATIENCE, MemoryStore
from tests.unit.engine.process import MOMENT, Process, stored

PATIENTLY = timedelta(seconds=PATIENCE)


def ignore(_task: Task) -> None:
    """Be told that a task has not ended, and do nothing about it."""


async def test_a_run_of_this_process_is_waited_for_and_read_once() -> None:
    """The blocking call must not poll the store for work that is done next door."""
    process = Process(store=MemoryStore())
    working = process.pool.hold()
    task = await process.claimed_at_birth()

    waiting = asyncio.create_task(
        finished(process.store, process.registry, task.id, within=PATIENTLY, unless=asyncio.Event(), on_poll=ignore)
    )
    await working.reached()
    reads_while_working = process.store.reads
    working.open()
    ended = await waiting

    assert ended is not None
    assert ended.status is Status.COMPLETED
    assert (reads_while_working, process.store.reads) == (0, 1)


async def test_a_task_that_ends_elsewhere_is_noticed() -> None:
    """Any process answers for any task."""
    store = MemoryStore()
    seen = await stored(store)

    waiting = asyncio.create_task(
        finished(store, Registry(), seen.task.id, within=PATIENTLY, unless=asyncio.Event(), on_poll=ignore)
    )
    await store.until(lambda: store.calls["get"] == 2)
    await cas.apply(store, seen.task.id, lambda task: cancel(task, now=store.now()))

    assert await waiting == store.peek(seen.task.id)


async def test_every_look_at_an_unfinished_task_is_a_poll() -> None:
    """Who waits here for a task that nobody works on must not wait for the next sweep as well."""
    store = MemoryStore()
    seen = await stored(store)
    polled: list[Task] = []

    waiting = asyncio.create_task(
        finished(store, Registry(), seen.task.id, within=PATIENTLY, unless=asyncio.Event(), on_poll=polled.append)
    )
    await store.until(lambda: store.calls["get"] == 2)
    ended = await cas.apply(store, seen.task.id, lambda task: cancel(task, now=store.now()))
    await waiting

    assert polled[:2] == [seen.task, seen.task]
    assert ended.task not in polled


async def test_a_finished_task_is_not_waited_for() -> None:
    """The answer is there already."""
    store = MemoryStore()
    seen = await store.create(make_task(Status.COMPLETED), "")

    assert (
        await finished(store, Registry(), seen.task.id, within=PATIENTLY, unless=asyncio.Event(), on_poll=ignore)
        == seen.task
    )


async def test_patience_has_an_end() -> None:
    """The caller is shown the unfinished task instead."""
    store = MemoryStore()
    seen = await stored(store)

    assert (
        await finished(store, Registry(), seen.task.id, within=MOMENT, unless=asyncio.Event(), on_poll=ignore) is None
    )


async def test_a_task_that_is_gone_is_not_found() -> None:
    """It may be deleted while somebody waits for it."""
    with pytest.raises(TaskNotFound):
        await finished(
            MemoryStore(), Registry(), make_task().id, within=PATIENTLY, unless=asyncio.Event(), on_poll=ignore
        )


async def test_an_outage_is_told_to_who_waits() -> None:
    """Silence would look like work that takes its time."""
    store = MemoryStore()
    seen = await stored(store)
    store.reachable = False

    with pytest.raises(StoreUnavailable):
        await finished(store, Registry(), seen.task.id, within=PATIENTLY, unless=asyncio.Event(), on_poll=ignore)


async def test_nobody_waits_in_a_process_that_is_about_to_end() -> None:
    """The server would cut the connection instead, without a word about the task that goes on."""
    process, ends = Process(store=MemoryStore()), asyncio.Event()
    working = process.pool.hold()
    task = await process.claimed_at_birth()
    waiting = asyncio.create_task(
        finished(process.store, process.registry, task.id, within=PATIENTLY, unless=ends, on_poll=ignore)
    )
    await working.reached()

    ends.set()
    async with asyncio.timeout(PATIENCE):
        ended = await waiting
    working.open()
    await process.registry.ended(task.id)

    assert ended is None
