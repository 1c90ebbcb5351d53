"""
The life of a task: the only functions that make a task from a task.

All are pure: times and tokens are arguments. `LEGAL` is the truth about which
event leads where; every function asks it before it answers.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.errors import IllegalTransition, LeaseLost
from app.domain.processing import Failure, KeptText, Progress, Result
from app.domain.task import Lease, Status, Task

DEADLINE: Final = timedelta(hours=24)
"""From the first `available_at`; a task that nobody could start by then has failed."""


class Event(StrEnum):
    """What can happen to a task that exists."""

    CLAIM = "claim"
    RENEW = "renew"
    COMPLETE = "complete"
    FAIL = "fail"
    RELEASE = "release"
    CANCEL = "cancel"
    RETRY = "retry"


_PENDING, _PROCESSING, _COMPLETED, _FAILED, _CANCELLED = Status

LEGAL: Final[dict[Event, dict[Status, frozenset[Status]]]] = {
    Event.CLAIM: {
        _PENDING: frozenset({_PROCESSING, _FAILED}),
        _PROCESSING: frozenset({_PROCESSING, _FAILED, _CANCELLED}),
    },
    Event.RENEW: {_PROCESSING: frozenset({_PROCESSING})},
    Event.COMPLETE: {_PROCESSING: frozenset({_COMPLETED})},
    Event.FAIL: {_PROCESSING: frozenset({_PENDING, _FAILED, _CANCELLED})},
    Event.RELEASE: {_PROCESSING: frozenset({_PENDING, _CANCELLED})},
    Event.CANCEL: {_PENDING: frozenset({_CANCELLED}), _PROCESSING: frozenset({_PROCESSING})},
    Event.RETRY: {_FAILED: frozenset({_PENDING})},
}

ATTEMPTS_EXHAUSTED: Final = Failure(
    code="attempts_exhausted", message="Every attempt ended without an answer from its worker.", retryable=True
)
DEADLINE_EXCEEDED: Final = Failure(
    code="deadline_exceeded", message="No attempt succeeded before the task's deadline.", retryable=True
)


def submit(task: Task, *, lease: Lease | None) -> Task:
    """A new *task*, pending; with a *lease* it is claimed at birth."""
    if lease is None:
        return task
    return replace(task, status=_PROCESSING, attempt=1, lease=lease, started_at=task.created_at)


def claim(task: Task, *, lease: Lease, now: datetime) -> Task:
    """
    Take a task that is due: a pending one, or one whose worker has died.

    The attempt counts from here on. A task that may not be tried again ends instead.

    Raises:
        IllegalTransition: If the task is not due at *now*, the store's time.

    """
    if task.due_at is None or task.due_at > now:
        raise IllegalTransition(f"A {task.status.value} task that is not due cannot be claimed.")
    if task.cancel_requested:
        return _cancelled(Event.CLAIM, task, now)
    if now >= task.deadline_at:
        return _failed(Event.CLAIM, task, DEADLINE_EXCEEDED, now)
    if task.attempt >= task.max_attempts:
        return _failed(Event.CLAIM, task, ATTEMPTS_EXHAUSTED, now)
    claimed = replace(
        task,
        status=Status.PROCESSING,
        lease=lease,
        attempt=task.attempt + 1,
        progress=None,
        started_at=task.started_at or now,
    )
    return _checked(Event.CLAIM, task, claimed)


def renew(task: Task, *, token: str, until: datetime, progress: Progress | None) -> Task:
    """
    Keep the lease until *until*, and say how far the work has come.

    Legal after expiry too, as long as nobody else has claimed the task.

    Raises:
        LeaseLost: If the task is no longer processed under *token*.

    """
    lease = replace(_own_lease(task, token), expires_at=until)
    return _checked(Event.RENEW, task, replace(task, lease=lease, progress=progress or task.progress))


def complete(task: Task, *, token: str, result: Result, now: datetime, text: KeptText | None = None) -> Task:
    """
    Record the result, and which *text* is kept beside it; it beats a cancellation that came too late.

    Raises:
        LeaseLost: If the task is no longer processed under *token*.

    """
    _own_lease(task, token)
    completed = replace(
        task,
        status=Status.COMPLETED,
        lease=None,
        progress=None,
        cancel_requested=False,
        failure=None,
        result=result,
        text=text,
        finished_at=now,
    )
    return _checked(Event.COMPLETE, task, completed)


def fail(task: Task, *, token: str, failure: Failure, retry_at: datetime, now: datetime) -> Task:
    """
    Record that the attempt failed; try again at *retry_at* if that is worth it and an attempt is left.

    Raises:
        LeaseLost: If the task is no longer processed under *token*.

    """
    _own_lease(task, token)
    if task.cancel_requested:
        return _cancelled(Event.FAIL, task, now)
    if not failure.retryable or task.attempt >= task.max_attempts:
        return _failed(Event.FAIL, task, failure, now)
    return _checked(Event.FAIL, task, _pending(task, available_at=retry_at, attempt=task.attempt, failure=failure))


def release(task: Task, *, token: str, now: datetime) -> Task:
    """
    Hand the task back unharmed: the attempt does not count.

    Raises:
        LeaseLost: If the task is no longer processed under *token*.

    """
    _own_lease(task, token)
    if task.cancel_requested:
        return _cancelled(Event.RELEASE, task, now)
    handed_back = _pending(task, available_at=now, attempt=task.attempt - 1, failure=task.failure)
    return _checked(Event.RELEASE, task, handed_back)


def cancel(task: Task, *, now: datetime) -> Task:
    """
    Cancel a waiting task, or ask the worker of a running one to stop.

    A task that is cancelled already, or asked to be, is returned as it is.

    Raises:
        IllegalTransition: If the task has completed or failed.

    """
    if task.status is Status.CANCELLED or task.cancel_requested:
        return task
    if task.status is Status.PROCESSING:
        return _checked(Event.CANCEL, task, replace(task, cancel_requested=True))
    return _cancelled(Event.CANCEL, task, now)


def retry(task: Task, *, now: datetime) -> Task:
    """
    Start a failed task over at the caller's wish: its attempts and its deadline begin anew.

    Raises:
        IllegalTransition: If the task has not failed.

    """
    _refuse_unless_legal(Event.RETRY, task)
    fresh = replace(
        task,
        status=Status.PENDING,
        available_at=now,
        deadline_at=now + DEADLINE,
        attempt=0,
        failure=None,
        started_at=None,
        finished_at=None,
    )
    return _checked(Event.RETRY, task, fresh)


def _pending(task: Task, *, available_at: datetime, attempt: int, failure: Failure | None) -> Task:
    return replace(
        task,
        status=Status.PENDING,
        lease=None,
        progress=None,
        available_at=available_at,
        attempt=attempt,
        failure=failure,
    )


def _failed(event: Event, task: Task, failure: Failure, now: datetime) -> Task:
    _refuse_unless_legal(event, task)
    failed = replace(task, status=Status.FAILED, lease=None, progress=None, failure=failure, finished_at=now)
    return _checked(event, task, failed)


def _cancelled(event: Event, task: Task, now: datetime) -> Task:
    _refuse_unless_legal(event, task)
    cancelled = replace(
        task, status=Status.CANCELLED, lease=None, progress=None, cancel_requested=False, failure=None, finished_at=now
    )
    return _checked(event, task, cancelled)


def _own_lease(task: Task, token: str) -> Lease:
    if task.lease is None or task.lease.token != token:
        raise LeaseLost
    return task.lease


def _refuse_unless_legal(event: Event, task: Task) -> None:
    if task.status not in LEGAL[event]:
        raise IllegalTransition(f"The task is {task.status.value}; '{event.value}' is not possible")


def _checked(event: Event, seen: Task, wanted: Task) -> Task:
    if wanted.status not in LEGAL[event].get(seen.status, frozenset()):
        raise IllegalTransition(f"'{event.value}' does not lead from {seen.status.value} to {wanted.status.value}.")
    return replace(wanted, revision=seen.revision + 1)
