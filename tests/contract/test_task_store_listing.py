"""What every task store promises about the listing of one owner's tasks."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from app.domain.errors import InvalidCursor
from app.domain.task import RESULT_LEFT_OUT, Status
from app.engine.ports import Page, Snapshot, TaskStore
from tests.contract.arrange import finished, fresh, put, put_new


async def put_many(store: TaskStore, count: int, owner: str = "anonymous") -> list[Snapshot]:
    """Store *count* pending tasks of *owner*, a second apart, and return the newest first."""
    start = store.now() - timedelta(hours=1)
    snapshots = [await put_new(store, owner=owner, created_at=start + timedelta(seconds=n)) for n in range(count)]
    return snapshots[::-1]


async def pages(
    store: TaskStore, *, page_size: int, status: Status | None = None, owner: str = "anonymous"
) -> AsyncIterator[Page]:
    """Yield one page after the other, to the end."""
    cursor: str | None = None
    while True:
        page = await store.list(owner, status=status, page_size=page_size, cursor=cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return


async def ids(store: TaskStore, *, page_size: int, status: Status | None = None) -> list[str]:
    """Return the ids of a whole listing, in its order."""
    return [task.id async for page in pages(store, page_size=page_size, status=status) for task in page.tasks]


async def test_an_owner_without_tasks_has_an_empty_listing(store: TaskStore) -> None:
    """Nothing is no error, and there is no next page of it."""
    page = await store.list("nobody", status=None, page_size=10, cursor=None)

    assert page == Page((), None)


async def test_the_newest_task_comes_first(store: TaskStore) -> None:
    """People look for what they did last."""
    newest_first = await put_many(store, 5)

    page = await store.list("anonymous", status=None, page_size=10, cursor=None)

    assert page == Page(tuple(snapshot.task for snapshot in newest_first), None)


@pytest.mark.parametrize("page_size", [1, 2, 3, 6, 7, 8, 100])
async def test_pages_make_up_the_whole_listing(store: TaskStore, page_size: int) -> None:
    """Whatever the size of the pages, nothing is missing, repeated or out of order."""
    newest_first = await put_many(store, 7)

    listing = [page async for page in pages(store, page_size=page_size)]

    assert all(len(page.tasks) <= page_size for page in listing)
    assert [task for page in listing for task in page.tasks] == [snapshot.task for snapshot in newest_first]


async def test_tasks_of_the_same_microsecond_are_all_listed(store: TaskStore) -> None:
    """A time alone is no position: a page may end between two tasks that share it."""
    now = store.now()
    stored = {(await put_new(store, created_at=now)).task.id for _ in range(9)}

    listed = await ids(store, page_size=2)

    assert len(listed) == 9
    assert set(listed) == stored


@pytest.mark.parametrize("status", Status)
async def test_a_listing_of_one_status_has_only_that(store: TaskStore, status: Status) -> None:
    """A caller who asks for failed tasks wants to retry all that it gets."""
    start = store.now() - timedelta(minutes=1)
    for other in Status:
        for second in range(3):
            await put_new(store, other, created_at=start + timedelta(seconds=second))

    listing = [page async for page in pages(store, page_size=2, status=status)]

    tasks = [task for page in listing for task in page.tasks]
    assert [task.status for task in tasks] == [status] * 3
    assert [task.created_at for task in tasks] == sorted((task.created_at for task in tasks), reverse=True)


async def test_a_task_is_listed_with_its_current_status(store: TaskStore) -> None:
    """A listing is not an archive of what the tasks once were."""
    seen = await put_new(store)
    done = await store.swap(seen, finished(seen.task, Status.FAILED))

    pending = await store.list("anonymous", status=Status.PENDING, page_size=10, cursor=None)
    failed = await store.list("anonymous", status=Status.FAILED, page_size=10, cursor=None)

    assert pending.tasks == ()
    assert failed.tasks == (done.task,)


async def test_other_owners_tasks_are_invisible(store: TaskStore) -> None:
    """Not even their number may show, neither on the first page nor behind a cursor."""
    mine = await put_many(store, 3, owner="me")
    await put_many(store, 3, owner="you")
    await put_many(store, 3, owner="m")

    listing = [page async for page in pages(store, page_size=2, owner="me")]

    assert [task for page in listing for task in page.tasks] == [snapshot.task for snapshot in mine]


async def test_a_foreign_cursor_leads_to_ones_own_tasks_only(store: TaskStore) -> None:
    """A cursor is a position, not a permission."""
    await put_many(store, 3, owner="you")
    await put_many(store, 3, owner="me")
    foreign = await store.list("you", status=None, page_size=1, cursor=None)

    page = await store.list("me", status=None, page_size=10, cursor=foreign.cursor)

    assert foreign.cursor is not None
    assert {task.owner for task in page.tasks} <= {"me"}


async def test_tasks_that_come_and_go_neither_repeat_nor_hide_others(store: TaskStore, other_store: TaskStore) -> None:
    """Callers page through a listing while their tasks run."""
    newest_first = await put_many(store, 8)
    first = await store.list("anonymous", status=None, page_size=3, cursor=None)

    await put_new(other_store)
    await other_store.delete(newest_first[2])
    await other_store.delete(newest_first[4])
    changed = await other_store.swap(newest_first[5], finished(newest_first[5].task, Status.FAILED))
    second = await store.list("anonymous", status=None, page_size=10, cursor=first.cursor)

    kept = [newest_first[3], changed, newest_first[6], newest_first[7]]
    assert first.tasks == tuple(snapshot.task for snapshot in newest_first[:3])
    assert second == Page(tuple(snapshot.task for snapshot in kept), None)


async def test_results_are_left_out(store: TaskStore) -> None:
    """A page of a hundred results could weigh fifty megabytes."""
    done = await put_new(store, Status.COMPLETED, result={"summary": "long " * 1000})

    page = await store.list("anonymous", status=Status.COMPLETED, page_size=10, cursor=None)

    assert [task.id for task in page.tasks] == [done.task.id]
    assert page.tasks[0].result == RESULT_LEFT_OUT
    assert page.tasks[0].finished_at == done.task.finished_at


async def test_content_is_no_part_of_a_listing(store: TaskStore) -> None:
    """Large documents that wait must not make the listing heavy, nor be lost by being listed."""
    content = b"x" * (2 * 1024 * 1024)
    task = fresh(store, content_bytes=len(content))
    await put(store, task, content)

    page = await store.list("anonymous", status=None, page_size=10, cursor=None)

    assert page.tasks == (task,)
    assert await store.content(task) == content


async def test_cursors_fit_into_a_url(store: TaskStore, other_store: TaskStore) -> None:
    """A cursor travels as a query parameter, and any process takes it."""
    await put_many(store, 3)

    page = await store.list("anonymous", status=None, page_size=2, cursor=None)

    assert page.cursor is not None
    assert quote(page.cursor, safe="") == page.cursor
    rest = await other_store.list("anonymous", status=None, page_size=2, cursor=page.cursor)
    assert len(rest.tasks) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "0",
        "garbage",
        "a" * 10_000,
        "☃",
        "../../etc",
        "null",
        "MTIzNA",
        urlsafe_b64encode(b"1:2").decode(),
        urlsafe_b64encode(b"x:00000000-0000-4000-8000-000000000000").decode(),
        urlsafe_b64encode(b"9" * 30 + b":00000000-0000-4000-8000-000000000000").decode(),
        urlsafe_b64encode(b"1:00000000-0000-4000-8000-000000000000").decode() + "=",
        urlsafe_b64encode(b"1:../../00000000").decode(),
        urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
    ids=ascii,
)
async def test_garbage_is_no_cursor(store: TaskStore, garbage: str) -> None:
    """Whatever a caller sends is answered with a rejection, not with a crash or a wrong page."""
    await put_many(store, 3)

    with pytest.raises(InvalidCursor):
        await store.list("anonymous", status=None, page_size=2, cursor=garbage)


async def test_a_damaged_cursor_is_refused(store: TaskStore) -> None:
    """A cursor cut off by a mail program must not lead somewhere else."""
    await put_many(store, 3)
    page = await store.list("anonymous", status=None, page_size=2, cursor=None)

    assert page.cursor is not None
    with pytest.raises(InvalidCursor):
        await store.list("anonymous", status=None, page_size=2, cursor=page.cursor[:-4])
