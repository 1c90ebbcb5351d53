"""What a watcher is shown of a task, whoever writes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from app.domain.processing import Progress
from app.domain.task import Task
from app.engine.feed import PROGRESS_INTERVAL, Event
from tests.factories import make_lease, make_task
from tests.unit.engine.newsroom import Newsroom, at_once, changed, ended, running, said_to, seen_by
from tests.unit.engine.process import LONG, several_turns

FIRST, SECOND = Progress(stage="reading", fraction=0.1), Progress(stage="reading", fraction=0.2)
ELSEWHERE = make_lease(token="token-b", holder="worker-b")  # noqa: S106 - a lease's, not a secret


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    """Open a feed."""
    newsroom = Newsroom()
    async with newsroom.open():
        yield newsroom


async def test_a_watcher_begins_with_the_task_as_it_is(newsroom: Newsroom) -> None:
    """A page that is opened in the middle shows something at once."""
    task = make_task()

    with newsroom.feed.watch(task) as watch:
        assert await at_once(watch) == Event(task, is_change=True)
        assert await at_once(watch) is None


async def test_what_another_process_writes_is_shown(newsroom: Newsroom) -> None:
    """Any process answers for any task."""
    task = make_task()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        newsroom.changes.tell(ended(task))

        assert await seen_by(watch) == Event(watch.stored, is_change=True)
        assert watch.stored.status.is_final


async def test_what_this_process_writes_is_shown_without_a_detour(newsroom: Newsroom) -> None:
    """Most tasks are worked on where they were submitted, and end within a few milliseconds."""
    task = make_task()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)
        waiting = asyncio.create_task(seen_by(watch))
        await asyncio.sleep(0)

        newsroom.feed.tell(task.id, done := ended(task))

        assert await waiting == Event(done, is_change=True)


async def test_a_slow_watcher_is_shown_the_newest_state_only(newsroom: Newsroom) -> None:
    """Nothing is kept for a browser that sleeps but what it needs when it wakes."""
    task = make_task()
    second = changed(task)
    third = changed(second)
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        for newer in (second, third):
            newsroom.changes.tell(newer)

        assert await at_once(watch) == Event(third, is_change=True)
        assert await at_once(watch) is None


async def test_every_watcher_is_shown_what_it_has_not_seen(newsroom: Newsroom) -> None:
    """Two pages on one task do not take the news from each other."""
    task = make_task()
    with newsroom.feed.watch(task) as one, newsroom.feed.watch(task) as other:
        await seen_by(one)
        newsroom.changes.tell(newer := changed(task))

        assert [await at_once(watch) for watch in (one, other)] == [Event(newer, is_change=True)] * 2


async def test_who_has_seen_this_revision_waits_for_the_next(newsroom: Newsroom) -> None:
    """A stream that was cut goes on where it stopped, without showing the same again."""
    task = make_task(revision=3)
    with newsroom.feed.watch(task, after=3) as watch:
        assert await at_once(watch) is None

        newsroom.changes.tell(newer := changed(task))

        assert await seen_by(watch) == Event(newer, is_change=True)


@pytest.mark.parametrize("after", [1, 2, 4, 5])
async def test_who_has_seen_another_revision_is_shown_this_one(newsroom: Newsroom, after: int) -> None:
    """A larger number is one that no stored task has: whoever made it up is told how it is."""
    task = make_task(revision=3)

    with newsroom.feed.watch(task, after=after) as watch:
        assert await at_once(watch) == Event(task, is_change=True)


async def test_a_newer_reading_by_a_watcher_is_news_to_all(newsroom: Newsroom) -> None:
    """Whoever comes later has read the task later."""
    task = make_task()
    newer = changed(task)
    with newsroom.feed.watch(task) as first:
        await seen_by(first)

        with newsroom.feed.watch(newer) as second:
            assert await at_once(second) == Event(newer, is_change=True)

        assert await at_once(first) == Event(newer, is_change=True)


async def test_an_older_reading_by_a_watcher_begins_with_what_is_known(newsroom: Newsroom) -> None:
    """Time passes between the reading and the watching."""
    task = make_task()
    newer = changed(task)
    with newsroom.feed.watch(newer), newsroom.feed.watch(task, after=task.revision) as late:
        assert await at_once(late) == Event(newer, is_change=True)


async def test_what_is_told_late_takes_nothing_back(newsroom: Newsroom) -> None:
    """Two ways lead here, and neither is always the faster one: a task that has ended must not begin again."""
    task = make_task()
    newer = changed(task)
    with newsroom.feed.watch(newer) as watch:
        await seen_by(watch)

        for late in (task, newer):
            newsroom.changes.tell(late)

        assert await at_once(watch) is None
        assert watch.stored is newer


async def test_news_of_a_task_that_nobody_watches_is_dropped(newsroom: Newsroom) -> None:
    """Every write of the process passes by here; most concern nobody."""
    task = make_task()

    newsroom.feed.tell(task.id, changed(task))
    newsroom.feed.tell(task.id, None)
    newsroom.feed.progress(task.id, "token-a", FIRST)

    with newsroom.feed.watch(task) as watch:
        assert await at_once(watch) == Event(task, is_change=True)
        assert not watch.is_gone


async def test_progress_of_this_process_is_shown_before_it_is_stored(newsroom: Newsroom) -> None:
    """It is stored with the next heartbeat, and a watcher would see it jump every ten seconds."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        newsroom.feed.progress(task.id, "token-a", FIRST)

        event = await seen_by(watch)
        assert (event.task.progress, event.is_change) == (FIRST, False)
        assert (event.task.revision, watch.stored) == (task.revision, task)


