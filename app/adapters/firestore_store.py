"""
Tasks in Firestore, fenced by the update time of their documents.

Every call is made once, within one time limit: whether a write whose answer was
lost has landed is for the engine to find out, by reading and comparing.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Final, override
from uuid import UUID

from app.adapters import firestore_writes as writes
from app.adapters.clock import StoreClock
from app.adapters.cursor import decode_cursor, encode_cursor
from app.adapters.firestore_changes import FirestoreChanges
from app.adapters.firestore_codec import TASK_FIELDS
from app.adapters.firestore_content import read_content, read_text
from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_keys import FirestoreApiKeys
from app.adapters.firestore_queries import DueRange, Place, Stretch, due_query, list_query, open_query
from app.adapters.firestore_snapshots import snapshots_of
from app.adapters.firestore_wire import FirestoreWire, Found
from app.adapters.firestore_writes import Version
from app.domain.errors import StaleWrite, StoreUnavailable, TaskExists, TaskNotFound
from app.domain.processing import Execution, KeptText
from app.domain.task import RESULT_LEFT_OUT, Status, Task
from app.engine.polling import Polling
from app.engine.ports import Changes, OpenTasks, Page, Snapshot, TaskStore, UnderWay, is_task_id

NO_TASK: Final = str(UUID(int=0))
"""An id that no task has: reading it asks Firestore for nothing but a sign of life, and the time."""


class FirestoreStore(TaskStore, OpenTasks):
    """The tasks of one database, as one process sees them; the same database holds the *api_keys*."""

    def __init__(
        self,
        *,
        project: str | None,
        emulator_host: str | None,
        database: str = "(default)",
        call_limit: timedelta = timedelta(seconds=3),
        clock: StoreClock | None = None,
    ) -> None:
        """
        Know where the tasks are, as `Connector` says; the first call connects.

        No call, however many messages it takes, lasts longer than *call_limit*; what is uploaded in several commits
        is as many calls.
        """
        self._clock = clock or StoreClock()
        self._database = FirestoreDatabase(
            project=project, database=database, emulator_host=emulator_host, call_limit=call_limit, clock=self._clock
        )
        self.api_keys = FirestoreApiKeys(self._database)
        self._due_ranges = {execution: DueRange() for execution in Execution}

    def changes(self, *, targets_per_stream: int) -> Changes:
        """Return the news of its tasks, to be opened while the store is; 0 *targets_per_stream* is plain polling."""
        polling = Polling(self)
        if targets_per_stream == 0:
            return polling
        return FirestoreChanges(self._database, polling, targets_per_stream=targets_per_stream)

    @override
    def open(self) -> AbstractAsyncContextManager[None]:
        return self._database.open()

    @override
    async def check(self) -> None:
        async with self._database.within_limit() as wire:
            await wire.documents([wire.names.task(NO_TASK)], ["schema"])

    @override
    def now(self) -> datetime:
        return self._clock.now()

    @override
    def under_way(self) -> UnderWay:
        return self._database.calls.under_way()

    @override
    async def create(self, task: Task, content: bytes) -> Snapshot:
        async with self._database.within_limit() as wire:
            parts = writes.create_parts(wire.names, task, content)
        with_task = len(parts) <= writes.PARTS_PER_COMMIT
        if not with_task:
            await self._upload(parts)
        condition, beside = writes.ABSENT, parts if with_task else []
        async with self._database.within_limit() as wire:
            while True:
                version = await wire.commit([writes.create(wire.names, task, content, condition), *beside])
                if version is not None:
                    return Snapshot(task, version)
                condition = await self._condition_for_another(wire, task, uploaded=not with_task)

    async def _upload(self, parts: Sequence[writes.Write]) -> None:
        """Store *parts* in as many commits as they need, each a call of its own: a slow one takes no other's time."""
        for commit in writes.in_commits(parts):
            async with self._database.within_limit() as wire:
                await wire.commit(commit)

    async def _condition_for_another(self, wire: FirestoreWire, task: Task, *, uploaded: bool) -> writes.Write:
        """Say on what condition *task* may still be created, now that its id was found taken."""
        found = await wire.documents([wire.names.task(task.id)], ["submission", "expires_at"])
        if not found:
            return writes.ABSENT
        if wire.has_expired(found[0]):
            return writes.unchanged(found[0].version)
        # One's own submission is there if an earlier try landed after all: its parts are in use.
        if uploaded and found[0].fields.get("submission") != task.submission:
            with suppress(StoreUnavailable):  # they expire
                await wire.commit(writes.erase_parts(wire.names, task))
        raise TaskExists

    @override
    async def get(self, task_id: str) -> Snapshot:
        if not is_task_id(task_id):
            raise TaskNotFound
        async with self._database.within_limit() as wire:
            found = await wire.documents([wire.names.task(task_id)], TASK_FIELDS)
        if not found or wire.has_expired(found[0]):
            raise TaskNotFound
        for snapshot in snapshots_of(found):
            return snapshot
        raise StoreUnavailable("This version of the service cannot read the task")

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        async with self._database.within_limit() as wire:
            version = await wire.commit(writes.replace(wire.names, seen.task, new, _version(seen)))
        if version is None:
            raise StaleWrite
        return Snapshot(new, version)

    @override
    async def content(self, task: Task) -> bytes:
        async with self._database.within_limit() as wire:
            content = await read_content(wire, task)
        if content is None:
            raise TaskNotFound
        return content

    @override
    async def keep_text(self, task: Task, token: str, text: str) -> KeptText:
        encoded = text.encode()
        kept = KeptText(token=token, size=len(encoded))
        async with self._database.within_limit() as wire:
            parts = writes.create_text_parts(wire.names, task, kept, encoded, self.now())
        await self._upload(parts)
        return kept

    @override
    async def text(self, task: Task) -> str:
        if task.expires_at and task.expires_at <= self.now():
            raise TaskNotFound
        async with self._database.within_limit() as wire:
            text = await read_text(wire, task)
        if text is None:
            raise TaskNotFound
        return text.decode()

    @override
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        due_range = self._due_ranges[execution]
        start = None if after else due_range.start(now)
        place = Place(after.task.due_at or now, after.task.id) if after else None
        due: list[Snapshot] = []
        async with self._database.within_limit() as wire:
            while len(due) < limit:
                stretch = Stretch(place, limit)
                found = await wire.query(due_query(wire.names.root, execution, start=start, now=now, stretch=stretch))
                due += snapshots_of(found)
                if len(found) < limit:
                    break
                place = _place(found[-1], "due_at")
        if after is None:
            due_range.finished(oldest=due[0].task.due_at if due else None, now=now)
        return due[:limit]

    @override
    async def list(self, owner: str, *, status: Status | None, page_size: int, cursor: str | None) -> Page:
        place = None if cursor is None else Place(*decode_cursor(cursor))
        limit = page_size + 1
        tasks: list[Task] = []
        async with self._database.within_limit() as wire:
            while len(tasks) <= page_size:
                stretch = Stretch(place, limit)
                found = await wire.query(list_query(wire.names.root, owner, status=status, stretch=stretch))
                living = [each for each in found if not wire.has_expired(each)]
                tasks += [snapshot.task for snapshot in snapshots_of(living, result_left_out=RESULT_LEFT_OUT)]
                if len(found) < limit:
                    break
                place = _place(found[-1], "created_at")
        last = tasks[page_size - 1] if len(tasks) > page_size else None
        return Page(tuple(tasks[:page_size]), encode_cursor(last.created_at, last.id) if last else None)

    @override
    async def delete(self, seen: Snapshot) -> None:
        async with self._database.within_limit() as wire:
            version = await wire.commit(writes.erase(wire.names, seen.task, _version(seen)))
        if version is None:
            raise StaleWrite

    @override
    async def open_tasks(self, owner: str, *, at_most: int) -> int:
        async with self._database.within_limit() as wire:
            return await wire.count(open_query(owner, at_most=at_most))


def _version(seen: Snapshot) -> Version:
    if not isinstance(seen.version, Version):
        raise TypeError("a snapshot of another store")
    return seen.version


def _place(found: Found, ordered_by: str) -> Place | None:
    at = found.fields.get(ordered_by)
    return Place(at, found.id) if isinstance(at, datetime) else None
