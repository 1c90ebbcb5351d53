"""What a task can be, what it cannot be, and what follows from it."""

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.processing import Execution, Json, KeptText
from app.domain.task import LANES, Status, lanes
from tests.factories import FAILURE, NOW, make_lease, make_task

FINAL = {Status.COMPLETED, Status.FAILED, Status.CANCELLED}

TEXT = KeptText(token="token-a", size=5)  # noqa: S106 - a lease's
KEEP = {"keep_text": True}
OTHERS = [status for status in Status if status is not Status.COMPLETED]

IMPOSSIBLE: list[tuple[Status, dict[str, Any], str]] = [
    (Status.PENDING, {"lease": make_lease()}, "a lease belongs to processing"),
    (Status.PROCESSING, {"lease": None}, "a lease belongs to processing"),
    (Status.COMPLETED, {"lease": make_lease()}, "a lease belongs to processing"),
    (Status.FAILED, {"lease": make_lease()}, "a lease belongs to processing"),
    (Status.CANCELLED, {"lease": make_lease()}, "a lease belongs to processing"),
    (Status.PENDING, {"result": ""}, "a result belongs to completed"),
    (Status.PROCESSING, {"result": "early"}, "a result belongs to completed"),
    (Status.COMPLETED, {"result": None}, "a result belongs to completed"),
    (Status.FAILED, {"result": {}}, "a result belongs to completed"),
    (Status.CANCELLED, {"result": 0}, "a result belongs to completed"),
    *((status, {"options": KEEP, "text": TEXT}, "a text is kept of a completed") for status in OTHERS),
    (Status.COMPLETED, {"text": TEXT}, "only if it was asked for"),
    (Status.FAILED, {"failure": None}, "a failed task says why"),
    (Status.PENDING, {"finished_at": NOW}, "finished_at belongs to a final status"),
    (Status.PROCESSING, {"finished_at": NOW}, "finished_at belongs to a final status"),
    (Status.COMPLETED, {"finished_at": None}, "finished_at belongs to a final status"),
    (Status.FAILED, {"finished_at": None}, "finished_at belongs to a final status"),
    (Status.CANCELLED, {"finished_at": None}, "finished_at belongs to a final status"),
    (Status.PENDING, {"cancel_requested": True}, "can await its cancellation"),
    (Status.COMPLETED, {"cancel_requested": True}, "can await its cancellation"),
    (Status.FAILED, {"cancel_requested": True}, "can await its cancellation"),
    (Status.CANCELLED, {"cancel_requested": True}, "can await its cancellation"),
    (Status.PENDING, {"attempt": -1}, "attempts are counted"),
    (Status.PROCESSING, {"attempt": 4, "max_attempts": 3}, "attempts are counted"),
]


@pytest.mark.parametrize(("status", "fields", "rule"), IMPOSSIBLE)
def test_an_impossible_task_cannot_be_made(status: Status, fields: dict[str, Any], rule: str) -> None:
    """What cannot exist needs no `if` anywhere else."""
    with pytest.raises(ValueError, match=rule):
        make_task(status, **fields)


@pytest.mark.parametrize(("status", "fields", "rule"), IMPOSSIBLE)
def test_a_possible_task_cannot_be_made_impossible(status: Status, fields: dict[str, Any], rule: str) -> None:
    """Replacing fields is how transitions work; it passes the same gate."""
    task = make_task(status)

    with pytest.raises(ValueError, match=rule):
        replace(task, **fields)


@pytest.mark.parametrize("status", Status)
def test_every_status_is_possible(status: Status) -> None:
    """The rules leave room for each of the five."""
    assert make_task(status).status is status


def test_a_completed_task_may_keep_its_text() -> None:
    """If its caller has asked for it; without is as possible, as for tasks of before."""
    assert make_task(Status.COMPLETED, options=KEEP, text=TEXT).text == TEXT
    assert make_task(Status.COMPLETED, options=KEEP).text is None


@pytest.mark.parametrize("result", ["", 0, False, [], {}])
def test_a_result_may_be_empty(result: Any) -> None:  # noqa: ANN401 - any JSON
    """An empty text in capitals is an empty text, and the task has completed all the same."""
    assert make_task(Status.COMPLETED, result=result).result == result


