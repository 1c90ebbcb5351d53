"""What the SQLite store promises beyond the contract: several processes, durability, erasure."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.sqlite_store import SWEPT_PER_CREATE, SqliteStore
from app.adapters.sqlite_thread import SqliteThread
from app.domain.errors import StoreUnavailable, TaskNotFound
from app.domain.task import Status
from app.engine.ports import Snapshot
from tests.contract.arrange import HandClock, finished, fresh, put_new
from tests.contract.sqlite_file import ask, connect, files_with
from tests.contract.sqlite_writer import CONTENT, COUNTED, start_writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file will be."""
    return tmp_path / "tasks.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Open a store over a new file."""
    store = connect(path)
    async with store.open():
        yield store


async def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    """Three web workers share the file; each finds it new, and none may overwrite another."""
    store = connect(path)
    async with store.open():
        seen = await put_new(store)

    writers = [await start_writer("count", path, seen.task.id) for _ in range(3)]
    said = [await writer.communicate() for writer in writers]

    async with store.open():
        stored = await store.get(seen.task.id)
    assert [output for output, _ in said] == [f"{COUNTED}\n".encode()] * 3
    assert stored.task.revision == 1 + 3 * COUNTED


async def test_processes_may_find_the_file_new_at_once(path: Path) -> None:
    """On the first start all workers want to make the tables."""
    stores = [connect(path) for _ in range(4)]

    async def write(store: SqliteStore) -> Snapshot:
        async with store.open():
            return await put_new(store)

    written = await asyncio.gather(*(write(store) for store in stores))

    assert len(ask(path, "SELECT id FROM tasks")) == len(written)


async def test_a_killed_writer_leaves_all_that_it_acknowledged(path: Path) -> None:
    """A 202 that was sent before the process was killed is kept, and the next process finds the file in order."""
    writer = await start_writer("create", path)
    assert writer.stdout is not None
    acknowledged = [(await writer.stdout.readline()).decode().split() for _ in range(20)]

    writer.kill()
    rest, _ = await writer.communicate()

    acknowledged += [line.split() for line in rest.decode().splitlines()]
    store = connect(path)
    async with store.open():
        found = [await store.get(task_id) for task_id, _ in acknowledged]
        pending = [snapshot.task for snapshot in found if snapshot.task.status is Status.PENDING]
        contents = {await store.content(task) for task in pending}
        await put_new(store)
    assert [snapshot.task.status for snapshot in found] == [status for _, status in acknowledged]
    assert contents == {CONTENT}
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


async def test_calls_behind_a_stuck_writer_end_and_leave_nothing_behind(store: SqliteStore, path: Path) -> None:
    """Twenty requests that wait in one queue must not each wait for all those before them."""
    seen = await put_new(store)
    with closing(sqlite3.connect(path, isolation_level=None)) as stuck:
        stuck.execute("BEGIN IMMEDIATE")

        read = await store.get(seen.task.id)
        calls = asyncio.gather(*(put_new(store) for _ in range(20)), return_exceptions=True)
        answers = await asyncio.wait_for(calls, timeout=20)

    await put_new(store)
    assert read == seen
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert len(ask(path, "SELECT id FROM tasks")) in {2, 3}  # the call whose turn it was may have landed


