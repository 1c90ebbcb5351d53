"""What is special to API keys in Firestore: what a call costs, what a document looks like, which answers get lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types
from structlog.testing import capture_logs

from app.adapters.firestore_keys import MAX_TRIES, STRETCH
from app.domain.errors import KeyExists, StoreUnavailable
from app.domain.keys import ApiKey, make_key
from tests.contract.arrange_keys import kept_key
from tests.contract.firestore_backend import Backend, open_backend
from tests.emulator import Emulator
from tests.factories import NOW

LATER = NOW + timedelta(minutes=1)
AMBIGUOUS = [StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.ABORTED, StatusCode.INTERNAL]

UNREADABLE: dict[str, tuple[str, dict[str, Any] | None]] = {
    "a newer version's": ("schema", {"integerValue": "2"}),
    "no version's": ("schema", None),
    "no owner": ("owner", None),
    "an owner that none can be": ("owner", {"stringValue": "somebody else"}),
    "an owner that is a number": ("owner", {"integerValue": "1"}),
    "no digest": ("digest", None),
    "an empty digest": ("digest", {"stringValue": ""}),
    "a digest in another script": ("digest", {"stringValue": "\N{ARABIC-INDIC DIGIT ONE}" * 64}),
    "a digest in bytes": ("digest", {"bytesValue": "AAAA"}),
    "no creation": ("created_at", None),
    "an end that is a word": ("expires_at", {"stringValue": "2026-01-01"}),
    "an end that is a number": ("expires_at", {"integerValue": "0"}),
    "an end that is a list": ("expires_at", {"arrayValue": {}}),
    "an end that is nothing": ("expires_at", {"nullValue": None}),
    "a revocation that is a list": (
        "revoked_at",
        {"arrayValue": {"values": [{"timestampValue": "2026-01-01T00:00:00Z"}]}},
    ),
    "a revocation that is a place": ("revoked_at", {"geoPointValue": {"latitude": 1, "longitude": 1}}),
    "a revocation that is a yes": ("revoked_at", {"booleanValue": True}),
    "a revocation that is nothing": ("revoked_at", {"nullValue": None}),
}
"""What a newer version, or somebody in the console, might make of a document."""


@pytest.fixture
async def backend(emulator: Emulator) -> AsyncIterator[Backend]:
    """Hold stores over a project of their own."""
    async with open_backend(emulator) as backend:
        yield backend


async def put(backend: Backend, **fields: Any) -> ApiKey:  # noqa: ANN401 - whatever `kept_key` takes
    """Keep a new key, past the proxy."""
    key = kept_key(**fields)
    await backend.other.api_keys.add(key)
    return key


async def test_a_key_is_one_document_without_the_key(backend: Backend) -> None:
    """Who reads the database comes in nowhere; who writes to it knows what to write."""
    _, key = make_key("0" * 16, "5ec2e7" + "0" * 58, owner="acme", now=NOW, expires_at=LATER)

    await backend.store.api_keys.add(key)

    assert await backend.documents.read("api_keys/" + "0" * 16) == {
        "schema": {"integerValue": "1"},
        "owner": {"stringValue": "acme"},
        "digest": {"stringValue": key.digest},
        "created_at": {"timestampValue": "2026-01-01T12:00:00Z"},
        "expires_at": {"timestampValue": "2026-01-01T12:01:00Z"},
    }


async def test_what_each_call_costs(backend: Backend) -> None:
    """Firestore bills by the operation: to look up a key is one read, to revoke it again writes nothing."""
    key, keys, proxy = kept_key(), backend.store.api_keys, backend.proxy
    calls: dict[str, Awaitable[object]] = {
        "add": keys.add(key),
        "find": keys.find(key.id),
        "list": keys.list(),
        "revoke": keys.revoke(key.id, now=NOW),
        "revoke again": keys.revoke(key.id, now=LATER),
    }

    costs = {}
    for name, call in calls.items():
        proxy.calls.clear()
        await call
        costs[name] = dict(proxy.calls)

    assert costs == {
        "add": {"Commit": 1},
        "find": {"BatchGetDocuments": 1},
        "list": {"RunQuery": 1},
        "revoke": {"BatchGetDocuments": 1, "Commit": 1},
        "revoke again": {"BatchGetDocuments": 1},
    }


async def test_a_long_listing_is_read_in_stretches(backend: Backend) -> None:
    """However many keys there are: none is missing or there twice, and no message grows without end."""
    made = [kept_key() for _ in range(2 * STRETCH + 1)]
    await asyncio.gather(*(backend.other.api_keys.add(key) for key in made))

    listed = await backend.store.api_keys.list()

    assert list(listed) == sorted(made, key=lambda key: (key.created_at, key.id))
    assert backend.proxy.calls == {"RunQuery": 3}


@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_key_whose_answer_was_lost_is_kept(backend: Backend, code: StatusCode) -> None:
    """Its maker has it on the screen: it must be good for something."""
    key = kept_key()
    backend.proxy.spoil("Commit", code, landed=True)

    await backend.store.api_keys.add(key)

    assert await backend.other.api_keys.find(key.id) == key
    assert backend.proxy.calls == {"Commit": 1, "BatchGetDocuments": 1}


@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_key_that_has_not_landed_is_not_shown_as_kept(backend: Backend, code: StatusCode) -> None:
    """It may land yet, or not: only to keep it once more tells, and then it is kept once."""
    key = kept_key()
    backend.proxy.spoil("Commit", code, landed=False)

    with pytest.raises(StoreUnavailable):
        await backend.store.api_keys.add(key)
    await backend.store.api_keys.add(key)

    assert list(await backend.other.api_keys.list()) == [key]


async def test_a_key_that_landed_before_its_caller_gave_up_is_found_again(backend: Backend) -> None:
    """Both answers were lost, that of the write and that of the look for it: the next try finds its own key."""
    key = kept_key()
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=True)
    backend.proxy.spoil("BatchGetDocuments", StatusCode.UNAVAILABLE, landed=True)
    with pytest.raises(StoreUnavailable):
        await backend.store.api_keys.add(key)

    await backend.store.api_keys.add(key)

    assert list(await backend.other.api_keys.list()) == [key]


@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
async def test_a_lost_answer_does_not_make_another_ones_key_ones_own(backend: Backend, *, landed: bool) -> None:
    """What is there under the id is compared as a whole."""
    theirs = await put(backend, owner="other")
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=landed)

    with pytest.raises(KeyExists):
        await backend.store.api_keys.add(kept_key(key_id=theirs.id))

    assert await backend.other.api_keys.find(theirs.id) == theirs


async def test_an_id_that_is_free_again_is_no_answer(backend: Backend) -> None:
    """Somebody removed the document by hand, in between: to try again is all that one can do."""
    key = await put(backend)
    held = backend.proxy.hold("BatchGetDocuments")
    adding = asyncio.ensure_future(backend.store.api_keys.add(kept_key(key_id=key.id)))
    await held.reached.wait()
    await backend.documents.delete(f"api_keys/{key.id}")
    held.release()

    with pytest.raises(StoreUnavailable):
        await adding


@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_revocation_whose_answer_was_lost_is_one(backend: Backend, code: StatusCode, *, landed: bool) -> None:
    """Whoever revokes a key in an emergency must not have to guess."""
    key = await put(backend)
    backend.proxy.spoil("Commit", code, landed=landed)

    revoked = await backend.store.api_keys.revoke(key.id, now=LATER)

    assert revoked == replace(key, revoked_at=LATER) == await backend.other.api_keys.find(key.id)
    assert backend.proxy.calls["Commit"] == (1 if landed else 2)


async def test_who_is_overtaken_reports_the_first_revocation(backend: Backend) -> None:
    """The write is conditional: a later time never replaces an earlier one."""
    key = await put(backend)
    held = backend.proxy.hold("Commit")
    revoking = asyncio.ensure_future(backend.store.api_keys.revoke(key.id, now=LATER))
    await held.reached.wait()

    first = await backend.other.api_keys.revoke(key.id, now=NOW)
    held.release()

    assert await revoking == first == replace(key, revoked_at=NOW)


async def test_a_revocation_that_never_lands_gives_up(backend: Backend) -> None:
    """A store that refuses all writes must not be asked for ever; and nobody is told that the key is revoked."""
    key = await put(backend)
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=False, times=MAX_TRIES + 1)

    with pytest.raises(StoreUnavailable):
        await backend.store.api_keys.revoke(key.id, now=NOW)

    assert backend.proxy.calls == {"BatchGetDocuments": MAX_TRIES, "Commit": MAX_TRIES}
    assert await backend.other.api_keys.find(key.id) == key


@pytest.mark.parametrize(("field", "value"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_document_that_cannot_be_read_opens_nothing_and_hides_no_other(
    backend: Backend, field: str, value: dict[str, Any] | None
) -> None:
    """A key whose end or revocation cannot be read must not last for ever; the log says which, and no more."""
    whole, broken = await put(backend), await put(backend, owner="initech")
    await backend.documents.write_at(f"api_keys/{broken.id}", field, value)

    with capture_logs() as logs:
        listed = await backend.store.api_keys.list()
        with pytest.raises(StoreUnavailable, match="cannot read the API key"):
            await backend.store.api_keys.find(broken.id)
        with pytest.raises(StoreUnavailable, match="cannot read the API key"):
            await backend.store.api_keys.revoke(broken.id, now=NOW)
        with pytest.raises(KeyExists):
            await backend.store.api_keys.add(broken)

    assert list(listed) == [whole]
    assert [(line["event"], line["key_id"]) for line in logs] == [("key unreadable", broken.id)] * 3
    assert not [secret for secret in ("initech", "somebody", broken.digest[:16]) if secret in str(logs)]


async def test_a_document_under_no_keys_id_is_left_out(backend: Backend) -> None:
    """One document must not keep an operator from seeing, and revoking, all the others."""
    key = await put(backend)
    await backend.documents.write_at("api_keys/notes", "text", {"stringValue": "made by hand"})

    with capture_logs() as logs:
        listed = await backend.store.api_keys.list()

    assert list(listed) == [key]
    assert [(line["event"], line["key_id"]) for line in logs] == [("key unreadable", "notes")]


async def test_what_a_later_version_adds_is_no_obstacle(backend: Backend) -> None:
    """During a deployment old workers must let in whom the new ones made keys for."""
    key = await put(backend)
    await backend.documents.write_at(f"api_keys/{key.id}", "labels", {"arrayValue": {}})

    assert await backend.store.api_keys.find(key.id) == key
