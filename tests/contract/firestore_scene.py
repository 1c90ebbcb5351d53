"""Tasks that are followed through a proxy, changed past it, and what was told of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.adapters.clock import StoreClock
from app.adapters.firestore_changes import FirestoreChanges
from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_outage import Pauses
from app.domain.errors import StoreUnavailable
from app.domain.task import Task
from app.engine.polling import Polling
from app.engine.ports import Changes, Snapshot
from tests.contract.arrange import next_revision, put_new
from tests.contract.firestore_backend import PATIENT, Backend, open_backend
from tests.emulator import Emulator

QUICK = timedelta(milliseconds=20)
PAUSES = Pauses(first=QUICK, longest=10 * QUICK, patience=timedelta(milliseconds=250), linger=timedelta(seconds=30))


class Told:
    """What was told of each task, in order."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.tasks: dict[str, list[Task | None]] = {}
        self._news = asyncio.Event()

    def tell(self, task_id: str, task: Task | None) -> None:
        """Take in one."""
        self.tasks.setdefault(task_id, []).append(task)
        self._news.set()

    def newest(self, seen: Snapshot) -> Task | None:
        """Return what was told last of a task that was told of."""
        return self.tasks[seen.task.id][-1]

    async def until(self, is_enough: Callable[[], bool]) -> None:
        """Wait until enough was told."""
        async with asyncio.timeout(60):
            while not is_enough():
                self._news.clear()
                await self._news.wait()

    async def of(self, *seen: Snapshot) -> None:
        """Wait until all these have been told as they are now, or newer."""
        await self.until(lambda: all(self._is_told(each.task) for each in seen))

    async def gone(self, seen: Snapshot) -> None:
        """Wait until it was told that the task is not there."""
        await self.until(lambda: self.tasks.get(seen.task.id, [seen.task])[-1] is None)

    def _is_told(self, task: Task) -> bool:
        told = self.tasks.get(task.id, [None])[-1]
        return told is not None and told.revision >= task.revision


@dataclass(frozen=True, slots=True)
class Scene:
    """*changes* that come through the proxy of *backend*, and what was *told*."""

    backend: Backend
    changes: Changes
    told: Told

    async def put(self, count: int = 1) -> list[Snapshot]:
        """Store tasks."""
        return [await put_new(self.backend.other) for _ in range(count)]

    async def change(self, seen: Snapshot) -> Snapshot:
        """Change a task as another process would, past the proxy."""
        try:
            return await self.backend.other.swap(seen, next_revision(seen.task))
        except StoreUnavailable:  # said by the emulator if a stream ends just then (cursed knowledge)
            return await self.backend.other.get(seen.task.id)

    async def followed(self, count: int = 1) -> list[Snapshot]:
        """Store and follow tasks, and wait until they were told."""
        seen = await self.put(count)
        for each in seen:
            self.changes.follow(each.task.id)
        await self.told.of(*seen)
        return seen

    def calls(self, method: str) -> int:
        """How often the proxy was asked for it."""
        return self.backend.proxy.calls[method]


def changes_of(backend: Backend, database: FirestoreDatabase, **limits: Any) -> FirestoreChanges:  # noqa: ANN401 - limits
    """Return changes that poll quickly."""
    polling = Polling(backend.store, first_pause=QUICK, longest_pause=QUICK)
    return FirestoreChanges(database, polling, **{"pauses": PAUSES} | limits)


def database_of(backend: Backend) -> FirestoreDatabase:
    """Return the backend's database, as seen through its proxy."""
    return FirestoreDatabase(
        project=backend.project,
        database="(default)",
        emulator_host=backend.proxy.host,
        call_limit=PATIENT,
        clock=StoreClock(),
    )


@asynccontextmanager
async def listening(emulator: Emulator, **limits: Any) -> AsyncIterator[Scene]:  # noqa: ANN401 - of FirestoreChanges
    """Follow the tasks of a project of their own."""
    async with open_backend(emulator) as backend:
        database, told = database_of(backend), Told()
        changes = changes_of(backend, database, **limits)
        async with database.open(), changes.open(told.tell):
            yield Scene(backend, changes, told)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - nothing tells of it but asking
            await asyncio.sleep(0.01)


async def until_polled_no_more(scene: Scene, seen: Snapshot) -> None:
    """Change a task until five changes in a row were told without a question to the store."""
    async with asyncio.timeout(60):
        while True:
            before = scene.calls("BatchGetDocuments")
            for _ in range(5):
                seen = await scene.change(seen)
                await scene.told.of(seen)
                await asyncio.sleep(2 * QUICK.total_seconds())
            if scene.calls("BatchGetDocuments") == before:
                return
