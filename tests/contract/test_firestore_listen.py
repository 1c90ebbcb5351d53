"""News from a server that says what the emulator never says, and breaks off as only the real one does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, override

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types
from structlog.testing import capture_logs

from app.adapters.clock import StoreClock
from app.adapters.firestore_changes import FirestoreChanges
from app.adapters.firestore_codec import fields_of
from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_outage import Pauses
from app.adapters.firestore_values import fields_to
from app.domain.task import Task
from app.engine.ports import Changes, Tell
from tests.contract.firestore_scene import Told, until
from tests.contract.listen_server import ListenServer
from tests.factories import make_task

QUICK = timedelta(milliseconds=20)
NEVER = timedelta(minutes=10)


class Understudy(Changes):
    """A fall-back that only notes for which tasks it stands in."""

    def __init__(self) -> None:
        """Stand in for none."""
        self.stands_in: list[str] = []

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        yield

    @override
    def follow(self, task_id: str) -> None:
        assert task_id not in self.stands_in
        self.stands_in.append(task_id)

    @override
    def leave(self, task_id: str) -> None:
        self.stands_in.remove(task_id)


@dataclass(frozen=True, slots=True)
class Scene:
    """*changes* as a *server* says them, what was *told*, and who stands in."""

    server: ListenServer
    changes: FirestoreChanges
    understudy: Understudy
    told: Told
    clock: StoreClock

    def say_task(self, number: int, task: Task) -> None:
        """Let the server say how a task is, and that this is all."""
        name = f"projects/p/databases/(default)/documents/tasks/{task.id}"
        document = {"name": name, "fields": fields_to(fields_of(task)), "update_time": {"seconds": task.revision}}
        self.server.say(document_change={"document": document, "target_ids": [number]})
        self.server.say_of(number, "CURRENT")


@asynccontextmanager
async def listening(**pauses: Any) -> AsyncIterator[Scene]:  # noqa: ANN401 - of Pauses
    """Follow tasks on a server that has nothing else to do."""
    told, understudy, clock = Told(), Understudy(), StoreClock(wall=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    async with ListenServer().running() as server:
        database = FirestoreDatabase(
            project="p", database="(default)", emulator_host=server.host, call_limit=NEVER, clock=clock
        )
        quick = {"first": QUICK, "longest": 10 * QUICK, "patience": NEVER, "answer": NEVER}
        changes = FirestoreChanges(database, understudy, pauses=Pauses(**quick | pauses))
        async with database.open(), changes.open(told.tell):
            yield Scene(server, changes, understudy, told, clock)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Follow tasks that are never polled."""
    async with listening() as scene:
        yield scene


async def test_a_target_that_the_server_gives_up_is_looked_after_and_asked_for_again() -> None:
    """One task that the server cannot watch right now must not lose its watchers."""
    async with listening(patience=QUICK, first=10 * QUICK) as scene:
        task = make_task()
        scene.changes.follow(task.id)
        first = await scene.server.added()
        scene.say_task(first, task)
        await until(lambda: task.id in scene.told.tasks and not scene.understudy.stands_in)

        with capture_logs() as logs:
            cause = {"code": StatusCode.RESOURCE_EXHAUSTED.value[0], "message": "secret"}
            scene.server.say_of(first, "REMOVE", cause=cause)
            await until(lambda: scene.understudy.stands_in == [task.id])
            second = await scene.server.added()
            scene.say_task(second, task)
            await until(lambda: not scene.understudy.stands_in)

        assert second != first
        assert scene.told.tasks == {task.id: [task]}
        expected = {"log_level": "warning", "event": "listen target lost", "code": "RESOURCE_EXHAUSTED"}
        assert logs == [expected]


