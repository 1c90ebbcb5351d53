"""
How watchers learn what becomes of a task, whichever process works on it.

However many watch a task in this process, it is followed once. What this
process writes itself goes the short way; the rest comes through the port
`Changes`. Nobody is kept waiting for a slow watcher, and nothing is kept for
it but the newest state.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import TaskNotFound
from app.domain.processing import Progress
from app.domain.task import Task
from app.engine.ports import Changes
from app.engine.registry import Registry
from app.engine.topic import Topic

TRUST: Final = timedelta(milliseconds=500)
"""How long a run of this process is trusted to be the only one who changes its task: most end sooner."""

PROGRESS_INTERVAL: Final = timedelta(milliseconds=50)
"""Between two looks at a run's progress that was not stored."""

AFTER_DUE: Final = timedelta(milliseconds=50)
"""Between the moment at which a task is due and a look whether anybody takes it up."""


@dataclass(frozen=True, slots=True)
class Event:
    """
    One state of a watched task.

    Attributes:
        task: As it is; its *progress* may be newer than the one that is stored.
        is_change: False if only the progress is news: it was not stored, and has no revision of its own.
        memo: What the watchers of this state have made of it, by name, so that it need not be made for each.

    """

    task: Task
    is_change: bool
    memo: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)


class Watch:
    """One watcher of one task."""

    def __init__(self, topic: Topic, after: int | None) -> None:
        """Begin with the task as it is, unless that is the revision *after* which news is wanted."""
        self._topic = topic
        self._seen = topic.shown if topic.stored.revision == after else None
        self._revision = after

    @property
    def stored(self) -> Task:
        """The task as it was stored last."""
        return self._topic.stored

    @property
    def is_over(self) -> bool:
        """Whether nothing will follow here."""
        return self._topic.is_over

    @property
    def is_gone(self) -> bool:
        """Whether the task has been deleted, or has expired."""
        return self._topic.is_gone

    async def next(self, *, until: float) -> Event | None:
        """
        Return the newest state that this watcher has not seen.

        None if there is none *until* that time of the event loop's clock, or
        if there will be none: the task is gone, or this process ends.
        """
        topic = self._topic
        try:
            async with asyncio.timeout_at(until):
                while topic.shown is self._seen and not topic.is_over:
                    await topic.news.wait()
        except TimeoutError:
            return None
        if topic.shown is self._seen:
            return None
        self._seen = topic.shown
        is_change, self._revision = self._revision != topic.shown.revision, topic.shown.revision
        return Event(topic.shown, is_change, topic.memo)


