"""What the tests of a task's life begin and end with."""

from dataclasses import replace
from datetime import timedelta

from app.domain.processing import Failure, Progress
from app.domain.task import Status, Task
from tests.factories import NOW, make_lease, make_task

LATER = NOW + timedelta(minutes=10)
PROGRESS = Progress(stage="reading", fraction=0.5)
MINE, THEIRS = "token-a", "token-b"
NEW = make_lease(token=THEIRS, holder="worker-b", expires_at=LATER + timedelta(seconds=30))


def running(**fields: object) -> Task:
    """Return a task that is being processed under the token `MINE`, until half a minute after `NOW`."""
    return make_task(Status.PROCESSING, **fields)


def assert_cancelled(task: Task, *, after: Task) -> None:
    """Check that *task* is *after*, cancelled at `LATER`, with nothing of a run left."""
    assert task == replace(
        after,
        status=Status.CANCELLED,
        lease=None,
        progress=None,
        cancel_requested=False,
        failure=None,
        finished_at=LATER,
        revision=after.revision + 1,
    )


def assert_failed(task: Task, failure: Failure, *, after: Task) -> None:
    """Check that *task* is *after*, ended for the reason of *failure*, with nothing of a run left."""
    assert task == replace(
        after,
        status=Status.FAILED,
        lease=None,
        progress=None,
        failure=failure,
        finished_at=task.finished_at,
        revision=after.revision + 1,
    )
    assert task.finished_at is not None
    assert task.finished_at >= LATER
