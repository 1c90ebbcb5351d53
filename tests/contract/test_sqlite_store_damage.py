"""What can be wrong with the file of a SQLite store, and what the store makes of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.adapters.sqlite_schema import SCHEMA
from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.domain.task import Status
from tests.contract.arrange import fresh, put, put_new
from tests.contract.sqlite_file import ask, block, connect, damage, make_database, overwrite, read, replace_by, unblock
from tests.contract.sqlite_writer import CONTENT, start_writer

FIRST_PAGE = 4096
"""Bytes that say what the file is; behind them are the tasks."""

GARBAGE = b"This is not a database. " * 1000

SECRET = b'{"secret"'

UNREADABLE: dict[str, Callable[[str], bytes]] = {
    "no JSON": lambda _: SECRET,
    "no object": lambda _: b"[]",
    "no UTF-8": lambda body: body.encode().replace(b"anonymous", b"anonym\xffus"),
    "a field is missing": lambda body: _with(body, options=None).replace(b'"options"', b'"option"'),
    "a status of another version": lambda body: _with(body, status="paused"),
    "a time that no calendar has": lambda body: _with(body, created_at=10**30),
    "a task that cannot be": lambda body: _with(body, attempt=99),
}
"""What a bad block, or somebody, might make of a row's body."""


def _with(body: str, **fields: object) -> bytes:
    return json.dumps(json.loads(body) | fields).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file will be."""
    return tmp_path / "tasks.db"


async def test_a_full_disk_is_an_outage_for_writes_and_none_for_reads(path: Path) -> None:
    """Callers get 503 while there is no room, what was accepted stays, and half-written tasks do not exist."""
    writer = await start_writer("fill", path)
    output, log = await writer.communicate()

    *created, refused, readable = output.decode().splitlines()
    store = connect(path)
    async with store.open():
        contents = {await store.content((await store.get(task_id)).task) for task_id in created}
        await put_new(store)
    assert len(created) > 1
    assert refused in {"refused: The task store's disk fails", "refused: The task store's disk is full"}
    assert [json.loads(line)["reason"] for line in log.splitlines()] == [refused.removeprefix("refused: ")]
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


@pytest.mark.parametrize("damaged", UNREADABLE.values(), ids=UNREADABLE)
async def test_one_broken_row_stops_neither_the_queue_nor_a_listing(
    path: Path, damaged: Callable[[str], bytes]
) -> None:
    """A block that went bad, or an edit by hand, costs one task, and the log says which."""
    store = connect(path)
    async with store.open():
        now = store.now()
        minutes_ago = [fresh(store, available_at=now, created_at=now - timedelta(minutes=n)) for n in (4, 3, 2, 1)]
        first, broken, *_ = put_in_order = [await put(store, task) for task in minutes_ago]
        damage(path, broken.task.id, "body", damaged)

        with capture_logs() as logs:
            due = await store.due(Execution.CPU, now=now, limit=3)
            newer = await store.list("anonymous", status=None, page_size=2, cursor=None)
            older = await store.list("anonymous", status=None, page_size=2, cursor=newer.cursor)

    whole = [snapshot for snapshot in put_in_order if snapshot is not broken]
    assert sorted(snapshot.task.id for snapshot in due) == sorted(snapshot.task.id for snapshot in whole)
    assert [task.id for task in (*newer.tasks, *older.tasks)] == [snapshot.task.id for snapshot in reversed(whole)]
    assert older.tasks == (first.task,)
    assert older.cursor is None
    assert {(entry["event"], entry["task_id"]) for entry in logs} == {("task unreadable", broken.task.id)}
    assert "secret" not in str(logs)


async def test_a_broken_row_that_is_asked_for_is_no_missing_task(path: Path) -> None:
    """Who is told that a task does not exist submits it again; and its result may still be saved."""
    store = connect(path)
    async with store.open():
        broken = await put_new(store, Status.COMPLETED)
        damage(path, broken.task.id, "result", lambda _: SECRET)

        with capture_logs() as logs, pytest.raises(StoreUnavailable, match="cannot read the task"):
            await store.get(broken.task.id)

    assert logs[0] == {
        "event": "task unreadable",
        "log_level": "error",
        "task_id": broken.task.id,
        "error": "JSONDecodeError",
    }
    assert "secret" not in str(logs)


async def test_the_log_says_why_a_call_failed(path: Path) -> None:
    """A 503 tells the caller to come again; the operator must read what to mend, at the start and at every call."""
    overwrite(path, GARBAGE)
    store = connect(path)

    with capture_logs() as logs:
        async with store.open():
            with pytest.raises(StoreUnavailable):
                await store.check()

    reason = "The task store's file is damaged, or no database"
    line = {"event": "store failed", "log_level": "warning", "reason": reason, "code": "SQLITE_NOTADB"}
    assert logs == [line, line]


async def test_what_is_accepted_after_the_file_was_removed_is_still_there_after_a_restart(path: Path) -> None:
    """An open file outlives its name: writes would go on into one that nobody ever finds again."""
    store = connect(path)
    async with store.open():
        await put_new(store, Status.PENDING)
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        accepted = await put_new(store, Status.PENDING)

    restarted = connect(path)
    async with restarted.open():
        assert (await restarted.get(accepted.task.id)).task == accepted.task
