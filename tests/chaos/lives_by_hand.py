"""
Lives of tasks made by hand, for the tests of the checker.

Each move makes the next version as a sound engine would; other *fields* make
it one of a broken engine's.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.chaos.history import Stored

START: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
LEASE: Final = 10 * SECOND
EXPIRED: Final = LEASE + SECOND

NO_LEASE: Final[dict[str, Any]] = {"token": None, "holder": None, "lease_until": None}

type Move = Callable[[Stored], Stored]


def life(*moves: Move, **fields: Any) -> list[Stored]:  # noqa: ANN401 - a version's fields
    """Return a task that is born pending, but for *fields*, and all that becomes of it."""
    born: dict[str, Any] = {
        "task_id": "t",
        "written_at": START,
        "revision": 1,
        "status": "pending",
        "attempt": 0,
        "max_attempts": 3,
        "available_at": START,
    }
    versions = [Stored(**born | fields)]
    for move in moves:
        versions.append(move(versions[-1]))
    return versions


def at_birth(worker: int = 1) -> dict[str, Any]:
    """Return the fields of a task that *worker* claims at birth."""
    return {"status": "processing", "attempt": 1, **lease_of(worker, START)}


def lease_of(worker: int, at: datetime) -> dict[str, Any]:
    """Return the lease that *worker*, a process, takes at a time."""
    return {"token": f"token-{worker}", "holder": f"host/{worker}/ab", "lease_until": at + LEASE}


def changed(*, after: timedelta = SECOND, **fields: Any) -> Move:  # noqa: ANN401 - a version's fields
    """Write *fields*, so long *after* the version before."""

    def move(before: Stored) -> Stored:
        usual: dict[str, Any] = {"revision": before.revision + 1, "written_at": before.written_at + after}
        return replace(before, **usual | fields)

    return move


def claimed(worker: int = 1, *, after: timedelta = SECOND, **fields: Any) -> Move:  # noqa: ANN401 - as above
    """Have *worker* claim the task, or take it over; its model of the suite tells the process in the result."""

    def move(before: Stored) -> Stored:
        lease = lease_of(worker, before.written_at + after)
        usual: dict[str, Any] = {"status": "processing", "attempt": before.attempt + 1, **lease}
        return changed(after=after, **usual | fields)(before)

    return move


def renewed(*, after: timedelta = SECOND, **fields: Any) -> Move:  # noqa: ANN401 - as above
    """Let the heart beat once."""

    def move(before: Stored) -> Stored:
        usual: dict[str, Any] = {"lease_until": before.written_at + after + LEASE}
        return changed(after=after, **usual | fields)(before)

    return move


def completed(worker: int = 1, **fields: Any) -> Move:  # noqa: ANN401 - as above
    """Record what *worker* has found."""
    result = {"summary": "S", "answer": "42", "worker": worker}
    return _ended(status="completed", result=result, failure=None, keeps_content=False, **fields)


def cancelled(**fields: Any) -> Move:  # noqa: ANN401 - as above
    """End the task because nobody wants it."""
    return _ended(**{"status": "cancelled", "failure": None, "keeps_content": False} | fields)


def failed(failure: str | None = "processor_failed_permanently", **fields: Any) -> Move:  # noqa: ANN401 - as above
    """Let the task fail for good."""
    return _ended(status="failed", failure=failure, **fields)


def tried_again(failure: str = "processor_error", **fields: Any) -> Move:  # noqa: ANN401 - as above
    """Record that an attempt failed, and wait for the next."""

    def move(before: Stored) -> Stored:
        usual: dict[str, Any] = {**NO_LEASE, "status": "pending", "available_at": before.written_at + 2 * SECOND}
        return changed(failure=failure, **usual | fields)(before)

    return move


def released(**fields: Any) -> Move:  # noqa: ANN401 - as above
    """Hand the task back unharmed."""

    def move(before: Stored) -> Stored:
        usual: dict[str, Any] = {**NO_LEASE, "status": "pending", "attempt": before.attempt - 1}
        return changed(**usual | fields)(before)

    return move


def asked_to_cancel() -> Move:
    """Ask the worker to stop."""
    return changed(cancel_requested=True)


def retried(**fields: Any) -> Move:  # noqa: ANN401 - as above
    """Begin anew at the caller's wish."""
    usual: dict[str, Any] = {"status": "pending", "attempt": 0, "failure": None}
    return changed(**usual | fields)


def deleted() -> Move:
    """Erase the task."""
    return lambda before: changed(revision=before.revision, is_deleted=True)(before)


def born_again() -> Move:
    """Make the task anew after its deletion."""
    return lambda before: life(written_at=before.written_at + SECOND)[0]


def _ended(**fields: Any) -> Move:  # noqa: ANN401 - as above
    return changed(**NO_LEASE | {"cancel_requested": False} | fields)


GOOD_LIVES: Final[dict[str, list[Stored]]] = {
    "short": life(completed(), **at_birth()),
    "long and deleted": life(claimed(), renewed(), renewed(), completed(), deleted()),
    "failed once": life(tried_again(), claimed(2, after=2 * SECOND), completed(2), **at_birth()),
    "worker lost": life(claimed(), renewed(), claimed(2, after=EXPIRED), completed(2)),
    "renewed after expiry": life(claimed(), renewed(after=EXPIRED), completed()),
    "released": life(claimed(), released(), claimed(2), completed(2)),
    "released after a failure": life(
        claimed(), tried_again(), claimed(2, after=2 * SECOND), released(), claimed(3), completed(3)
    ),
    "cancelled while waiting": life(cancelled()),
    "cancelled at work": life(claimed(), asked_to_cancel(), renewed(), cancelled()),
    "cancelled too late": life(claimed(), asked_to_cancel(), completed()),
    "cancelled for a dead worker": life(claimed(), asked_to_cancel(), cancelled(after=EXPIRED)),
    "failed and retried": life(claimed(), failed(), retried(), claimed(2), completed(2)),
    "failed in its last attempt": life(claimed(), failed("processor_error"), max_attempts=1),
    "out of attempts": life(claimed(), failed("attempts_exhausted", after=EXPIRED), max_attempts=1),
    "past its deadline": life(failed("deadline_exceeded")),
    "deleted and made anew": life(cancelled(), deleted(), born_again(), claimed(), completed()),
}
