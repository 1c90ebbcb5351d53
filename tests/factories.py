"""Tasks for tests: every field that a test does not care about is filled."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from app.domain.processing import Execution, Failure, Kind
from app.domain.task import Lease, Status, Task

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FAILURE = Failure(code="processor_error", message="It did not work.", retryable=True)


def make_lease(**fields: Any) -> Lease:  # noqa: ANN401 - any field of a lease
    """Return a lease that runs until half a minute after `NOW`."""
    defaults: dict[str, Any] = {"token": "token-a", "holder": "worker-a", "expires_at": NOW + timedelta(seconds=30)}
    return Lease(**defaults | fields)


def make_task(status: Status = Status.PENDING, **fields: Any) -> Task:  # noqa: ANN401 - any field of a task
    """Return a task in *status*, submitted at `NOW`, with whatever else that status needs."""
    created_at = fields.get("created_at", NOW)
    by_status: dict[Status, dict[str, Any]] = {
        Status.PENDING: {},
        Status.PROCESSING: {"attempt": 1, "lease": make_lease(), "started_at": created_at},
        Status.COMPLETED: {"attempt": 1, "result": {"summary": "Short."}},
        Status.FAILED: {"attempt": 1, "failure": FAILURE},
        Status.CANCELLED: {},
    }
    defaults: dict[str, Any] = {
        "id": str(uuid4()),
        "kind": Kind.DOCUMENT,
        "owner": "anonymous",
        "model_name": "extractive_v1",
        "execution": Execution.CPU,
        "submission": uuid4().hex,
        "fingerprint": "f" * 64,
        "content_bytes": 5,
        "status": status,
        "created_at": created_at,
        "available_at": created_at,
        "deadline_at": created_at + timedelta(hours=24),
        "time_to_live": timedelta(days=7),
        "max_attempts": 3,
        "finished_at": created_at + timedelta(seconds=1) if status.is_final else None,
    }
    return Task(**defaults | by_status[status] | fields)
