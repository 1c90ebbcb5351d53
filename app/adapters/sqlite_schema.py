"""How the SQLite file is laid out, and which layouts this version of the program can read."""

from sqlite3 import Connection
from typing import Final

from app.domain.errors import StoreUnavailable

SCHEMA: Final = 1
"""The layout's number, kept in the file as its `user_version`."""

_TABLES: Final = (
    # `version` is random, not counted: a task that is deleted and made again must not repeat one.
    """
    CREATE TABLE tasks (
        id          TEXT    PRIMARY KEY,
        version     BLOB    NOT NULL,
        owner       TEXT    NOT NULL,
        status      TEXT    NOT NULL,
        execution   TEXT    NOT NULL,
        created_at  INTEGER NOT NULL,
        due_at      INTEGER,
        expires_at  INTEGER,
        body        TEXT    NOT NULL,
        result      TEXT
    )
    """,
    # Apart from the task, so that neither a heartbeat nor a listing touches it.
    """
    CREATE TABLE contents (
        task_id     TEXT    NOT NULL UNIQUE REFERENCES tasks (id) ON DELETE CASCADE,
        submission  TEXT    NOT NULL,
        content     BLOB    NOT NULL
    )
    """,
    "CREATE INDEX tasks_by_due ON tasks (execution, due_at, id) WHERE due_at IS NOT NULL",
    "CREATE INDEX tasks_by_owner ON tasks (owner, created_at, id)",
    "CREATE INDEX tasks_by_owner_and_status ON tasks (owner, status, created_at, id)",
    "CREATE INDEX tasks_by_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL",
    f"PRAGMA user_version = {SCHEMA}",
)


def lay_out(connection: Connection) -> None:
    """
    Make the tables if the file has none; a file in this layout is left alone.

    Several processes may do this to one new file at the same time.

    Raises:
        StoreUnavailable: If the file has a newer layout, or belongs to another program.

    """
    if _layout(connection) == SCHEMA:
        return
    connection.execute("BEGIN IMMEDIATE")  # one process makes the tables; the others wait here, and look again
    if _layout(connection) == 0:
        for statement in _TABLES:
            connection.execute(statement)
    connection.commit()


def _layout(connection: Connection) -> int:
    """The number of the file's layout, 0 for a file that is still empty."""
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if number > SCHEMA:
        raise StoreUnavailable("The task store was written by a newer version of this program")
    if number == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise StoreUnavailable("The task store's file belongs to another program")
    return number
