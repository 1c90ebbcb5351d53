"""News from Firestore through a real emulator: told once, soon, and whatever happens to the streams."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types
from structlog.testing import capture_logs

from app.adapters.firestore_outage import Pauses
from app.domain.task import Status
from tests.contract.arrange import finished
from tests.contract.firestore_backend import PATIENT, open_backend
from tests.contract.firestore_scene import (
    QUICK,
    Scene,
    Told,
    changes_of,
    database_of,
    listening,
    until,
    until_polled_no_more,
)
from tests.emulator import Emulator, start_emulator

FOR_EVER = 1_000_000


@pytest.fixture
async def scene(emulator: Emulator) -> AsyncIterator[Scene]:
    """Follow tasks with short pauses and the usual limits."""
    async with listening(emulator) as scene:
        yield scene


async def test_what_another_process_writes_is_told(emulator: Emulator) -> None:
    """This is what watchers wait for; and nobody asks the store for it."""
    async with listening(emulator, pauses=Pauses(patience=PATIENT)) as scene:
        (seen,) = await scene.followed()

        changed = await scene.change(seen)
        await scene.told.of(changed)

        assert scene.told.tasks == {seen.task.id: [seen.task, changed.task]}
        assert scene.calls("BatchGetDocuments") == 0


async def test_a_task_that_is_not_there_or_is_deleted_is_told_as_gone(scene: Scene) -> None:
    """Whoever waits for it would wait for ever."""
    kept, missing = await scene.followed(), await scene.put()
    await scene.backend.other.delete(missing[0])

    scene.changes.follow(missing[0].task.id)
    await scene.told.gone(missing[0])
    await scene.backend.other.delete(kept[0])
    await scene.told.gone(kept[0])

    assert scene.told.tasks[missing[0].task.id] == [None]
    assert scene.told.tasks[kept[0].task.id] == [kept[0].task, None]


async def test_a_task_that_has_expired_is_told_as_gone(scene: Scene) -> None:
    """Firestore removes it a day later, and says nothing when its time comes."""
    old, young = await scene.followed(2)
    past = finished(old.task, Status.CANCELLED, time_to_live=timedelta(seconds=-10))
    soon = finished(young.task, Status.CANCELLED, time_to_live=timedelta(seconds=0.5))

    await scene.backend.other.swap(old, past)
    await scene.told.gone(old)
    await scene.backend.other.swap(young, soon)
    await scene.told.gone(young)

    assert scene.told.tasks[old.task.id] == [old.task, None]
    assert scene.told.tasks[young.task.id][0] == young.task


async def test_a_document_that_nobody_can_read_is_logged_once_and_not_told(scene: Scene) -> None:
    """A later version's tasks pass through here during a release; each reconnection would fill the log."""
    (broken, sound) = await scene.followed(2)

    with capture_logs() as logs:
        await scene.backend.documents.write(broken.task, "status", {"stringValue": "lost"})
        await scene.told.of(await scene.change(sound))
        await scene.backend.proxy.cut()
        await scene.backend.proxy.restore()
        await until(lambda: scene.calls("Listen") >= 2)
        await scene.told.of(await scene.change(await scene.backend.other.get(sound.task.id)))

    assert scene.told.tasks[broken.task.id] == [broken.task]
    assert [entry["task_id"] for entry in logs if entry["event"] == "task unreadable"] == [broken.task.id]


async def test_many_tasks_share_few_streams_and_no_thread(scene: Scene) -> None:
    """A connection carries a hundred streams, and past that every call of the process stands still."""
    seen = await scene.followed()
    threads = threading.active_count()

    seen += await scene.followed(249)
    changed = [await scene.change(each) for each in seen[::50]]
    await scene.told.of(*changed)

    assert scene.calls("Listen") == 3
    assert threading.active_count() == threads
    assert all(len(told) <= 2 for told in scene.told.tasks.values())


