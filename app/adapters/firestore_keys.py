"""
API keys in Firestore, a document for each, in a collection of their own.

They have no expiry there: an expired key goes on to say whose it was.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, override

from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_queries import Query
from app.adapters.firestore_values import Fields, fields_to
from app.adapters.firestore_wire import FirestoreWire, Found
from app.adapters.firestore_writes import ABSENT, Names, Write, unchanged
from app.adapters.key_record import is_key_id, read_key
from app.domain.errors import KeyExists, KeyNotFound, StoreUnavailable
from app.domain.keys import ApiKey
from app.engine.ports import ApiKeys
from app.telemetry.logs import get_logger

SCHEMA: Final = 1
"""Of a document. Bump it when this code could misread the new one, and read both for a release."""

FIELDS: Final = ("schema", "owner", "digest", "created_at", "expires_at", "revoked_at")

STRETCH: Final = 300
"""Keys that one query of a listing reads."""

MAX_TRIES: Final = 3
"""Nothing but a revocation changes a key: whoever loses a race against one finds that the key is revoked."""


class FirestoreApiKeys(ApiKeys):
    """The keys of one database."""

    def __init__(self, database: FirestoreDatabase) -> None:
        """Keep them in *database*."""
        self._database = database

    @override
    async def add(self, key: ApiKey) -> None:
        async with self._database.within_limit() as wire:
            lost = StoreUnavailable()
            try:
                if await wire.commit([_create(wire.names, key)]):
                    return
            except StoreUnavailable as error:
                lost = error
            found = await wire.documents([wire.names.api_key(key.id)], FIELDS)
        if not found:
            raise lost
        # The same key is there if this write, or that of an earlier call, has landed without an answer.
        if not found[0].is_whole or found[0].fields != _fields(key):
            raise KeyExists

    @override
    async def find(self, key_id: str) -> ApiKey:
        async with self._database.within_limit() as wire:
            return _readable(await _read(wire, key_id))

    @override
    async def list(self) -> Sequence[ApiKey]:
        keys: list[ApiKey] = []
        after: Found | None = None
        async with self._database.within_limit() as wire:
            while True:
                found = await wire.query(list_query(after.name if after else None))
                keys += [key for key in map(_key, found) if key is not None]
                if len(found) < STRETCH:
                    break
                after = found[-1]
        return sorted(keys, key=lambda key: (key.created_at, key.id))

    @override
    async def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        async with self._database.within_limit() as wire:
            for _ in range(MAX_TRIES):
                found = await _read(wire, key_id)
                kept = _readable(found)
                revoked = kept.revoked(now)
                if revoked == kept:
                    return kept
                with suppress(StoreUnavailable):  # reading again tells whether it landed
                    if await wire.commit([_revoke(found, now)]):
                        return revoked
        raise StoreUnavailable


def list_query(after: str | None) -> Query:
    """Return the next `STRETCH` of all keys, by the names of their documents: the one order that needs no index."""
    query: dict[str, Any] = {
        "from_": [{"collection_id": "api_keys"}],
        "select": {"fields": [{"field_path": field} for field in FIELDS]},
        "order_by": [{"field": {"field_path": "__name__"}, "direction": "ASCENDING"}],
        "limit": {"value": STRETCH},
    }
    if after is not None:
        query["start_at"] = {"values": [{"reference_value": after}], "before": False}
    return query


async def _read(wire: FirestoreWire, key_id: str) -> Found:
    found = await wire.documents([wire.names.api_key(key_id)], FIELDS) if is_key_id(key_id) else []
    if not found:
        raise KeyNotFound
    return found[0]


def _readable(found: Found) -> ApiKey:
    key = _key(found)
    if key is None:
        raise StoreUnavailable("This version of the service cannot read the API key")
    return key


def _key(found: Found) -> ApiKey | None:
    """Return the key that a document holds; None, and a line in the log, if this version cannot read it."""
    try:
        return _key_from(found)
    except ValueError as error:
        get_logger().error("key unreadable", key_id=found.id, error=type(error).__name__)
        return None


def _key_from(found: Found) -> ApiKey:
    fields = found.fields
    # A time of a type that nobody here writes would look like none, and the key as if it never ended.
    if not found.is_whole or fields.get("schema") != SCHEMA:
        raise ValueError("a document of another version")
    return read_key(
        found.id,
        owner=fields.get("owner"),
        digest=fields.get("digest"),
        created_at=fields.get("created_at"),
        expires_at=fields.get("expires_at"),
        revoked_at=fields.get("revoked_at"),
    )


def _fields(key: ApiKey) -> Fields:
    fields: Fields = {
        "schema": SCHEMA,
        "owner": key.owner,
        "digest": key.digest,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _create(names: Names, key: ApiKey) -> Write:
    return {
        "update": {"name": names.api_key(key.id), "fields": fields_to(_fields(key))},
        "current_document": ABSENT,
    }


def _revoke(found: Found, now: datetime) -> Write:
    return {
        "update": {"name": found.name, "fields": fields_to({"revoked_at": now})},
        "update_mask": {"field_paths": ["revoked_at"]},
        "current_document": unchanged(found.version),
    }
