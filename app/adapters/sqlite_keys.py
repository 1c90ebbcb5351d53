"""API keys in the SQLite file of the tasks: a row for each, written when it is made and when it is revoked."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import Final, override

from app.adapters.key_record import is_key_id, read_key
from app.adapters.sqlite_codec import to_instant, to_number
from app.adapters.sqlite_thread import SqliteThread, writing
from app.domain.errors import KeyExists, KeyNotFound, StoreUnavailable
from app.domain.keys import ApiKey
from app.engine.ports import ApiKeys
from app.telemetry.logs import get_logger

_ADD: Final = """
    INSERT INTO api_keys (id, owner, digest, created_at, expires_at, revoked_at)
    VALUES (:id, :owner, :digest, :created_at, :expires_at, :revoked_at)
    ON CONFLICT (id) DO NOTHING
"""
_IS_THERE: Final = """
    SELECT count(*) FROM api_keys
    WHERE id = :id AND owner = :owner AND digest = :digest AND created_at = :created_at
        AND expires_at IS :expires_at AND revoked_at IS :revoked_at
"""
# Read as bytes, whatever somebody may have put there: SQLite's driver takes a text that is not UTF-8 for a failure.
_READ: Final = """
    SELECT CAST(id AS BLOB), CAST(owner AS BLOB), CAST(digest AS BLOB), CAST(created_at AS BLOB),
        CAST(expires_at AS BLOB), CAST(revoked_at AS BLOB)
    FROM api_keys
"""
_REVOKE: Final = "UPDATE api_keys SET revoked_at = :revoked_at WHERE id = :id"

type _Row = tuple[bytes, bytes, bytes, bytes, bytes | None, bytes | None]


class SqliteApiKeys(ApiKeys):
    """The keys in the file that *thread* uses."""

    def __init__(self, thread: SqliteThread) -> None:
        """Take turns with all that *thread* does."""
        self._thread = thread

    @override
    async def add(self, key: ApiKey) -> None:
        await self._thread.run(lambda connection: _add(connection, key))

    @override
    async def find(self, key_id: str) -> ApiKey:
        if not is_key_id(key_id):
            raise KeyNotFound
        return await self._thread.run(lambda connection: _find(connection, key_id))

    @override
    async def list(self) -> Sequence[ApiKey]:
        keys = await self._thread.run(lambda connection: list(_keys(connection.execute(_READ))))
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    @override
    async def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        if not is_key_id(key_id):
            raise KeyNotFound
        return await self._thread.run(lambda connection: _revoke(connection, key_id, now))


def _add(connection: Connection, key: ApiKey) -> None:
    row = {"id": key.id, "owner": key.owner, "digest": key.digest, **_instants(key)}
    with writing(connection):
        connection.execute(_ADD, row)
        # The same key was there already if an earlier call that got no answer has landed after all.
        if not connection.execute(_IS_THERE, row).fetchone()[0]:
            raise KeyExists


def _find(connection: Connection, key_id: str) -> ApiKey:
    found = connection.execute(f"{_READ} WHERE id = ?", (key_id,)).fetchall()
    if not found:
        raise KeyNotFound
    for key in _keys(found):
        return key
    raise StoreUnavailable("This version of the service cannot read the API key")


def _revoke(connection: Connection, key_id: str, now: datetime) -> ApiKey:
    with writing(connection):
        kept = _find(connection, key_id)
        revoked = kept.revoked(now)
        if revoked != kept:
            connection.execute(_REVOKE, {"id": key_id, **_instants(revoked)})
    return revoked


def _instants(key: ApiKey) -> dict[str, int | None]:
    return {
        "created_at": to_number(key.created_at),
        "expires_at": to_number(key.expires_at) if key.expires_at else None,
        "revoked_at": to_number(key.revoked_at) if key.revoked_at else None,
    }


def _keys(rows: Iterable[_Row]) -> Iterator[ApiKey]:
    """Those of *rows* that this version of the service can read."""
    for row in rows:
        try:
            key = _key(row)
        except (ValueError, OverflowError) as error:  # the others go on
            key_id, name = row[0].decode(errors="replace"), type(error).__name__
            get_logger().error("key unreadable", key_id=key_id, error=name)
        else:
            yield key


def _key(row: _Row) -> ApiKey:
    key_id, owner, digest = (text.decode() for text in row[:3])
    created_at, expires_at, revoked_at = (to_instant(_number(digits)) for digits in row[3:])
    return read_key(
        key_id, owner=owner, digest=digest, created_at=created_at, expires_at=expires_at, revoked_at=revoked_at
    )


def _number(digits: bytes | None) -> int | None:
    if digits is None:
        return None
    if not digits.isdigit():  # `int` takes more than digits
        raise ValueError("no instant")
    return int(digits)
