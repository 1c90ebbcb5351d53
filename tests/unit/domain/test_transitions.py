"""The life of a task up to its result: submitted, claimed, renewed, completed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import IllegalTransition, LeaseLost
from app.domain.processing import KeptText
from app.domain.task import Status, Task
from app.domain.transitions import ATTEMPTS_EXHAUSTED, DEADLINE_EXCEEDED, claim, complete, renew, submit
from tests.factories import FAILURE, NOW, make_lease, make_task
from tests.unit.domain.lives import LATER, MINE, NEW, PROGRESS, assert_cancelled, assert_failed, running


def test_a_submission_without_a_slot_waits() -> None:
    """Nobody holds it, so any process may take it."""
    task = make_task()

    assert submit(task, lease=None) == task


def test_a_submission_with_a_slot_is_claimed_at_birth() -> None:
    """One write less: the task is stored in the hands of its worker."""
    task = make_task()

    claimed = submit(task, lease=NEW)

    assert claimed == replace(task, status=Status.PROCESSING, attempt=1, lease=NEW, started_at=task.created_at)


def test_a_claim_takes_a_waiting_task() -> None:
    """From here on the attempt counts, and the lease runs."""
    task = make_task(failure=FAILURE, attempt=1)

    claimed = claim(task, lease=NEW, now=LATER)

    assert claimed == replace(
        task, status=Status.PROCESSING, attempt=2, lease=NEW, started_at=LATER, revision=task.revision + 1
    )


def test_a_claim_is_possible_from_the_due_instant_on() -> None:
    """A microsecond earlier the task is not anybody's to take."""
    task = make_task(available_at=LATER)

    with pytest.raises(IllegalTransition):
        claim(task, lease=NEW, now=LATER - timedelta(microseconds=1))

    assert claim(task, lease=NEW, now=LATER).lease == NEW


def test_a_live_lease_is_not_taken_over() -> None:
    """Two workers for one task would do the work twice."""
    task = running()

    with pytest.raises(IllegalTransition, match="not due"):
        claim(task, lease=NEW, now=NOW)


def test_a_take_over_counts_the_attempt() -> None:
    """A document that kills its worker must not do so for ever."""
    task = running(attempt=2, progress=PROGRESS)

    taken = claim(task, lease=NEW, now=LATER)

    assert (taken.status, taken.attempt, taken.lease, taken.progress) == (Status.PROCESSING, 3, NEW, None)


def test_a_later_attempt_keeps_the_time_of_the_first_start() -> None:
    """Callers measure from when the work began, not from when it last began."""
    task = running(started_at=NOW - timedelta(minutes=1))

    assert claim(task, lease=NEW, now=LATER).started_at == NOW - timedelta(minutes=1)


def test_a_take_over_carries_out_a_cancellation() -> None:
    """The worker that was asked to stop has died; the caller still gets what it asked for."""
    task = running(cancel_requested=True, progress=PROGRESS, failure=FAILURE)

    cancelled = claim(task, lease=NEW, now=LATER)

    assert_cancelled(cancelled, after=task)


@pytest.mark.parametrize("task", [running(attempt=3), make_task(attempt=3)], ids=["abandoned", "waiting"])
def test_a_claim_without_an_attempt_left_ends_the_task(task: Task) -> None:
    """A task always ends, even if none of its workers lived to say so."""
    ended = claim(task, lease=NEW, now=LATER)

    assert_failed(ended, ATTEMPTS_EXHAUSTED, after=task)


@pytest.mark.parametrize("task", [running(), make_task()], ids=["abandoned", "waiting"])
def test_a_claim_past_the_deadline_ends_the_task(task: Task) -> None:
    """An answer that comes a day late helps nobody, and the backlog must not grow old."""
    ended = claim(task, lease=NEW, now=task.deadline_at)

    assert_failed(ended, DEADLINE_EXCEEDED, after=task)


def test_a_claim_just_before_the_deadline_starts_the_task() -> None:
    """The deadline is for starting, and it is exact."""
    task = make_task()

    assert claim(task, lease=NEW, now=task.deadline_at - timedelta(microseconds=1)).status is Status.PROCESSING


def test_a_heartbeat_prolongs_the_lease_and_reports() -> None:
    """One write serves both."""
    task = running()

    renewed = renew(task, token=MINE, until=LATER, progress=PROGRESS)

    lease = make_lease(expires_at=LATER)
    assert renewed == replace(task, lease=lease, progress=PROGRESS, revision=task.revision + 1)


def test_a_heartbeat_without_news_keeps_the_last_progress() -> None:
    """A watcher's progress bar must not fall back to nothing."""
    task = running(progress=PROGRESS)

    assert renew(task, token=MINE, until=LATER, progress=None).progress == PROGRESS


def test_an_expired_lease_can_still_be_renewed_by_its_holder() -> None:
    """A worker that was held up goes on as long as nobody has taken its task."""
    task = running(lease=make_lease(expires_at=NOW - timedelta(hours=1)))

    assert renew(task, token=MINE, until=LATER, progress=None).due_at == LATER


def test_a_heartbeat_leaves_a_cancellation_to_be_noticed() -> None:
    """The heartbeat is where a worker learns that it is to stop."""
    task = running(cancel_requested=True)

    assert renew(task, token=MINE, until=LATER, progress=None).cancel_requested


def test_a_completed_task_holds_its_result_and_nothing_of_the_run() -> None:
    """The failure of an earlier attempt no longer matters."""
    task = running(progress=PROGRESS, failure=FAILURE, attempt=2)

    completed = complete(task, token=MINE, result={"summary": "Short."}, now=LATER)

    assert completed == replace(
        task,
        status=Status.COMPLETED,
        lease=None,
        progress=None,
        failure=None,
        result={"summary": "Short."},
        finished_at=LATER,
        revision=task.revision + 1,
    )


def test_a_completed_task_says_which_text_is_its_own() -> None:
    """Several workers may have left one; the caller is shown that of the one whose result counts."""
    task, text = running(options={"keep_text": True}), KeptText(token=MINE, size=5)

    completed = complete(task, token=MINE, result="HELLO", now=LATER, text=text)

    assert completed.text == text


def test_a_result_beats_a_late_cancellation() -> None:
    """The work is done and paid for; throwing it away would help nobody."""
    task = running(cancel_requested=True)

    completed = complete(task, token=MINE, result="HELLO", now=LATER)

    assert (completed.status, completed.result, completed.cancel_requested) == (Status.COMPLETED, "HELLO", False)


def test_a_task_that_cannot_be_is_not_led_on() -> None:
    """The table is asked about the way as well: a lease alone, got by whatever mistake, completes nothing."""
    forged = running()
    object.__setattr__(forged, "status", Status.PENDING)

    with pytest.raises(IllegalTransition, match="'complete' does not lead from pending to completed"):
        complete(forged, token=MINE, result="HELLO", now=LATER)


def test_a_lost_lease_has_an_error_of_its_own() -> None:
    """A worker treats it as normal and stops; every other conflict is somebody's mistake."""
    task = claim(running(), lease=NEW, now=LATER)

    with pytest.raises(LeaseLost):
        complete(task, token=MINE, result="HELLO", now=LATER)
