"""What every store promises about the number of tasks that an owner has open."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.task import Status
from app.engine.ports import OpenTasks, TaskStore
from tests.contract.arrange import finished, put_new

PLENTY = 1000


def counts(store: TaskStore) -> OpenTasks:
    """Return *store* as the one that counts its tasks."""
    assert isinstance(store, OpenTasks)
    return store


async def put_all(store: TaskStore, statuses: Sequence[Status], owner: str = "me") -> None:
    """Store a task of *owner* in each of *statuses*, a second apart."""
    start = store.now() - timedelta(minutes=1)
    for second, status in enumerate(statuses):
        await put_new(store, status, owner=owner, created_at=start + timedelta(seconds=second))


async def test_nobody_has_open_tasks_at_first(store: TaskStore) -> None:
    """A new caller is as far from the quota as one can be, and no error."""
    assert await counts(store).open_tasks("me", at_most=PLENTY) == 0


async def test_pending_and_processing_tasks_are_open(store: TaskStore) -> None:
    """A task costs a slot or a place in the queue until it has ended, whichever of the two it is."""
    await put_all(store, [Status.PENDING] * 3 + [Status.PROCESSING] * 2)

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 5


@pytest.mark.parametrize("status", [status for status in Status if status.is_final])
async def test_a_finished_task_is_not_open(store: TaskStore, status: Status) -> None:
    """Whoever has had twenty thousand documents read may hand in the next one."""
    await put_all(store, [status, Status.PENDING, status])

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 1


async def test_an_expired_task_is_not_open(store: TaskStore) -> None:
    """It may stand in the database for another day, and nobody can end it."""
    long_ago = store.now() - timedelta(days=30)
    await put_new(store, Status.FAILED, owner="me", created_at=long_ago, time_to_live=timedelta(days=7))

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 0


async def test_a_task_that_waits_for_its_time_is_open(store: TaskStore) -> None:
    """Delayed tasks are work that was promised, and would be a way around the quota."""
    await put_new(store, owner="me", available_at=store.now() + timedelta(days=30))

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 1


async def test_a_task_is_open_until_it_ends(store: TaskStore, other_store: TaskStore) -> None:
    """The number follows the tasks, whichever process changes them."""
    seen = await put_new(store, owner="me")
    before = await counts(other_store).open_tasks("me", at_most=PLENTY)

    await store.swap(seen, finished(seen.task, Status.CANCELLED))

    assert before == 1
    assert await counts(other_store).open_tasks("me", at_most=PLENTY) == 0


async def test_a_deleted_task_is_not_open(store: TaskStore) -> None:
    """What is gone does not count."""
    seen = await put_new(store, owner="me")

    await store.delete(seen)

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 0


async def test_other_owners_tasks_do_not_count(store: TaskStore) -> None:
    """A busy neighbour must not use up one's quota, nor show in it."""
    await put_all(store, [Status.PENDING] * 2, owner="me")
    await put_all(store, [Status.PENDING, Status.PROCESSING] * 2, owner="you")
    await put_all(store, [Status.PENDING], owner="m")

    assert await counts(store).open_tasks("me", at_most=PLENTY) == 2


@pytest.mark.parametrize(("at_most", "counted"), [(1, 1), (3, 3), (5, 5), (6, 5)])
async def test_counting_ends_where_it_is_told_to(store: TaskStore, at_most: int, counted: int) -> None:
    """Firestore bills a count by what it goes over; nobody needs to know how far somebody is beyond the quota."""
    await put_all(store, [Status.PENDING, Status.PROCESSING, Status.PENDING, Status.PROCESSING, Status.PENDING])

    assert await counts(store).open_tasks("me", at_most=at_most) == counted


async def test_a_store_out_of_reach_does_not_count_nothing(unreachable_store: TaskStore) -> None:
    """Zero would be an answer; whoever asks decides what to do without one."""
    with pytest.raises(StoreUnavailable) as caught:
        await counts(unreachable_store).open_tasks("me", at_most=PLENTY)

    assert "/" not in caught.value.message
