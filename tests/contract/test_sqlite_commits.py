"""Calls that wait for the file at the same time share one commit: what they share, and what they do not."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from sqlite3 import Connection

import pytest

from app.adapters.sqlite_thread import MOST_AT_ONCE, SqliteThread, writing
from app.domain.errors import StoreUnavailable, TaskExists


class Shared:
    """A file with one table of numbers, and all the statements that were sent to it."""

    def __init__(self, thread: SqliteThread) -> None:
        """Use *thread*."""
        self.thread = thread
        self.statements: list[str] = []

    async def prepare(self) -> None:
        """Make the table, and listen from then on."""

        def begin(connection: Connection) -> None:
            connection.execute("CREATE TABLE numbers (number INTEGER)")
            connection.set_trace_callback(self.statements.append)

        await self.thread.run(begin)
        self.statements.clear()

    async def hold(self) -> tuple[threading.Event, asyncio.Task[None]]:
        """Keep the thread busy until the event is set."""
        begun, go = threading.Event(), threading.Event()

        def wait(_connection: Connection) -> None:
            begun.set()
            go.wait()

        held = asyncio.create_task(self.thread.run(wait))
        await asyncio.to_thread(begun.wait)
        return go, held

    async def at_once(self, *works: Callable[[Connection], object]) -> list[object]:
        """Have all *works* wait at the same time, and return what came of each."""
        go, held = await self.hold()
        waiting = [asyncio.create_task(self.thread.run(work)) for work in works]
        await asyncio.sleep(0)
        go.set()
        await held
        return await asyncio.gather(*waiting, return_exceptions=True)

    async def numbers(self) -> list[int]:
        """Return what is in the table."""
        return await self.thread.run(lambda c: [row[0] for row in c.execute("SELECT number FROM numbers")])


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    """Open a file of its own for each test."""
    thread = SqliteThread(tmp_path / "tasks.db")
    async with thread.open():
        opened = Shared(thread)
        await opened.prepare()
        yield opened


def add(number: int, *, then: str | Exception | None = None) -> Callable[[Connection], int]:
    """Return a write of *number*, after which a statement or a refusal follows."""

    def work(connection: Connection) -> int:
        with writing(connection):
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
            if isinstance(then, Exception):
                raise then
            if then is not None:
                connection.execute(then)
        return number

    return work


def count(connection: Connection) -> int:
    """Return how many numbers there are."""
    return int(connection.execute("SELECT count(*) FROM numbers").fetchone()[0])


async def test_writes_that_come_at_once_wait_for_the_disk_once(shared: Shared) -> None:
    """It is the disk that takes time: twenty callers need not wait for it twenty times."""
    answers = await shared.at_once(*(add(number) for number in range(20)))

    assert answers == list(range(20))
    assert shared.statements.count("COMMIT") == 1
    assert await shared.numbers() == list(range(20))


async def test_more_than_may_share_one_commit_need_another(shared: Shared) -> None:
    """Other processes wait while a transaction is open."""
    answers = await shared.at_once(*(add(number) for number in range(MOST_AT_ONCE + 1)))

    assert answers == list(range(MOST_AT_ONCE + 1))
    assert shared.statements.count("COMMIT") == 2


async def test_a_refused_write_takes_back_only_its_own(shared: Shared) -> None:
    """That a task exists already is no reason to lose somebody else's."""
    answers = await shared.at_once(add(1), add(2, then=TaskExists()), add(3))

    assert answers[::2] == [1, 3]
    assert isinstance(answers[1], TaskExists)
    assert await shared.numbers() == [1, 3]


async def test_a_failing_write_takes_along_what_shares_its_commit_and_nothing_else(shared: Shared) -> None:
    """Nobody is told that something was written which was not; whoever comes after is served."""
    answers = await shared.at_once(count, add(1), add(2, then="no SQL"), add(3), count)

    assert [type(answer) for answer in answers] == [int, StoreUnavailable, StoreUnavailable, int, int]
    assert (answers[0], answers[4]) == (0, 1)
    assert await shared.numbers() == [3]


async def test_who_reads_after_a_write_sees_it(shared: Shared) -> None:
    """The order in which calls come is the order in which they are carried out."""
    answers = await shared.at_once(count, add(1), count)

    assert answers == [0, 1, 1]


async def test_nobody_is_answered_before_the_commit(shared: Shared) -> None:
    """A 202 says that the task is on the disk."""
    statements_at_the_answer: list[int] = []

    async def submit(number: int) -> None:
        await shared.thread.run(add(number))
        statements_at_the_answer.append(shared.statements.count("COMMIT"))

    await asyncio.gather(*(submit(number) for number in range(5)))

    assert min(statements_at_the_answer) >= 1


async def test_a_caller_that_hangs_up_before_its_turn_writes_nothing(shared: Shared) -> None:
    """It takes its work back, and the others go on."""
    go, held = await shared.hold()
    leaving, staying = (asyncio.create_task(shared.thread.run(add(number))) for number in (1, 2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(held, staying)

    assert await shared.numbers() == [2]


async def test_a_bug_in_one_work_is_its_callers_alone(shared: Shared) -> None:
    """The thread must outlive it: all tasks go through it."""
    answers = await shared.at_once(add(1), lambda _: 1 // 0, add(2))

    assert [type(answer) for answer in answers] == [int, ZeroDivisionError, int]
    assert await shared.numbers() == [1, 2]


async def test_what_was_written_into_a_file_that_is_gone_is_not_said_to_be_stored(
    shared: Shared, tmp_path: Path
) -> None:
    """Somebody puts another file in its place, in the very moment; a 202 must not go out for a task that is nowhere."""

    def replace(connection: Connection) -> int:
        answer = add(2)(connection)
        (tmp_path / "tasks.db").rename(tmp_path / "moved.db")
        return answer

    answers = await shared.at_once(add(1), replace, add(3))

    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3


async def test_a_lack_of_memory_ends_the_transaction_and_keeps_nobody_waiting(shared: Shared) -> None:
    """The file would stay locked for everybody, and the next commit would write what nobody was told of."""

    def breaks(connection: Connection) -> int:
        with writing(connection):
            connection.execute("INSERT INTO numbers VALUES (2)")
            raise MemoryError

    answers = await shared.at_once(add(1), breaks)
    after = await shared.at_once(add(3))

    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    assert (after, await shared.numbers()) == ([3], [3])
