"""A task as a row of the SQLite file, and back, without loss: instants to the microsecond, JSON as it came."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.domain.processing import Execution, Failure, Json, KeptText, Kind, Progress
from app.domain.task import RESULT_LEFT_OUT, Lease, Status, Task
from app.engine.ports import Snapshot
from app.telemetry.logs import get_logger

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_PLAIN: Final = (
    "id",
    "kind",
    "owner",
    "model_name",
    "execution",
    "submission",
    "fingerprint",
    "content_bytes",
    "status",
    "max_attempts",
    "reference",
    "attempt",
    "cancel_requested",
    "revision",
)
_INSTANTS: Final = ("created_at", "available_at", "deadline_at", "started_at", "finished_at")
_RECORDS: Final[dict[str, type[Progress | Failure | KeptText]]] = {
    "progress": Progress,
    "failure": Failure,
    "text": KeptText,
}


def to_number(instant: datetime) -> int:
    """Microseconds since 1970: exact, and ordered as the instants are."""
    return (instant - _EPOCH) // _MICROSECOND


def to_instant(number: int | None) -> datetime | None:
    """
    What `to_number` was given.

    Raises:
        TypeError, OverflowError: If *number* is no such number.

    """
    return None if number is None else _EPOCH + number * _MICROSECOND


def to_row(task: Task) -> dict[str, str | int | None]:
    """The columns of *task*; what no query looks at is JSON in `body`, and the result has a column of its own."""
    return {
        "id": task.id,
        "owner": task.owner,
        "status": task.status.value,
        "execution": task.execution.value,
        "created_at": to_number(task.created_at),
        "due_at": to_number(task.due_at) if task.due_at else None,
        "expires_at": to_number(task.expires_at) if task.expires_at else None,
        "body": _dump(_body(task)),
        "result": None if task.result is None else _dump(task.result),
    }


def to_task(body: bytes, result: bytes | None) -> Task:
    """
    The task of a row; a completed one whose *result* was not read has `RESULT_LEFT_OUT`.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: If the row is none that this module wrote.

    """
    fields: dict[str, Any] = json.loads(body)
    fields["kind"] = Kind(fields["kind"])
    fields["execution"] = Execution(fields["execution"])
    fields["status"] = Status(fields["status"])
    fields["time_to_live"] = fields["time_to_live"] * _MICROSECOND
    fields["lease"] = _lease(fields["lease"])
    fields |= {name: to_instant(fields[name]) for name in _INSTANTS}
    fields |= {name: record(**fields[name]) if fields.get(name) else None for name, record in _RECORDS.items()}
    if result is not None:
        fields["result"] = json.loads(result)
    elif fields["status"] is Status.COMPLETED:
        fields["result"] = RESULT_LEFT_OUT
    return Task(**fields)


def read_rows(rows: Iterable[tuple[str, bytes, bytes, bytes | None]]) -> Iterator[Snapshot]:
    """Those of *rows* (id, version, body, result) that this version of the service can read."""
    for task_id, version, body, result in rows:
        try:
            task = to_task(body, result)
        except (KeyError, TypeError, ValueError, OverflowError) as error:  # the others go on
            name = type(error).__name__
            get_logger().error("task unreadable", task_id=task_id, error=name)
        else:
            yield Snapshot(task, version)


def _body(task: Task) -> dict[str, Any]:
    body: dict[str, Any] = {name: getattr(task, name) for name in _PLAIN}
    body |= {name: instant and to_number(instant) for name in _INSTANTS for instant in [getattr(task, name)]}
    body |= {name: record and asdict(record) for name in _RECORDS for record in [getattr(task, name)]}
    body["options"] = dict(task.options)
    body["time_to_live"] = task.time_to_live // _MICROSECOND
    body["lease"] = task.lease and asdict(task.lease) | {"expires_at": to_number(task.lease.expires_at)}
    return body


def _lease(fields: Mapping[str, Any] | None) -> Lease | None:
    return Lease(**{**fields, "expires_at": to_instant(fields["expires_at"])}) if fields else None


def _dump(value: Json | Mapping[str, Any]) -> str:
    """Compact and in ASCII, so that even half a surrogate pair survives."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
