"""What the feed costs others: each watched task is followed once, for as long as it matters, and taken up when due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from app.domain.task import Status, Task
from app.engine.feed import AFTER_DUE, Event
from tests.factories import NOW, make_lease, make_task
from tests.fakes import PATIENCE
from tests.unit.engine.newsroom import Newsroom, at_once, changed, ended, running, said_to, seen_by
from tests.unit.engine.process import LONG, MOMENT, several_turns

FINAL = [status for status in Status if status.is_final]


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    """Open a feed."""
    newsroom = Newsroom()
    async with newsroom.open():
        yield newsroom


@pytest.fixture
async def hasty() -> AsyncIterator[Newsroom]:
    """Open a feed that does not trust this process's runs for long."""
    hasty = Newsroom(trust=MOMENT)
    async with hasty.open():
        yield hasty


def overdue() -> Task:
    """Return a task that anybody might have taken up by now."""
    return make_task(created_at=NOW - AFTER_DUE)


async def called_when_due(newsroom: Newsroom) -> Task:
    """Wait until a task is said to wait for a worker."""
    async with asyncio.timeout(PATIENCE):
        return await newsroom.due.get()


async def test_a_task_is_followed_once_however_many_watch_it(newsroom: Newsroom) -> None:
    """A hundred pages on one task must not cost a hundred streams."""
    task = make_task()

    with ExitStack() as watching:
        for _ in range(3):
            watching.enter_context(newsroom.feed.watch(task))
        followed = set(newsroom.changes.followed)

    assert followed == {task.id}
    assert newsroom.changes.calls == [("follow", task.id), ("leave", task.id)]


async def test_a_task_is_left_by_its_last_watcher(newsroom: Newsroom) -> None:
    """The others still want to know."""
    task = make_task()
    with newsroom.feed.watch(task) as staying:
        with newsroom.feed.watch(task):
            pass

        assert newsroom.changes.followed == {task.id}
        newsroom.changes.tell(newer := changed(task))
        assert await seen_by(staying) == Event(newer, is_change=True)

    assert newsroom.changes.followed == set()


async def test_a_task_is_followed_anew_for_the_next_watcher(newsroom: Newsroom) -> None:
    """Nothing is kept of a task that nobody watches."""
    task = make_task()
    with newsroom.feed.watch(changed(task)):
        pass

    with newsroom.feed.watch(task) as watch:
        assert newsroom.changes.followed == {task.id}
        assert await at_once(watch) == Event(task, is_change=True)


@pytest.mark.parametrize("status", FINAL)
async def test_a_final_task_is_followed_no_longer(newsroom: Newsroom, status: Status) -> None:
    """A page that stays open on a result costs nothing."""
    task = make_task(max_attempts=1)
    with newsroom.feed.watch(task):
        newsroom.changes.tell(ended(task, status))

        assert newsroom.changes.followed == set()


@pytest.mark.parametrize("status", FINAL)
async def test_a_task_that_was_final_already_is_not_followed_at_all(newsroom: Newsroom, status: Status) -> None:
    """No worker will touch it again."""
    with newsroom.feed.watch(make_task(status)):
        await several_turns()

    assert newsroom.changes.calls == []
    assert newsroom.due.empty()


async def test_a_final_task_that_is_begun_anew_is_followed_again(newsroom: Newsroom) -> None:
    """Somebody retries it while its watcher is still there, and the watcher waits for the next end."""
    task = ended(make_task(), Status.FAILED)
    again = changed(task, status=Status.PENDING, failure=None, finished_at=None)
    with newsroom.feed.watch(task):
        newsroom.feed.tell(task.id, again)

        assert newsroom.changes.followed == {task.id}


async def test_a_task_that_is_gone_is_followed_no_longer(newsroom: Newsroom) -> None:
    """Nothing can become of it."""
    task = make_task()
    with newsroom.feed.watch(task):
        newsroom.changes.tell_gone(task.id)

        assert newsroom.changes.followed == set()


async def test_a_task_that_runs_here_is_not_followed_at_first(newsroom: Newsroom) -> None:
    """Most runs end sooner than a stream can be set up, and whatever they do is known here anyway."""
    task = running()
    newsroom.run(task)

    with newsroom.feed.watch(task):
        newsroom.feed.tell(task.id, ended(task))
        await several_turns()

    assert newsroom.changes.calls == []


async def test_a_long_run_of_this_process_is_followed_after_a_while(hasty: Newsroom) -> None:
    """It may lose its lease to another process, or be cancelled there."""
    task = running()
    hasty.run(task)

    with hasty.feed.watch(task):
        await hasty.changes.until(lambda: task.id in hasty.changes.followed)
        hasty.feed.tell(task.id, changed(task))

    assert hasty.changes.calls == [("follow", task.id), ("leave", task.id)]


