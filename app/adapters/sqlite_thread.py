"""
One SQLite file, used from one thread.

The event loop never waits for the disk, and a piece of work that has begun is
carried out as a whole, whatever becomes of the caller that asked for it. Calls
that wait for the thread at the same time share one commit: it is the disk that
takes time, and so many callers cost little more of it than one.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from app.adapters.calls import Calls
from app.adapters.sqlite_schema import lay_out
from app.domain.errors import StoreUnavailable
from app.telemetry.logs import get_logger

BUSY_TIMEOUT: Final = 2.5
"""Seconds that one statement waits for another process's write."""

CALL_TIMEOUT: Final = 4.0
"""Seconds that one call may take, its turn in the queue included."""

LAST_CALL_TIMEOUT: Final = 0.3
"""Seconds that closing waits for the call under way: a file that others keep locked must not hold up a shutdown."""

MOST_AT_ONCE: Final = 50
"""Calls that share a commit; more would keep the other processes waiting."""

CLOSE_TIMEOUT: Final = 1.0
"""Seconds that closing itself may take: it moves the log into the file."""

_PRIMARY_CODE: Final = 0xFF
_REASONS: Final = {
    sqlite3.SQLITE_BUSY: "The task store is busy; the request may be repeated",
    sqlite3.SQLITE_LOCKED: "The task store is busy; the request may be repeated",
    sqlite3.SQLITE_CANTOPEN: "The task store's file cannot be opened",
    sqlite3.SQLITE_READONLY: "The task store's file cannot be written",
    sqlite3.SQLITE_FULL: "The task store's disk is full",
    sqlite3.SQLITE_IOERR: "The task store's disk fails",
    sqlite3.SQLITE_NOTADB: "The task store's file is damaged, or no database",
    sqlite3.SQLITE_CORRUPT: "The task store's file is damaged, or no database",
}

_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",  # readers do not wait for the writer
    "PRAGMA synchronous = FULL",  # a commit is on the disk: what was answered with 202 survives a power cut
    "PRAGMA foreign_keys = ON",  # a content goes with its task
    "PRAGMA secure_delete = ON",  # erased input is overwritten, not only forgotten
    "PRAGMA journal_size_limit = 0",  # and the log keeps no more of it than until its next turn
)


@dataclass(eq=False)
class _Call[T]:
    """A piece of *work*, and who waits for its *answer*."""

    work: Callable[[Connection], T]
    answer: Future[T] = field(default_factory=Future)
    settle: Callable[[], object] = bool
    """Gives the answer; known once the work has been carried out."""

    def carry_out(self, connection: Connection) -> None:
        try:
            value = self.work(connection)
        except (sqlite3.Error, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - it is the caller's: a task that is not there, for example
            self.settle = partial(self.answer.set_exception, error)
        else:
            self.settle = partial(self.answer.set_result, value)


class SqliteThread:
    """
    The thread, and the connection that only it may touch; made anew after every failure.

    *calls* are those that wait for it.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which is made, with its directory, when it is first needed."""
        self.calls = Calls()
        self._path = path
        self._thread: ThreadPoolExecutor | None = None
        self._asked: deque[_Call[Any]] = deque()
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the thread; leaving closes the file, but does not wait long for a call that is still under way."""
        thread = self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        try:
            with suppress(StoreUnavailable):
                await self.run(lambda _: None)
            yield
        finally:
            self._thread = None
            begun, closed = thread.submit(bool), thread.submit(self._close)
            thread.shutdown(wait=False)
            await asyncio.wait([asyncio.wrap_future(begun)], timeout=LAST_CALL_TIMEOUT)
            if begun.done():
                await asyncio.wait([asyncio.wrap_future(closed)], timeout=CLOSE_TIMEOUT)

    async def run[T](self, work: Callable[[Connection], T]) -> T:
        """
        Do *work* in the thread, after all that was asked for earlier.

        A caller that is cancelled while it waits for its turn takes its work back;
        once begun, the work goes on to its end.

        Raises:
            StoreUnavailable: If SQLite refuses, or does not answer in time; the log says why.

        """
        try:
            with self.calls.counted():
                return await self._in_turn(work)
        except StoreUnavailable as error:
            code = getattr(error.__cause__, "sqlite_errorname", None)
            get_logger().warning("store failed", reason=error.message, code=code)
            raise

    async def _in_turn[T](self, work: Callable[[Connection], T]) -> T:
        if self._thread is None:
            raise RuntimeError("the store is used before it is opened")
        call = _Call(work)
        self._asked.append(call)
        self._thread.submit(self._carry_out)
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                return await asyncio.wrap_future(call.answer)
        except TimeoutError as error:
            raise StoreUnavailable from error

    def _carry_out(self) -> None:
        """Do what was asked for by now; nobody is answered before what was done is on the disk."""
        done: list[_Call[Any]] = []
        connection: Connection | None = None  # one and the same for all that shares a commit
        try:
            for call in self._taken():
                done.append(call)
                connection = self._connected() if connection is None else connection
                call.carry_out(connection)
                if not connection.in_transaction:  # it has only read, and what it read is on the disk
                    done.pop().settle()
            if connection is not None and done:
                self._commit(connection)
        except (sqlite3.Error, MemoryError, StoreUnavailable) as error:
            self._close()
            for call in done:
                call.answer.set_exception(_unavailable(error))
        else:
            for call in done:
                call.settle()

    def _taken(self) -> Iterator[_Call[Any]]:
        """Take what waits for its turn by now, and has not been taken back."""
        for _ in range(min(MOST_AT_ONCE, len(self._asked))):
            call = self._asked.popleft()
            if call.answer.set_running_or_notify_cancel():
                yield call

    def _commit(self, connection: Connection) -> None:
        connection.commit()
        if self._was_replaced():
            raise StoreUnavailable

    def _was_replaced(self) -> bool:
        """Whether another file has come in the place of the open one: what is written into that is nowhere."""
        was_replaced = _identity(self._path) != self._identity
        if was_replaced:
            get_logger().warning("store file was replaced")
        return was_replaced

    def _connected(self) -> Connection:
        if self._connection is not None and self._was_replaced():
            self._close()
        if self._connection is None:
            self._connection = _connect(self._path)
            self._identity = _identity(self._path)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """All the writes of the block, or none of them; no other process writes meanwhile."""
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")
    connection.execute("SAVEPOINT call")
    try:
        yield
    except (sqlite3.Error, MemoryError):
        raise  # ends the transaction, and with it all that shares it
    except BaseException:
        connection.execute("ROLLBACK TO call")
        connection.execute("RELEASE call")
        raise
    connection.execute("RELEASE call")


def _unavailable(error: sqlite3.Error | MemoryError | StoreUnavailable) -> StoreUnavailable:
    """Return an error for one caller: each raises its own."""
    known = error.message if isinstance(error, StoreUnavailable) else None
    unavailable = StoreUnavailable(known or _REASONS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE))
    unavailable.__cause__ = error
    return unavailable


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell the file at *path* from another one that came in its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _connect(path: Path) -> Connection:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # documents and key hashes are nobody else's
    except OSError as error:
        raise StoreUnavailable("The task store's directory cannot be made") from error
    if not path.exists():
        with suppress(OSError):  # SQLite says better what is wrong with it
            path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        lay_out(connection)
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection
