"""What another instance of the service does to tasks, as far as watchers can tell: it writes, past the server."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from app.adapters.firestore_store import FirestoreStore
from app.domain.processing import Progress
from app.domain.task import Status
from app.domain.transitions import renew
from app.engine.ports import Snapshot
from tests.factories import make_lease, make_task

AT_ONCE: Final = 32
"""Tasks that are created at a time."""

TOKEN: Final = "another-instance"  # noqa: S105 - of a lease that nobody disputes
LEASE: Final = timedelta(hours=1)
"""So that nobody takes the tasks over."""


@dataclass(frozen=True, slots=True)
class Written:
    """One change: the task's new *revision*, and when its write was *sent* and *acknowledged*."""

    task_id: str
    revision: int
    sent: float
    acknowledged: float


class AnotherInstance:
    """Has tasks under its lease, and says how far it has come with them."""

    def __init__(self, store: FirestoreStore) -> None:
        """Keep its tasks in *store*."""
        self._store = store
        self._tasks: dict[str, Snapshot] = {}

    @classmethod
    @asynccontextmanager
    async def working(cls, *, project: str, emulator_host: str) -> AsyncIterator[Self]:
        """Be connected until the block ends."""
        store = FirestoreStore(project=project, emulator_host=emulator_host, call_limit=timedelta(seconds=30))
        async with store.open():
            await store.check()
            yield cls(store)

    async def begin(self, count: int) -> list[str]:
        """Begin so many new tasks, and leave the others; return their ids."""
        places = asyncio.Semaphore(AT_ONCE)

        async def begun() -> Snapshot:
            now = self._store.now()
            lease = make_lease(token=TOKEN, expires_at=now + LEASE)
            async with places:
                return await self._store.create(make_task(Status.PROCESSING, created_at=now, lease=lease), b"Hello")

        made = await asyncio.gather(*(begun() for _ in range(count)))
        self._tasks = {snapshot.task.id: snapshot for snapshot in made}
        return list(self._tasks)

    async def write(self, *, a_second: float, seconds: float) -> list[Written]:
        """Change one task after another, by chance, at a steady pace."""
        written: list[Written] = []
        turns: list[str] = []
        beat = time.monotonic()
        ends_at = beat + seconds
        while beat < ends_at:
            await asyncio.sleep(max(0.0, beat - time.monotonic()))
            turns = turns or random.sample(list(self._tasks), len(self._tasks))
            written.append(await self._change(turns.pop(), share=len(written) % 100 / 100))
            beat += 1 / a_second
        return written

    async def _change(self, task_id: str, *, share: float) -> Written:
        seen = self._tasks[task_id]
        progress = Progress(stage="reading", fraction=share)
        new = renew(seen.task, token=TOKEN, until=self._store.now() + LEASE, progress=progress)
        sent = time.monotonic()
        self._tasks[task_id] = await self._store.swap(seen, new)
        return Written(task_id, new.revision, sent, time.monotonic())
