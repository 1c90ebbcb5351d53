"""What every task store promises about finding the tasks that somebody should look after."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from app.domain.processing import Execution
from app.domain.task import LANES, Status, lanes
from app.engine.ports import Snapshot, TaskStore
from tests.contract.arrange import finished, next_revision, put_new
from tests.factories import make_lease

HOUR = timedelta(hours=1)


def id_in_lane(number: int) -> str:
    """Return an id whose task waits in the lane of that *number*."""
    text = str(uuid4())
    return text[:-1] + f"{int(text[-1], 16) // LANES * LANES + number:x}"


async def put_due(store: TaskStore, due_at: datetime, *, lane: int = 0, leased: bool = False) -> Snapshot:
    """Store a task that is due at *due_at*, waiting or leased."""
    if leased:
        lease = make_lease(expires_at=due_at)
        return await put_new(store, Status.PROCESSING, id=id_in_lane(lane), lease=lease)
    return await put_new(store, id=id_in_lane(lane), available_at=due_at)


async def all_due(store: TaskStore, *, now: datetime, limit: int) -> list[Snapshot]:
    """Page through what is due, each page continuing behind the last one."""
    found: list[Snapshot] = []
    page = await store.due(Execution.CPU, now=now, limit=limit)
    while page:
        found += page
        page = await store.due(Execution.CPU, now=now, limit=limit, after=page[-1])
    return found


async def test_nothing_is_due_in_an_empty_store(store: TaskStore) -> None:
    """The usual sweep finds nothing."""
    assert list(await store.due(Execution.CPU, now=store.now(), limit=10)) == []


async def test_tasks_of_all_lanes_are_found_oldest_first(store: TaskStore) -> None:
    """Lanes spread the load of the index; the order of age goes across them."""
    now = store.now()
    put = [await put_due(store, now - HOUR + timedelta(seconds=7 * n % LANES), lane=n) for n in range(LANES)]
    by_age = sorted(put, key=lambda snapshot: snapshot.task.available_at)

    found = await store.due(Execution.CPU, now=now, limit=100)

    assert list(found) == by_age
    assert {snapshot.task.lane for snapshot in found} == set(lanes(Execution.CPU))


async def test_waiting_and_abandoned_tasks_stand_in_one_queue(store: TaskStore) -> None:
    """A dead worker's task is no less urgent than a new one."""
    now = store.now()
    abandoned = await put_due(store, now - 2 * HOUR, leased=True)
    waiting = await put_due(store, now - HOUR)
    abandoned_later = await put_due(store, now - timedelta(minutes=1), leased=True)

    found = await store.due(Execution.CPU, now=now, limit=10)

    assert list(found) == [abandoned, waiting, abandoned_later]


@pytest.mark.parametrize("execution", Execution)
async def test_only_tasks_of_the_execution_asked_for_are_found(store: TaskStore, execution: Execution) -> None:
    """A process with a free CPU slot has no use for a language model's task."""
    now = store.now()
    mine = [await put_new(store, execution=execution, available_at=now - HOUR) for _ in range(3)]
    other = next(candidate for candidate in Execution if candidate is not execution)
    await put_new(store, execution=other, available_at=now - HOUR)

    found = await store.due(execution, now=now, limit=10)

    assert {snapshot.task.id for snapshot in found} == {snapshot.task.id for snapshot in mine}


async def test_a_task_is_due_from_its_very_instant(store: TaskStore) -> None:
    """Off by a microsecond means a sweep later."""
    now = store.now()
    due = await put_due(store, now)
    await put_due(store, now + timedelta(microseconds=1))

    found = await store.due(Execution.CPU, now=now, limit=10)

    assert list(found) == [due]


@pytest.mark.parametrize("leased", [False, True])
async def test_tasks_of_the_future_are_left_alone(store: TaskStore, *, leased: bool) -> None:
    """A delayed start is not early, and a live lease is not stolen."""
    now = store.now()
    await put_due(store, now + HOUR, leased=leased)

    found = await store.due(Execution.CPU, now=now, limit=10)

    assert list(found) == []


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
async def test_finished_tasks_are_never_due(store: TaskStore, status: Status) -> None:
    """What has ended stays ended, however long ago it was due."""
    seen = await put_due(store, store.now() - HOUR)
    await store.swap(seen, finished(seen.task, status))

    found = await store.due(Execution.CPU, now=store.now() + HOUR, limit=10)

    assert list(found) == []


async def test_a_renewed_lease_is_no_longer_due(store: TaskStore) -> None:
    """A heartbeat moves the task to its new place in the queue."""
    now = store.now()
    seen = await put_due(store, now - HOUR, leased=True)
    renewed = await store.swap(seen, next_revision(seen.task, lease=make_lease(expires_at=now + HOUR)))

    now_due = await store.due(Execution.CPU, now=now, limit=10)
    later_due = await store.due(Execution.CPU, now=now + HOUR, limit=10)

    assert list(now_due) == []
    assert list(later_due) == [renewed]


async def test_a_deleted_task_is_not_due(store: TaskStore) -> None:
    """Nobody may be sent after what is gone."""
    seen = await put_due(store, store.now() - HOUR)
    await store.delete(seen)

    found = await store.due(Execution.CPU, now=store.now(), limit=10)

    assert list(found) == []


async def test_a_limit_takes_the_oldest(store: TaskStore) -> None:
    """With one slot free, the task that has waited longest gets it."""
    now = store.now()
    put = [await put_due(store, now - timedelta(minutes=n), lane=n) for n in range(1, 8)]

    found = await store.due(Execution.CPU, now=now, limit=3)

    assert list(found) == put[:-4:-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12])
async def test_pages_of_due_tasks_miss_none_and_repeat_none(store: TaskStore, limit: int) -> None:
    """Many tasks of one batch share their microsecond, and the query must get past those that nobody here can run."""
    now = store.now()
    for number in range(11):
        await put_due(store, now - timedelta(minutes=number // 4), lane=number % LANES)

    found = await all_due(store, now=now, limit=limit)

    due_times = [snapshot.task.available_at for snapshot in found]
    assert len({snapshot.task.id for snapshot in found}) == len(found) == 11
    assert due_times == sorted(due_times)


async def test_paging_goes_on_behind_a_task_that_was_claimed_meanwhile(store: TaskStore) -> None:
    """What the last page ended with is a position; somebody else may have taken that task."""
    now = store.now()
    put = [await put_due(store, now - timedelta(minutes=5 - n), lane=n) for n in range(4)]
    page = await store.due(Execution.CPU, now=now, limit=2)
    await store.swap(put[1], finished(put[1].task, Status.CANCELLED))

    rest = await store.due(Execution.CPU, now=now, limit=10, after=page[-1])

    assert list(rest) == put[2:]


async def test_what_is_found_can_be_swapped_at_once(store: TaskStore, other_store: TaskStore) -> None:
    """A sweep claims from what its query brought, without another read."""
    await put_due(store, store.now() - HOUR)
    (found,) = await store.due(Execution.CPU, now=store.now(), limit=10)

    lease = make_lease(expires_at=store.now() + HOUR)
    claimed = next_revision(found.task, status=Status.PROCESSING, attempt=1, lease=lease)
    written = await store.swap(found, claimed)

    assert await other_store.get(found.task.id) == written
