"""Models that fail, in all the ways a model can; what becomes of the task, and what nobody gets to read."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import override

import pytest
from structlog.testing import capture_logs

from app.domain.errors import PermanentFailure, TaskNotFound, TransientFailure
from app.domain.processing import Document, Failure, Report, Result
from app.domain.task import Status, Task
from app.domain.transitions import fail, retry
from app.engine import cas
from tests.factories import FAILURE
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import MOMENT, Process, cpu_model, io_model, stored

NAME_OF_A_PATIENT = "the patient's name"


class ForgetfulStore(MemoryStore):
    """A store that has lost every document."""

    @override
    async def content(self, task: Task) -> bytes:
        raise TaskNotFound


def quoting(error: type[BaseException]) -> BaseException:
    """Return an *error* that quotes the document, and was caused by one that does."""
    made = error(NAME_OF_A_PATIENT)
    made.__cause__ = ValueError(NAME_OF_A_PATIENT)
    return made


@pytest.mark.parametrize(
    "error",
    [
        *map(quoting, [ValueError, TimeoutError, asyncio.CancelledError, SystemExit, BaseException]),
        ExceptionGroup(NAME_OF_A_PATIENT, [ValueError(NAME_OF_A_PATIENT)]),
        BaseExceptionGroup(NAME_OF_A_PATIENT, [asyncio.CancelledError(NAME_OF_A_PATIENT)]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_a_model_raises_is_a_failed_attempt_and_is_not_repeated_to_anybody(error: BaseException) -> None:
    """An exception's text may quote the document: neither the caller's answer nor a log may carry it."""

    async def fall_over(_document: Document, _report: Report) -> Result:
        raise error

    process = Process(store=MemoryStore(), model=io_model(fall_over))

    with capture_logs() as lines:
        task = await process.claimed_at_birth(NAME_OF_A_PATIENT)
        await process.quiet()

    name = type(error).__name__
    again = process.store.peek(task.id)
    assert again.status is Status.PENDING
    assert again.failure == Failure(code="processor_error", message=f"The model raised {name}", retryable=True)
    assert [line["error"] for line in lines if line["event"] == "processor broke"] == [name]
    assert NAME_OF_A_PATIENT not in str(lines)
    assert process.all_slots_are_free()


async def test_a_model_that_resists_its_cancellation_is_not_quoted_either() -> None:
    """Its last words would otherwise turn up in the event loop's own log."""
    resisted = asyncio.Event()

    async def resist(_document: Document, _report: Report) -> Result:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            resisted.set()
            raise ValueError(NAME_OF_A_PATIENT) from None
        return None

    process = Process(store=MemoryStore(), model=io_model(resist, limit=MOMENT))

    with capture_logs() as lines:
        task = await process.claimed_at_birth(NAME_OF_A_PATIENT)
        await process.quiet()

    assert resisted.is_set()
    assert process.store.peek(task.id).status is Status.PENDING
    assert NAME_OF_A_PATIENT not in str(lines)


@pytest.mark.parametrize(
    ("error", "status"),
    [(TransientFailure("Try again."), Status.PENDING), (PermanentFailure("Not a document."), Status.FAILED)],
    ids=["transient", "permanent"],
)
async def test_what_a_model_says_about_its_failure_reaches_the_caller(
    error: TransientFailure | PermanentFailure, status: Status
) -> None:
    """A failure raised on purpose is meant to be read."""

    def refuse(_document: Document, _report: Report) -> Result:
        raise error

    process = Process(store=MemoryStore(), model=cpu_model(refuse))

    task = await process.claimed_at_birth()
    await process.quiet()

    failed = process.store.peek(task.id)
    assert failed.status is status
    assert failed.failure == Failure(code=error.code, message=error.message, retryable=error.retryable)


async def test_the_last_attempt_decides() -> None:
    """Nobody tries for ever."""

    def fall_over(_document: Document, _report: Report) -> Result:
        raise TransientFailure

    process = Process(store=MemoryStore(), model=cpu_model(fall_over))

    task = await process.claimed_at_birth(max_attempts=1)
    await process.quiet()

    assert process.store.peek(task.id).status is Status.FAILED
    assert process.store.has_content(task.id)


