"""
News of tasks in the SQLite file: one number says whether others have written, and only then tasks are looked at.

It writes nothing, and while nobody follows a task it does nothing at all.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from sqlite3 import Connection
from typing import Final, override

from app.adapters.sqlite_codec import read_rows, to_number
from app.adapters.sqlite_thread import SqliteThread
from app.domain.errors import StoreUnavailable
from app.domain.task import Task
from app.engine.ports import Changes, Tell
from app.engine.supervision import supervise

PAUSE: Final = timedelta(milliseconds=25)
"""Between two looks at the file."""

LEISURE: Final = 4
"""How many times longer than a look the pause behind it is at least: a busy thread has more important things to do."""

OUTAGE_PAUSE: Final = timedelta(seconds=1)
"""Between two looks during an outage: each says in the log that it failed."""

ROUND: Final = timedelta(seconds=1)
"""How often every task is looked at in any case: none is written when it expires, nor do own writes move the number."""

VERSIONS_AT_ONCE: Final = 500
TASKS_AT_ONCE: Final = 50
"""What one turn of the thread reads: others wait for it."""

_VERSIONS: Final = """
    SELECT id, version FROM tasks
    WHERE id IN (SELECT value FROM json_each(:ids)) AND (expires_at IS NULL OR expires_at > :now)
"""
_TASKS: Final = """
    SELECT id, version, CAST(body AS BLOB), CAST(result AS BLOB) FROM tasks
    WHERE id IN (SELECT value FROM json_each(:ids)) AND (expires_at IS NULL OR expires_at > :now)
"""
_UNTOLD: Final = b""

type _Mark = tuple[Connection, int]
"""Differs from an earlier one if others wrote anything in between, or the connection was made anew."""


@dataclass(eq=False)
class _Followed:
    """A task from when it is followed until it is left; *version* is the one that was told last, None if it is gone."""

    task_id: str
    version: bytes | None = _UNTOLD


class SqliteChanges(Changes):
    """News of the tasks in the file that *thread* uses, however many, by one loop."""

    def __init__(self, thread: SqliteThread, *, now: Callable[[], datetime], pause: timedelta = PAUSE) -> None:
        """Take turns with all that *thread* does, with a *pause* between two looks; tasks expire by *now*."""
        self._thread = thread
        self._now = now
        self._pause = pause.total_seconds()
        self._tell: Tell | None = None
        self._followed: dict[str, _Followed] = {}
        self._is_wanted = asyncio.Event()
        self._mark: _Mark | None = None
        self._next_round = 0.0

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        self._tell = tell
        looking = asyncio.create_task(supervise("changes", self._keep_looking, pause=OUTAGE_PAUSE), name="changes")
        try:
            yield
        finally:
            self._tell = None
            self._followed.clear()
            self._is_wanted.clear()
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    @override
    def follow(self, task_id: str) -> None:
        if self._tell is not None and task_id not in self._followed:
            self._followed[task_id] = _Followed(task_id)
            self._is_wanted.set()

    @override
    def leave(self, task_id: str) -> None:
        self._followed.pop(task_id, None)
        if not self._followed:
            self._is_wanted.clear()

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._is_wanted.wait()
            begun_at = loop.time()
            try:
                await self._look()
            except StoreUnavailable:
                pause = OUTAGE_PAUSE.total_seconds()
            else:
                pause = max(self._pause, LEISURE * (loop.time() - begun_at))
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        """Look at every task if anything has changed, or a round is due, and else at the new ones."""
        mark, now = await self._thread.run(_mark), asyncio.get_running_loop().time()
        if mark != self._mark or now >= self._next_round:
            await self._look_at(list(self._followed.values()))
            # Not before: what was not looked at because of an outage has to be looked at again.
            self._mark, self._next_round = mark, now + ROUND.total_seconds()
        elif new := [followed for followed in self._followed.values() if followed.version is _UNTOLD]:
            await self._look_at(new)

    async def _look_at(self, followed: Sequence[_Followed]) -> None:
        for batch in batched(followed, VERSIONS_AT_ONCE):
            versions = await self._read(_versions, batch)
            changed = [one for one in batch if one.version != versions.get(one.task_id)]
            for gone in (one for one in changed if one.task_id not in versions):
                self._say(gone, version=None, task=None)
            for few in batched((one for one in changed if one.task_id in versions), TASKS_AT_ONCE):
                tasks = await self._read(_tasks, few)
                for one in few:
                    self._say(one, version=versions[one.task_id], task=tasks.get(one.task_id))

    async def _read[T](self, read: Callable[[Connection, str, int], T], batch: Sequence[_Followed]) -> T:
        ids, now = json.dumps([one.task_id for one in batch]), to_number(self._now())
        return await self._thread.run(lambda connection: read(connection, ids, now))

    def _say(self, one: _Followed, *, version: bytes | None, task: Task | None) -> None:
        """Tell of a task that is still followed; one whose *version* cannot be read is left to the log."""
        one.version = version
        is_followed = self._followed.get(one.task_id) is one  # and not again, since: what was seen is older than that
        if self._tell and is_followed and (task is not None or version is None):
            self._tell(one.task_id, task)


def _mark(connection: Connection) -> _Mark:
    return connection, connection.execute("PRAGMA data_version").fetchone()[0]


def _versions(connection: Connection, ids: str, now: int) -> dict[str, bytes]:
    return dict(connection.execute(_VERSIONS, {"ids": ids, "now": now}).fetchall())


def _tasks(connection: Connection, ids: str, now: int) -> dict[str, Task]:
    rows = connection.execute(_TASKS, {"ids": ids, "now": now})
    return {snapshot.task.id: snapshot.task for snapshot in read_rows(rows)}
