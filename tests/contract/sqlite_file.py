"""A store's file, looked at and tampered with behind the store's back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.sqlite_store import SqliteStore


def connect(path: Path) -> SqliteStore:
    """Return a store over *path* that goes by the machine's clock."""
    return SqliteStore(path, clock=lambda: datetime.now(UTC))


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    """Return the rows of *query*."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def change(path: Path, statement: str) -> None:
    """Carry out *statement*."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def damage(path: Path, task_id: str, column: str, damaged: Callable[[str], bytes]) -> None:
    """Put what *damaged* makes of it in the place of the text in *column* of one task."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (whole,) = connection.execute(f"SELECT {column} FROM tasks WHERE id = ?", (task_id,)).fetchone()  # noqa: S608 - a test's own
        change = f"UPDATE tasks SET {column} = CAST(? AS TEXT) WHERE id = ?"  # noqa: S608 - as above
        connection.execute(change, (damaged(whole), task_id))


def make_database(path: Path, statement: str) -> bytes:
    """Make a database by one *statement*, and return its bytes."""
    ask(path, statement)
    return path.read_bytes()


def overwrite(path: Path, content: bytes) -> None:
    """Put *content* in the place of whatever is there."""
    path.write_bytes(content)


def replace_by(path: Path, content: bytes) -> None:
    """Put another file with *content* in the place of the one there."""
    other = path.with_name("other")
    other.write_bytes(content)
    other.rename(path)


def empty_log(path: Path) -> None:
    """Leave nothing in the log beside the file: another file in its place would be taken for the log's."""
    ask(path, "PRAGMA wal_checkpoint(TRUNCATE)")


def keep(path: Path, other: Path) -> None:
    """Give the file a second name, under which it is there even after it was replaced."""
    empty_log(path)
    other.hardlink_to(path)


def rename(path: Path, other: Path) -> None:
    """Give the file the name *other*, and no more the one that it has."""
    empty_log(path)
    path.rename(other)


def read(path: Path) -> bytes:
    """Return the file's bytes."""
    return path.read_bytes()


def block(path: Path) -> None:
    """Put a directory where the file should be."""
    path.mkdir()


def unblock(path: Path) -> None:
    """Take the directory away again."""
    path.rmdir()


def files_with(directory: Path, trace: bytes) -> list[str]:
    """Return the names of the files that hold *trace*."""
    return [file.name for file in directory.iterdir() if trace in file.read_bytes()]
