"""What else can become of a task: failed, released, cancelled, retried."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import IllegalTransition
from app.domain.processing import Failure
from app.domain.task import Status, Task
from app.domain.transitions import DEADLINE, cancel, fail, release, retry
from tests.factories import FAILURE, NOW, make_task
from tests.unit.domain.lives import LATER, MINE, PROGRESS, assert_cancelled, assert_failed, running

RETRY_AT = NOW + timedelta(minutes=20)
PERMANENT = Failure(code="processor_failed_permanently", message="It never will.", retryable=False)


def test_a_failure_that_may_pass_is_tried_again_later() -> None:
    """The wait is the caller's of this function to choose; the task is then as new, but for the count and the cause."""
    task = running(attempt=2, progress=PROGRESS)

    waiting = fail(task, token=MINE, failure=FAILURE, retry_at=RETRY_AT, now=LATER)

    assert waiting == replace(
        task,
        status=Status.PENDING,
        lease=None,
        progress=None,
        failure=FAILURE,
        available_at=RETRY_AT,
        revision=task.revision + 1,
    )


def test_a_permanent_failure_is_not_tried_again() -> None:
    """A file that is no document will be none next time."""
    task = running(attempt=1)

    failed = fail(task, token=MINE, failure=PERMANENT, retry_at=RETRY_AT, now=LATER)

    assert_failed(failed, PERMANENT, after=task)


def test_the_failure_of_the_last_attempt_is_final() -> None:
    """The caller sees why the last attempt failed, not that there were enough of them."""
    task = running(attempt=3, max_attempts=3)

    failed = fail(task, token=MINE, failure=FAILURE, retry_at=RETRY_AT, now=LATER)

    assert_failed(failed, FAILURE, after=task)


def test_a_failure_of_a_task_that_was_to_be_cancelled_cancels_it() -> None:
    """Trying again what nobody wants would be a waste."""
    task = running(cancel_requested=True)

    cancelled = fail(task, token=MINE, failure=FAILURE, retry_at=RETRY_AT, now=LATER)

    assert_cancelled(cancelled, after=task)


def test_a_released_task_waits_as_if_it_had_not_been_begun() -> None:
    """A deployment must not eat a caller's attempts."""
    task = running(attempt=2, progress=PROGRESS, failure=FAILURE)

    released = release(task, token=MINE, now=LATER)

    assert released == replace(
        task,
        status=Status.PENDING,
        lease=None,
        progress=None,
        attempt=1,
        available_at=LATER,
        revision=task.revision + 1,
    )


def test_a_released_task_keeps_its_deadline() -> None:
    """A day of deployments must not keep a task alive for ever."""
    task = running()

    assert release(task, token=MINE, now=LATER).deadline_at == task.deadline_at


def test_a_release_of_a_task_that_was_to_be_cancelled_cancels_it() -> None:
    """No other process should have to pick it up for that."""
    task = running(cancel_requested=True)

    cancelled = release(task, token=MINE, now=LATER)

    assert_cancelled(cancelled, after=task)


@pytest.mark.parametrize("attempt", [0, 2])
def test_a_waiting_task_is_cancelled_at_once(attempt: int) -> None:
    """Nobody works on it, so nobody has to be asked."""
    task = make_task(attempt=attempt, failure=FAILURE if attempt else None)

    cancelled = cancel(task, now=LATER)

    assert_cancelled(cancelled, after=task)


def test_a_running_task_is_asked_to_stop() -> None:
    """Its worker holds the lease and ends it; the lease itself is left alone."""
    task = running(progress=PROGRESS)

    assert cancel(task, now=LATER) == replace(task, cancel_requested=True, revision=task.revision + 1)


@pytest.mark.parametrize("task", [running(cancel_requested=True), make_task(Status.CANCELLED)])
def test_a_second_cancellation_changes_nothing(task: Task) -> None:
    """Callers repeat what they are not sure of; that costs no write."""
    assert cancel(task, now=LATER) is task


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED])
def test_cancel_of_a_finished_task_is_a_conflict(status: Status) -> None:
    """The caller must learn that there is a result, or a failure, after all."""
    task = make_task(status)

    with pytest.raises(IllegalTransition, match=f"The task is {status.value}; 'cancel' is not possible"):
        cancel(task, now=LATER)


def test_a_retry_begins_anew() -> None:
    """Attempts, deadline and times start over; what the caller asked for stays."""
    task = make_task(Status.FAILED, attempt=3, started_at=NOW)

    again = retry(task, now=LATER)

    assert again == replace(
        task,
        status=Status.PENDING,
        available_at=LATER,
        deadline_at=LATER + DEADLINE,
        attempt=0,
        failure=None,
        started_at=None,
        finished_at=None,
        revision=task.revision + 1,
    )


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAILED])
def test_only_a_failed_task_can_be_retried(status: Status) -> None:
    """The others have a result, no input, or work under way."""
    task = make_task(status)

    with pytest.raises(IllegalTransition, match="'retry' is not possible"):
        retry(task, now=LATER)