async def test_a_document_that_the_server_no_longer_counts_is_asked_for(scene: Scene) -> None:
    """It says how many are left instead of which one has gone."""
    task = make_task()
    scene.changes.follow(task.id)
    first = await scene.server.added()
    scene.say_task(first, task)

    scene.server.say(filter={"target_id": first, "count": 1})
    scene.server.say(filter={"target_id": first, "count": 0})
    assert await scene.server.removed() == first
    second = await scene.server.added()
    scene.server.say_of(second, "CURRENT")
    await scene.told.until(lambda: scene.told.tasks.get(task.id) == [task, None])

    assert scene.server.streams == 1


async def test_what_is_left_is_removed_on_the_stream(scene: Scene) -> None:
    """Each change of it would be sent, and paid for, until the stream ends."""
    task = make_task()
    scene.changes.follow(task.id)
    number = await scene.server.added()

    scene.changes.leave(task.id)

    assert await scene.server.removed() == number


@pytest.mark.parametrize("ending", [StatusCode.OK, StatusCode.UNAVAILABLE, b"\xff no message"], ids=str)
async def test_however_a_stream_ends_all_its_tasks_are_asked_for_again(
    scene: Scene, ending: StatusCode | bytes
) -> None:
    """A server that closes a stream politely has stopped telling as well; and nothing of the old one stays behind."""
    tasks = [make_task(), make_task()]
    for task in tasks:
        scene.changes.follow(task.id)
        scene.say_task(await scene.server.added(), task)
    await scene.told.until(lambda: len(scene.told.tasks) == 2)

    with capture_logs() as logs:
        scene.server.send(ending) if isinstance(ending, bytes) else scene.server.end(ending)
        numbers = [await scene.server.added() for _ in tasks]
    for number, task in zip(numbers, tasks, strict=True):
        scene.say_task(number, task)
    scene.changes.leave(tasks[0].id)
    await scene.server.removed()

    await until(lambda: sum("_consume_request_iterator" in repr(task) for task in asyncio.all_tasks()) == 1)
    assert [entry["event"] for entry in logs] == ["listen stream lost"]
    assert numbers == [3, 4]
    assert scene.told.tasks == {task.id: [task] for task in tasks}


async def test_a_stream_that_never_says_anything_is_given_up() -> None:
    """A server that takes calls and does not carry them out would be polled around for ever."""
    async with listening(answer=10 * QUICK) as scene:
        scene.changes.follow(make_task().id)

        await until(lambda: scene.server.streams >= 2)


async def test_the_stream_says_which_database_it_is_for(scene: Scene) -> None:
    """Firestore routes a stream by its headers, before it has read anything."""
    scene.changes.follow(make_task().id)
    await scene.server.added()

    assert scene.server.headers["google-cloud-resource-prefix"] == "projects/p/databases/(default)"
    assert scene.server.headers["x-goog-request-params"] == "database=projects%2Fp%2Fdatabases%2F%28default%29"


async def test_the_store_says_its_time_on_the_stream_and_never_sets_the_clock_back(scene: Scene) -> None:
    """Leases are judged by it; what has been on its way for long would take time back from them."""
    task = make_task()
    scene.changes.follow(task.id)
    number = await scene.server.added()
    said = datetime(2030, 1, 1, tzinfo=UTC)
    read_time = {"seconds": int(said.timestamp())}
    scene.server.say(target_change={"target_change_type": "NO_CHANGE", "read_time": read_time})
    await until(lambda: scene.clock.now() > said + timedelta(milliseconds=50))

    before = scene.clock.now()
    scene.server.say_of(number, "CURRENT", read_time=read_time | {"nanos": 1000})
    await scene.told.until(lambda: task.id in scene.told.tasks)

    assert scene.clock.now() >= before


async def test_a_process_that_ends_does_not_wait_for_a_server_that_does_not() -> None:
    """A drain has a few seconds, and better things to do with them."""
    async with listening(parting=QUICK) as scene:
        scene.server.is_stubborn = True
        scene.changes.follow(make_task().id)
        await scene.server.added()

        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 10