async def test_a_locked_file_does_not_hold_up_a_shutdown(path: Path) -> None:
    """The platform grants ten seconds in all: nobody may spend them on somebody else's lock."""
    store = connect(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with store.open():
            other.execute("BEGIN IMMEDIATE")
            write = asyncio.ensure_future(put_new(store))
            await asyncio.sleep(0)
        closed_first = not write.done()
        other.execute("ROLLBACK")
        await write

    assert closed_first
    assert len(ask(path, "SELECT id FROM tasks")) == 1


async def test_the_event_loop_goes_on_while_a_write_waits(store: SqliteStore, path: Path) -> None:
    """The lock is let go by the very loop that awaits the write: were it blocked, the write could only fail."""
    await store.check()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        write = asyncio.ensure_future(put_new(store))
        await asyncio.sleep(0)

        other.execute("ROLLBACK")
        written = await write

    assert await store.get(written.task.id) == written


async def test_a_commit_waits_for_the_disk(path: Path) -> None:
    """With anything less than FULL (2), a power cut could take back a 202."""
    thread = SqliteThread(path)

    async with thread.open():
        synchronous = await thread.run(lambda connection: connection.execute("PRAGMA synchronous").fetchone())
        journal = await thread.run(lambda connection: connection.execute("PRAGMA journal_mode").fetchone())

    assert synchronous == (2,)
    assert journal == ("wal",)


async def test_erased_content_is_not_left_in_the_file(path: Path) -> None:
    """A deleted row is only forgotten by default: its bytes would wait in the file for whoever gets the disk."""
    secret = b"correct horse battery staple " * 2000
    store = connect(path)
    async with store.open():
        completed = await store.create(fresh(store), secret)
        deleted = await store.create(fresh(store), secret)
        await store.swap(completed, finished(completed.task, Status.COMPLETED))
        await store.delete(deleted)

    left = files_with(path.parent, b"battery staple")

    assert left == []


async def test_expired_tasks_are_really_deleted(path: Path) -> None:
    """Nobody else empties the file: it would grow until the disk is full."""
    clock = HandClock()
    store = SqliteStore(path, clock=clock)
    async with store.open():
        expired = [await put_new(store, Status.FAILED) for _ in range(SWEPT_PER_CREATE + 5)]
        clock.move(timedelta(days=8))
        after_first = await put_new(store)
        left_after_first = len(ask(path, "SELECT id FROM tasks"))
        await put_new(store)

        with pytest.raises(TaskNotFound):
            await store.get(expired[0].task.id)
        assert await store.get(after_first.task.id) == after_first

    assert left_after_first == 5 + 1
    assert len(ask(path, "SELECT id FROM tasks")) == 2
    assert len(ask(path, "SELECT task_id FROM contents")) == 2


async def test_an_expired_task_makes_room_for_its_id_before_its_turn(path: Path) -> None:
    """The id is free at once, however many older tasks are still to be deleted."""
    clock = HandClock()
    store = SqliteStore(path, clock=clock)
    async with store.open():
        expired = [await put_new(store, Status.FAILED) for _ in range(SWEPT_PER_CREATE + 1)]
        clock.move(timedelta(seconds=1))
        expired.append(await put_new(store, Status.FAILED))
        clock.move(timedelta(days=8))

        again = await store.create(fresh(store, id=expired[-1].task.id), b"again")

        assert await store.get(again.task.id) == again


async def test_a_task_expires_at_its_very_instant(path: Path) -> None:
    """The promise to the caller is a time, not a sweep."""
    clock = HandClock()
    store = SqliteStore(path, clock=clock)
    async with store.open():
        seen = await put_new(store, Status.FAILED, time_to_live=timedelta(hours=1))
        assert seen.task.expires_at is not None

        clock.move(seen.task.expires_at - clock() - timedelta(microseconds=1))
        before = await store.get(seen.task.id)
        clock.move(timedelta(microseconds=1))

        assert before == seen
        with pytest.raises(TaskNotFound):
            await store.get(seen.task.id)


async def test_a_store_opens_again_after_it_was_closed(path: Path) -> None:
    """Tasks outlive the process."""
    store = connect(path)
    async with store.open():
        written = await put_new(store)

    async with store.open():
        found = await store.get(written.task.id)

    assert found == written


async def test_a_store_that_is_not_open_is_a_mistake(path: Path) -> None:
    """Wiring that forgets to open the store must fail at its first test, not look like an outage."""
    store = connect(path)

    with pytest.raises(RuntimeError, match="before it is opened"):
        await store.check()
