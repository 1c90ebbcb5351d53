"""What the tap in the file has recorded of writes that were carried out, refused, or cut short."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.sqlite_schema import SCHEMA
from app.adapters.sqlite_store import SqliteStore
from app.domain.errors import StaleWrite
from app.domain.task import Status, Task
from tests.chaos.history import Stored
from tests.chaos.tap_sqlite import SqliteTap
from tests.contract.arrange import HandClock, finished, fresh, next_revision, put_new
from tests.contract.sqlite_file import ask, connect
from tests.factories import FAILURE, make_lease


@pytest.fixture
async def tap(tmp_path: Path) -> AsyncIterator[SqliteTap]:
    """Run a tap in a new file."""
    tap = SqliteTap(tmp_path / "tasks.db")
    async with tap.running():
        yield tap


@pytest.fixture
def path(tap: SqliteTap) -> Path:
    """Return the file that an instance with the tap's variables uses."""
    return Path(tap.variables["AFTERWORD_SQLITE_PATH"])


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Open the store of one process."""
    store = connect(path)
    async with store.open():
        yield store


def brief(versions: list[Stored]) -> list[tuple[str, int, bool, bool]]:
    """Return what most tests are about."""
    return [(each.status, each.revision, each.keeps_content, each.is_deleted) for each in versions]


async def test_a_task_is_recorded_from_birth_to_deletion(tap: SqliteTap, store: SqliteStore) -> None:
    """The checker replays lives; one that is cut short proves nothing."""
    born = await put_new(store, Status.PROCESSING)
    ended = await store.swap(born, finished(born.task, Status.COMPLETED, result={"summary": "S", "worker": 7}))
    await store.delete(ended)

    versions = await tap.writes()

    assert brief(versions) == [
        ("processing", 1, True, False),
        ("completed", 2, False, False),
        ("completed", 2, False, True),
    ]
    assert versions[0].written_at < versions[1].written_at < versions[2].written_at
    assert [each.result for each in versions] == [None, {"summary": "S", "worker": 7}, {"summary": "S", "worker": 7}]
    assert await tap.at_the_end() == ({}, [])


async def test_every_field_of_a_version_is_read(tap: SqliteTap, store: SqliteStore) -> None:
    """A lease that the tap misreads is a take-over that the checker cannot judge."""
    until = store.now() + timedelta(seconds=30)
    lease = make_lease(holder="host/7/ab", expires_at=until)
    seen = await put_new(store, Status.PROCESSING, lease=lease, failure=FAILURE, attempt=2, cancel_requested=True)

    (version,) = await tap.writes()

    assert version == Stored(
        task_id=seen.task.id,
        written_at=version.written_at,
        revision=1,
        status="processing",
        attempt=2,
        max_attempts=3,
        cancel_requested=True,
        token=lease.token,
        holder="host/7/ab",
        lease_until=until,
        available_at=seen.task.available_at,
        failure="processor_error",
    )


async def test_a_write_is_dated_by_the_machines_clock(tap: SqliteTap, path: Path) -> None:
    """Take-overs are judged by it; the writing process may think what it likes."""
    store = SqliteStore(path, clock=HandClock())
    before = datetime.now(UTC)
    async with store.open():
        await put_new(store)

    (version,) = await tap.writes()

    assert before - timedelta(milliseconds=1) <= version.written_at <= datetime.now(UTC)


async def test_versions_within_one_tick_keep_their_order(tap: SqliteTap, store: SqliteStore) -> None:
    """SQLite's clock ticks once a millisecond, and a task may be written more often."""
    seen = await put_new(store)
    for _ in range(50):
        seen = await store.swap(seen, next_revision(seen.task))

    versions = sorted(await tap.writes(), key=lambda version: version.written_at)

    assert [each.revision for each in versions] == list(range(1, 52))


async def test_a_refused_write_leaves_no_trace(tap: SqliteTap, store: SqliteStore) -> None:
    """What was fenced off has not happened."""
    born = await put_new(store)
    await store.swap(born, next_revision(born.task, attempt=1))

    with pytest.raises(StaleWrite):
        await store.swap(born, next_revision(born.task, attempt=2))

    assert [each.attempt for each in await tap.writes()] == [0, 1]


