"""Files that were written by earlier versions of the service: they are taken over as they are, tasks and all."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from app.adapters.sqlite_schema import SCHEMA, lay_out
from app.adapters.sqlite_store import SqliteStore
from app.domain.errors import StoreUnavailable
from app.domain.keys import ApiKey
from app.domain.task import Status
from tests.contract.arrange import HandClock, next_revision, put_new
from tests.contract.arrange_keys import kept_key
from tests.contract.sqlite_file import ask, connect, make_database, read
from tests.contract.sqlite_writer import start_writer

LAYOUT_1 = Path(__file__).with_name("sqlite_layout_1.sql")
PENDING, COMPLETED = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
PROCESSES = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file in the first layout, with two tasks in it."""
    path = tmp_path / "tasks.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(LAYOUT_1.read_text())
        connection.execute("PRAGMA journal_mode = WAL")
    return path


@pytest.fixture
def stuck(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file's lock, and let it go in the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def layout(path: Path) -> list[tuple[object, ...]]:
    """Return everything that makes up a file's layout."""
    return ask(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY name") + ask(path, "PRAGMA user_version")


async def test_a_file_of_the_first_layout_keeps_its_tasks_and_takes_keys(path: Path) -> None:
    """Whoever installs the next version finds what was accepted before, and goes on with it."""
    store, key = SqliteStore(path, clock=HandClock()), kept_key()
    async with store.open():
        pending, completed = await store.get(PENDING), await store.get(COMPLETED)
        await store.api_keys.add(key)
        swapped = await store.swap(pending, next_revision(pending.task))

        assert await store.content(pending.task) == b"hello"
        assert (completed.task.status, completed.task.result) == (Status.COMPLETED, {"summary": "Short."})
        assert await store.get(PENDING) == swapped
        assert await store.api_keys.find(key.id) == key


async def test_an_old_file_becomes_just_like_a_new_one(path: Path, tmp_path: Path) -> None:
    """Two layouts with one number could not be told apart by the version after this one."""
    new = tmp_path / "new.db"
    for each in (path, new):
        with closing(sqlite3.connect(each, isolation_level=None)) as connection:
            lay_out(connection)

    assert layout(path) == layout(new)
    assert layout(path)[-1] == (SCHEMA,)


async def test_stores_may_find_an_old_file_at_once(path: Path) -> None:
    """All workers of the new version start together; one makes the table, and none fails."""
    stores = [SqliteStore(path, clock=HandClock()) for _ in range(PROCESSES)]

    async def write(store: SqliteStore) -> ApiKey:
        key = kept_key()
        async with store.open():
            await store.api_keys.add(key)
        return key

    written = await asyncio.gather(*(write(store) for store in stores))

    assert len(ask(path, "SELECT id FROM api_keys")) == len(written) == PROCESSES
    assert len(ask(path, "SELECT id FROM tasks")) == 2


async def test_processes_may_find_an_old_file_at_once(path: Path) -> None:
    """So do the workers of one service, each a process of its own."""
    writers = [await start_writer("key", path) for _ in range(PROCESSES)]
    ready = [await writer.stdout.readline() for writer in writers if writer.stdout]

    said = await asyncio.gather(*(writer.communicate(b"go\n") for writer in writers))

    assert ready == [b"ready\n"] * PROCESSES
    assert sorted(ask(path, "SELECT id FROM api_keys")) == sorted((output.decode().strip(),) for output, _ in said)
    assert layout(path)[-1] == (SCHEMA,)
    assert len(ask(path, "SELECT id FROM tasks")) == 2


async def test_a_file_that_somebody_else_uses_is_taken_over_later(path: Path, stuck: sqlite3.Connection) -> None:
    """An upgrade that cannot begin is an outage like any other; the next call tries again."""
    store = SqliteStore(path, clock=HandClock())
    async with store.open():
        before = ask(path, "PRAGMA user_version")
        stuck.execute("ROLLBACK")

        await store.check()

    assert before == [(1,)]
    assert ask(path, "PRAGMA user_version") == [(SCHEMA,)]


def test_an_upgrade_that_breaks_off_has_not_begun(path: Path) -> None:
    """Half a layout would be refused by every version."""
    before = layout(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.set_authorizer(forbid_the_number)

        with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
            lay_out(connection)

    assert layout(path) == before


def forbid_the_number(action: int, what: str | None, value: str | None, *_: str | None) -> int:
    """Deny the last statement of an upgrade: the one that sets the layout's number."""
    is_the_last = action == sqlite3.SQLITE_PRAGMA and what == "user_version" and value is not None
    return sqlite3.SQLITE_DENY if is_the_last else sqlite3.SQLITE_OK


def test_a_file_that_is_laid_out_meanwhile_is_no_strangers(tmp_path: Path) -> None:
    """Who looks at the number before, and at the tables after another process made both, must not refuse the file."""
    path = tmp_path / "new.db"

    def be_faster(statement: str) -> None:
        if "sqlite_schema" in statement:
            opened = closing(sqlite3.connect(path, timeout=0, isolation_level=None))
            with opened as other, suppress(sqlite3.OperationalError):  # it may have to wait
                lay_out(other)

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.set_trace_callback(be_faster)

        lay_out(connection)

    assert layout(path)[-1] == (SCHEMA,)


@pytest.mark.parametrize("number", [-1, 1, SCHEMA])
async def test_another_programs_number_is_no_layout(tmp_path: Path, number: int) -> None:
    """Other programs number their files as well: none may get tables that it does not know."""
    other = tmp_path / "photographs.db"
    ask(other, "CREATE TABLE photographs (name TEXT)")
    before = make_database(other, f"PRAGMA user_version = {number}")
    store = connect(other)

    async with store.open():
        with pytest.raises(StoreUnavailable, match="another program"):
            await put_new(store)

    assert read(other) == before
