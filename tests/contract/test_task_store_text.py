"""What every task store promises about the text kept beside a task: only its own, and only as long as the task."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import TaskNotFound
from app.domain.task import Status
from app.engine.ports import Snapshot, TaskStore
from tests.contract.arrange import finished, fresh, next_revision, put_new

MIB = 1024 * 1024
KEPT = {"keep_text": True}
MINE, THEIRS = "token-a", "token-b"


async def running(store: TaskStore, **fields: Any) -> Snapshot:  # noqa: ANN401 - a task's fields
    """Store a task that is being processed, and whose text is wanted."""
    return await put_new(store, Status.PROCESSING, **{"options": KEPT} | fields)


async def completed(store: TaskStore, text: str, **fields: Any) -> Snapshot:  # noqa: ANN401 - a task's fields
    """Store a completed task with its *text*."""
    seen = await running(store, **fields)
    kept = await store.keep_text(seen.task, MINE, text)
    return await store.swap(seen, finished(seen.task, Status.COMPLETED, text=kept))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("The text.", id="short"),
        pytest.param("\x00 and \r\n and \ufeff and \u2028 and e\u0301", id="characters that like to get lost"),
        pytest.param("x" + "☃" * MIB, id="3 MiB and 1 byte, characters across the cuts"),
        pytest.param("x" * (8 * MIB), id="8 MiB"),
    ],
)
async def test_a_kept_text_comes_back_as_it_was(store: TaskStore, other_store: TaskStore, text: str) -> None:
    """Positions in the result refer to it, whichever process is asked."""
    done = await completed(store, text)

    found = await other_store.get(done.task.id)

    assert found.task == done.task
    assert await other_store.text(found.task) == text


async def test_a_task_that_is_listed_knows_its_text(store: TaskStore) -> None:
    """What a listing leaves out would be missing from the next write."""
    done = await completed(store, "The text.")

    page = await store.list(done.task.owner, status=None, page_size=1, cursor=None)

    assert [task.text for task in page.tasks] == [done.task.text]


@pytest.mark.parametrize("status", Status)
async def test_a_task_without_a_kept_text_has_none(store: TaskStore, status: Status) -> None:
    """Nobody has asked for it, or it is not there yet."""
    seen = await put_new(store, status)

    with pytest.raises(TaskNotFound):
        await store.text(seen.task)


async def test_a_text_is_nobodys_until_the_task_completes_with_it(store: TaskStore) -> None:
    """Its worker may still die, and another one read something else."""
    seen = await running(store)
    await store.keep_text(seen.task, MINE, "The text.")

    failed = await store.swap(seen, finished(seen.task, Status.FAILED))

    with pytest.raises(TaskNotFound):
        await store.text(failed.task)


async def test_keeping_a_text_again_changes_nothing(store: TaskStore) -> None:
    """A worker whose answer was lost writes it once more."""
    seen = await running(store)

    first = await store.keep_text(seen.task, MINE, "The text.")
    second = await store.keep_text(seen.task, MINE, "The text.")

    done = await store.swap(seen, finished(seen.task, Status.COMPLETED, text=second))
    assert first == second
    assert await store.text(done.task) == "The text."


async def test_the_text_is_that_of_the_attempt_that_completed(store: TaskStore) -> None:
    """An earlier attempt has left one too, and its worker may come back late with another."""
    seen = await running(store)
    await store.keep_text(seen.task, THEIRS, "The text of a worker that died, longer than the other.")
    kept = await store.keep_text(seen.task, MINE, "The text.")

    done = await store.swap(seen, finished(seen.task, Status.COMPLETED, text=kept))
    await store.keep_text(seen.task, THEIRS, "The text of a worker that comes late.")

    assert await store.text((await store.get(done.task.id)).task) == "The text."


@pytest.mark.parametrize("size", [9, 4 * MIB])
async def test_the_text_is_erased_with_its_task(store: TaskStore, size: int) -> None:
    """Whoever erases a task wants nothing of it to be left."""
    done = await completed(store, "x" * size)

    await store.delete(done)

    with pytest.raises(TaskNotFound):
        await store.text(done.task)


async def test_the_text_of_a_deleted_task_does_not_come_back(store: TaskStore) -> None:
    """Ids that callers choose are used again, and tokens are only as random as whoever makes them."""
    done = await completed(store, "The text.")
    await store.delete(done)

    await store.create(fresh(store, id=done.task.id), b"hello")

    with pytest.raises(TaskNotFound):
        await store.text(done.task)


async def test_the_text_expires_with_its_task(store: TaskStore) -> None:
    """It is kept as long as the task, and no longer."""
    done = await completed(store, "The text.", created_at=store.now() - timedelta(days=8))

    with pytest.raises(TaskNotFound):
        await store.text(done.task)


async def test_a_text_of_a_task_that_is_gone_is_no_failure(store: TaskStore) -> None:
    """Its worker learns that it came too late when it records its result, as without a text."""
    gone = next_revision(fresh(store, Status.PROCESSING, options=KEPT))

    await store.keep_text(gone, MINE, "The text.")

    with pytest.raises(TaskNotFound):
        await store.get(gone.id)
