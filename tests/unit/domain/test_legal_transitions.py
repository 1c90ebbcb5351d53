"""Every event over every status: the functions and the table `LEGAL` say the same."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product

import pytest

from app.domain.errors import IllegalTransition, LeaseLost
from app.domain.processing import Failure, Progress
from app.domain.task import Status, Task
from app.domain.transitions import LEGAL, Event, cancel, claim, complete, fail, release, renew, retry
from tests.factories import FAILURE, NOW, make_lease, make_task

MINE, FOREIGN, NEXT = "token-a", "token-b", "token-c"
LEASE = make_lease(token=NEXT, expires_at=NOW + timedelta(days=9))
PROGRESS = Progress(stage="reading", fraction=0.5)
PERMANENT = Failure(code="processor_failed_permanently", message="It never will.", retryable=False)

MOMENTS = {
    "before it is due": NOW - timedelta(seconds=1),
    "when it is due": NOW + timedelta(minutes=1),
    "after its deadline": NOW + timedelta(days=2),
}

EVENTS: dict[Event, list[Callable[[Task, datetime], Task]]] = {
    Event.CLAIM: [lambda task, now: claim(task, lease=LEASE, now=now)],
    Event.RENEW: [
        lambda task, now, token=token, progress=progress: renew(  # type: ignore[misc]  # bound here, not given
            task, token=token, until=now, progress=progress
        )
        for token, progress in product((MINE, FOREIGN), (PROGRESS, None))
    ],
    Event.COMPLETE: [
        lambda task, now, token=token: complete(task, token=token, result={}, now=now)  # type: ignore[misc]  # as above
        for token in (MINE, FOREIGN)
    ],
    Event.FAIL: [
        lambda task, now, token=token, failure=failure: fail(  # type: ignore[misc]  # as above
            task, token=token, failure=failure, retry_at=now, now=now
        )
        for token, failure in product((MINE, FOREIGN), (FAILURE, PERMANENT))
    ],
    Event.RELEASE: [
        lambda task, now, token=token: release(task, token=token, now=now)  # type: ignore[misc]  # as above
        for token in (MINE, FOREIGN)
    ],
    Event.CANCEL: [lambda task, now: cancel(task, now=now)],
    Event.RETRY: [lambda task, now: retry(task, now=now)],
}
"""Each event with every kind of argument that may matter."""


def tasks(status: Status) -> Iterator[Task]:
    """Yield tasks in *status* that differ in whatever an event may look at."""
    for attempt in (1, 3):
        if status is Status.PROCESSING:
            for cancel_requested in (False, True):
                yield make_task(status, attempt=attempt, cancel_requested=cancel_requested, progress=PROGRESS)
        else:
            yield make_task(status, attempt=attempt)


def outcomes(event: Event, status: Status) -> Iterator[tuple[Task, Task | Exception]]:
    """Yield what every case of *event* makes of every task in *status*."""
    for task, apply, now in product(tasks(status), EVENTS[event], MOMENTS.values()):
        try:
            yield task, apply(task, now)
        except (IllegalTransition, LeaseLost) as refusal:
            yield task, refusal


def reached(event: Event, status: Status) -> set[Status]:
    """Return the statuses that *event* leads to from *status*; what it returns unchanged is no step."""
    found = outcomes(event, status)
    return {made.status for task, made in found if isinstance(made, Task) and made is not task}


@pytest.mark.parametrize(("event", "status"), [*product(Event, Status)], ids=lambda value: value.value)
def test_an_event_leads_exactly_where_the_table_says(event: Event, status: Status) -> None:
    """The table is what the picture, the logs and the readers go by: no way may be missing from it, and none idle."""
    assert reached(event, status) == LEGAL[event].get(status, frozenset())


@pytest.mark.parametrize(("event", "status"), [*product(Event, Status)], ids=lambda value: value.value)
def test_every_step_counts_the_revision_by_one(event: Event, status: Status) -> None:
    """A write without effect would not fence the writers that come after it."""
    steps = [(task, made) for task, made in outcomes(event, status) if isinstance(made, Task) and made is not task]

    assert [made.revision for _, made in steps] == [task.revision + 1 for task, _ in steps]


@pytest.mark.parametrize(("event", "status"), [*product(Event, Status)], ids=lambda value: value.value)
def test_no_event_changes_what_was_submitted(event: Event, status: Status) -> None:
    """Who asked for what, and when, is history."""
    kept = "id kind owner model_name execution submission fingerprint content_bytes options created_at reference"

    steps = [(task, made) for task, made in outcomes(event, status) if isinstance(made, Task)]

    for name in kept.split():
        assert [getattr(made, name) for _, made in steps] == [getattr(task, name) for task, _ in steps]


@pytest.mark.parametrize("event", [Event.RENEW, Event.COMPLETE, Event.FAIL, Event.RELEASE])
@pytest.mark.parametrize("status", Status)
def test_a_foreign_token_is_fenced_off(event: Event, status: Status) -> None:
    """A worker that was given up for dead must not write over its successor, whatever has become of the task."""
    for task, apply, now in product(tasks(status), EVENTS[event], MOMENTS.values()):
        with suppress(LeaseLost):
            made = apply(task, now)
            assert task.lease is not None
            assert task.lease.token == MINE
            assert made.revision == task.revision + 1


@pytest.mark.parametrize("event", Event)
def test_every_event_has_its_place_in_the_table(event: Event) -> None:
    """An event without a row would be refused for ever."""
    assert LEGAL[event]
    assert set(LEGAL[event]) <= set(Status)


def test_completed_and_cancelled_are_the_end() -> None:
    """Their input is erased, so nothing may lead out of them."""
    begins = {status for ways in LEGAL.values() for status in ways}

    assert begins == {Status.PENDING, Status.PROCESSING, Status.FAILED}
