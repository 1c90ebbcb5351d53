"""
The task store in one SQLite file: no cloud, no server, a few processes on one machine.

It never decides anything about a task, and never touches the file on the event loop.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from sqlite3 import Connection
from typing import Final, override

from app.adapters.cursor import decode_cursor, encode_cursor
from app.adapters.sqlite_changes import SqliteChanges
from app.adapters.sqlite_codec import read_rows, to_number, to_row
from app.adapters.sqlite_keys import SqliteApiKeys
from app.adapters.sqlite_thread import SqliteThread, writing
from app.domain.errors import StaleWrite, StoreUnavailable, TaskExists, TaskNotFound
from app.domain.processing import Execution, KeptText
from app.domain.task import Status, Task
from app.engine.ports import OpenTasks, Page, Snapshot, TaskStore, UnderWay

SWEPT_PER_CREATE: Final = 10
"""Expired tasks that each new one pushes out; more than one, so that none are left over."""

_CREATE: Final = """
    INSERT INTO tasks (id, version, owner, status, execution, created_at, due_at, expires_at, body, result)
    VALUES (:id, randomblob(16), :owner, :status, :execution, :created_at, :due_at, :expires_at, :body, :result)
    ON CONFLICT (id) DO NOTHING
    RETURNING version
"""
# Texts are read as bytes: SQLite's driver takes one that is not UTF-8 for a failure of the whole query.
_GET: Final = """
    SELECT id, version, CAST(body AS BLOB), CAST(result AS BLOB) FROM tasks
    WHERE id = :id AND (expires_at IS NULL OR expires_at > :now)
"""
_SWAP: Final = """
    UPDATE tasks
    SET version = randomblob(16), status = :status, due_at = :due_at, expires_at = :expires_at, body = :body,
        result = :result
    WHERE id = :id AND version = :seen
    RETURNING version
"""
_ADD_CONTENT: Final = "INSERT INTO contents (task_id, submission, content) VALUES (:id, :submission, :content)"
_CONTENT: Final = """
    SELECT content FROM contents JOIN tasks ON id = task_id
    WHERE task_id = :id AND submission = :submission AND (expires_at IS NULL OR expires_at > :now)
"""
_KEEP_TEXT: Final = """
    INSERT INTO texts (task_id, token, text) SELECT :id, :token, :text
    WHERE EXISTS (SELECT 1 FROM tasks WHERE id = :id AND status = 'processing')
    ON CONFLICT (task_id, token) DO NOTHING
"""
_TEXT: Final = """
    SELECT text FROM texts JOIN tasks ON id = task_id
    WHERE task_id = :id AND token = :token AND (expires_at IS NULL OR expires_at > :now)
"""
_ERASE_OTHER_TEXTS: Final = "DELETE FROM texts WHERE task_id = :id AND token IS NOT :token"
_DUE: Final = """
    SELECT id, version, CAST(body AS BLOB), NULL FROM tasks
    WHERE execution = :execution AND due_at <= :now AND (due_at, id) > (:after_due_at, :after_id)
    ORDER BY due_at, id
"""
_LIST: Final = """
    SELECT id, version, CAST(body AS BLOB), NULL FROM tasks
    WHERE owner = :owner AND (expires_at IS NULL OR expires_at > :now) {further}
    ORDER BY created_at DESC, id DESC
"""
_OPEN: Final = """
    SELECT count(*) FROM
        (SELECT 1 FROM tasks WHERE owner = :owner AND status IN ('pending', 'processing') LIMIT :at_most)
"""
_SWEEP: Final = """
    DELETE FROM tasks
    WHERE id = :id AND expires_at <= :now
        OR id IN (SELECT id FROM tasks WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit)
