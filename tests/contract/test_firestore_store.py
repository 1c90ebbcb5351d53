"""What is special to tasks in Firestore: what a call costs, what a document looks like, where content lies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.adapters.clock import StoreClock
from app.adapters.firestore_writes import Version
from app.domain.errors import StoreUnavailable, TaskExists
from app.domain.processing import Execution, Failure
from app.domain.task import Status
from app.domain.transitions import retry
from app.engine.ports import Snapshot
from tests.contract.arrange import finished, fresh, next_revision, put_new
from tests.contract.firestore_backend import Backend, open_backend
from tests.emulator import Emulator
from tests.factories import NOW, make_lease

FAILURE = Failure(code="processor_error", message="It failed", retryable=True)
HOUR = timedelta(hours=1)
MODERATE = "añ€😀".encode() * 200_000
"""2 MB, cut into three parts, some of them within a character."""

LARGE = "añ€😀".encode() * 500_000
"""5 MB: more than one commit takes."""


@pytest.fixture
async def backend(emulator: Emulator) -> AsyncIterator[Backend]:
    """Hold stores over a project of their own."""
    async with open_backend(emulator) as backend:
        yield backend


async def create(backend: Backend, content: bytes, status: Status = Status.PENDING) -> Snapshot:
    """Store a task with *content*, and begin to count calls."""
    task = fresh(backend.store, status, content_bytes=len(content))
    snapshot = await backend.store.create(task, content)
    backend.proxy.calls.clear()
    return snapshot


def instant(document: dict[str, dict[str, str]], name: str) -> datetime:
    """Return a timestamp of a document."""
    return datetime.fromisoformat(document[name]["timestampValue"])


async def test_a_short_task_costs_two_writes_and_no_reads(backend: Backend) -> None:
    """The promise about cost: Firestore bills by the operation, and each is a round trip."""
    task = fresh(backend.store, Status.PROCESSING)

    created = await backend.store.create(task, b"hello")
    await backend.store.swap(created, finished(task, Status.COMPLETED))

    assert backend.proxy.calls == {"Commit": 2}


ENDS: dict[str, dict[str, Any]] = {
    "cancelled": {"status": Status.CANCELLED, "lease": None, "finished_at": NOW},
    "failed": {"status": Status.FAILED, "lease": None, "finished_at": NOW, "failure": FAILURE},
    "tried again": {"status": Status.PENDING, "lease": None, "failure": FAILURE},
    "taken over": {"lease": make_lease(token="token-b"), "attempt": 2},  # noqa: S106 - a lease's
}


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("is_file", [True, False], ids=["file", "text"])
async def test_the_text_of_a_run_goes_with_its_lease(
    backend: Backend, change: dict[str, Any], *, is_file: bool
) -> None:
    """It is the very document, and who cancels or deletes a task wants nothing of it to be left."""
    text = MODERATE.decode()
    options = {"keep_text": True, "file": is_file}
    task = fresh(backend.store, Status.PROCESSING, content_bytes=len(MODERATE), options=options)
    seen = await backend.store.create(task, MODERATE)
    await backend.store.keep_text(task, make_lease().token, text)
    backend.proxy.calls.clear()

    await backend.store.swap(seen, next_revision(task, **change))

    left = await backend.documents.parts(task)
    assert [name for name in left if name.startswith(make_lease().token)] == []
    assert backend.proxy.calls == {"Commit": 1}


async def test_the_text_of_a_run_that_goes_on_stays(backend: Backend) -> None:
    """Its next write may be the one that completes the task with it."""
    task = fresh(backend.store, Status.PROCESSING, content_bytes=9, options={"keep_text": True})
    seen = await backend.store.create(task, b"The text.")
    kept = await backend.store.keep_text(task, make_lease().token, "The text.")

    renewed = await backend.store.swap(seen, next_revision(task, cancel_requested=True))
    done = await backend.store.swap(renewed, finished(renewed.task, Status.COMPLETED, text=kept))

    assert await backend.store.text(done.task) == "The text."


async def test_content_of_moderate_size_is_written_and_erased_with_its_task(backend: Backend) -> None:
    """One commit is all or nothing: no task without content, no content without task."""
    task = fresh(backend.store, Status.PROCESSING, content_bytes=len(MODERATE))

    created = await backend.store.create(task, MODERATE)
    parts = await backend.documents.parts(task)
    await backend.store.swap(created, finished(task, Status.COMPLETED))

    assert backend.proxy.calls == {"Commit": 2}
    assert parts.keys() == {f"{task.submission}-{number}" for number in range(3)}
    assert await backend.documents.parts(task) == {}


async def test_reading_content_is_one_call(backend: Backend) -> None:
    """However many parts it lies in; and a cut within a character does no harm."""
    created = await create(backend, MODERATE)

    content = await backend.store.content(created.task)

    assert content == MODERATE
    assert backend.proxy.calls == {"BatchGetDocuments": 1}


async def test_large_content_goes_ahead_of_its_task(backend: Backend) -> None:
    """The task is the commit point: nobody may find one whose content is still on its way."""
    task = fresh(backend.store, content_bytes=len(LARGE))
    held = backend.proxy.hold("Commit", skip=2)

    creating = asyncio.create_task(backend.store.create(task, LARGE))
    await held.reached.wait()
    parts_so_far, visible_so_far = await backend.documents.parts(task), await backend.documents.exists(task)
    held.release()
    await creating

    assert (len(parts_so_far), visible_so_far) == (6, False)
    assert backend.proxy.calls == {"Commit": 3}
    assert await backend.other.content(task) == LARGE


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED])
async def test_small_content_is_erased_by_the_write_that_ends_the_task(backend: Backend, status: Status) -> None:
    """Input is kept no longer than it is needed."""
    created = await create(backend, b"hello")

    await backend.store.swap(created, finished(created.task, status))

    assert "content" not in await backend.documents.task(created.task)
    assert backend.proxy.calls == {"Commit": 1}


async def test_parts_outlive_any_task_that_waits(backend: Backend) -> None:
    """Firestore's expiry does not reach below a document: parts must go by themselves, but not too early."""
    created = await create(backend, MODERATE)

    parts = await backend.documents.parts(created.task)

    assert {instant(part, "expires_at") for part in parts.values()} == {created.task.created_at + timedelta(days=100)}


async def test_parts_of_a_failed_task_expire_with_it(backend: Backend) -> None:
    """A failed task keeps its input for a retry, and not an hour longer than itself."""
    created = await create(backend, MODERATE, Status.PROCESSING)
    failed = await backend.store.swap(created, finished(created.task, Status.FAILED))

    parts = await backend.documents.parts(created.task)

    assert {instant(part, "expires_at") for part in parts.values()} == {failed.task.expires_at}
    assert backend.proxy.calls == {"Commit": 1}
    assert await backend.store.content(failed.task) == MODERATE


async def test_a_retry_keeps_the_parts_for_another_hundred_days(backend: Backend) -> None:
    """A task that waits again must not lose its input to the expiry of its failure."""
    created = await create(backend, MODERATE, Status.PROCESSING)
    failed = await backend.store.swap(created, finished(created.task, Status.FAILED))
    again = await backend.store.swap(failed, retry(failed.task, now=backend.store.now()))

    parts = await backend.documents.parts(created.task)

    kept_until = again.task.available_at + timedelta(days=100)
    assert {instant(part, "expires_at") for part in parts.values()} == {kept_until}
    assert await backend.store.content(again.task) == MODERATE


async def test_deleting_takes_the_parts_along(backend: Backend) -> None:
    """Erased means erased, in the same commit."""
    created = await create(backend, MODERATE, Status.PROCESSING)
    failed = await backend.store.swap(created, finished(created.task, Status.FAILED))

    await backend.store.delete(failed)

    assert backend.proxy.calls == {"Commit": 2}
    assert await backend.documents.parts(created.task) == {}


async def test_who_loses_a_create_takes_its_parts_back(backend: Backend) -> None:
    """Two submissions under one key: the input of the one that was refused must not stay behind."""
    winner = await create(backend, LARGE)
    loser = fresh(backend.store, id=winner.task.id, content_bytes=len(LARGE))

    with pytest.raises(TaskExists):
        await backend.store.create(loser, LARGE)

    parts = await backend.documents.parts(winner.task)
    assert {name.rpartition("-")[0] for name in parts} == {winner.task.submission}


async def test_a_repeated_create_leaves_the_parts_that_its_first_try_stored(backend: Backend) -> None:
    """A submission whose answer was lost is issued again; its own task must not lose its content."""
    first = await create(backend, LARGE)

    with pytest.raises(TaskExists):
        await backend.store.create(first.task, LARGE)

    assert await backend.store.content(first.task) == LARGE