@pytest.mark.parametrize("junk", [None, 42, float("nan"), object(), {"summary": {1, 2}}, {"summary": float("inf")}, []])
async def test_an_answer_that_is_none_fails_for_good(junk: Result) -> None:
    """Another attempt would cost as much and answer the same."""

    async def answer(_document: Document, _report: Report) -> Result:
        return junk

    process = Process(store=MemoryStore(), model=io_model(answer))

    task = await process.claimed_at_birth()
    await process.quiet()

    failed = process.store.peek(task.id)
    assert failed.status is Status.FAILED
    assert failed.failure is not None
    assert failed.failure.code == "processor_failed_permanently"


async def test_computing_for_too_long_fails_for_good() -> None:
    """The next attempt would compute as long."""
    process = Process(store=MemoryStore(), model=cpu_model(lambda _document, _report: None, limit=MOMENT))
    process.pool.hold()

    task = await process.claimed_at_birth()
    await process.quiet()

    failed = process.store.peek(task.id)
    assert failed.status is Status.FAILED
    assert failed.failure is not None
    assert failed.failure.code == "time_limit_exceeded"
    assert process.pool.killed == 1


async def test_waiting_for_too_long_is_tried_again() -> None:
    """The network may be faster next time."""

    async def wait(_document: Document, _report: Report) -> Result:
        await asyncio.Event().wait()
        return None

    process = Process(store=MemoryStore(), model=io_model(wait, limit=MOMENT))

    task = await process.claimed_at_birth()
    await process.quiet()

    again = process.store.peek(task.id)
    assert again.status is Status.PENDING
    assert again.failure is not None
    assert again.failure.code == "time_limit_exceeded"


async def test_a_retry_is_run_as_soon_as_it_is_due() -> None:
    """The sweeper is told; it does not come upon it by chance, half a minute later."""
    attempts: list[str] = []

    def fail_once(document: Document, _report: Report) -> Result:
        attempts.append(document.text)
        if len(attempts) == 1:
            raise TransientFailure
        return {"summary": "At last."}

    process = Process(store=MemoryStore(), model=cpu_model(fail_once))
    process.sweeper.wake()
    sweeping = asyncio.create_task(process.sweeper.run())

    task = await process.claimed_at_birth()
    await process.store.until(lambda: process.store.peek(task.id).status is Status.COMPLETED)
    process.drain.begin()
    await sweeping

    assert process.store.peek(task.id).attempt == 2
    assert attempts == ["A document."] * 2


async def test_a_task_that_was_started_over_meanwhile_is_not_its_late_workers_any_more() -> None:
    """Another worker has failed it and its caller asked for more: it is at no attempt, and nobody waits after none."""

    def stumble(_document: Document, _report: Report) -> Result:
        raise TransientFailure

    process = Process(store=MemoryStore(), model=cpu_model(stumble))
    working, now = process.pool.hold(), process.store.now()
    task = await process.claimed_at_birth()
    await working.reached()
    assert task.lease is not None
    given_up = partial(fail, token=task.lease.token, failure=replace(FAILURE, retryable=False), retry_at=now, now=now)
    await cas.apply(process.store, task.id, given_up)
    await cas.apply(process.store, task.id, partial(retry, now=now))

    with capture_logs() as lines:
        working.open()
        await process.quiet()

    assert [line["event"] for line in lines] == ["lease lost before the outcome"]
    assert process.store.peek(task.id).status is Status.PENDING


async def test_a_document_that_is_no_longer_there_fails_for_good() -> None:
    """There is nothing to try again with."""
    process = Process(store=ForgetfulStore())
    seen = await stored(process.store)

    await process.take(seen)

    failed = process.store.peek(seen.task.id)
    assert failed.status is Status.FAILED
    assert failed.failure is not None
    assert failed.failure.message == "The document is no longer there"


async def test_a_document_that_cannot_be_read_now_is_read_later() -> None:
    """An outage of the store is no fault of the document's and costs no attempt."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store)
    process.store.lose("content", Lost.REQUEST, times=2)

    await process.take(seen)

    ended = process.store.peek(seen.task.id)
    assert ended.status is Status.COMPLETED
    assert ended.attempt == 1


async def test_a_model_that_is_no_longer_known_is_a_failed_attempt() -> None:
    """Another process may know it."""
    process = Process(store=MemoryStore())
    seen = await stored(process.store, model_name="forgotten_v0")

    await process.take(seen)

    assert process.store.peek(seen.task.id).status is Status.PENDING
