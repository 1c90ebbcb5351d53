"""What the news of a SQLite file promise beyond the contract: little work, and nothing lost with the file or a call."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import override
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.adapters.sqlite_changes import OUTAGE_PAUSE, ROUND, VERSIONS_AT_ONCE, SqliteChanges
from app.adapters.sqlite_store import SqliteStore
from app.adapters.sqlite_thread import SqliteThread
from app.domain.errors import StoreUnavailable
from app.domain.task import Task
from app.engine.polling import Polling
from app.engine.ports import Changes
from tests.contract.arrange import fresh, next_revision, put_new
from tests.contract.sqlite_file import block, change, connect, damage, empty_log, keep, rename, replace_by, unblock
from tests.fake_changes import Heard
from tests.fakes import PATIENCE, Gated

GARBAGE = b"This is not a database. " * 1000


class ObservedThread(Gated, SqliteThread):
    """
    A thread that counts its *statements* by their first word, and whose answers a test can hold or lose.

    Attributes:
        lost_readings: How many of the next answers of tasks are lost.

    """

    def __init__(self, path: Path) -> None:
        """Use the file at *path*."""
        super().__init__()
        SqliteThread.__init__(self, path)
        self.statements: Counter[str] = Counter()
        self.lost_readings = 0
        self._answered = asyncio.Event()

    @override
    async def run[T](self, work: Callable[[Connection], T]) -> T:
        gate, read_before = self.next_gate(), self.statements["SELECT"]
        answer = await super().run(lambda connection: work(self._traced(connection)))
        self._answered.set()
        if gate:
            await gate.pass_through()
        if self.lost_readings and self.statements["SELECT"] > read_before:
            self.lost_readings -= 1
            raise StoreUnavailable
        return answer

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that only a call can bring about."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self._answered.clear()
                await self._answered.wait()

    def _traced(self, connection: Connection) -> Connection:
        connection.set_trace_callback(lambda statement: self.statements.update(statement.split(maxsplit=1)[:1]))
        return connection


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


@pytest.fixture
async def thread(path: Path) -> AsyncIterator[ObservedThread]:
    """Open a thread of another process."""
    thread = ObservedThread(path)
    async with thread.open():
        yield thread


@pytest.fixture(params=["polling", "its own"])
def changes(request: pytest.FixtureRequest, store: SqliteStore) -> Changes:
    """Return news of the tasks in the store."""
    return store.changes if request.param == "its own" else Polling(store)


@asynccontextmanager
async def opened(changes: Changes) -> AsyncIterator[Heard]:
    """Be told of whatever is followed."""
    heard = Heard()
    async with changes.open(heard):
        yield heard


async def add_revision(path: Path, task_id: str) -> Task:
    """Change a task, as another process would, and let go of the file."""
    other = connect(path)
    async with other.open():
        seen = await other.get(task_id)
        return (await other.swap(seen, next_revision(seen.task))).task


async def test_what_another_process_writes_is_told_long_before_the_next_round(path: Path, store: SqliteStore) -> None:
    """A page that lags a second behind each step looks slow, however fast the work is."""
    seen, changes = await put_new(store), 10
    async with opened(store.changes) as heard:
        store.changes.follow(seen.task.id)
        began_at = asyncio.get_running_loop().time()
        for _ in range(changes):
            changed = await add_revision(path, seen.task.id)
            await heard.hear(seen.task.id, changed)

    assert asyncio.get_running_loop().time() - began_at < 0.8 * changes * ROUND.total_seconds()


async def test_what_is_followed_during_an_outage_is_told_after_it(path: Path) -> None:
    """A service that starts before its disk is there must not leave its first watchers without news."""
    block(path)
    store = connect(path)
    async with store.open(), opened(store.changes) as heard:
        coming = fresh(store)
        store.changes.follow(coming.id)
        with pytest.raises(StoreUnavailable):
            await store.check()

        unblock(path)
        await store.create(coming, b"hello")

        await heard.hear(coming.id, coming)


async def test_what_is_written_during_an_outage_is_told_after_it(
    path: Path, store: SqliteStore, changes: Changes
) -> None:
    """Other processes may go on while this one cannot read."""
    seen = await put_new(store)
    sound = path.with_name("sound.db")
    async with opened(changes) as heard:
        changes.follow(seen.task.id)
        await heard.hear(seen.task.id, seen.task)

        keep(path, sound)
        replace_by(path, GARBAGE)
        with pytest.raises(StoreUnavailable):
            await store.check()
        changed = await add_revision(sound, seen.task.id)
        rename(sound, path)

        await heard.hear(seen.task.id, changed)
        assert None not in heard.of(seen.task.id)


async def test_a_file_in_the_place_of_another_is_looked_at(path: Path, store: SqliteStore) -> None:
    """A copy that was restored counts its changes anew, and may come to the same number."""
    kept, lost = await put_new(store), await put_new(store)
    copy = path.with_name("copy.db")
    async with opened(store.changes) as heard:
        for seen in (kept, lost):
            store.changes.follow(seen.task.id)
            await heard.hear(seen.task.id, seen.task)
        change(path, f"VACUUM INTO '{copy}'")
        change(copy, f"DELETE FROM tasks WHERE id = '{lost.task.id}'")  # noqa: S608 - a test's own
        changed = await add_revision(copy, kept.task.id)

        empty_log(path)
        rename(copy, path)

        await heard.hear(kept.task.id, changed)
        await heard.hear(lost.task.id, None)


async def test_a_look_that_fails_is_made_up_for_after_a_while(store: SqliteStore, thread: ObservedThread) -> None:
    """Each one leaves a line in the log: forty a second would bury what an operator has to read in an outage."""
    seen = await put_new(store)
    changes = SqliteChanges(thread, now=store.now)
    thread.lost_readings = 1
    async with opened(changes) as heard:
        changes.follow(seen.task.id)
        await thread.until(lambda: not thread.lost_readings)
        began_at = asyncio.get_running_loop().time()
        await heard.hear(seen.task.id, seen.task)

    assert asyncio.get_running_loop().time() - began_at > 0.9 * OUTAGE_PAUSE.total_seconds()


async def test_a_task_that_cannot_be_read_is_said_once_and_hides_no_other(path: Path, store: SqliteStore) -> None:
    """A block that went bad costs one task its news; it is not gone, and the log says which one it is."""
    broken, whole = await put_new(store), await put_new(store)
    damage(path, broken.task.id, "body", lambda _: b"[]")
    with capture_logs() as logs:
        async with opened(store.changes) as heard:
            for seen in (broken, whole):
                store.changes.follow(seen.task.id)
            await heard.hear(whole.task.id, whole.task)
            for _ in range(2):
                changed = await add_revision(path, whole.task.id)
                await heard.hear(whole.task.id, changed)

    assert heard.of(broken.task.id) == []
    assert [(entry["event"], entry["task_id"]) for entry in logs] == [("task unreadable", broken.task.id)]


async def test_what_was_seen_before_a_task_was_followed_again_is_not_told(
    store: SqliteStore, thread: ObservedThread
) -> None:
    """Whoever follows a task has read it: that it was not there a moment earlier would end the watch."""
    changes = SqliteChanges(thread, now=store.now)
    coming = fresh(store)
    first_look, reading = thread.hold(), thread.hold()
    async with opened(changes) as heard:
        changes.follow(coming.id)
        first_look.open()
        await reading.reached()

        changes.leave(coming.id)
        await store.create(coming, b"hello")
        changes.follow(coming.id)
        reading.open()

        await heard.hear(coming.id, coming)
        assert heard.told == [(coming.id, coming)]


async def test_a_thousand_tasks_cost_no_more_than_one_while_nothing_changes(
    store: SqliteStore, thread: ObservedThread
) -> None:
    """Forty times a second every one of them would be looked up, and the requests would wait for it."""
    many = 2 * VERSIONS_AT_ONCE
    changes = SqliteChanges(thread, now=store.now)
    async with opened(changes) as heard:
        for _ in range(many):
            changes.follow(str(uuid4()))
        await heard.until(lambda: len(heard.told) == many)

        thread.statements.clear()
        await thread.until(lambda: thread.statements["PRAGMA"] > 20)

    assert thread.statements["SELECT"] < thread.statements["PRAGMA"] / 2


async def test_nothing_is_done_while_no_task_is_followed(
    path: Path, store: SqliteStore, thread: ObservedThread
) -> None:
    """Most processes are watched by nobody most of the time."""
    idle, busy = SqliteChanges(thread, now=store.now), store.changes
    seen, witness = await put_new(store), await put_new(store)
    async with opened(idle) as heard, opened(busy) as heard_by_busy:
        idle.follow(seen.task.id)
        await heard.hear(seen.task.id, seen.task)
        idle.leave(seen.task.id)
        statements = dict(thread.statements)

        busy.follow(witness.task.id)
        for _ in range(5):
            changed = await add_revision(path, witness.task.id)
            await heard_by_busy.hear(witness.task.id, changed)

        assert thread.statements == statements
