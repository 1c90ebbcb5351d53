"""What every task store promises about tasks that have expired: as good as gone."""

from datetime import timedelta

import pytest

from app.domain.errors import TaskExists, TaskNotFound
from app.domain.task import Status
from app.engine.ports import Page, Snapshot, TaskStore
from tests.contract.arrange import fresh, put, put_new

WEEK = timedelta(days=7)
FINAL = [status for status in Status if status.is_final]


async def put_expired(store: TaskStore, status: Status = Status.FAILED) -> Snapshot:
    """Store a task that finished a month ago, and was to be kept for a week."""
    return await put_new(store, status, created_at=store.now() - timedelta(days=30), time_to_live=WEEK)


@pytest.mark.parametrize("status", FINAL)
async def test_an_expired_task_is_not_found(store: TaskStore, status: Status) -> None:
    """Deletion by the database may come a day late; the promise to the caller does not."""
    expired = await put_expired(store, status)

    with pytest.raises(TaskNotFound):
        await store.get(expired.task.id)


async def test_the_content_of_an_expired_task_is_not_found(store: TaskStore) -> None:
    """A failed task keeps its input until it expires, and no longer."""
    expired = await put_expired(store)

    with pytest.raises(TaskNotFound):
        await store.content(expired.task)


@pytest.mark.parametrize("status", [None, Status.FAILED])
async def test_expired_tasks_are_not_listed(store: TaskStore, status: Status | None) -> None:
    """A listing must not offer what a click on it denies."""
    alive = await put_new(store, Status.FAILED)
    for _ in range(5):
        await put_expired(store)

    page = await store.list("anonymous", status=status, page_size=3, cursor=None)

    assert page == Page((alive.task,), None)


async def test_expired_tasks_do_not_hide_living_ones(store: TaskStore) -> None:
    """A page that loses its expired tasks goes on to the next living ones."""
    old = store.now() - timedelta(days=30)
    oldest = await put_new(store, created_at=old - timedelta(days=1))
    for _ in range(5):
        await put_expired(store)
    newest = await put_new(store)

    listed: list[str] = []
    cursor: str | None = None
    while True:
        page = await store.list("anonymous", status=None, page_size=1, cursor=cursor)
        listed += [task.id for task in page.tasks]
        cursor = page.cursor
        if cursor is None:
            break

    assert listed == [newest.task.id, oldest.task.id]


@pytest.mark.parametrize("status", FINAL)
async def test_the_id_of_an_expired_task_is_free(store: TaskStore, status: Status) -> None:
    """A text's id comes from its caller, who may use it again once the old one is forgotten."""
    expired = await put_expired(store, status)

    again = await put(store, fresh(store, id=expired.task.id, owner="somebody-else"), b"again")

    assert await store.get(expired.task.id) == again
    assert await store.content(again.task) == b"again"
    assert (await store.list("somebody-else", status=None, page_size=5, cursor=None)).tasks == (again.task,)
    assert (await store.list("anonymous", status=None, page_size=5, cursor=None)).tasks == ()


async def test_large_content_of_an_expired_task_does_not_come_back(store: TaskStore) -> None:
    """What belonged to the expired task must not be taken for the new one's."""
    old, new = b"old" * 1024 * 1024, b"new" * 20_000
    created_at = store.now() - timedelta(days=30)
    expired = fresh(store, Status.FAILED, created_at=created_at, time_to_live=WEEK, content_bytes=len(old))
    await put(store, expired, old)

    again = await store.create(fresh(store, id=expired.id, content_bytes=len(new)), new)

    assert await store.content(again.task) == new


async def test_a_finished_task_holds_its_id_until_it_expires(store: TaskStore) -> None:
    """Free means expired, not finished."""
    created_at = store.now() - WEEK + timedelta(hours=1)
    seen = await put_new(store, Status.FAILED, created_at=created_at, time_to_live=WEEK)

    with pytest.raises(TaskExists):
        await store.create(fresh(store, id=seen.task.id), b"again")

    assert await store.get(seen.task.id) == seen


async def test_unfinished_tasks_never_expire(store: TaskStore) -> None:
    """A task that waits for ever is a fault to be seen, not to be forgotten."""
    created_at = store.now() - timedelta(days=1000)

    waiting = await put_new(store, created_at=created_at, time_to_live=timedelta(seconds=60))

    assert await store.get(waiting.task.id) == waiting