"""


class SqliteStore(TaskStore, OpenTasks):
    """
    Tasks in the file at *path*, which other processes on this machine may use at the same time.

    Every call is one transaction. A write has reached the disk when it returns.
    The same file holds the *api_keys*; *changes* are news of its tasks.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime]) -> None:
        """Keep the tasks in *path*; *clock* says what time it is in UTC, alike in all processes."""
        self._thread = SqliteThread(path)
        self.api_keys = SqliteApiKeys(self._thread)
        self.changes = SqliteChanges(self._thread, now=clock)
        self._clock = clock

    @override
    def open(self) -> AbstractAsyncContextManager[None]:
        return self._thread.open()

    @override
    async def check(self) -> None:
        await self._thread.run(_check)

    @override
    def now(self) -> datetime:
        return self._clock()

    @override
    def under_way(self) -> UnderWay:
        return self._thread.calls.under_way()

    @override
    async def create(self, task: Task, content: bytes) -> Snapshot:
        now = to_number(self.now())
        return await self._thread.run(lambda connection: _create(connection, task, content, now))

    @override
    async def get(self, task_id: str) -> Snapshot:
        now = to_number(self.now())
        return await self._thread.run(lambda connection: _get(connection, task_id, now))

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        return await self._thread.run(lambda connection: _swap(connection, seen, new))

    @override
    async def content(self, task: Task) -> bytes:
        asked: dict[str, str | int] = {"id": task.id, "submission": task.submission, "now": to_number(self.now())}
        return await self._thread.run(lambda connection: _found(connection, _CONTENT, asked))

    @override
    async def keep_text(self, task: Task, token: str, text: str) -> KeptText:
        encoded = text.encode()
        await self._thread.run(lambda connection: _keep_text(connection, task, token, encoded))
        return KeptText(token=token, size=len(encoded))

    @override
    async def text(self, task: Task) -> str:
        if task.text is None:
            raise TaskNotFound
        asked: dict[str, str | int] = {"id": task.id, "token": task.text.token, "now": to_number(self.now())}
        return (await self._thread.run(lambda connection: _found(connection, _TEXT, asked))).decode()

    @override
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        place = {"execution": execution.value, "now": to_number(now), **_behind(after)}
        return await self._thread.run(lambda connection: _read(connection, _DUE, place, limit))

    @override
    async def list(self, owner: str, *, status: Status | None, page_size: int, cursor: str | None) -> Page:
        place: dict[str, str | int | None] = {
            "owner": owner,
            "status": status,
            "now": to_number(self.now()),
        }
        if cursor is not None:
            created_at, task_id = decode_cursor(cursor)
            place |= {"before_created_at": to_number(created_at), "before_id": task_id}
        return await self._thread.run(lambda connection: _list(connection, place, page_size))

    @override
    async def delete(self, seen: Snapshot) -> None:
        await self._thread.run(lambda connection: _delete(connection, seen))

    @override
    async def open_tasks(self, owner: str, *, at_most: int) -> int:
        asked = {"owner": owner, "at_most": at_most}
        return await self._thread.run(lambda connection: int(connection.execute(_OPEN, asked).fetchone()[0]))


def _check(connection: Connection) -> None:
    with writing(connection):
        connection.execute("SELECT id FROM tasks LIMIT 1")


def _create(connection: Connection, task: Task, content: bytes, now: int) -> Snapshot:
    with writing(connection):
        connection.execute(_SWEEP, {"id": task.id, "now": now, "limit": SWEPT_PER_CREATE})
        written = connection.execute(_CREATE, to_row(task)).fetchone()
        if written is None:
            raise TaskExists
        added = {"id": task.id, "submission": task.submission, "content": content}
        connection.execute(_ADD_CONTENT, added)
    return Snapshot(task, version=written[0])


def _get(connection: Connection, task_id: str, now: int) -> Snapshot:
    found = connection.execute(_GET, {"id": task_id, "now": now}).fetchall()
    if not found:
        raise TaskNotFound
    for snapshot in read_rows(found):
        return snapshot
    raise StoreUnavailable("This version of the service cannot read the task")


def _swap(connection: Connection, seen: Snapshot, new: Task) -> Snapshot:
    with writing(connection):
        written = connection.execute(_SWAP, to_row(new) | {"seen": seen.version}).fetchone()
        if written is None:
            raise StaleWrite
        if not new.keeps_content:
            connection.execute("DELETE FROM contents WHERE task_id = ?", (new.id,))
            connection.execute(_ERASE_OTHER_TEXTS, {"id": new.id, "token": new.text.token if new.text else None})
    return Snapshot(new, version=written[0])


def _keep_text(connection: Connection, task: Task, token: str, text: bytes) -> None:
    with writing(connection):
        connection.execute(_KEEP_TEXT, {"id": task.id, "token": token, "text": text})


def _found(connection: Connection, query: str, asked: Mapping[str, str | int]) -> bytes:
    found = connection.execute(query, asked).fetchone()
    if found is None:
        raise TaskNotFound
    return bytes(found[0])


def _behind(after: Snapshot | None) -> dict[str, str | int]:
    if after is None or after.task.due_at is None:
        return {"after_due_at": -(1 << 63), "after_id": ""}
    return {"after_due_at": to_number(after.task.due_at), "after_id": after.task.id}


def _read(connection: Connection, query: str, place: Mapping[str, str | int | None], limit: int) -> list[Snapshot]:
    """Return the first *limit* tasks of *query* that can be read; no row is fetched that is not needed."""
    with closing(connection.execute(query, place)) as rows:
        return list(islice(read_rows(rows), limit))


def _list(connection: Connection, place: dict[str, str | int | None], page_size: int) -> Page:
    further = "AND status = :status" if place["status"] else ""
    if "before_id" in place:
        further += " AND (created_at, id) < (:before_created_at, :before_id)"
    # One more than asked for tells whether another page follows.
    found = [snapshot.task for snapshot in _read(connection, _LIST.format(further=further), place, page_size + 1)]
    page = tuple(found[:page_size])
    return Page(page, encode_cursor(page[-1].created_at, page[-1].id) if len(found) > page_size else None)


def _delete(connection: Connection, seen: Snapshot) -> None:
    with writing(connection):
        deleted = connection.execute("DELETE FROM tasks WHERE id = ? AND version = ?", (seen.task.id, seen.version))
        if deleted.rowcount == 0:
            raise StaleWrite
