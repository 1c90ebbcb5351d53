"""What the tap on the wire has seen of commits that were accepted, refused, or carried out for nobody."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from google.cloud.firestore_v1.types import CommitRequest
from grpc import StatusCode, aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters.firestore_store import FirestoreStore
from app.domain.errors import StaleWrite, StoreUnavailable
from app.domain.task import Status
from app.engine.ports import Snapshot
from tests.chaos.history import Stored
from tests.chaos.tap_firestore import COMMIT, FirestoreTap, Weather
from tests.contract.arrange import finished, fresh, next_revision, put_new
from tests.emulator import Emulator
from tests.factories import FAILURE, make_lease

PATIENT = timedelta(minutes=1)
HASTY = timedelta(milliseconds=300)
LONG = b"x" * 1_000_000


@pytest.fixture
async def tap(emulator: Emulator) -> AsyncIterator[FirestoreTap]:
    """Run a tap over a project of its own."""
    tap = FirestoreTap(emulator.host)
    async with tap.running():
        yield tap


@pytest.fixture
async def store(tap: FirestoreTap) -> AsyncIterator[FirestoreStore]:
    """Open the store that an instance with the tap's variables has."""
    store = connect(tap, call_limit=PATIENT)
    async with store.open():
        yield store


def connect(tap: FirestoreTap, *, call_limit: timedelta) -> FirestoreStore:
    """Return one more store behind *tap*."""
    project, host = tap.variables["GOOGLE_CLOUD_PROJECT"], tap.variables["FIRESTORE_EMULATOR_HOST"]
    return FirestoreStore(project=project, emulator_host=host, call_limit=call_limit)


def brief(versions: list[Stored]) -> list[tuple[str, int, bool, bool]]:
    """Return what most tests are about."""
    return [(each.status, each.revision, each.keeps_content, each.is_deleted) for each in versions]


async def test_a_task_is_recorded_from_birth_to_deletion(tap: FirestoreTap, store: FirestoreStore) -> None:
    """The checker replays lives; one that is cut short proves nothing."""
    born = await put_new(store, Status.PROCESSING)
    ended = await store.swap(born, finished(born.task, Status.COMPLETED, result={"summary": "S", "worker": 7}))
    await store.delete(ended)

    versions = await tap.writes()

    assert brief(versions) == [
        ("processing", 1, True, False),
        ("completed", 2, False, False),
        ("completed", 2, False, True),
    ]
    assert [each.result for each in versions] == [None, {"summary": "S", "worker": 7}, {"summary": "S", "worker": 7}]
    assert versions[0].written_at < versions[1].written_at < versions[2].written_at
    assert await tap.at_the_end() == ({}, [])


async def test_every_field_of_a_version_is_read(tap: FirestoreTap, store: FirestoreStore) -> None:
    """A lease that the tap misreads is a take-over that the checker cannot judge."""
    until = store.now().replace(microsecond=123_456) + timedelta(seconds=30)
    lease = make_lease(holder="host/7/ab", expires_at=until)
    seen = await put_new(store, Status.PROCESSING, lease=lease, failure=FAILURE, attempt=2, cancel_requested=True)

    (version,) = await tap.writes()

    assert version == Stored(
        task_id=seen.task.id,
        written_at=version.written_at,
        revision=1,
        status="processing",
        attempt=2,
        max_attempts=3,
        cancel_requested=True,
        token=lease.token,
        holder="host/7/ab",
        lease_until=until,
        available_at=seen.task.available_at,
        failure="processor_error",
    )


async def test_what_a_mask_leaves_out_stays_and_what_it_names_without_a_value_goes(
    tap: FirestoreTap, store: FirestoreStore
) -> None:
    """The instances send only what differs; the rest must come from the versions before."""
    claimed = await put_new(store, Status.PROCESSING, failure=FAILURE)
    waiting = next_revision(claimed.task, status=Status.PENDING, lease=None)
    await store.swap(claimed, waiting)

    version = (await tap.writes())[-1]

    assert (version.token, version.lease_until, version.failure) == (None, None, "processor_error")
    assert (version.attempt, version.available_at) == (1, claimed.task.available_at)


