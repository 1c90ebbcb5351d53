"""News of tasks, as a test tells them, and as a test hears them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import override

from app.domain.task import Task
from app.engine.ports import Changes, Tell
from tests.fakes import PATIENCE

STORES_PATIENCE = 3 * PATIENCE
"""The same for news of a real store: an emulator on a busy machine takes its time."""


class FakeChanges(Changes):
    """
    Tells what a test wants to be told, of those tasks that are followed.

    Attributes:
        followed: The ids that are followed now.
        calls: What was followed and left, in order, such as `("follow", task_id)`.

    """

    def __init__(self) -> None:
        """Begin without a task."""
        self.followed: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self._tell: Tell | None = None
        self._called = asyncio.Event()

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None

    @override
    def follow(self, task_id: str) -> None:
        assert task_id not in self.followed, "a task is followed once, until it is left"
        self.followed.add(task_id)
        self._note("follow", task_id)

    @override
    def leave(self, task_id: str) -> None:
        self.followed.discard(task_id)
        self._note("leave", task_id)

    def tell(self, task: Task) -> None:
        """Tell how *task* is now, if it is followed."""
        self._say(task.id, task)

    def tell_gone(self, task_id: str) -> None:
        """Tell that there is no such task, if it is followed."""
        self._say(task_id, None)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that only a task that is followed or left can bring about."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._called.clear()
                await self._called.wait()

    def _say(self, task_id: str, task: Task | None) -> None:
        if self._tell and task_id in self.followed:
            self._tell(task_id, task)

    def _note(self, call: str, task_id: str) -> None:
        self.calls.append((call, task_id))
        self._called.set()


class Heard:
    """Takes in what is *told*, in order."""

    def __init__(self) -> None:
        """Begin without news."""
        self.told: list[tuple[str, Task | None]] = []
        self._news = asyncio.Event()

    def __call__(self, task_id: str, task: Task | None) -> None:
        """Be told."""
        self.told.append((task_id, task))
        self._news.set()

    def of(self, task_id: str) -> list[Task | None]:
        """What was told of one task."""
        return [task for told_id, task in self.told if told_id == task_id]

    async def hear(self, task_id: str, task: Task | None) -> None:
        """Wait until it is told that the task with this id is *task*."""
        await self.until(lambda: task in self.of(task_id))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that only news can bring about."""
        async with asyncio.timeout(STORES_PATIENCE):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def more(self) -> None:
        """Wait for the next news."""
        already = len(self.told)
        await self.until(lambda: len(self.told) > already)
