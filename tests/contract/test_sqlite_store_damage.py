"""What can be wrong with the file of a SQLite store, and what the store makes of it."""

from pathlib import Path

import pytest

from app.adapters.sqlite_schema import SCHEMA
from app.domain.errors import StoreUnavailable
from tests.contract.arrange import put_new
from tests.contract.sqlite_file import ask, block, connect, make_database, overwrite, read, replace_by, unblock
from tests.contract.sqlite_writer import CONTENT, start_writer

FIRST_PAGE = 4096
"""Bytes that say what the file is; behind them are the tasks."""

GARBAGE = b"This is not a database. " * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file will be."""
    return tmp_path / "tasks.db"


async def test_a_full_disk_is_an_outage_for_writes_and_none_for_reads(path: Path) -> None:
    """Callers get 503 while there is no room, what was accepted stays, and half-written tasks do not exist."""
    writer = await start_writer("fill", path)
    output, _ = await writer.communicate()

    *created, refused, readable = output.decode().splitlines()
    store = connect(path)
    async with store.open():
        contents = {await store.content((await store.get(task_id)).task) for task_id in created}
        await put_new(store)
    assert len(created) > 1
    assert refused in {"refused: The task store's disk fails", "refused: The task store's disk is full"}
    assert readable == "readable"
    assert contents == {CONTENT}
    assert len(ask(path, "SELECT id FROM tasks")) == len(created) + 1


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    """The service says what is wrong instead of starting over on an empty file."""
    overwrite(path, GARBAGE)
    store = connect(path)

    async with store.open():
        with pytest.raises(StoreUnavailable, match="damaged, or no database"):
            await store.check()

    assert read(path) == GARBAGE


async def test_a_file_that_is_damaged_inside_is_an_outage(path: Path) -> None:
    """A disk that lost some blocks is reported, not read as tasks."""
    store = connect(path)
    async with store.open():
        for _ in range(20):
            await put_new(store)
    whole = read(path)
    overwrite(path, whole[:FIRST_PAGE] + b"\xff" * (len(whole) - FIRST_PAGE))

    async with store.open():
        with pytest.raises(StoreUnavailable, match="damaged, or no database"):
            await store.list("anonymous", status=None, page_size=10, cursor=None)


async def test_a_sound_file_in_place_of_a_damaged_one_is_taken_up(path: Path) -> None:
    """Whoever repairs the file need not restart the service, nor lose what comes in meanwhile."""
    store = connect(path)
    async with store.open():
        await put_new(store)
    whole = read(path)
    overwrite(path, whole[:FIRST_PAGE] + b"\xff" * (len(whole) - FIRST_PAGE))
    async with store.open():
        with pytest.raises(StoreUnavailable):
            await store.list("anonymous", status=None, page_size=10, cursor=None)

        replace_by(path, whole)
        await put_new(store)

    assert ask(path, "SELECT count(*) FROM tasks") == [(2,)]


async def test_a_newer_layout_is_refused_and_left_alone(path: Path) -> None:
    """After a rollback the older program must not write what the newer one would misread."""
    before = make_database(path, f"PRAGMA user_version = {SCHEMA + 1}")
    store = connect(path)

    async with store.open():
        with pytest.raises(StoreUnavailable, match="newer version"):
            await put_new(store)

    assert read(path) == before


async def test_another_programs_file_is_refused_and_left_alone(path: Path) -> None:
    """A path that was mistyped must not put tables among somebody's photographs."""
    before = make_database(path, "CREATE TABLE photographs (name TEXT)")
    store = connect(path)

    async with store.open():
        with pytest.raises(StoreUnavailable, match="another program"):
            await put_new(store)

    assert read(path) == before


async def test_a_directory_that_cannot_be_made_is_an_outage(path: Path) -> None:
    """Whoever set the path reads what is wrong with it."""
    overwrite(path, b"a file where a directory should be")
    store = connect(path / "tasks.db")

    async with store.open():
        with pytest.raises(StoreUnavailable, match="directory cannot be made"):
            await put_new(store)


async def test_a_store_recovers_when_its_file_can_be_opened_again(path: Path) -> None:
    """An outage ends by itself; nobody has to restart the service."""
    block(path)
    store = connect(path)
    async with store.open():
        with pytest.raises(StoreUnavailable, match="cannot be opened"):
            await store.check()

        unblock(path)
        written = await put_new(store)

        assert await store.get(written.task.id) == written