async def test_a_refused_write_leaves_no_trace(tap: FirestoreTap, store: FirestoreStore) -> None:
    """What was fenced off has not happened."""
    born = await put_new(store)
    await store.swap(born, next_revision(born.task, attempt=1))

    with pytest.raises(StaleWrite):
        await store.swap(born, next_revision(born.task, attempt=2))

    assert [each.attempt for each in await tap.writes()] == [0, 1]


@pytest.mark.parametrize(("landed", "revisions"), [(True, [1, 2]), (False, [1])])
async def test_a_write_is_recorded_if_it_landed_whatever_its_caller_was_told(
    tap: FirestoreTap, store: FirestoreStore, *, landed: bool, revisions: list[int]
) -> None:
    """The lost answer is the fault that most engines get wrong; the record must not."""
    born = await put_new(store)
    tap.spoil("Commit", StatusCode.UNAVAILABLE, landed=landed)

    with pytest.raises(StoreUnavailable):
        await store.swap(born, next_revision(born.task))

    assert [each.revision for each in await tap.writes()] == revisions


async def test_a_commit_whose_caller_has_gone_is_seen_through_to_its_end(
    tap: FirestoreTap, store: FirestoreStore
) -> None:
    """A write that lands after its caller's deadline is what turns a lost race into a second result."""
    born = await put_new(store)
    late = tap.hold("Commit")
    hasty = connect(tap, call_limit=HASTY)
    async with hasty.open():
        with pytest.raises(StoreUnavailable):
            await hasty.swap(born, next_revision(born.task))

    late.release()

    assert [each.revision for each in await tap.writes()] == [1, 2]
    assert (await store.get(born.task.id)).task.revision == 2


async def test_a_commit_outlives_a_cut_and_the_instance_that_sent_it(tap: FirestoreTap, store: FirestoreStore) -> None:
    """A killed instance's last write is under way when its connection breaks."""
    born = await put_new(store)
    held = tap.hold("Commit")
    swap = asyncio.create_task(store.swap(born, next_revision(born.task)))
    await held.reached.wait()

    await tap.cut()
    held.release()
    await asyncio.wait([swap])

    assert [each.revision for each in await tap.writes()] == [1, 2]
    assert isinstance(swap.exception(), StoreUnavailable)


async def test_a_write_without_effect_is_a_version_of_its_own(tap: FirestoreTap, store: FirestoreStore) -> None:
    """Firestore does not move the update time for it, so it fences nobody: the checker has to see it."""
    born = await put_new(store)
    await store.swap(born, born.task)
    await store.swap(born, next_revision(born.task))

    versions = await tap.writes()

    assert [each.revision for each in versions] == [1, 1, 2]
    assert versions[0].written_at < versions[1].written_at < versions[2].written_at


async def test_large_content_counts_as_kept_as_long_as_all_its_parts_are_there(
    tap: FirestoreTap, store: FirestoreStore
) -> None:
    """A task whose parts are gone can never be worked on, and one that has ended must not keep them."""
    large = fresh(store, content_bytes=len(LONG))
    born = await store.create(large, LONG)
    failed = await store.swap(born, finished(large, Status.FAILED))
    retried = await store.swap(failed, replace(large, revision=3))
    kept_before, _ = await tap.at_the_end()
    await store.swap(retried, finished(retried.task, Status.CANCELLED))

    versions = await tap.writes()

    assert [each.keeps_content for each in versions] == [True, True, True, False]
    assert kept_before == {large.id: True}
    assert await tap.at_the_end() == ({large.id: False}, [])


async def test_a_part_that_is_gone_is_seen_even_if_the_task_was_not_written(
    tap: FirestoreTap, store: FirestoreStore
) -> None:
    """Content that vanishes by itself is the worst loss of all, since nobody is told."""
    large = fresh(store, content_bytes=len(LONG))
    await store.create(large, LONG)

    await delete_behind_the_adapter(tap, f"tasks/{large.id}/parts/{large.submission}-1")

    assert brief(await tap.writes()) == [("pending", 1, True, False), ("pending", 1, False, False)]