async def test_a_change_and_progress_in_one_are_a_change(newsroom: Newsroom) -> None:
    """A slow watcher must not take a new revision for mere progress."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        newsroom.feed.progress(task.id, "token-a", FIRST)
        newsroom.feed.progress(task.id, "token-a", SECOND)
        newsroom.feed.tell(task.id, changed(task, progress=FIRST))

        event = await seen_by(watch)
        assert (event.task.progress, event.is_change) == (SECOND, True)


async def test_progress_that_comes_too_fast_is_shown_a_moment_later(newsroom: Newsroom) -> None:
    """A language model reports with every word; a thousand watchers need not hear each."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        for number in range(1000):
            newsroom.feed.progress(task.id, "token-a", Progress(stage="reading", fraction=number / 1000))
        first, last = await seen_by(watch), await seen_by(watch)

    assert [event.task.progress for event in (first, last)] == [
        Progress(stage="reading", fraction=0.0),
        Progress(stage="reading", fraction=0.999),
    ]


async def test_the_same_progress_again_is_no_news(newsroom: Newsroom) -> None:
    """A model that says the same for every sentence wakes nobody."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)
        newsroom.feed.progress(task.id, "token-a", FIRST)
        await seen_by(watch)

        newsroom.feed.progress(task.id, "token-a", FIRST)

        assert await watch.next(until=asyncio.get_running_loop().time() + 2 * PROGRESS_INTERVAL.total_seconds()) is None


async def test_what_was_read_of_an_earlier_task_under_the_id_ends_no_watch(newsroom: Newsroom) -> None:
    """A slow read may come back after its task was deleted, and the id given to another."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        newsroom.feed.tell(task.id, replace(task, submission="earlier", created_at=task.created_at - LONG))

        assert await at_once(watch) is None
        assert not watch.is_gone


@pytest.mark.parametrize(
    "task", [running(lease=ELSEWHERE), make_task(), ended(running())], ids=["another's", "nobody's", "ended"]
)
async def test_progress_of_a_run_that_does_not_hold_the_lease_is_not_shown(newsroom: Newsroom, task: Task) -> None:
    """A worker that was taken for dead goes on talking about work that another one has begun anew."""
    with newsroom.feed.watch(task) as watch:
        await seen_by(watch)

        newsroom.feed.progress(task.id, "token-a", FIRST)

        assert await at_once(watch) is None


