"""News of tasks by asking the store for each of them: right for every store, and left where nothing better works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import timedelta
from typing import Final, override

from app.domain.errors import StoreUnavailable, TaskNotFound
from app.domain.task import Task
from app.engine.ports import Changes, TaskStore, Tell
from app.engine.supervision import supervise

FIRST_PAUSE: Final = timedelta(milliseconds=50)
LONGEST_PAUSE: Final = timedelta(seconds=1)
"""Between two looks at a task: doubled each time that nothing has changed."""

AT_ONCE: Final = 16
"""Looks under way at a time, however many tasks are followed."""


class Polling(Changes):
    """Looks at every followed task again and again, one look at a time, less often while nothing changes."""

    def __init__(
        self, store: TaskStore, *, first_pause: timedelta = FIRST_PAUSE, longest_pause: timedelta = LONGEST_PAUSE
    ) -> None:
        """Look into *store*."""
        self._store = store
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._places = asyncio.Semaphore(AT_ONCE)
        self._loops: dict[str, asyncio.Task[None]] = {}
        self._tell: Tell | None = None

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None
            loops = list(self._loops.values())
            for task_id in list(self._loops):
                self.leave(task_id)
            await asyncio.gather(*loops, return_exceptions=True)

    @override
    def follow(self, task_id: str) -> None:
        tell = self._tell
        if tell is None or task_id in self._loops:
            return
        loop = supervise("polling", lambda: self._poll(task_id, tell), pause=self._longest_pause)
        self._loops[task_id] = asyncio.create_task(loop, name=f"polling {task_id}", context=Context())

    @override
    def leave(self, task_id: str) -> None:
        if loop := self._loops.pop(task_id, None):
            loop.cancel()

    async def _poll(self, task_id: str, tell: Tell) -> None:
        pause, seen = self._first_pause, None
        while True:
            try:
                before, seen = seen, await self._look(task_id)
            except StoreUnavailable:
                pause = self._longest_pause
            else:
                pause = min(2 * pause, self._longest_pause) if seen == before else self._first_pause
                tell(task_id, seen)
            await asyncio.sleep(pause.total_seconds())

    async def _look(self, task_id: str) -> Task | None:
        async with self._places:
            try:
                return (await self._store.get(task_id)).task
            except TaskNotFound:
                return None
