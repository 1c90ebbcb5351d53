"""Streams of changes through the tap on the wire: not recorded, but hit by whatever befalls the store."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from google.cloud.firestore_v1.types import ListenRequest, ListenResponse
from grpc import StatusCode, aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters.firestore_store import FirestoreStore
from app.domain.errors import StoreUnavailable
from app.engine.ports import Snapshot
from tests.chaos.tap_firestore import Exposed, FirestoreTap, Weather
from tests.contract.arrange import next_revision, put_new
from tests.emulator import Emulator
from tests.grpc_proxy import Fault

LISTEN = "/google.firestore.v1.Firestore/Listen"
SECONDS = 30


@pytest.fixture
async def tap(emulator: Emulator) -> AsyncIterator[FirestoreTap]:
    """Run a tap over a project of its own."""
    tap = FirestoreTap(emulator.host)
    async with tap.running():
        yield tap


@pytest.fixture
async def store(tap: FirestoreTap) -> AsyncIterator[FirestoreStore]:
    """Open the store that an instance with the tap's variables has."""
    project, host = tap.variables["GOOGLE_CLOUD_PROJECT"], tap.variables["FIRESTORE_EMULATOR_HOST"]
    store = FirestoreStore(project=project, emulator_host=host)
    async with store.open():
        yield store


@asynccontextmanager
async def listening(tap: FirestoreTap, seen: Snapshot) -> AsyncIterator[Any]:
    """Listen to a task by way of the tap."""
    database = f"projects/{tap.variables['GOOGLE_CLOUD_PROJECT']}/databases/(default)"
    target = {"target_id": 1, "documents": {"documents": [f"{database}/documents/tasks/{seen.task.id}"]}}
    ends = asyncio.Event()

    async def asked() -> AsyncIterator[bytes]:
        yield ListenRequest.pb()(database=database, add_target=target).SerializeToString()
        await ends.wait()

    async with aio.insecure_channel(tap.host) as channel, asyncio.timeout(SECONDS):
        where = ("x-goog-request-params", urlencode({"database": database}))
        yield channel.stream_stream(LISTEN)(asked(), metadata=[where])
        ends.set()


async def revisions(call: Any) -> AsyncIterator[int]:  # noqa: ANN401 - grpcio ships no types
    """Return the task's revisions as they are told."""
    async for answer in call:
        said = ListenResponse.pb().FromString(answer)
        if said.HasField("document_change"):
            yield said.document_change.document.fields["revision"].integer_value


async def test_changes_are_heard_and_not_recorded(tap: FirestoreTap, store: FirestoreStore) -> None:
    """A record with reads in it would be no record of writes."""
    born = await put_new(store)

    async with listening(tap, born) as call:
        told = revisions(call)
        first = await anext(told)
        await store.swap(born, next_revision(born.task))
        second = await anext(told)

    assert [first, second] == [1, 2]
    assert [each.revision for each in await tap.writes()] == [1, 2]
    assert await tap.at_the_end() == ({born.task.id: True}, [])


async def test_a_cut_breaks_open_streams(tap: FirestoreTap, store: FirestoreStore) -> None:
    """A stream that outlived the fault would hide what its end does to watchers."""
    born = await put_new(store)

    async with listening(tap, born) as call:
        told = revisions(call)
        await anext(told)
        await tap.cut()
        with pytest.raises(aio.AioRpcError) as broken:
            await anext(told)
    await tap.restore()

    assert broken.value.code() == StatusCode.UNAVAILABLE


async def test_bad_weather_breaks_open_streams(tap: FirestoreTap, store: FirestoreStore, emulator: Emulator) -> None:
    """A stream that only fine weather was tried on is not a durable one."""
    born = await put_new(store)
    other = FirestoreStore(project=tap.variables["GOOGLE_CLOUD_PROJECT"], emulator_host=emulator.host)

    async with listening(tap, born) as call:
        told = revisions(call)
        await anext(told)
        tap.weather = Weather(rng=Random(1), rate=1.0, codes=(StatusCode.INTERNAL,))  # noqa: S311 - guards nothing
        async with other.open():
            with suppress(StoreUnavailable):  # said by the emulator if a stream ends just then (cursed knowledge)
                await other.swap(born, next_revision(born.task))
        with pytest.raises(aio.AioRpcError) as broken:
            _ = [each async for each in told]  # the answer that is hit may be the change, and arrive all the same

    assert broken.value.code() == StatusCode.INTERNAL


async def three_answers() -> AsyncGenerator[bytes]:
    """Say three things."""
    for said in (b"1", b"2", b"3"):
        yield said


@pytest.mark.parametrize(("landed", "heard"), [(False, []), (True, [b"1"])])
async def test_a_stream_breaks_before_an_answer_or_behind_it(*, landed: bool, heard: list[bytes]) -> None:
    """What was told last may or may not have arrived."""
    stream, told = aiter(Exposed(three_answers(), lambda: Fault(code=StatusCode.ABORTED, landed=landed))), []

    for _ in heard:
        told.append(await anext(stream))  # noqa: PERF401 - what comes before it breaks
    with pytest.raises(aio.AioRpcError):
        await anext(stream)

    assert told == heard


async def test_a_stream_that_was_hit_is_spared_for_a_moment() -> None:
    """A busy one would fall behind for ever."""
    delays = iter([Fault(delay=0.001)])

    told = [answer async for answer in Exposed(three_answers(), lambda: next(delays))]

    assert told == [b"1", b"2", b"3"]
