"""A tap in the SQLite file itself: triggers that write down every change, in the transaction that makes it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, override

from app.adapters.sqlite_store import SqliteStore
from tests.chaos.history import Stored
from tests.chaos.tap import Tap, missed, told_apart

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

_NOW: Final = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"
"""Microseconds since 1970, though SQLite's clock only ticks every millisecond."""

_LAST: Final = "(SELECT max(number) FROM chaos_writes)"

_RECORDING: Final = (
    """
    CREATE TABLE chaos_writes (
        number         INTEGER PRIMARY KEY,
        task_id        TEXT    NOT NULL,
        written_at     INTEGER NOT NULL,
        body           TEXT    NOT NULL,
        result         TEXT,
        keeps_content  INTEGER NOT NULL,
        is_deleted     INTEGER NOT NULL
    )
    """,
    *(
        f"""
        CREATE TRIGGER chaos_{event} AFTER {event} ON tasks BEGIN
            INSERT INTO chaos_writes (task_id, written_at, body, result, keeps_content, is_deleted)
            VALUES ({row}.id, {_NOW}, {row}.body, {row}.result,
                    EXISTS (SELECT 1 FROM contents WHERE task_id = {row}.id), {event == "DELETE":d});
        END
        """  # noqa: S608 - names of its own
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
    # The content comes and goes in a statement of its own, after the task's: it belongs to the version just written.
    f"""
    CREATE TRIGGER chaos_content_added AFTER INSERT ON contents BEGIN
        UPDATE chaos_writes SET keeps_content = 1 WHERE number = {_LAST} AND task_id = NEW.task_id;
    END
    """,  # noqa: S608 - as above
    # One that goes by itself, after another task was written, is a version more. One that goes with its task is none.
    f"""
    CREATE TRIGGER chaos_content_erased AFTER DELETE ON contents
    WHEN EXISTS (SELECT 1 FROM tasks WHERE id = OLD.task_id) BEGIN
        INSERT INTO chaos_writes (task_id, written_at, body, result, keeps_content, is_deleted)
        SELECT id, {_NOW}, body, result, 0, 0 FROM tasks
        WHERE id = OLD.task_id AND id <> (SELECT task_id FROM chaos_writes WHERE number = {_LAST});
        UPDATE chaos_writes SET keeps_content = 0 WHERE number = {_LAST};
    END
    """,  # noqa: S608 - as above
)

_RECORDED: Final = """
    SELECT task_id, written_at, body, result, keeps_content, is_deleted FROM chaos_writes ORDER BY number
"""
_TASKS: Final = "SELECT id, body, EXISTS (SELECT 1 FROM contents WHERE task_id = id) FROM tasks"
_ORPHANS: Final = """
    SELECT task_id FROM (SELECT task_id FROM contents UNION SELECT task_id FROM texts)
    WHERE task_id NOT IN (SELECT id FROM tasks)
"""


class SqliteTap(Tap):
    """
    The file at *path*; the record lies in it, beside the tasks.

    A content that is erased after its task's last write is told from one that
    is erased by it only if another task was written in between.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which must not exist yet."""
        self._path = path

    @property
    @override
    def variables(self) -> Mapping[str, str]:
        return {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(self._path)}

    @override
    @asynccontextmanager
    async def running(self) -> AsyncIterator["SqliteTap"]:
        store = SqliteStore(self._path, clock=lambda: datetime.now(UTC))
        async with store.open():
            await store.check()
        await asyncio.to_thread(self._install)
        yield self

    @override
    async def writes(self) -> list[Stored]:
        return await asyncio.to_thread(self._versions)

    @override
    async def at_the_end(self) -> tuple[Mapping[str, bool], list[str]]:
        return await asyncio.to_thread(self._look)

    def _install(self) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            for statement in _RECORDING:
                connection.execute(statement)

    def _versions(self) -> list[Stored]:
        with closing(sqlite3.connect(self._path)) as connection:
            return list(told_apart(_read(connection)))

    def _look(self) -> tuple[Mapping[str, bool], list[str]]:
        with closing(sqlite3.connect(self._path)) as connection:
            tasks = connection.execute(_TASKS).fetchall()
            orphans = [f"Content belongs to no task: {task_id}" for (task_id,) in connection.execute(_ORPHANS)]
        revisions = {task_id: json.loads(body)["revision"] for task_id, body, _ in tasks}
        words = [*orphans, *missed(self._versions(), revisions)]
        return {task_id: bool(keeps_content) for task_id, _, keeps_content in tasks}, words


def _read(connection: sqlite3.Connection) -> Iterator[Stored]:
    kept: dict[str, bool] = {}
    for task_id, written_at, body, result, keeps_content, is_deleted in connection.execute(_RECORDED):
        if not is_deleted:
            kept[task_id] = bool(keeps_content)
        yield _stored(
            json.loads(body),
            written_at=_instant(written_at),
            result=None if result is None else json.loads(result),
            keeps_content=kept[task_id],
            is_deleted=bool(is_deleted),
        )


def _stored(body: Mapping[str, Any], **told: Any) -> Stored:  # noqa: ANN401 - the members that the body does not say
    lease: Mapping[str, Any] = body["lease"] or {}
    return Stored(
        task_id=body["id"],
        revision=body["revision"],
        status=body["status"],
        attempt=body["attempt"],
        max_attempts=body["max_attempts"],
        cancel_requested=body["cancel_requested"],
        token=lease.get("token"),
        holder=lease.get("holder"),
        lease_until=_instant(lease["expires_at"]) if lease else None,
        available_at=_instant(body["available_at"]),
        failure=body["failure"] and body["failure"]["code"],
        **told,
    )


def _instant(microseconds: int) -> datetime:
    return EPOCH + microseconds * MICROSECOND
