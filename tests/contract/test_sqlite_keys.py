"""What is special to API keys in a SQLite file: rows that somebody has damaged, and what is on the disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.adapters.sqlite_store import SqliteStore
from app.domain.errors import KeyExists, StoreUnavailable
from app.domain.keys import make_key
from app.domain.task import Status
from tests.contract.arrange import put_new
from tests.contract.arrange_keys import kept_key
from tests.contract.sqlite_file import ask, change, connect, files_with
from tests.factories import NOW

UNREADABLE = {
    "an owner that none can be": "owner = 'somebody else'",
    "an owner that is no text": "owner = CAST(x'61ff' AS TEXT)",
    "no digest": "digest = ''",
    "a digest in upper case": "digest = upper(digest) || 'A'",
    "a digest that is no text": "digest = x'ff'",
    "a time that is a word": "expires_at = 'never'",
    "a time that is no text": "expires_at = CAST(x'ff' AS TEXT)",
    "a time between two": "expires_at = 1.5",
    "a time that only looks like one": "expires_at = '1_000'",
    "a time that no calendar has": "expires_at = 9223372036854775807",
    "a time that is too long": "expires_at = '" + "9" * 5000 + "'",
    "a revocation that is empty": "revoked_at = ''",
    "a revocation that is a word": "revoked_at = 'no'",
    "a creation that is a word": "created_at = 'once'",
}
"""What a bad block, or somebody, might make of a row."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file will be."""
    return tmp_path / "tasks.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Open a store over a new file."""
    store = connect(path)
    async with store.open():
        yield store


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_broken_row_opens_nothing_and_hides_no_other(store: SqliteStore, path: Path, damage: str) -> None:
    """A key whose end or revocation cannot be read must not last for ever; the log says which, and no more."""
    whole, broken = kept_key(owner="acme"), kept_key(owner="initech", expires_at=NOW)
    for key in (whole, broken):
        await store.api_keys.add(key)
    change(path, f"UPDATE api_keys SET {damage} WHERE id = '{broken.id}'")  # noqa: S608 - a test's own

    with capture_logs() as logs:
        listed = await store.api_keys.list()
        with pytest.raises(StoreUnavailable, match="cannot read the API key"):
            await store.api_keys.find(broken.id)
        with pytest.raises(StoreUnavailable, match="cannot read the API key"):
            await store.api_keys.revoke(broken.id, now=NOW)
        with pytest.raises(KeyExists):
            await store.api_keys.add(broken)

    assert list(listed) == [whole]
    lines = [(line["event"], line.get("key_id")) for line in logs if line["event"] != "store failed"]
    assert lines == [("key unreadable", broken.id)] * 3
    assert not [secret for secret in ("initech", "somebody", broken.digest[:16]) if secret in str(logs).lower()]


async def test_an_id_that_is_none_is_said_and_left_out(store: SqliteStore, path: Path) -> None:
    """One row must not keep an operator from seeing, and revoking, all the others."""
    whole, broken = kept_key(), kept_key()
    for key in (whole, broken):
        await store.api_keys.add(key)
    change(path, f"UPDATE api_keys SET id = CAST(x'61ff' AS TEXT) WHERE id = '{broken.id}'")  # noqa: S608 - a test's own

    with capture_logs() as logs:
        listed = await store.api_keys.list()

    assert list(listed) == [whole]
    assert [(line["event"], line["key_id"]) for line in logs] == [("key unreadable", "a\N{REPLACEMENT CHARACTER}")]


async def test_the_file_does_not_hold_the_key(store: SqliteStore, path: Path) -> None:
    """Who copies the file, or finds the disk, comes in nowhere."""
    secret = "5ec2e7" + "0" * 58
    _, kept = make_key("0" * 16, secret, owner="acme", now=NOW, expires_at=None)

    await store.api_keys.add(kept)

    assert files_with(path.parent, kept.digest.encode()) != []
    assert files_with(path.parent, secret.encode()) == []


async def test_keys_and_tasks_do_not_touch_each_other(store: SqliteStore, path: Path) -> None:
    """They share a file, and nothing else: an owner's tasks come and go while the keys stay."""
    key = kept_key()
    await store.api_keys.add(key)
    seen = await put_new(store, Status.COMPLETED)

    await store.api_keys.revoke(key.id, now=NOW)
    await store.delete(await store.get(seen.task.id))

    assert ask(path, "SELECT count(*) FROM tasks") == [(0,)]
    assert ask(path, "SELECT id FROM api_keys") == [(key.id,)]
