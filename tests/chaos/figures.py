"""The figures of a run: what the table shows of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.history import History, Stored
from tests.chaos.lives import CANCELLED, COMPLETED, FAILED, FINAL, PROCESSING, lives, outcome
from tests.chaos.rules_of_the_callers import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """
    What became of a run's tasks.

    Attributes:
        accepted: Tasks that an answer promised; the next three say how these stand.
        lost: Accepted ones that are missing or have not ended.
        recorded_twice: Final records beyond the first of a life; a caller's retry begins a new one.
        longest_take_over: From the last sign of a lost worker to the claim of the next; None if nobody took over.

    """

    accepted: int
    completed: int
    failed: int
    cancelled: int
    lost: int
    recorded_twice: int
    longest_take_over: timedelta | None


def figures(history: History) -> Figures:
    """Count what *history* holds."""
    run = Run(history, history.versions())
    last = [outcome(run.versions.get(task_id, ())) for task_id in run.accepted]
    ended = Counter(version.status for version in last if version is not None)
    return Figures(
        accepted=len(last),
        completed=ended[COMPLETED],
        failed=ended[FAILED],
        cancelled=ended[CANCELLED],
        lost=last.count(None),
        recorded_twice=sum(_beyond_the_first(life) for versions in run.versions.values() for life in lives(versions)),
        longest_take_over=max(
            (gap for versions in run.versions.values() for gap in _take_overs(versions)), default=None
        ),
    )


def _beyond_the_first(life: Sequence[Stored]) -> int:
    return max(0, sum(version.status in FINAL for version in life) - 1)


def _take_overs(versions: Sequence[Stored]) -> Iterator[timedelta]:
    """How long a task lay between the last sign of one worker, its claim or a heartbeat, and the claim of the next."""
    before: Stored | None = None
    sign: datetime | None = None
    for version in versions:
        if version.status != PROCESSING or version.is_deleted:
            before, sign = None, None
            continue
        if before is not None and sign is not None and before.token != version.token:
            yield version.written_at - sign
        # A caller's request to cancel is a write, too, but no sign of the worker: it leaves the lease as it was.
        if before is None or (before.token, before.lease_until) != (version.token, version.lease_until):
            sign = version.written_at
        before = version