class Feed:
    """What this process knows of the tasks that are watched."""

    def __init__(
        self,
        changes: Changes,
        registry: Registry,
        *,
        now: Callable[[], datetime],
        on_due: Callable[[Task], None],
        trust: timedelta = TRUST,
    ) -> None:
        """
        Learn from *changes* what other processes write.

        A task that the *registry* runs is followed only after the *trust* is
        over. *on_due* is called with a watched task that waits for a worker,
        since nobody writes anything when a task becomes due by the store's *now*.
        """
        self._changes = changes
        self._registry = registry
        self._now = now
        self._on_due = on_due
        self._trust = trust.total_seconds()
        self._topics: dict[str, Topic] = {}
        self._is_over = False

    @asynccontextmanager
    async def open(self, *, ends: asyncio.Event) -> AsyncIterator[None]:
        """Let tasks be watched, until *ends* is set: whoever watches then is told that there will be no more."""
        ending = asyncio.create_task(self._end(ends))
        try:
            async with self._changes.open(self.tell):
                yield
        finally:
            ending.cancel()
            self._close()

    @contextmanager
    def watch(self, task: Task, *, after: int | None = None) -> Iterator[Watch]:
        """Watch *task*, which was just read: as it is, unless that is the revision *after*, and all that follows."""
        self.observe(task)
        topic = self._topics.get(task.id) or self._begin(task)
        topic.watchers += 1
        try:
            yield Watch(topic, after)
        finally:
            topic.watchers -= 1
            if not topic.watchers:
                self._drop(topic)

    async def newest(self, task: Task, *, until: Callable[[Task], bool], within: timedelta) -> Task:
        """
        Wait for a task, which has just been read, to change so that *until* holds; return it as it is then.

        If it does not *within* that time, or this process ends, it is returned as it is.

        Raises:
            TaskNotFound: If it is deleted meanwhile.

        """
        give_up_at = asyncio.get_running_loop().time() + within.total_seconds()
        with self.watch(task, after=task.revision) as watch:
            while not until(watch.stored) and await watch.next(until=give_up_at):
                pass
            if watch.is_gone and not until(watch.stored):
                raise TaskNotFound
            return watch.stored

    def tell(self, task_id: str, task: Task | None) -> None:
        """Take in what was seen of a task: None if it is not there."""
        if task is not None:
            self.observe(task)
        elif topic := self._topics.get(task_id):
            self._lose(topic)

    def observe(self, task: Task) -> None:
        """Take in a task as it was written or read just now."""
        topic = self._topics.get(task.id)
        if topic is None:
            return
        if task.submission != topic.stored.submission:
            if task.created_at >= topic.stored.created_at:  # else it was read before the id came to this one
                self._lose(topic)
        elif task.revision > topic.stored.revision:
            topic.stored = task
            topic.show()
            self._expect(topic)

    def progress(self, task_id: str, token: str, progress: Progress) -> None:
        """Show how far this process's run under the lease *token* has come; it must still hold that lease."""
        topic = self._topics.get(task_id)
        if topic is not None and topic.live != (token, progress):
            topic.live = token, progress
            if "progress" not in topic.timers:
                self._show_progress(topic)

    def _show_progress(self, topic: Topic) -> None:
        """Show it now, and what comes soon after it a little later: some models report with every word."""
        topic.show()
        shown = topic.live

        def go_on() -> None:
            topic.stop_timer("progress")
            if topic.live != shown:
                self._show_progress(topic)

        topic.set_timer("progress", PROGRESS_INTERVAL.total_seconds(), go_on)

    def _begin(self, task: Task) -> Topic:
        topic = self._topics[task.id] = Topic(stored=task, shown=task, is_over=self._is_over)
        self._expect(topic)
        return topic

    def _expect(self, topic: Topic) -> None:
        """Follow the task, and see to it that somebody looks after it as soon as it is due; leave a final one."""
        task = topic.stored
        if task.due_at is None or topic.is_over:
            self._leave(topic)
        else:
            self._see_to_it_that_it_is_followed(topic)
            ahead = (task.due_at + AFTER_DUE - self._now()).total_seconds()
            topic.set_timer("due", ahead, lambda: self._be_due(topic))

    def _be_due(self, topic: Topic) -> None:
        """Have it looked after; and asked for anew, since it may be its news that is dead, and not its worker."""
        self._on_due(topic.stored)
        if topic.is_followed:
            self._changes.leave(topic.stored.id)
            self._changes.follow(topic.stored.id)

    def _see_to_it_that_it_is_followed(self, topic: Topic) -> None:
        if topic.is_followed or "follow" in topic.timers:
            return
        if self._registry.runs(topic.stored.id):
            topic.set_timer("follow", self._trust, lambda: self._follow(topic))
        else:
            self._follow(topic)

    def _follow(self, topic: Topic) -> None:
        topic.is_followed = True
        self._changes.follow(topic.stored.id)

    def _leave(self, topic: Topic) -> None:
        for name in list(topic.timers):
            topic.stop_timer(name)
        if topic.is_followed:
            topic.is_followed = False
            self._changes.leave(topic.stored.id)

    def _lose(self, topic: Topic) -> None:
        topic.is_gone = topic.is_over = True
        self._drop(topic)
        topic.wake()

    def _drop(self, topic: Topic) -> None:
        self._leave(topic)
        if self._topics.get(topic.stored.id) is topic:
            del self._topics[topic.stored.id]

    async def _end(self, ends: asyncio.Event) -> None:
        await ends.wait()
        self._close()

    def _close(self) -> None:
        self._is_over = True
        for topic in list(self._topics.values()):
            self._leave(topic)
            topic.is_over = True
            topic.wake()