async def test_a_part_without_its_task_is_an_orphan(tap: FirestoreTap, store: FirestoreStore) -> None:
    """Somebody's document would lie there for a hundred days."""
    large = fresh(store, content_bytes=len(LONG))
    await store.create(large, LONG)

    await delete_behind_the_adapter(tap, f"tasks/{large.id}")

    tasks, words = await tap.at_the_end()
    assert tasks == {}
    assert words == [f"Part {large.submission}-{number} belongs to no task" for number in range(2)]


async def test_what_got_past_the_tap_is_said(tap: FirestoreTap, emulator: Emulator, store: FirestoreStore) -> None:
    """A record with a hole in it must not pass for the truth."""
    born = await put_new(store)
    other = FirestoreStore(project=tap.variables["GOOGLE_CLOUD_PROJECT"], emulator_host=emulator.host)
    async with other.open():
        await other.swap(born, next_revision(born.task))

    tasks, words = await tap.at_the_end()

    assert tasks == {born.task.id: True}
    assert words == [f"The tap has not seen the last write of task {born.task.id}"]


async def test_bad_weather_hits_reads_and_writes_and_the_record_stays_true(
    tap: FirestoreTap, store: FirestoreStore
) -> None:
    """Weather that spares somebody, or that the record does not survive, tests nothing."""
    codes = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.ABORTED, StatusCode.INTERNAL)
    seen = await put_new(store)
    tap.weather = weather(4, rate=0.5, codes=codes)

    outcomes = [await outcome(store, seen) for _ in range(30)]

    tap.weather = None
    stored = await store.get(seen.task.id)
    assert set(outcomes) == {"written", "unknown", "unread"}
    assert [each.revision for each in await tap.writes()] == list(range(1, stored.task.revision + 1))


def test_the_same_seed_is_the_same_weather() -> None:
    """A run that cannot be repeated cannot be explained."""
    first, again, other = (
        weather(seed, rate=0.5, codes=(StatusCode.ABORTED, StatusCode.INTERNAL), delay=(0.1, 0.2)) for seed in (1, 1, 2)
    )

    strikes = [
        [(now.code, now.landed, now.delay) for now in (each.strike() for _ in range(50))]
        for each in (first, again, other)
    ]

    assert strikes[0] == strikes[1] != strikes[2]


async def test_weather_without_codes_only_delays(tap: FirestoreTap, store: FirestoreStore) -> None:
    """A slow store answers everything."""
    tap.weather = weather(1, rate=1.0, delay=(0.01, 0.02))

    born = await put_new(store)

    assert (await store.get(born.task.id)).task == born.task
    assert [each.revision for each in await tap.writes()] == [1]


def weather(seed: int, **fields: Any) -> Weather:  # noqa: ANN401 - its fields
    """Return weather from a seed."""
    return Weather(rng=Random(seed), **fields)  # noqa: S311 - weather guards nothing


async def delete_behind_the_adapter(tap: FirestoreTap, path: str) -> None:
    """Delete one document, without any condition, by way of the tap."""
    database = f"projects/{tap.variables['GOOGLE_CLOUD_PROJECT']}/databases/(default)"
    request = CommitRequest.pb()(database=database, writes=[{"delete": f"{database}/documents/{path}"}])
    async with aio.insecure_channel(tap.host) as channel:
        await channel.unary_unary(COMMIT)(request.SerializeToString())


async def outcome(store: FirestoreStore, seen: Snapshot) -> str:
    """Write once on top of what is stored in truth, as far as it can be read, and say what came of it."""
    try:
        current = await store.get(seen.task.id)
    except StoreUnavailable:
        return "unread"
    try:
        await store.swap(current, next_revision(current.task))
    except StoreUnavailable:
        return "unknown"
    return "written"
