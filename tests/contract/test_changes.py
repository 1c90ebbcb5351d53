"""What every adapter of `Changes` promises: to tell what becomes of single tasks, whoever writes them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest

from app.adapters.sqlite_store import SqliteStore
from app.domain.task import Status
from app.engine.polling import Polling
from app.engine.ports import Changes, Snapshot, TaskStore
from tests.contract.arrange import fresh, next_revision, put_new
from tests.contract.conftest import AnyStore
from tests.fake_changes import Heard

FAST = 20
"""Changes that come faster than anybody looks."""

MANY = 300


@pytest.fixture(params=["polling", "its own"])
def changes(request: pytest.FixtureRequest, store: AnyStore) -> Changes:
    """Return news of the tasks in the store of one process."""
    if request.param == "polling":
        return Polling(store, longest_pause=timedelta(milliseconds=200))
    return store.changes if isinstance(store, SqliteStore) else store.changes(targets_per_stream=100)


@pytest.fixture
async def heard(changes: Changes) -> AsyncIterator[Heard]:
    """Be told of whatever is followed."""
    heard = Heard()
    async with changes.open(heard):
        yield heard


async def swap(store: TaskStore, seen: Snapshot, *, times: int = 1) -> Snapshot:
    """Change a task so often."""
    for _ in range(times):
        seen = await store.swap(seen, next_revision(seen.task))
    return seen


async def put_expired(store: TaskStore) -> Snapshot:
    """Store a task that finished a month ago, and was to be kept for a week."""
    long_ago = store.now() - timedelta(days=30)
    return await put_new(store, Status.FAILED, created_at=long_ago, time_to_live=timedelta(days=7))


@pytest.mark.parametrize("status", Status)
async def test_a_followed_task_is_told_as_it_is(
    store: TaskStore, changes: Changes, heard: Heard, status: Status
) -> None:
    """It may have changed between the moment at which it was read and the one at which it is followed."""
    seen = await put_new(store, status)

    changes.follow(seen.task.id)

    await heard.hear(seen.task.id, seen.task)


async def test_a_change_by_another_process_is_told(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """Any process answers for any task, whichever works on it."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)

    changed = await swap(other_store, await other_store.get(seen.task.id))

    await heard.hear(seen.task.id, changed.task)


async def test_a_change_by_this_process_is_told(store: TaskStore, changes: Changes, heard: Heard) -> None:
    """A caller who hangs up takes the answer with him, and the write lands: nobody else here would speak of it."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)

    changed = await swap(store, seen)

    await heard.hear(seen.task.id, changed.task)


async def test_of_many_fast_changes_the_newest_is_told(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """A watcher who is left with the last state but one waits for ever."""
    seen = await put_new(store)
    changes.follow(seen.task.id)

    newest = await swap(other_store, await other_store.get(seen.task.id), times=FAST)

    await heard.hear(seen.task.id, newest.task)


async def test_a_task_that_does_not_exist_is_none(changes: Changes, heard: Heard) -> None:
    """It may have been deleted before it was followed."""
    nobody = str(uuid4())

    changes.follow(nobody)

    await heard.hear(nobody, None)


async def test_a_task_that_is_deleted_is_none_any_longer(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """Who watches it is told so, instead of waiting for what cannot come."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)

    await other_store.delete(await other_store.get(seen.task.id))

    await heard.hear(seen.task.id, None)


async def test_a_task_that_has_expired_is_none(store: TaskStore, changes: Changes, heard: Heard) -> None:
    """What has expired is as good as gone, even while the database still has it."""
    expired = await put_expired(store)

    changes.follow(expired.task.id)

    await heard.hear(expired.task.id, None)
    assert set(heard.of(expired.task.id)) == {None}


async def test_a_task_that_expires_is_none_from_then_on(store: TaskStore, changes: Changes, heard: Heard) -> None:
    """Nobody writes anything when its time has come."""
    just_now = store.now() - timedelta(seconds=2)  # it finished a second later, and expires in a second
    expiring = await put_new(store, Status.FAILED, created_at=just_now, time_to_live=timedelta(seconds=2))

    changes.follow(expiring.task.id)

    await heard.hear(expiring.task.id, None)


