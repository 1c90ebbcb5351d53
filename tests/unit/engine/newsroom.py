"""A feed, and all that it learns from: what other processes write, what this one runs, and the time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from app.domain.task import Status, Task
from app.engine.feed import Event, Feed, Watch
from app.engine.registry import Registry
from tests.factories import make_task
from tests.fake_changes import FakeChanges
from tests.fakes import PATIENCE, FakeClock
from tests.unit.engine.process import LONG


@dataclass(kw_only=True)
class Newsroom:
    """One process's feed; *due* are the tasks that were said to wait for a worker."""

    trust: timedelta = LONG
    clock: FakeClock = field(default_factory=FakeClock)
    changes: FakeChanges = field(default_factory=FakeChanges)
    registry: Registry = field(default_factory=Registry)
    due: asyncio.Queue[Task] = field(default_factory=asyncio.Queue)
    ends: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Put it together."""
        self.feed = Feed(self.changes, self.registry, now=self.clock, on_due=self.due.put_nowait, trust=self.trust)
        self._released = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let tasks be watched, and end all runs afterwards."""
        async with self.feed.open(ends=self.ends):
            yield
        self._released.set()
        await self.registry.all_ended(within=timedelta(seconds=PATIENCE))

    def run(self, task: Task) -> None:
        """Work on *task*, until the end."""

        async def work() -> None:
            await self._released.wait()

        self.registry.start(task.id, work(), ended=lambda: None)


async def seen_by(watch: Watch) -> Event:
    """Wait for the news that *watch* has not seen."""
    event = await said_to(watch)
    assert event is not None
    return event


async def said_to(watch: Watch) -> Event | None:
    """Wait for whatever is said to a *watch* that has all the time in the world."""
    async with asyncio.timeout(PATIENCE):
        return await watch.next(until=asyncio.get_running_loop().time() + LONG.total_seconds())


async def at_once(watch: Watch) -> Event | None:
    """Return what *watch* has to say without any waiting."""
    return await watch.next(until=asyncio.get_running_loop().time())


def changed(task: Task, **fields: Any) -> Task:  # noqa: ANN401 - any field of a task
    """Return the next revision of *task*."""
    return replace(task, **fields, revision=task.revision + 1)


def running(**fields: Any) -> Task:  # noqa: ANN401 - any field of a task
    """Return a task on which somebody works under the lease `token-a`."""
    return make_task(Status.PROCESSING, **fields)


def ended(task: Task, status: Status = Status.COMPLETED) -> Task:
    """Return *task* after its run."""
    final = make_task(status)
    outcome = {"result": final.result, "failure": final.failure, "finished_at": final.finished_at}
    return changed(task, status=status, attempt=final.attempt, lease=None, **outcome)
