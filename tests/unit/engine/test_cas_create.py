"""Storing a new task: once, and known to be stored, whatever gets lost."""

import asyncio
from datetime import timedelta
from typing import override

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.task import Status, Task
from app.domain.transitions import claim
from app.engine import cas
from app.engine.ports import Snapshot
from tests.factories import NOW, make_lease, make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import MOMENT, stored


class FullStore(MemoryStore):
    """A store that can be read but has no room for another task."""

    @override
    async def create(self, task: Task, content: bytes) -> Snapshot:
        raise StoreUnavailable("The disk is full")


async def create(store: MemoryStore, task: Task, *, within: timedelta = timedelta(seconds=10)) -> Snapshot:
    """Create *task* with little patience between the tries."""
    return await cas.create(store, task, b"A document.", within=within, pause=MOMENT)


async def test_a_new_task_is_one_write() -> None:
    """What every submission costs."""
    store = MemoryStore()
    task = make_task()

    created = await create(store, task)

    assert created.task == task == store.peek(task.id)
    assert store.calls == {"create": 1}


@pytest.mark.parametrize("lost", Lost)
async def test_a_create_is_resolved_whatever_got_lost(lost: Lost) -> None:
    """A caller who got 202 has a task, and one task only."""
    store = MemoryStore()
    task = make_task()
    store.lose("create", lost)

    created = await create(store, task)

    assert created.task == task
    assert store.history == [task]


async def test_a_create_is_recognised_after_somebody_has_claimed_the_task() -> None:
    """Another process may be at work before this one knows that its write landed."""
    store = MemoryStore()
    task = make_task()
    store.lose("create", Lost.ANSWER)
    reading = store.hold("get")

    creating = asyncio.create_task(create(store, task))
    await reading.reached()
    await cas.apply(store, task.id, lambda task: claim(task, lease=make_lease(), now=NOW))
    reading.open()

    created = await creating
    assert created.task.status is Status.PROCESSING
    assert created.task.submission == task.submission


async def test_an_id_that_is_taken_leads_to_the_task_that_has_it() -> None:
    """The caller of a repeated request is shown the first task."""
    store = MemoryStore()
    earlier = await stored(store)

    found = await create(store, make_task(id=earlier.task.id))

    assert found == earlier


async def test_an_id_whose_task_expires_meanwhile_is_free_again() -> None:
    """Expired is as good as gone, even between two calls."""
    store = MemoryStore()
    earlier = await store.create(make_task(Status.COMPLETED), b"A document.")
    reading = store.hold("get")

    creating = asyncio.create_task(create(store, task := make_task(id=earlier.task.id)))
    await reading.reached()
    store.clock.advance(earlier.task.time_to_live + timedelta(seconds=1))
    reading.open()

    assert (await creating).task == task


async def test_a_create_that_nobody_answers_ends_in_its_time() -> None:
    """A request must not hang for as long as the store does."""
    store = MemoryStore()
    store.hold("create")

    with pytest.raises(StoreUnavailable):
        await create(store, make_task(), within=MOMENT)


async def test_a_create_in_an_outage_ends_in_its_time() -> None:
    """The caller is told to come again, and nothing is promised."""
    store = MemoryStore()
    store.reachable = False

    with pytest.raises(StoreUnavailable):
        await create(store, make_task(), within=10 * MOMENT)

    assert store.history == []


async def test_a_create_that_the_store_refuses_says_why() -> None:
    """A disk that is full is mended by a person, who has to read of it; that the time is over helps nobody."""
    store = FullStore()

    with pytest.raises(StoreUnavailable, match="disk is full"):
        await create(store, make_task(), within=10 * MOMENT)

    assert store.calls["get"] >= 1