async def test_what_is_left_is_told_no_more_and_makes_room(emulator: Emulator) -> None:
    """Watchers come and go all day: a place that is not given back is a stream too many by the evening."""
    async with listening(emulator, targets_per_stream=2) as scene:
        first, left = await scene.followed(2)

        scene.changes.leave(left.task.id)
        scene.changes.leave("never followed")
        (second,) = await scene.followed()
        await scene.change(left)
        await scene.told.of(await scene.change(first), await scene.change(second))

        assert scene.told.tasks[left.task.id] == [left.task]
        assert scene.calls("Listen") == 1


async def test_a_task_may_be_followed_again(scene: Scene) -> None:
    """A watcher that comes back within the same second must not end the stream for all others."""
    (seen,) = await scene.followed()

    for _ in range(10):
        scene.changes.leave(seen.task.id)
        scene.changes.follow(seen.task.id)
    changed = await scene.change(seen)
    await scene.told.of(changed)

    assert scene.calls("Listen") == 1


async def test_a_stream_that_nobody_needs_is_closed_and_opened_again(emulator: Emulator) -> None:
    """An instance without watchers costs nothing, and the next watcher is served."""
    async with listening(emulator, pauses=Pauses(linger=QUICK)) as scene:
        (seen,) = await scene.followed()

        scene.changes.leave(seen.task.id)
        await until(lambda: scene.backend.proxy.streams == 0)
        await scene.followed()

        assert scene.calls("Listen") == 2


async def test_the_end_closes_every_stream_and_tells_no_more(emulator: Emulator) -> None:
    """A process that drains must not hold connections, or wake anybody."""
    async with open_backend(emulator) as backend:
        database, told = database_of(backend), Told()
        changes = changes_of(backend, database, targets_per_stream=1)
        async with database.open():
            async with changes.open(told.tell):
                seen = await Scene(backend, changes, told).followed(3)
            await until(lambda: backend.proxy.streams == 0)
            changes.follow(seen[0].task.id)

        assert backend.proxy.calls["Listen"] == 3
        assert [len(each) for each in told.tasks.values()] == [1, 1, 1]


async def test_tasks_beyond_the_last_stream_are_polled(emulator: Emulator) -> None:
    """One stream too many on a connection would silence all of them."""
    async with listening(emulator, targets_per_stream=1, most_streams=1) as scene:
        seen = await scene.followed(2)

        changed = [await scene.change(each) for each in seen]
        await scene.told.of(*changed)

        assert scene.calls("Listen") == 1
        assert scene.calls("BatchGetDocuments") > 0


async def test_what_is_no_id_is_told_as_gone_and_harms_nobody(scene: Scene) -> None:
    """As the name of a document it would end the stream for a hundred others."""
    (seen,) = await scene.followed()

    scene.changes.follow("a/b/../c")
    await scene.told.until(lambda: scene.told.tasks.get("a/b/../c") == [None])
    await scene.told.of(await scene.change(seen))

    assert scene.calls("Listen") == 1


