"""
A task as a Firestore document and back, without loss.

Times are timestamps. Options and results are JSON strings: Firestore knows no
arrays within arrays, and would index every member. Nothing in here does I/O.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from app.adapters.firestore_values import Fields, Value
from app.domain.processing import Execution, Failure, Json, KeptText, Kind, Progress
from app.domain.task import Lease, Status, Task

SCHEMA: Final = 1
"""Of a document. Bump it when this code could misread the new one, and read both for a release."""

SCHEMA_OF_FILES: Final = 2
"""Of a task that an earlier version would run as if it were about a text, or without keeping the text."""

READABLE: Final = frozenset({SCHEMA, SCHEMA_OF_FILES})

CONTENT: Final = "content"
RESULT: Final = "result"


def fields_of(task: Task) -> Fields:
    """All fields of *task* but the content; the names are always the same, absent ones are None."""
    return {
        "schema": SCHEMA_OF_FILES if task.is_file or task.keeps_text else SCHEMA,
        "kind": task.kind.value,
        "owner": task.owner,
        "model_name": task.model_name,
        "execution": task.execution.value,
        "lane": task.lane,
        "submission": task.submission,
        "fingerprint": task.fingerprint,
        "content_bytes": task.content_bytes,
        "created_at": task.created_at,
        "time_to_live": task.time_to_live.total_seconds(),
        "max_attempts": task.max_attempts,
        "reference": task.reference,
        "options": _json(dict(task.options)),
        "status": task.status.value,
        "available_at": task.available_at,
        "deadline_at": task.deadline_at,
        "attempt": task.attempt,
        "cancel_requested": task.cancel_requested,
        "lease": _lease_fields(task.lease),
        "progress": _progress_fields(task.progress),
        RESULT: None if task.result is None else _json(task.result),
        "text": _text_fields(task.text),
        "failure": _failure_fields(task.failure),
        "started_at": task.started_at,
        "finished_at": task.finished_at,
        "revision": task.revision,
        "due_at": task.due_at,
        "expires_at": task.expires_at,
    }


SUMMARY_FIELDS: Final = (
    *("schema", "kind", "owner", "model_name", "execution", "lane", "submission", "fingerprint", "content_bytes"),
    *("created_at", "time_to_live", "max_attempts", "reference", "options", "status", "available_at", "deadline_at"),
    *("attempt", "cancel_requested", "lease", "progress", "failure", "started_at", "finished_at", "revision"),
    *("due_at", "expires_at", "text"),
)
"""What a listing reads: everything but the result and the content."""

TASK_FIELDS: Final = (*SUMMARY_FIELDS, RESULT)
"""What a task consists of: everything but the content."""


def task_from(task_id: str, fields: Mapping[str, Any], *, result_left_out: Json = None) -> Task:
    """
    The task that a document of a `READABLE` schema holds.

    *result_left_out* stands for the result of a completed task that was read without it.

    Raises:
        KeyError, TypeError, ValueError, OverflowError: If the document is none that this module wrote.

    """
    status = Status(fields["status"])
    result = json.loads(fields[RESULT]) if RESULT in fields else None
    return Task(
        id=task_id,
        kind=Kind(fields["kind"]),
        owner=fields["owner"],
        model_name=fields["model_name"],
        execution=Execution(fields["execution"]),
        submission=fields["submission"],
        fingerprint=fields["fingerprint"],
        content_bytes=fields["content_bytes"],
        status=status,
        created_at=fields["created_at"],
        available_at=fields["available_at"],
        deadline_at=fields["deadline_at"],
        time_to_live=timedelta(seconds=fields["time_to_live"]),
        max_attempts=fields["max_attempts"],
        reference=fields.get("reference"),
        options=json.loads(fields["options"]),
        attempt=fields["attempt"],
        cancel_requested=fields["cancel_requested"],
        lease=Lease(**fields["lease"]) if "lease" in fields else None,
        progress=Progress(**fields["progress"]) if "progress" in fields else None,
        result=result_left_out if status is Status.COMPLETED and result is None else result,
        text=KeptText(**fields["text"]) if "text" in fields else None,
        failure=Failure(**fields["failure"]) if "failure" in fields else None,
        started_at=fields.get("started_at"),
        finished_at=fields.get("finished_at"),
        revision=fields["revision"],
    )


def _lease_fields(lease: Lease | None) -> Value | None:
    if lease is None:
        return None
    return {"token": lease.token, "holder": lease.holder, "expires_at": lease.expires_at}


def _progress_fields(progress: Progress | None) -> Value | None:
    if progress is None:
        return None
    return {"stage": progress.stage, "fraction": float(progress.fraction)}


def _text_fields(text: KeptText | None) -> Value | None:
    if text is None:
        return None
    return {"token": text.token, "size": text.size}


def _failure_fields(failure: Failure | None) -> Value | None:
    if failure is None:
        return None
    return {"code": failure.code, "message": failure.message, "retryable": failure.retryable}


def _json(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: only the escaped form can be stored
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text
