"""What every task store promises about creating, reading, swapping and deleting one task."""

import asyncio
from uuid import uuid4

import pytest

from app.domain.errors import StaleWrite, TaskExists, TaskNotFound
from app.domain.task import Status
from app.engine.ports import Snapshot, TaskStore
from tests.contract.arrange import finished, fresh, next_revision, put, put_new
from tests.factories import make_lease


async def test_a_created_task_is_read_as_it_was_written(store: TaskStore) -> None:
    """The snapshot of a write saves the read after it, so the two must be the same."""
    task = fresh(store)

    written = await store.create(task, b"hello")

    assert written.task == task
    assert await store.get(task.id) == written


async def test_an_unknown_task_is_not_found(store: TaskStore) -> None:
    """Absence is an error of its own, never an empty answer."""
    unknown = str(uuid4())

    with pytest.raises(TaskNotFound):
        await store.get(unknown)


async def test_a_second_create_changes_nothing(store: TaskStore) -> None:
    """A caller who repeats an id must neither restart nor overwrite the task that has it."""
    first = await store.create(fresh(store), b"first")

    with pytest.raises(TaskExists):
        await store.create(fresh(store, id=first.task.id, owner="somebody-else"), b"second")

    assert await store.get(first.task.id) == first
    assert await store.content(first.task) == b"first"


async def test_a_second_create_leaves_a_finished_task_alone(store: TaskStore) -> None:
    """An id stays taken until its task expires, and a lost create must not bring erased content back."""
    completed = await put_new(store, Status.COMPLETED)

    with pytest.raises(TaskExists):
        await store.create(fresh(store, id=completed.task.id), b"again")

    assert await store.get(completed.task.id) == completed
    with pytest.raises(TaskNotFound):
        await store.content(completed.task)


async def test_of_many_creates_with_one_id_one_lands(store: TaskStore, other_store: TaskStore) -> None:
    """Callers who choose their ids race; whoever loses must be told."""
    task_id = str(uuid4())
    tasks = [fresh(store, id=task_id) for _ in range(20)]

    answers = await asyncio.gather(
        *(
            (other_store if number % 2 else store).create(task, task.submission.encode())
            for number, task in enumerate(tasks)
        ),
        return_exceptions=True,
    )

    winners = [answer for answer in answers if isinstance(answer, Snapshot)]
    assert len(winners) == 1
    assert sum(isinstance(answer, TaskExists) for answer in answers) == 19
    assert await store.get(task_id) == winners[0]
    assert await store.content(winners[0].task) == winners[0].task.submission.encode()


async def test_a_swap_is_read_as_it_was_written(store: TaskStore) -> None:
    """A worker goes on from the snapshot of its own write without reading it back."""
    seen = await put_new(store)
    lease = make_lease(expires_at=seen.task.created_at)

    written = await store.swap(
        seen, next_revision(seen.task, status=Status.PROCESSING, attempt=1, lease=lease, started_at=store.now())
    )

    assert written.version != seen.version
    assert await store.get(seen.task.id) == written


async def test_swaps_follow_one_another_without_reads(store: TaskStore) -> None:
    """The happy path of a task has no reads at all."""
    pending = await put_new(store)
    lease = make_lease(expires_at=pending.task.created_at)

    processing = await store.swap(
        pending, next_revision(pending.task, status=Status.PROCESSING, attempt=1, lease=lease)
    )
    renewed = await store.swap(processing, next_revision(processing.task))
    completed = await store.swap(renewed, finished(renewed.task, Status.COMPLETED))

    assert await store.get(pending.task.id) == completed


async def test_of_fifty_swaps_on_one_snapshot_one_lands(store: TaskStore, other_store: TaskStore) -> None:
    """Two winners would mean two workers for one task."""
    seen = await put_new(store)
    wanted = [
        next_revision(seen.task, status=Status.PROCESSING, attempt=1, lease=make_lease(token=f"token-{number}"))
        for number in range(50)
    ]

    answers = await asyncio.gather(
        *((other_store if number % 2 else store).swap(seen, task) for number, task in enumerate(wanted)),
        return_exceptions=True,
    )

    winners = [answer for answer in answers if isinstance(answer, Snapshot)]
    assert len(winners) == 1
    assert sum(isinstance(answer, StaleWrite) for answer in answers) == 49
    assert await store.get(seen.task.id) == winners[0]