async def test_a_run_of_this_process_is_trusted_from_the_first_watcher_on(newsroom: Newsroom) -> None:
    """Each heartbeat would put off the stream for ever, if it began to count anew."""
    task = running()
    newsroom.run(task)

    with newsroom.feed.watch(task):
        for _ in range(2):
            task = changed(task)
            newsroom.feed.tell(task.id, task)

        assert newsroom.changes.calls == []


async def test_a_watcher_who_has_left_is_not_followed_for(hasty: Newsroom) -> None:
    """What was put off until later must not come after the end."""
    task, witness = running(), running()
    for one in (task, witness):
        hasty.run(one)
    with hasty.feed.watch(witness):
        with hasty.feed.watch(task):
            pass

        await hasty.changes.until(lambda: witness.id in hasty.changes.followed)

    assert ("follow", task.id) not in hasty.changes.calls


async def test_a_waiting_task_is_looked_after_when_it_is_due(newsroom: Newsroom) -> None:
    """Nobody writes anything when the time has come, and the next sweep may be a quarter of a minute away."""
    task = make_task()

    with newsroom.feed.watch(task):
        await several_turns()
        too_early = newsroom.due.qsize()

        assert await called_when_due(newsroom) is task
    assert too_early == 0


@pytest.mark.parametrize(
    "task", [overdue(), running(lease=make_lease(expires_at=NOW - LONG))], ids=["waiting", "deserted"]
)
async def test_an_overdue_task_is_looked_after_at_once(newsroom: Newsroom, task: Task) -> None:
    """Its watcher has waited long enough."""
    with newsroom.feed.watch(task):
        assert await called_when_due(newsroom) is task


async def test_a_task_that_runs_here_is_not_asked_for_when_it_is_due(newsroom: Newsroom) -> None:
    """There is nothing yet whose news could be dead."""
    task = running(lease=make_lease(expires_at=NOW - LONG))
    newsroom.run(task)
    with newsroom.feed.watch(task):
        await called_when_due(newsroom)

        assert newsroom.changes.calls == []


async def test_a_followed_task_that_is_due_is_asked_for_anew(newsroom: Newsroom) -> None:
    """Its worker may be dead; or the connection that would have told of it."""
    task = running(lease=make_lease(expires_at=NOW - LONG))
    with newsroom.feed.watch(task):
        await called_when_due(newsroom)

        assert newsroom.changes.calls == [("follow", task.id), ("leave", task.id), ("follow", task.id)]


async def test_a_task_that_is_put_off_is_looked_after_later(newsroom: Newsroom) -> None:
    """A heartbeat, or a pause before the next attempt, moves the time at which anybody may take it up."""
    task, witness = overdue(), overdue()

    with newsroom.feed.watch(task), newsroom.feed.watch(witness):
        newsroom.changes.tell(changed(task, available_at=NOW + LONG))

        assert await called_when_due(newsroom) is witness
        await several_turns()
        assert newsroom.due.empty()


async def test_a_task_that_becomes_due_sooner_is_looked_after_sooner(newsroom: Newsroom) -> None:
    """A worker that goes hands its work over at once."""
    task = running(lease=make_lease(expires_at=NOW + LONG))
    handed_over = changed(task, status=Status.PENDING, lease=None, available_at=NOW - LONG)
    with newsroom.feed.watch(task):
        await several_turns()
        too_early = newsroom.due.qsize()

        newsroom.changes.tell(handed_over)

        assert await called_when_due(newsroom) is handed_over
    assert too_early == 0


async def test_nobody_is_called_for_a_task_that_has_ended(newsroom: Newsroom) -> None:
    """There is nothing left to be done."""
    task, witness = overdue(), overdue()

    with newsroom.feed.watch(task), newsroom.feed.watch(witness):
        newsroom.changes.tell(ended(task))

        assert await called_when_due(newsroom) is witness
        assert newsroom.due.empty()


async def test_after_the_end_nothing_is_followed_and_nobody_called(newsroom: Newsroom) -> None:
    """A process that goes takes nothing up, even if its own last writes are seen by watchers who linger."""
    task, late = overdue(), overdue()
    with newsroom.feed.watch(task) as lingering:
        newsroom.ends.set()
        await said_to(lingering)
        while not newsroom.due.empty():
            newsroom.due.get_nowait()

        assert await said_to(lingering) is None
        newsroom.feed.tell(task.id, changed(task))
        with newsroom.feed.watch(late):
            await several_turns()

        assert newsroom.changes.followed == set()
        assert newsroom.due.empty()
