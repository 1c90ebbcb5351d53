"""Which database the settings ask for, and the ports that it stands behind; nothing is opened here."""

from datetime import UTC, datetime
from typing import NamedTuple

from app.adapters.sqlite_store import SqliteStore
from app.engine.ports import ApiKeys, Changes, OpenTasks, TaskStore
from app.settings import Settings, Store


class Storage(NamedTuple):
    """The ports that one database stands behind."""

    tasks: TaskStore
    changes: Changes
    open_tasks: OpenTasks
    api_keys: ApiKeys
    creates: int
    """Tasks that it can create at a time; more would only wait in it, where nobody sees to it whose turn it is."""


def build_storage(settings: Settings) -> Storage:
    """Return the store that the settings ask for."""
    if settings.store is Store.SQLITE:
        sqlite = SqliteStore(settings.sqlite_path, clock=_utc_now)
        return Storage(sqlite, sqlite.changes, sqlite, sqlite.api_keys, creates=2)
    from app.adapters.firestore_store import FirestoreStore  # noqa: PLC0415 - a second that SQLite's users need not wait

    firestore = FirestoreStore(
        project=settings.google_cloud_project,
        database=settings.firestore_database,
        emulator_host=settings.firestore_emulator_host,
    )
    changes = firestore.changes(targets_per_stream=settings.listen_targets)
    return Storage(firestore, changes, firestore, firestore.api_keys, creates=64)


def _utc_now() -> datetime:
    return datetime.now(UTC)
