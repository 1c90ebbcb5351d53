"""
One SQLite file, used from one thread.

The event loop never waits for the disk, and a piece of work that has begun is
carried out as a whole, whatever becomes of the caller that asked for it.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from app.adapters.sqlite_schema import lay_out
from app.domain.errors import StoreUnavailable
from app.telemetry.logs import get_logger

BUSY_TIMEOUT: Final = 2.5
"""Seconds that one statement waits for another process's write."""

CALL_TIMEOUT: Final = 4.0
"""Seconds that one call may take, its turn in the queue included."""

LAST_CALL_TIMEOUT: Final = 0.3
"""Seconds that closing waits for the call under way: a file that others keep locked must not hold up a shutdown."""

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


class SqliteThread:
    """The thread, and the connection that only it may touch; made anew after every failure."""

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which is made, with its directory, when it is first needed."""
        self._path = path
        self._thread: ThreadPoolExecutor | None = None
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
            return await self._in_turn(work)
        except StoreUnavailable as error:
            code = getattr(error.__cause__, "sqlite_errorname", None)
            get_logger().warning("store failed", reason=error.message, code=code)
            raise

    async def _in_turn[T](self, work: Callable[[Connection], T]) -> T:
        if self._thread is None:
            raise RuntimeError("the store is used before it is opened")
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._carry_out, work)
        except TimeoutError as error:
            raise StoreUnavailable from error

    def _carry_out[T](self, work: Callable[[Connection], T]) -> T:
        try:
            if self._connection is not None and _identity(self._path) != self._identity:
                get_logger().warning("store file was replaced")  # what was written into the old one is nowhere
                self._close()
            if self._connection is None:
                self._connection = _connect(self._path)
                self._identity = _identity(self._path)
            return work(self._connection)
        except sqlite3.Error as error:
            self._close()
            reason = _REASONS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE)
            raise StoreUnavailable(reason) from error

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """All the writes of the block, or none of them; no other process writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    finally:
        connection.rollback()  # does nothing after a commit


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell the file at *path* from another one that came in its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _connect(path: Path) -> Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable("The task store's directory cannot be made") from error
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        lay_out(connection)
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection
