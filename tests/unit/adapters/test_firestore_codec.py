"""A task goes into a Firestore document and comes back the same."""

from datetime import timedelta, timezone
from typing import Any

import pytest
from google.cloud.firestore_v1.types import Document

from app.adapters.firestore_codec import SCHEMA, SCHEMA_OF_FILES, TASK_FIELDS, fields_of, task_from
from app.adapters.firestore_values import Value, fields_from, fields_to
from app.domain.processing import Execution, Json, KeptText, Kind, Progress
from app.domain.task import RESULT_LEFT_OUT, Status, Task
from tests.factories import NOW, make_lease, make_task

ODD_JSON: Json = [[], [[1, 2], [3.5, -0.0]], {"": {"a.b": None, "`": True}}, 2**60, 1e-9, "ñ\u0000\U0001f600\u2028"]


def through_the_wire(fields: dict[str, Any]) -> dict[str, Value]:
    """Return *fields* as another process would read them."""
    message = Document.pb()
    sent = message(name="tasks/x", fields=fields).SerializeToString()
    return fields_from(message.FromString(sent).fields)


def stored(task: Task) -> dict[str, Value]:
    """Return the fields of the document that holds *task*."""
    return through_the_wire(fields_to(fields_of(task)))


@pytest.mark.parametrize("status", Status)
def test_a_task_of_any_status_comes_back_the_same(status: Status) -> None:
    """After a lost answer, what is stored is compared with what was wanted."""
    task = make_task(status)

    read = task_from(task.id, stored(task))

    assert read == task


def test_which_text_is_kept_comes_back() -> None:
    """Without it nobody finds the text, nor erases it with its task."""
    text = KeptText(token="token-a", size=5)  # noqa: S106 - a lease's
    task = make_task(Status.COMPLETED, options={"keep_text": True}, text=text)

    read = task_from(task.id, stored(task))

    assert read == task


def test_every_field_comes_back() -> None:
    """A field that is forgotten here is lost with the first write."""
    task = make_task(
        Status.PROCESSING,
        kind=Kind.TEXT,
        execution=Execution.IO,
        reference="pedido Nº 7/ä",
        options={"deep": ODD_JSON, "sentences": 3},
        attempt=2,
        cancel_requested=True,
        lease=make_lease(holder="worker-ñ"),
        progress=Progress(stage="reading", fraction=1 / 3),
        failure=make_task(Status.FAILED).failure,
        created_at=NOW + timedelta(microseconds=1),
        time_to_live=timedelta(days=30, microseconds=1),
        revision=2**40,
    )

    read = task_from(task.id, stored(task))

    assert read == task


@pytest.mark.parametrize("result", ["", False, 0, [], {}, "\ud800", ODD_JSON], ids=ascii)
def test_any_result_comes_back(result: Json) -> None:
    """A processor may answer whatever JSON can say, and an empty answer is an answer."""
    task = make_task(Status.COMPLETED, result=result)

    read = task_from(task.id, stored(task))

    assert read.result == result
    assert type(read.result) is type(result)


def test_a_whole_fraction_comes_back_as_a_number_between_0_and_1() -> None:
    """Firestore tells 1 from 1.0; progress is always the latter."""
    task = make_task(Status.PROCESSING, progress=Progress(stage="done", fraction=1))

    fields = stored(task)

    assert fields["progress"] == {"stage": "done", "fraction": 1.0}
    assert task_from(task.id, fields) == task


def test_times_come_back_in_utc() -> None:
    """An instant is stored, not somebody's way to write it."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    task = make_task(created_at=elsewhere)

    read = task_from(task.id, stored(task))

    assert read.created_at == elsewhere
    assert read.created_at.utcoffset() == timedelta(0)


def test_a_waiting_task_is_due_and_does_not_expire() -> None:
    """Firestore removes whatever has an `expires_at`; a task that still waits must not be eaten."""
    task = make_task()

    fields = stored(task)

    assert fields["due_at"] == task.available_at
    assert fields["lane"] == task.lane
    assert fields["schema"] == SCHEMA
    assert "expires_at" not in fields


@pytest.mark.parametrize("option", ["file", "keep_text"])
def test_an_earlier_version_leaves_alone_what_it_would_misread(option: str) -> None:
    """During a deployment it would read a file as if it were a text, or not keep a text that was asked for."""
    fields = stored(make_task(options={option: True}))

    assert fields["schema"] == SCHEMA_OF_FILES


@pytest.mark.parametrize("status", [status for status in Status if status.is_final])
def test_a_final_task_expires_and_is_not_due(status: Status) -> None:
    """A finished task in the queue would be found by every sweep."""
    task = make_task(status)

    fields = stored(task)

    assert fields["expires_at"] == task.expires_at
    assert "due_at" not in fields


def test_whatever_is_nested_is_a_string() -> None:
    """Firestore refuses arrays within arrays, and the write with them."""
    task = make_task(Status.COMPLETED, options={"a": [[1]]}, result={"b": [[2]]})

    fields = stored(task)

    assert fields["options"] == '{"a":[[1]]}'
    assert fields["result"] == '{"b":[[2]]}'


def test_a_result_is_not_blown_up_by_escapes() -> None:
    """Half a megabyte of Chinese must not become a document larger than Firestore takes."""
    task = make_task(Status.COMPLETED, result="汉" * 1000)

    fields = stored(task)

    assert len(str(fields["result"]).encode()) == 3002


def test_reading_asks_for_exactly_the_fields_that_are_written() -> None:
    """A field missing from the mask would look absent, and be lost with the next write."""
    task = make_task()

    names = fields_of(task).keys()

    assert set(TASK_FIELDS) == set(names)
    assert len(TASK_FIELDS) == len(names)


def test_a_completed_task_without_its_result_says_so() -> None:
    """Listings do not read results; a task may not pretend that there is none."""
    task = make_task(Status.COMPLETED)
    fields = {name: value for name, value in stored(task).items() if name != "result"}

    read = task_from(task.id, fields, result_left_out=RESULT_LEFT_OUT)

    assert read.result == RESULT_LEFT_OUT
    assert read.finished_at == task.finished_at


@pytest.mark.parametrize(
    "damage", [{"status": None}, {"status": "paused"}, {"options": "{"}, {"lease": {}}, {"attempt": 9}], ids=str
)
def test_a_damaged_document_is_refused(damage: dict[str, Any]) -> None:
    """Half a task is worse than none."""
    task = make_task(Status.PROCESSING)
    fields = {name: value for name, value in (stored(task) | damage).items() if value is not None}

    with pytest.raises((KeyError, TypeError, ValueError)):
        task_from(task.id, fields)


def test_values_that_afterword_never_writes_are_left_out() -> None:
    """A person with a console may add a field; reading must not fail over it."""
    fields = through_the_wire({"a": {"null_value": 0}, "b": {"array_value": {}}, "c": {"bytes_value": b"\xff"}})

    assert fields == {"c": b"\xff"}
