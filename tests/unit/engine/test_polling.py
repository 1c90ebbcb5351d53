"""Asking the store for each followed task: the news that works everywhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.engine.polling import AT_ONCE, Polling
from tests.factories import make_task
from tests.fake_changes import Heard
from tests.fakes import MemoryStore
from tests.unit.engine.newsroom import changed
from tests.unit.engine.process import LONG, MOMENT, several_turns, stored

BRIEFLY = timedelta(milliseconds=20)


@pytest.fixture
def store() -> MemoryStore:
    """Return a store without a task."""
    return MemoryStore()


@pytest.fixture
def heard() -> Heard:
    """Return who is told."""
    return Heard()


@pytest.fixture
async def polling(store: MemoryStore, heard: Heard) -> AsyncIterator[Polling]:
    """Look into the store without long pauses."""
    polling = Polling(store, first_pause=MOMENT, longest_pause=MOMENT)
    async with polling.open(heard):
        yield polling


async def test_a_followed_task_is_told_and_what_becomes_of_it(
    store: MemoryStore, polling: Polling, heard: Heard
) -> None:
    """Where nothing better works, watchers learn of everything nevertheless."""
    seen = await stored(store)
    polling.follow(seen.task.id)
    await heard.until(lambda: (seen.task.id, seen.task) in heard.told)

    newer = await store.swap(seen, changed(seen.task))
    await heard.until(lambda: (seen.task.id, newer.task) in heard.told)
    await store.delete(newer)

    await heard.until(lambda: heard.told[-1] == (seen.task.id, None))


async def test_a_task_that_is_left_is_not_looked_at(store: MemoryStore, polling: Polling, heard: Heard) -> None:
    """A process must not go on reading for watchers that have gone."""
    left, witness = await stored(store), await stored(store)
    for seen in (left, witness):
        polling.follow(seen.task.id)
    await heard.until(lambda: {task_id for task_id, _ in heard.told} == {left.task.id, witness.task.id})

    polling.leave(left.task.id)
    heard.told.clear()
    for _ in range(3):
        await heard.more()

    assert {task_id for task_id, _ in heard.told} == {witness.task.id}


async def test_a_task_that_is_not_followed_can_be_left(store: MemoryStore, polling: Polling) -> None:
    """A watcher of a finished task leaves what was never followed."""
    polling.leave(make_task().id)

    await several_turns()

    assert store.reads == 0


async def test_a_task_that_is_followed_twice_is_left_once(store: MemoryStore, polling: Polling, heard: Heard) -> None:
    """A loop that nobody can stop any more would read until the process ends."""
    left, witness = await stored(store), await stored(store)
    for seen in (left, left, witness):
        polling.follow(seen.task.id)

    polling.leave(left.task.id)
    for _ in range(3):
        await heard.more()

    assert {task_id for task_id, _ in heard.told} == {witness.task.id}


async def test_the_pause_grows_while_nothing_changes(store: MemoryStore, heard: Heard) -> None:
    """A task that waits for hours costs one read a second."""
    seen = await stored(store)
    polling = Polling(store, first_pause=MOMENT, longest_pause=LONG)
    loop = asyncio.get_running_loop()
    async with polling.open(heard):
        begun_at = loop.time()
        polling.follow(seen.task.id)
        await heard.until(lambda: len(heard.told) == 5)

    pauses_at_least = sum(2**n for n in range(4)) * MOMENT
    assert loop.time() - begun_at >= pauses_at_least.total_seconds()


async def test_a_change_makes_the_pauses_short_again(store: MemoryStore, heard: Heard) -> None:
    """What has begun to move goes on moving."""
    seen = await stored(store)
    polling = Polling(store, first_pause=MOMENT, longest_pause=LONG)
    async with polling.open(heard):
        polling.follow(seen.task.id)
        for _ in range(20):
            await heard.more()
            seen = await store.swap(seen, changed(seen.task))

    assert store.calls["get"] >= 20  # 2 ms doubled so often would be half an hour


async def test_an_outage_is_waited_out(store: MemoryStore, heard: Heard) -> None:
    """Watchers keep their places, and are told what was written meanwhile."""
    seen = await stored(store)
    polling = Polling(store, first_pause=MOMENT, longest_pause=BRIEFLY)
    async with polling.open(heard):
        store.reachable = False
        polling.follow(seen.task.id)
        await store.until(lambda: store.calls["get"] == 2)
        assert heard.told == []

        store.reachable = True
        newer = await store.swap(seen, changed(seen.task))

        await heard.until(lambda: heard.told == [(seen.task.id, newer.task)])


async def test_few_looks_are_under_way_at_a_time(store: MemoryStore, polling: Polling, heard: Heard) -> None:
    """A thousand watchers must not take the store away from those who work."""
    tasks = [(await stored(store)).task for _ in range(2 * AT_ONCE)]
    gates = [store.hold("get") for _ in range(AT_ONCE)]
    for task in tasks:
        polling.follow(task.id)
    for gate in gates:
        await gate.reached()

    await several_turns()
    under_way = store.calls["get"]
    for gate in gates:
        gate.open()

    await heard.until(lambda: len({task_id for task_id, _ in heard.told}) == len(tasks))
    assert under_way == AT_ONCE


async def test_nothing_is_told_or_read_after_the_end(store: MemoryStore, heard: Heard) -> None:
    """The process closes its store next."""
    seen = await stored(store)
    polling = Polling(store, first_pause=MOMENT, longest_pause=MOMENT)
    async with polling.open(heard):
        polling.follow(seen.task.id)
        await heard.until(lambda: bool(heard.told))
    told, reads = len(heard.told), store.reads

    await several_turns()

    assert (len(heard.told), store.reads) == (told, reads)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("polling")] == []


async def test_what_is_followed_after_the_end_is_not_looked_at(store: MemoryStore, heard: Heard) -> None:
    """A watcher that comes too late must not begin anything in a process that ends."""
    seen = await stored(store)
    polling = Polling(store, first_pause=MOMENT, longest_pause=MOMENT)
    async with polling.open(heard):
        pass

    polling.follow(seen.task.id)
    await several_turns()

    assert store.reads == 0
