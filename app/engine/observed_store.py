"""A task store that says aloud what passes through it, so that no path on which a task is changed can forget to."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import override

from app.domain.processing import Execution, KeptText
from app.domain.task import Status, Task
from app.engine.ports import Page, Snapshot, TaskStore, Tell, UnderWay


class ObservedStore(TaskStore):
    """The *store*, and whoever is told of every single task that was read, written or erased by this process."""

    def __init__(self, store: TaskStore, tell: Tell) -> None:
        """Pass everything on to *store*, and *tell* what came of it; *tell* never raises."""
        self._store = store
        self._tell = tell

    @override
    def open(self) -> AbstractAsyncContextManager[None]:
        return self._store.open()

    @override
    async def check(self) -> None:
        await self._store.check()

    @override
    def now(self) -> datetime:
        return self._store.now()

    @override
    def under_way(self) -> UnderWay:
        return self._store.under_way()

    @override
    async def create(self, task: Task, content: bytes) -> Snapshot:
        return self._told(await self._store.create(task, content))

    @override
    async def get(self, task_id: str) -> Snapshot:
        return self._told(await self._store.get(task_id))

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        return self._told(await self._store.swap(seen, new))

    @override
    async def content(self, task: Task) -> bytes:
        return await self._store.content(task)

    @override
    async def keep_text(self, task: Task, token: str, text: str) -> KeptText:
        return await self._store.keep_text(task, token, text)

    @override
    async def text(self, task: Task) -> str:
        return await self._store.text(task)

    @override
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        return await self._store.due(execution, now=now, limit=limit, after=after)

    @override
    async def list(self, owner: str, *, status: Status | None, page_size: int, cursor: str | None) -> Page:
        return await self._store.list(owner, status=status, page_size=page_size, cursor=cursor)

    @override
    async def delete(self, seen: Snapshot) -> None:
        await self._store.delete(seen)
        self._tell(seen.task.id, None)

    def _told(self, snapshot: Snapshot) -> Snapshot:
        self._tell(snapshot.task.id, snapshot.task)
        return snapshot
