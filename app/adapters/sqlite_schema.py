"""
How the SQLite file is laid out, and which layouts this version of the program can read.

A layout that was ever released never changes: the next one is a further step,
and a file takes all the steps that it lacks.
"""

from sqlite3 import Connection
from typing import Final

from app.domain.errors import StoreUnavailable
from app.telemetry.logs import get_logger

_TASKS: Final = (
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
)
_API_KEYS: Final = (
    """
    CREATE TABLE api_keys (
        id          TEXT    PRIMARY KEY,
        owner       TEXT    NOT NULL,
        digest      TEXT    NOT NULL,
        created_at  INTEGER NOT NULL,
        expires_at  INTEGER,
        revoked_at  INTEGER
    )
    """,
)
_TEXTS: Final = (
    """
    CREATE TABLE texts (
        task_id     TEXT    NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        token       TEXT    NOT NULL,
        text        BLOB    NOT NULL,
        PRIMARY KEY (task_id, token)
    )
    """,
)
_STEPS: Final = (_TASKS, _API_KEYS, _TEXTS)
"""The statements that lead from each layout to the next; the first begins with an empty file."""

_EVER_SINCE: Final = {"tasks", "contents"}
"""Tables of all layouts: other programs number theirs, too."""

SCHEMA: Final = len(_STEPS)
"""The layout's number, kept in the file as its `user_version`."""


def lay_out(connection: Connection) -> None:
    """
    Make what the file lacks of this layout, all of it or nothing; a file in this layout is left alone.

    Several processes may do this to one file at the same time.

    Raises:
        StoreUnavailable: If the file has a newer layout, or belongs to another program.

    """
    connection.execute("BEGIN")  # one look, or a file that others lay out meanwhile seems to be a stranger's
    is_laid_out = _layout(connection) == SCHEMA
    connection.rollback()
    if is_laid_out:
        return
    connection.execute("BEGIN IMMEDIATE")  # one process makes the tables; the others wait here, and look again
    found = _layout(connection)
    for step in _STEPS[found:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.commit()
    if 0 < found < SCHEMA:
        get_logger().warning("store upgraded", layout=SCHEMA, before=found)  # an earlier version refuses it from now on


def _layout(connection: Connection) -> int:
    """The number of the file's layout, 0 for a file that is still empty."""
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if number > SCHEMA:
        raise StoreUnavailable("The task store was written by a newer version of this program")
    tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    is_ours = not tables if number == 0 else number > 0 and tables >= _EVER_SINCE
    if not is_ours:
        raise StoreUnavailable("The task store's file belongs to another program")
    return number
