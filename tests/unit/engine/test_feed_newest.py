"""How a blocking request waits for a task to become what it wants, and no longer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.domain.errors import TaskNotFound
from app.domain.processing import Progress
from app.domain.task import Status, Task
from tests.factories import make_task
from tests.fakes import PATIENCE
from tests.unit.engine.newsroom import Newsroom, changed, ended, running
from tests.unit.engine.process import LONG, several_turns

SHORT = timedelta(milliseconds=20)


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    """Open a feed."""
    newsroom = Newsroom()
    async with newsroom.open():
        yield newsroom


def is_final(task: Task) -> bool:
    """Whether the task is as most callers want it."""
    return task.status.is_final


def has_progress(task: Task) -> bool:
    """Whether something was said about the run."""
    return task.progress is not None


async def waiting_for(newsroom: Newsroom, task: Task, *, within: timedelta = LONG) -> asyncio.Task[Task]:
    """Begin to wait until *task* is final."""
    waiting = asyncio.create_task(newsroom.feed.newest(task, until=is_final, within=within))
    await newsroom.changes.until(lambda: task.id in newsroom.changes.followed)
    return waiting


async def test_waiting_for_a_task_ends_as_soon_as_it_is_as_wanted(newsroom: Newsroom) -> None:
    """A blocking request answers the moment the result is there."""
    task = make_task()
    waiting = await waiting_for(newsroom, task)
    newsroom.changes.tell(started := running(id=task.id, submission=task.submission, revision=2))
    await several_turns()

    newsroom.changes.tell(done := ended(started))

    assert await waiting == done
    assert newsroom.changes.followed == set()


async def test_what_is_as_wanted_already_is_not_waited_for(newsroom: Newsroom) -> None:
    """The answer is there."""
    task = ended(make_task())

    assert await newsroom.feed.newest(task, until=is_final, within=LONG) is task


async def test_what_is_known_to_be_newer_is_not_waited_for(newsroom: Newsroom) -> None:
    """The task may have ended between the reading and the waiting."""
    task = make_task()
    done = ended(task)
    with newsroom.feed.watch(done):
        assert await newsroom.feed.newest(task, until=is_final, within=LONG) is done


async def test_progress_alone_is_not_what_was_waited_for(newsroom: Newsroom) -> None:
    """Only what is stored is answered with: the next request must not find less."""
    task = running()
    waiting = asyncio.create_task(newsroom.feed.newest(task, until=has_progress, within=SHORT))
    await newsroom.changes.until(lambda: task.id in newsroom.changes.followed)

    newsroom.feed.progress(task.id, "token-a", Progress(stage="reading", fraction=0.5))

    assert await waiting is task


async def test_patience_ends_with_the_task_as_it_is_by_then(newsroom: Newsroom) -> None:
    """The caller is shown the unfinished task, and may come again."""
    task = make_task()
    waiting = await waiting_for(newsroom, task, within=SHORT)

    newsroom.changes.tell(newer := changed(task))

    assert await waiting == newer


async def test_waiting_ends_with_the_process(newsroom: Newsroom) -> None:
    """The server would cut the connection instead, without a word about the task that goes on."""
    task = make_task()
    waiting = await waiting_for(newsroom, task)

    newsroom.ends.set()

    async with asyncio.timeout(PATIENCE):
        assert await waiting is task


async def test_a_task_that_has_ended_as_wanted_and_is_deleted_is_returned(newsroom: Newsroom) -> None:
    """Its caller has waited for the end, and gets it."""
    task = running()
    waiting = asyncio.create_task(
        newsroom.feed.newest(task, until=lambda seen: seen.status.is_final, within=timedelta(seconds=PATIENCE))
    )
    await asyncio.sleep(0)

    newsroom.feed.tell(task.id, ended(task))
    newsroom.feed.tell(task.id, None)

    assert (await waiting).status is Status.COMPLETED


async def test_a_task_that_is_deleted_meanwhile_is_not_found(newsroom: Newsroom) -> None:
    """Whoever waits for it gets the answer that the next request would get."""
    task = make_task()
    waiting = await waiting_for(newsroom, task)

    newsroom.changes.tell_gone(task.id)

    with pytest.raises(TaskNotFound):
        await waiting