async def test_of_two_creates_over_an_expired_task_one_wins(backend: Backend) -> None:
    """Firestore removes expired documents within a day; until then their ids are free, but only once."""
    long_ago = backend.store.now() - 2 * HOUR
    gone = await put_new(backend.store, Status.COMPLETED, created_at=long_ago, time_to_live=HOUR)
    rivals = [fresh(backend.store, id=gone.task.id) for _ in range(2)]

    answers = await asyncio.gather(
        *(store.create(task, b"new") for store, task in zip((backend.store, backend.other), rivals, strict=True)),
        return_exceptions=True,
    )

    (winner,) = (answer for answer in answers if isinstance(answer, Snapshot))
    assert sum(isinstance(answer, TaskExists) for answer in answers) == 1
    assert await backend.store.get(gone.task.id) == winner
    assert "result" not in await backend.documents.task(gone.task)


async def test_tasks_of_a_newer_version_are_left_alone(backend: Backend) -> None:
    """During a deployment two versions share the queue; the old one must neither break nor eat the new one's tasks."""
    now = backend.store.now()
    put = [await put_new(backend.store, available_at=now - timedelta(minutes=9 - n)) for n in range(8)]
    for snapshot in put[:6]:
        await backend.documents.write(snapshot.task, "schema", {"integerValue": "3"})

    due = await backend.store.due(Execution.CPU, now=now, limit=2)
    page = await backend.store.list("anonymous", status=None, page_size=10, cursor=None)

    assert list(due) == put[6:]
    assert {task.id for task in page.tasks} == {snapshot.task.id for snapshot in put[6:]}
    with pytest.raises(StoreUnavailable):
        await backend.store.get(put[0].task.id)
    with pytest.raises(TaskExists):
        await backend.store.create(fresh(backend.store, id=put[0].task.id), b"hello")


async def test_one_broken_document_does_not_stop_the_queue(backend: Backend) -> None:
    """Whoever edits a document by hand must not bring the service down."""
    now = backend.store.now()
    broken, whole = [await put_new(backend.store, available_at=now - timedelta(minutes=2 - n)) for n in range(2)]
    await backend.documents.write(broken.task, "options", None)

    with capture_logs() as logs:
        due = await backend.store.due(Execution.CPU, now=now, limit=10)

    assert list(due) == [whole]
    assert [(entry["event"], entry["task_id"]) for entry in logs] == [("task unreadable", broken.task.id)]


async def test_what_came_late_is_found_by_a_later_scan(backend: Backend) -> None:
    """Scans begin where live tasks begin; now and then one looks further back, so that nothing is lost for good."""
    await backend.store.due(Execution.CPU, now=backend.store.now(), limit=10)
    late = await put_new(backend.store, available_at=backend.store.now() - HOUR)

    scans = [await backend.store.due(Execution.CPU, now=backend.store.now(), limit=10) for _ in range(20)]

    assert [list(found) for found in scans] == [[]] * 19 + [[late]]


async def test_counting_is_one_call(backend: Backend) -> None:
    """Firestore counts by itself: twenty thousand tasks are neither read nor sent, and billed as twenty reads."""
    for _ in range(3):
        await put_new(backend.other)

    counted = await backend.store.open_tasks("anonymous", at_most=2)

    assert counted == 2
    assert backend.proxy.calls == {"RunAggregationQuery": 1}


async def test_every_reply_sets_the_clock(emulator: Emulator) -> None:
    """The first read at start-up says what time it is, and so does every write."""
    stopped = StoreClock(monotonic=lambda: 0.0, wall=lambda: datetime(2000, 1, 1, tzinfo=UTC))
    async with open_backend(emulator, clock=stopped) as backend:
        await backend.store.check()
        after_check = backend.store.now()
        created = await backend.store.create(fresh(backend.store), b"hello")

        assert isinstance(created.version, Version)
        written_at = datetime.fromtimestamp(created.version.seconds, UTC)
        assert written_at + timedelta(microseconds=created.version.nanos // 1000) == backend.store.now()
        assert after_check < backend.store.now()


async def test_a_count_sets_the_clock_too(emulator: Emulator) -> None:
    """Under load it may be the only reply for a while."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    stopped = StoreClock(monotonic=lambda: 0.0, wall=lambda: long_ago)
    async with open_backend(emulator, clock=stopped) as backend:
        await backend.store.open_tasks("anonymous", at_most=1)

        assert backend.store.now() > long_ago + timedelta(days=365)