async def test_progress_ends_with_the_lease(newsroom: Newsroom) -> None:
    """The next worker begins from the beginning."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        newsroom.feed.progress(task.id, "token-a", SECOND)

        newsroom.changes.tell(taken_over := changed(task, lease=ELSEWHERE, progress=FIRST))

        assert await seen_by(watch) == Event(taken_over, is_change=True)


async def test_progress_of_a_run_whose_claim_is_not_known_yet_is_shown_with_the_claim(newsroom: Newsroom) -> None:
    """The reading that the watch began with may be older than the run."""
    task = make_task()
    with newsroom.feed.watch(task, after=task.revision) as watch:
        newsroom.feed.progress(task.id, "token-a", FIRST)
        claimed = running(id=task.id, submission=task.submission, revision=task.revision + 1)

        newsroom.feed.tell(task.id, claimed)

        event = await seen_by(watch)
        assert (event.task.revision, event.task.progress) == (claimed.revision, FIRST)


async def test_stored_progress_does_not_set_back_what_was_shown(newsroom: Newsroom) -> None:
    """A heartbeat stores what was true when it began; a bar that jumps back looks like a fault."""
    task = running()
    with newsroom.feed.watch(task) as watch:
        newsroom.feed.progress(task.id, "token-a", SECOND)

        newsroom.feed.tell(task.id, changed(task, progress=FIRST))

        event = await seen_by(watch)
        assert (event.task.progress, event.task.revision) == (SECOND, task.revision + 1)
        assert watch.stored.progress == FIRST


async def test_a_watcher_who_comes_later_begins_with_the_newest_progress(newsroom: Newsroom) -> None:
    """Two pages on one task show the same."""
    task = running()
    with newsroom.feed.watch(task):
        newsroom.feed.progress(task.id, "token-a", FIRST)

        with newsroom.feed.watch(task) as late:
            event = await seen_by(late)

    assert event.task.progress == FIRST


async def test_patience_has_an_end(newsroom: Newsroom) -> None:
    """A stream says in between that it is still there."""
    task = make_task()
    with newsroom.feed.watch(task, after=task.revision) as watch:
        assert await watch.next(until=asyncio.get_running_loop().time() + 0.005) is None
        assert not watch.is_gone


async def test_a_task_that_is_deleted_ends_the_watch(newsroom: Newsroom) -> None:
    """Nothing comes any more, and the watcher is told why."""
    task = make_task()
    with newsroom.feed.watch(task, after=task.revision) as watch:
        waiting = asyncio.create_task(said_to(watch))
        await asyncio.sleep(0)

        newsroom.changes.tell_gone(task.id)

        assert await waiting is None
        assert watch.is_gone


async def test_the_last_state_is_shown_before_the_end(newsroom: Newsroom) -> None:
    """A task may be deleted right after it ended: its result was not for nobody."""
    task = make_task()
    with newsroom.feed.watch(task, after=task.revision) as watch:
        newsroom.feed.tell(task.id, done := ended(task))
        newsroom.feed.tell(task.id, None)

        assert await at_once(watch) == Event(done, is_change=True)
        assert await at_once(watch) is None
        assert watch.is_gone


async def test_another_task_under_the_same_id_is_none_of_this_watchers_business(newsroom: Newsroom) -> None:
    """A text's id may be used again, by somebody else."""
    task = make_task()
    another = make_task(id=task.id, revision=7)
    with newsroom.feed.watch(task, after=task.revision) as watch:
        newsroom.changes.tell(another)

        assert await at_once(watch) is None
        assert watch.is_gone
        assert watch.stored is task


async def test_who_watches_the_new_task_under_an_old_id_goes_on_when_the_others_leave(newsroom: Newsroom) -> None:
    """The watchers of the old one must not take the new one's news with them."""
    task = make_task()
    another = make_task(id=task.id)
    with ExitStack() as watching_the_old:
        old = watching_the_old.enter_context(newsroom.feed.watch(task))
        with newsroom.feed.watch(another) as new:
            await seen_by(new)
            watching_the_old.close()

            newsroom.changes.tell(newer := changed(another))

            assert await seen_by(new) == Event(newer, is_change=True)
            assert (old.is_gone, new.is_gone) == (True, False)


async def test_the_end_of_the_process_ends_every_watch(newsroom: Newsroom) -> None:
    """The server waits for its streams before it goes; they must not wait for their tasks."""
    task = make_task()
    with newsroom.feed.watch(task, after=task.revision) as watch:
        waiting = asyncio.create_task(said_to(watch))
        await asyncio.sleep(0)

        newsroom.ends.set()

        assert await waiting is None
        assert not watch.is_gone


async def test_who_comes_after_the_end_is_shown_the_task_once(newsroom: Newsroom) -> None:
    """The last requests are answered with what is known."""
    task = make_task()
    newsroom.ends.set()
    await several_turns()

    with newsroom.feed.watch(task) as watch:
        assert await seen_by(watch) == Event(task, is_change=True)
        assert await said_to(watch) is None


async def test_a_feed_that_is_closed_ends_every_watch() -> None:
    """Nothing can be heard any more, whatever the reason."""
    newsroom, task = Newsroom(), make_task()
    with ExitStack() as watching:
        async with newsroom.open():
            watch = watching.enter_context(newsroom.feed.watch(task, after=task.revision))

        assert await said_to(watch) is None