async def test_what_happens_while_the_connection_is_cut_is_told_afterwards_and_once(scene: Scene) -> None:
    """An outage that eats the last state of a task leaves its watcher waiting until a time-out."""
    seen = await scene.followed(20)
    with capture_logs() as logs:
        await scene.backend.proxy.cut()
        changed = [await scene.change(each) for each in seen[:10]]
        changed = [await scene.change(each) for each in changed]
        scene.changes.leave(seen[19].task.id)
        meanwhile = await scene.put()
        scene.changes.follow(meanwhile[0].task.id)

        await scene.backend.proxy.restore()
        await scene.told.of(*changed, *meanwhile)
        await until(lambda: "listen stream back" in [entry["event"] for entry in logs])
        await scene.told.of(changed[0], await scene.change(seen[10]))

    told = [[task and task.revision for task in scene.told.tasks[each.task.id]] for each in (*seen, *meanwhile)]
    assert told == [[1, 3]] * 10 + [[1, 2]] + [[1]] * 10
    events = [(entry["log_level"], entry["event"]) for entry in logs if entry["event"].startswith("listen")]
    assert events == [("warning", "listen stream lost"), ("info", "listen stream back")]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (StatusCode.UNAVAILABLE, ("warning", "listen stream lost")),
        (StatusCode.UNAUTHENTICATED, ("warning", "listen stream lost")),
        (StatusCode.CANCELLED, ("warning", "listen stream lost")),
        (StatusCode.PERMISSION_DENIED, ("error", "listen stream refused")),
        (StatusCode.UNIMPLEMENTED, ("error", "listen stream refused")),
    ],
    ids=lambda value: value.name if isinstance(value, StatusCode) else "",
)
async def test_without_a_stream_tasks_are_polled_until_there_is_one(
    scene: Scene, code: StatusCode, said: tuple[str, str]
) -> None:
    """Whatever is wrong with the streams, a missing permission even, watchers still learn everything."""
    with capture_logs() as logs:
        fault = scene.backend.proxy.spoil("Listen", code, landed=False, times=FOR_EVER)
        (seen,) = await scene.followed()
        seen = await scene.change(seen)
        await scene.told.of(seen)
        await until(lambda: scene.calls("Listen") >= 3)

        fault.times = 0
        await until(lambda: "listen stream back" in [entry["event"] for entry in logs])
        await until_polled_no_more(scene, seen)

    told = [task.revision for task in scene.told.tasks[seen.task.id] if task]
    assert told == sorted(set(told))
    events = [(entry["log_level"], entry["event"], entry.get("code")) for entry in logs]
    assert events.count((*said, code.name)) == 1
    assert events[-1] == ("info", "listen stream back", None)


async def test_a_database_that_cannot_be_reached_yet_is_listened_to_later(emulator: Emulator) -> None:
    """Credentials may come late; until then there is no channel for streams."""
    async with open_backend(emulator) as backend, AsyncExitStack() as later:
        database, told = database_of(backend), Told()
        changes = changes_of(backend, database)
        async with changes.open(told.tell):
            scene = Scene(backend, changes, told)
            (seen,) = await scene.followed()

            await later.enter_async_context(database.open())
            await until_polled_no_more(scene, seen)

            assert scene.calls("Listen") == 1


async def test_a_server_that_sends_its_clients_away_again_and_again_loses_nothing(scene: Scene) -> None:
    """Google's front ends end every connection after a while."""
    await scene.backend.proxy.cut()
    await scene.backend.proxy.restore(("grpc.max_connection_age_ms", 200), ("grpc.max_connection_age_grace_ms", 50))
    seen = await scene.followed(3)

    async with asyncio.timeout(60):
        while scene.calls("Listen") < 4:
            seen = [await scene.change(each) for each in seen]
            await scene.told.of(*seen)

    told = [[task and task.revision for task in each] for each in scene.told.tasks.values()]
    assert all(len(each) == len(set(each)) for each in told)


async def test_a_stream_outlives_a_store_that_stands_still_for_a_moment() -> None:
    """A pause of the store is no outage: a hundred tasks asked for again cost a hundred reads."""
    with start_emulator(heap="256m") as emulator:
        async with listening(emulator) as scene:
            (seen,) = await scene.followed()
            os.kill(emulator.pid, signal.SIGSTOP)
            try:
                writing = asyncio.create_task(scene.change(seen))
                meanwhile = "11111111-1111-4111-8111-111111111111"
                scene.changes.follow(meanwhile)
                await until(lambda: scene.calls("BatchGetDocuments") > 0)
            finally:
                os.kill(emulator.pid, signal.SIGCONT)

            await scene.told.of(await writing)
            await scene.told.until(lambda: scene.told.tasks.get(meanwhile) == [None])

            assert scene.told.newest(seen) == (await writing).task
            assert scene.calls("Listen") == 1