@pytest.mark.parametrize("status", [Status.PENDING, Status.PROCESSING])
def test_a_task_between_attempts_keeps_its_last_failure(status: Status) -> None:
    """Whoever watches a task fail and come back wants to know why."""
    assert make_task(status, failure=FAILURE).failure == FAILURE


def test_a_task_cannot_be_changed() -> None:
    """Only a transition makes a new one from an old one."""
    task = make_task()

    with pytest.raises(FrozenInstanceError):
        task.status = Status.COMPLETED  # type: ignore[misc]  # the point of the test


def test_three_statuses_are_final() -> None:
    """The other two are worth waiting for."""
    assert {status for status in Status if status.is_final} == FINAL


def test_a_waiting_task_is_due_when_it_may_start() -> None:
    """Delays and retries are nothing but a later `available_at`."""
    task = make_task(available_at=NOW + timedelta(hours=1))

    assert task.due_at == NOW + timedelta(hours=1)


def test_a_task_in_work_is_due_when_its_lease_expires() -> None:
    """From then on its worker counts as dead."""
    lease = make_lease(expires_at=NOW + timedelta(seconds=30))

    assert make_task(Status.PROCESSING, lease=lease).due_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_finished_task_is_never_due(status: Status) -> None:
    """Nobody looks after it any more."""
    assert make_task(status).due_at is None


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_finished_task_expires_after_its_time_to_live(status: Status) -> None:
    """The time counts from the end, not from the submission."""
    task = make_task(status, finished_at=NOW + timedelta(hours=2), time_to_live=timedelta(minutes=1))

    assert task.expires_at == NOW + timedelta(hours=2, minutes=1)


@pytest.mark.parametrize("status", [Status.PENDING, Status.PROCESSING])
def test_an_unfinished_task_does_not_expire(status: Status) -> None:
    """A task that was promised an end gets one before it is forgotten."""
    assert make_task(status).expires_at is None


@pytest.mark.parametrize("status", Status)
def test_content_is_kept_as_long_as_an_attempt_may_need_it(status: Status) -> None:
    """A failed task can be retried; a completed or cancelled one cannot, so its input goes."""
    assert make_task(status).keeps_content is (status not in {Status.COMPLETED, Status.CANCELLED})


@pytest.mark.parametrize(
    ("options", "is_file", "keeps_text"),
    [
        ({}, False, False),
        ({"file": True}, True, False),
        ({"keep_text": True}, False, True),
        ({"file": False, "keep_text": False}, False, False),
        ({"file": "yes", "keep_text": 1}, False, False),
    ],
)
def test_options_say_how_a_task_is_run(options: dict[str, Json], *, is_file: bool, keeps_text: bool) -> None:
    """A text taken for a file would be searched for pages, and a text that nobody asked for would be kept."""
    task = make_task(options=options)

    assert (task.is_file, task.keeps_text) == (is_file, keeps_text)


def test_a_processor_is_told_only_of_its_own_options() -> None:
    """How a task is run is the engine's business; a model that reads its options must not find strangers there."""
    task = make_task(options={"file": True, "keep_text": True, "language": "es"})

    assert task.processor_options == {"language": "es"}


@pytest.mark.parametrize("execution", Execution)
def test_tasks_are_spread_over_all_lanes(execution: Execution) -> None:
    """One lane would cap the whole service at what one index range takes."""
    seen = {make_task(id=str(UUID(int=number)), execution=execution).lane for number in range(LANES * 2)}

    assert seen == set(lanes(execution))


def test_a_task_stays_in_its_lane() -> None:
    """The lane follows from the id alone, by the rule that the deployed index knows."""
    task = make_task(id="00000000-0000-4000-8000-00000000000d", execution=Execution.IO)

    assert task.lane == "io-5"


def test_lanes_are_named_by_execution_and_number() -> None:
    """A query lists them all, and Firestore takes at most thirty in one."""
    assert lanes(Execution.CPU) == ("cpu-0", "cpu-1", "cpu-2", "cpu-3", "cpu-4", "cpu-5", "cpu-6", "cpu-7")