async def test_a_stale_swap_changes_nothing(store: TaskStore) -> None:
    """A worker that was overtaken must not write over its successor, nor erase the content."""
    seen = await put_new(store)
    winner = await store.swap(seen, next_revision(seen.task, max_attempts=5))

    with pytest.raises(StaleWrite):
        await store.swap(seen, finished(seen.task, Status.COMPLETED))

    assert await store.get(seen.task.id) == winner
    assert await store.content(seen.task) == b"hello"


async def test_a_swap_of_a_deleted_task_is_stale(store: TaskStore) -> None:
    """What is gone must not come back by a late write."""
    seen = await put_new(store, Status.FAILED)
    await store.delete(seen)

    with pytest.raises(StaleWrite):
        await store.swap(seen, next_revision(seen.task))

    with pytest.raises(TaskNotFound):
        await store.get(seen.task.id)


async def test_a_snapshot_does_not_fit_a_task_that_was_made_again(store: TaskStore) -> None:
    """The same id, even the same values, do not make the same task: the late writer knew the first one."""
    first = await put_new(store)
    await store.delete(first)
    second = await store.create(first.task, b"hello")

    with pytest.raises(StaleWrite):
        await store.swap(first, next_revision(first.task, max_attempts=9))

    assert await store.get(first.task.id) == second


async def test_a_deleted_task_is_gone_with_its_content(store: TaskStore) -> None:
    """Delete means erase."""
    seen = await put_new(store, Status.FAILED)

    await store.delete(seen)

    with pytest.raises(TaskNotFound):
        await store.get(seen.task.id)
    with pytest.raises(TaskNotFound):
        await store.content(seen.task)


async def test_a_stale_delete_changes_nothing(store: TaskStore) -> None:
    """A failed task that is being retried must not be deleted by whoever saw it fail."""
    seen = await put_new(store, Status.FAILED)
    changed = await store.swap(seen, next_revision(seen.task, max_attempts=5))

    with pytest.raises(StaleWrite):
        await store.delete(seen)

    assert await store.get(seen.task.id) == changed
    assert await store.content(seen.task) == b"hello"


async def test_a_second_delete_is_stale(store: TaskStore) -> None:
    """Only one of two callers may be told that it deleted the task."""
    seen = await put_new(store, Status.FAILED)
    await store.delete(seen)

    with pytest.raises(StaleWrite):
        await store.delete(seen)


async def test_the_id_of_a_deleted_task_is_free(store: TaskStore) -> None:
    """A caller who chose the id may use it again, and gets the new content."""
    seen = await put_new(store, Status.FAILED)
    await store.delete(seen)

    again = await put(store, fresh(store, id=seen.task.id), b"again")

    assert await store.get(seen.task.id) == again
    assert await store.content(again.task) == b"again"


async def test_stores_see_each_others_writes(store: TaskStore, other_store: TaskStore) -> None:
    """Any process answers for any task, at once."""
    created = await store.create(fresh(store), b"hello")
    changed = await other_store.swap(created, next_revision(created.task, max_attempts=5))

    seen = await store.get(created.task.id)

    assert seen == changed
    assert await other_store.content(created.task) == b"hello"


async def test_a_snapshot_of_one_store_fits_in_another(store: TaskStore, other_store: TaskStore) -> None:
    """A version belongs to the data, not to the process that read it."""
    created = await store.create(fresh(store), b"hello")
    read = await other_store.get(created.task.id)

    await store.swap(created, next_revision(created.task))

    with pytest.raises(StaleWrite):
        await other_store.swap(read, next_revision(read.task))


async def test_store_time_does_not_go_back(store: TaskStore) -> None:
    """A lease that ran out a moment ago must not run again because of a write in between."""
    times = [store.now()]

    for _ in range(5):
        await put_new(store)
        times.append(store.now())

    assert times == sorted(times)
    assert all(time.utcoffset() is not None for time in times)


async def test_a_store_in_order_passes_its_check(store: TaskStore) -> None:
    """Readiness asks this before the first task ever arrives."""
    await store.check()
