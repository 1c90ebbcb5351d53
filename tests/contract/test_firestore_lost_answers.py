"""What a store in Firestore says when the wire fails it: never a definite answer that it does not have."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types
from structlog.testing import capture_logs

from app.adapters.firestore_store import FirestoreStore
from app.domain.errors import StaleWrite, StoreUnavailable, TaskExists, TaskNotFound
from app.domain.processing import Execution
from app.domain.task import Status
from app.engine.ports import Snapshot, TaskStore
from tests.contract.arrange import finished, fresh, next_revision, put_new, with_text
from tests.contract.firestore_backend import Backend, open_backend
from tests.emulator import Emulator
from tests.grpc_proxy import Fault

AMBIGUOUS = [
    StatusCode.UNAVAILABLE,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.ABORTED,
    StatusCode.INTERNAL,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.CANCELLED,
    StatusCode.UNKNOWN,
]
NEEDS_A_PERSON = [StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED, StatusCode.INVALID_ARGUMENT]
SHORT = timedelta(milliseconds=500)

type Call = Callable[[FirestoreStore, Snapshot], Awaitable[object]]

QUERIES: dict[str, Call] = {
    "due": lambda store, seen: store.due(Execution.CPU, now=seen.task.created_at, limit=1),
    "list": lambda store, seen: store.list(seen.task.owner, status=None, page_size=1, cursor=None),
    "open_tasks": lambda store, seen: store.open_tasks(seen.task.owner, at_most=1),
}
READS: dict[str, Call] = QUERIES | {
    "check": lambda store, _: store.check(),
    "get": lambda store, seen: store.get(seen.task.id),
    "content": lambda store, seen: store.content(seen.task),
    "text": lambda store, seen: store.text(with_text(seen)),
}
WRITES: dict[str, Call] = {
    "create": lambda store, seen: store.create(fresh(store, id=seen.task.id), b"hello"),
    "swap": lambda store, seen: store.swap(seen, next_revision(seen.task)),
    "delete": lambda store, seen: store.delete(seen),
    "keep_text": lambda store, seen: store.keep_text(seen.task, "token-a", "The text."),
}
CALLS = READS | WRITES

QUERY_METHODS = ("RunQuery", "RunAggregationQuery")
READ_METHODS = ("BatchGetDocuments", *QUERY_METHODS)


@pytest.fixture
async def backend(emulator: Emulator) -> AsyncIterator[Backend]:
    """Hold stores over a project of their own."""
    async with open_backend(emulator) as backend:
        yield backend


async def stored(backend: Backend, seen: Snapshot) -> Snapshot | None:
    """Return what is stored in truth, past the proxy."""
    try:
        return await backend.other.get(seen.task.id)
    except TaskNotFound:
        return None


@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_create_without_an_answer_is_unknown(backend: Backend, code: StatusCode, *, landed: bool) -> None:
    """Whoever takes this for a no makes a second task, whoever takes it for a yes loses the first."""
    task = fresh(backend.store)
    backend.proxy.spoil("Commit", code, landed=landed)

    with pytest.raises(StoreUnavailable):
        await backend.store.create(task, b"hello")

    assert backend.proxy.calls == {"Commit": 1}
    assert await backend.documents.exists(task) is landed


@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_swap_without_an_answer_is_unknown(backend: Backend, code: StatusCode, *, landed: bool) -> None:
    """A silent second try would find its own first one there, and report a race that nobody lost."""
    seen = await put_new(backend.other)
    wanted = finished(seen.task, Status.COMPLETED)
    backend.proxy.spoil("Commit", code, landed=landed)

    with pytest.raises(StoreUnavailable):
        await backend.store.swap(seen, wanted)

    truth = await backend.other.get(seen.task.id)
    assert backend.proxy.calls == {"Commit": 1}
    assert truth.task == (wanted if landed else seen.task)


@pytest.mark.parametrize("landed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_delete_without_an_answer_is_unknown(backend: Backend, code: StatusCode, *, landed: bool) -> None:
    """A caller who is told that the task is gone may rely on it."""
    seen = await put_new(backend.other)
    backend.proxy.spoil("Commit", code, landed=landed)

    with pytest.raises(StoreUnavailable):
        await backend.store.delete(seen)

    assert backend.proxy.calls == {"Commit": 1}
    assert await stored(backend, seen) == (None if landed else seen)


async def test_a_write_that_is_issued_again_lands_once(backend: Backend) -> None:
    """The engine repeats what it does not know; the condition lets only one of the two through."""
    seen = await put_new(backend.other)
    wanted = next_revision(seen.task)
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=True)
    with pytest.raises(StoreUnavailable):
        await backend.store.swap(seen, wanted)

    with pytest.raises(StaleWrite):
        await backend.store.swap(seen, wanted)

    assert (await backend.store.get(seen.task.id)).task == wanted


async def test_a_create_that_is_issued_again_finds_itself(backend: Backend) -> None:
    """The submission token tells one's own task from a stranger's under the same id."""
    task = fresh(backend.store)
    backend.proxy.spoil("Commit", StatusCode.DEADLINE_EXCEEDED, landed=True)
    with pytest.raises(StoreUnavailable):
        await backend.store.create(task, b"hello")

    with pytest.raises(TaskExists):
        await backend.store.create(task, b"hello")

    assert (await backend.store.get(task.id)).task.submission == task.submission


async def test_large_content_stays_when_the_fate_of_its_task_is_unknown(backend: Backend) -> None:
    """The lost answer may have been a yes: parts that are taken back then would be missing."""
    content = b"x" * 4_000_000
    task = fresh(backend.store, content_bytes=len(content))
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=True, skip=2)

    with pytest.raises(StoreUnavailable):
        await backend.store.create(task, content)

    assert await backend.other.content(task) == content


async def test_each_commit_of_large_content_has_its_own_time(emulator: Emulator) -> None:
    """A file of ten megabytes takes five of them: it would be refused although the store answers each in time."""
    content = b"x" * 4_000_000
    limit, late = 6.0, 2.2
    async with open_backend(emulator, call_limit=timedelta(seconds=limit)) as backend:
        commits = [backend.proxy.hold("Commit") for _ in range(3)]
        task = fresh(backend.store, content_bytes=len(content))

        releasing = asyncio.create_task(release_late(commits, late))
        await backend.store.create(task, content)

        assert late * len(commits) > limit
        assert releasing.done()
        assert await backend.other.content(task) == content


async def release_late(commits: list[Fault], late: float) -> None:
    """Have each of *commits* wait so many seconds from when it has come in."""
    for commit in commits:
        await commit.reached.wait()
        asyncio.get_running_loop().call_later(late, commit.release)


async def test_large_content_whose_upload_breaks_off_makes_no_task(backend: Backend) -> None:
    """Half a document is not processed; what was stored of it expires by itself."""
    content = b"x" * 4_000_000
    task = fresh(backend.store, content_bytes=len(content))
    backend.proxy.spoil("Commit", StatusCode.UNAVAILABLE, landed=False, skip=1)

    with pytest.raises(StoreUnavailable):
        await backend.store.create(task, content)

    parts = await backend.documents.parts(task)
    assert not await backend.documents.exists(task)
    assert len(parts) == 3
    assert all("expires_at" in part for part in parts.values())


async def test_a_create_that_cannot_learn_whose_id_it_is_is_unknown(backend: Backend) -> None:
    """The task that is there may have expired: only a read tells."""
    seen = await put_new(backend.other)
    backend.proxy.spoil("BatchGetDocuments", StatusCode.UNAVAILABLE, landed=False)

    with pytest.raises(StoreUnavailable):
        await backend.store.create(fresh(backend.store, id=seen.task.id), b"hello")

    assert await stored(backend, seen) == seen


@pytest.mark.parametrize("call", READS.values(), ids=READS)
@pytest.mark.parametrize("code", AMBIGUOUS, ids=lambda code: code.name)
async def test_a_read_without_an_answer_is_no_absence(backend: Backend, code: StatusCode, call: Call) -> None:
    """A 404 in an outage would make callers forget their tasks; and a hidden retry would hold them up."""
    seen = await put_new(backend.other)
    for method in READ_METHODS:
        backend.proxy.spoil(method, code, landed=True)

    with pytest.raises(StoreUnavailable):
        await call(backend.store, seen)

    assert backend.proxy.calls.total() == 1


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("code", NEEDS_A_PERSON, ids=lambda code: code.name)
async def test_what_needs_a_person_is_logged(backend: Backend, code: StatusCode, call: Call) -> None:
    """Missing permissions do not pass like an outage; the caller learns nothing about them, the operator does."""
    seen = await put_new(backend.other)
    for method in ("Commit", *READ_METHODS):
        backend.proxy.spoil(method, code, landed=False)

    with capture_logs() as logs, pytest.raises(StoreUnavailable) as caught:
        await call(backend.store, seen)

    assert caught.value.message == StoreUnavailable().message
    assert [(entry["log_level"], entry["code"]) for entry in logs] == [("error", code.name)]


async def test_a_bad_day_is_not_logged_as_a_mistake(backend: Backend) -> None:
    """Alerts that go off with every hiccup are ignored."""
    backend.proxy.spoil("BatchGetDocuments", StatusCode.UNAVAILABLE, landed=False)

    with capture_logs() as logs, pytest.raises(StoreUnavailable):
        await backend.store.check()

    assert logs == []


@pytest.mark.parametrize("call", QUERIES.values(), ids=QUERIES)
async def test_a_missing_index_is_said_so(backend: Backend, call: Call) -> None:
    """Firestore answers it with the code of a lost race, and only in production."""
    seen = await put_new(backend.other)
    for method in QUERY_METHODS:
        backend.proxy.spoil(method, StatusCode.FAILED_PRECONDITION, landed=False)

    with capture_logs() as logs, pytest.raises(StoreUnavailable, match="index"):
        await call(backend.store, seen)

    assert [(entry["log_level"], entry["event"]) for entry in logs] == [("error", "firestore index missing")]


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_is_never_answered_ends(emulator: Emulator, name: str) -> None:
    """A request must not hang because the store does."""
    async with open_backend(emulator, call_limit=SHORT) as backend:
        seen = await put_new(backend.other)
        for method in ("Commit", *READ_METHODS):
            backend.proxy.hold(method)

        with pytest.raises(StoreUnavailable):
            await CALLS[name](backend.store, seen)


async def test_a_store_that_comes_back_is_used_again(backend: Backend) -> None:
    """Nobody restarts the service after an outage; left alone, a channel may wait for two minutes."""
    seen = await put_new(backend.store)
    await backend.proxy.cut()
    with pytest.raises(StoreUnavailable):
        await backend.store.check()

    await backend.proxy.restore()
    async with asyncio.timeout(10):
        while not await answers(backend.store):
            pass

    assert await backend.store.get(seen.task.id) == seen


async def answers(store: TaskStore) -> bool:
    """Return whether *store* can be used."""
    try:
        await store.check()
    except StoreUnavailable:
        return False
    return True