async def test_a_write_that_was_not_committed_leaves_no_trace(tap: SqliteTap, store: SqliteStore, path: Path) -> None:
    """A killed process's transaction is undone, and so must be its record."""
    born = await put_new(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE tasks SET status = 'completed'")

    await store.swap(born, next_revision(born.task))

    assert [each.revision for each in await tap.writes()] == [1, 2]


async def test_content_is_erased_by_the_write_that_cancels(tap: SqliteTap, store: SqliteStore) -> None:
    """Task and content change in two statements of one transaction, which are one write."""
    other = await put_new(store)
    born = await put_new(store)
    await store.swap(other, next_revision(other.task))

    await store.swap(born, finished(born.task, Status.CANCELLED))

    mine = [each for each in await tap.writes() if each.task_id == born.task.id]
    assert [each.keeps_content for each in mine] == [True, False]
    assert await tap.at_the_end() == ({other.task.id: True, born.task.id: False}, [])


async def test_a_failed_task_that_is_deleted_had_its_content_until_then(tap: SqliteTap, store: SqliteStore) -> None:
    """The content goes with its task by itself; that must not look as if it had been missing before."""
    born = await put_new(store, Status.PROCESSING)
    failed = await store.swap(born, finished(born.task, Status.FAILED))
    await store.delete(failed)

    versions = await tap.writes()

    assert [each.keeps_content for each in versions] == [True, True, True]
    assert [each.is_deleted for each in versions] == [False, False, True]


async def test_content_that_vanishes_by_itself_is_seen(tap: SqliteTap, store: SqliteStore, path: Path) -> None:
    """It is the worst loss of all, since nobody is told."""
    born = await put_new(store)
    other = await put_new(store)

    ask_to_change(path, "DELETE FROM contents WHERE task_id = ?", born.task.id)

    mine = [each for each in await tap.writes() if each.task_id == born.task.id]
    assert brief(mine) == [("pending", 1, True, False), ("pending", 1, False, False)]
    assert await tap.at_the_end() == ({born.task.id: False, other.task.id: True}, [])


async def test_content_without_its_task_is_an_orphan(tap: SqliteTap, store: SqliteStore, path: Path) -> None:
    """Somebody's document would lie there for ever."""
    born = await put_new(store)

    ask_to_change(path, "DELETE FROM tasks WHERE id = ?", born.task.id)

    assert await tap.at_the_end() == ({}, [f"Content belongs to no task: {born.task.id}"])


async def test_what_got_past_the_tap_is_said(tap: SqliteTap, store: SqliteStore, path: Path) -> None:
    """A record with a hole in it must not pass for the truth."""
    born = await put_new(store)
    ask(path, "DROP TRIGGER chaos_UPDATE")
    await store.swap(born, next_revision(born.task))

    tasks, words = await tap.at_the_end()

    assert tasks == {born.task.id: True}
    assert words == [f"The tap has not seen the last write of task {born.task.id}"]


async def test_who_listens_for_changes_hears_them_and_leaves_no_trace(
    tap: SqliteTap, store: SqliteStore, path: Path
) -> None:
    """What looks at the file again and again must neither miss what the tap records nor be recorded."""
    born, other = await put_new(store), connect(path)
    told: asyncio.Queue[Task | None] = asyncio.Queue()
    async with asyncio.timeout(30), other.open(), other.changes.open(lambda _, task: told.put_nowait(task)):
        other.changes.follow(born.task.id)
        first = await told.get()
        ended = await store.swap(born, finished(born.task, Status.CANCELLED))
        second = await told.get()

    assert [first, second] == [born.task, ended.task]
    assert [each.revision for each in await tap.writes()] == [1, 2]
    assert await tap.at_the_end() == ({born.task.id: False}, [])


async def test_the_file_stays_one_that_the_service_can_use(tap: SqliteTap, store: SqliteStore, path: Path) -> None:
    """A store that refuses the tapped file, or works otherwise in it, would be another store than the one in use."""
    large = fresh(store, content_bytes=1_000_000)
    await store.create(large, b"x" * 1_000_000)

    assert await store.content(large) == b"x" * 1_000_000
    assert ask(path, "PRAGMA user_version") == [(SCHEMA,)]
    assert [each.revision for each in await tap.writes()] == [1]


def ask_to_change(path: Path, change: str, task_id: str) -> None:
    """Carry out *change* behind the store's back, without its foreign keys."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(change, (task_id,))