async def test_a_task_that_is_created_after_it_was_followed_is_told(
    other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """The caller chooses a text's id, and it may come back."""
    coming = fresh(other_store)
    changes.follow(coming.id)
    await heard.hear(coming.id, None)

    await other_store.create(coming, b"hello")

    await heard.hear(coming.id, coming)


async def test_another_task_under_the_same_id_is_told(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """Its first revision is the same number; only the submission tells that it is another one."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)

    await other_store.delete(await other_store.get(seen.task.id))
    another = await put_new(other_store, id=seen.task.id)

    await heard.hear(seen.task.id, another.task)


async def test_of_a_task_that_was_left_nothing_more_is_told(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """Who has gone must not be called."""
    left, witness = await put_new(store), await put_new(store)
    for one in (left, witness):
        changes.follow(one.task.id)
        await heard.hear(one.task.id, one.task)

    changes.leave(left.task.id)
    told_until_then = heard.of(left.task.id)
    await swap(other_store, await other_store.get(left.task.id))
    for _ in range(2):
        witness = await swap(other_store, await other_store.get(witness.task.id))
        await heard.hear(witness.task.id, witness.task)

    assert heard.of(left.task.id) == told_until_then


async def test_a_task_that_is_followed_twice_is_left_once(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """What nobody can stop any more goes on until the process ends."""
    left, witness = await put_new(store), await put_new(store)
    for one in (left, left, witness):
        changes.follow(one.task.id)
    await heard.hear(left.task.id, left.task)

    changes.leave(left.task.id)
    told_until_then = heard.of(left.task.id)
    for _ in range(2):
        witness = await swap(other_store, await other_store.get(witness.task.id))
        await heard.hear(witness.task.id, witness.task)

    assert heard.of(left.task.id) == told_until_then


async def test_a_task_can_be_followed_again_after_it_was_left(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """Watchers come and go; what happened in between is told to the next one."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)
    changes.leave(seen.task.id)
    in_between = await swap(other_store, await other_store.get(seen.task.id))

    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, in_between.task)
    afterwards = await swap(other_store, in_between)

    await heard.hear(seen.task.id, afterwards.task)


async def test_a_task_that_has_not_changed_is_told_to_who_follows_it_again(
    store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """What was told to the one before is unknown to the next."""
    seen = await put_new(store)
    changes.follow(seen.task.id)
    await heard.hear(seen.task.id, seen.task)

    changes.leave(seen.task.id)
    heard.told.clear()
    changes.follow(seen.task.id)

    await heard.hear(seen.task.id, seen.task)


async def test_leaving_what_is_not_followed_changes_nothing(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """A watcher of a finished task leaves what was never followed."""
    seen = await put_new(store)
    changes.follow(seen.task.id)

    changes.leave(str(uuid4()))
    changed = await swap(other_store, await other_store.get(seen.task.id))

    await heard.hear(seen.task.id, changed.task)


async def test_two_tasks_are_told_apart(
    store: TaskStore, other_store: TaskStore, changes: Changes, heard: Heard
) -> None:
    """One caller's result is nobody else's."""
    one, other = await put_new(store), await put_new(store)
    for seen in (one, other):
        changes.follow(seen.task.id)

    changed_one = await swap(other_store, await other_store.get(one.task.id))
    changed_other = await swap(other_store, await other_store.get(other.task.id), times=2)

    await heard.hear(one.task.id, changed_one.task)
    await heard.hear(other.task.id, changed_other.task)
    assert all(task is not None and task.id == task_id for task_id, task in heard.told)


async def test_many_tasks_are_all_told(store: TaskStore, changes: Changes, heard: Heard) -> None:
    """A process serves hundreds of watchers, each of another task."""
    tasks = [seen.task for seen in await asyncio.gather(*(put_new(store) for _ in range(MANY)))]

    for task in tasks:
        changes.follow(task.id)

    await heard.until(lambda: len({task_id for task_id, _ in heard.told}) == MANY)
    assert {task.id: task for task in tasks} == dict(heard.told)


async def test_nothing_is_told_after_the_end(store: TaskStore, other_store: TaskStore, changes: Changes) -> None:
    """The process closes what the news would be shown to."""
    seen = await put_new(store)
    first, second = Heard(), Heard()
    async with changes.open(first):
        changes.follow(seen.task.id)
        await first.hear(seen.task.id, seen.task)
    told_until_then = list(first.told)

    async with changes.open(second):
        changes.follow(seen.task.id)
        changed = await swap(other_store, await other_store.get(seen.task.id))
        await second.hear(seen.task.id, changed.task)

    assert first.told == told_until_then


async def test_an_end_forgets_who_was_followed(store: TaskStore, other_store: TaskStore, changes: Changes) -> None:
    """What was followed in the life before is nobody's business in the next."""
    forgotten, too_late, seen = [await put_new(store) for _ in range(3)]
    async with changes.open(Heard()):
        changes.follow(forgotten.task.id)
    changes.follow(too_late.task.id)

    heard = Heard()
    async with changes.open(heard):
        changes.follow(seen.task.id)
        changed = await swap(other_store, await other_store.get(seen.task.id))
        await heard.hear(seen.task.id, changed.task)

    assert heard.of(forgotten.task.id) == heard.of(too_late.task.id) == []
