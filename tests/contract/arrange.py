"""Tasks in a store, by the store's own time: what the contract's tests begin with."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.domain.processing import KeptText
from app.domain.task import Status, Task
from app.engine.ports import Snapshot, TaskStore
from tests.factories import NOW, make_lease, make_task


def fresh(store: TaskStore, status: Status = Status.PENDING, **fields: Any) -> Task:  # noqa: ANN401 - a task's fields
    """Return a task in *status* that was submitted just now."""
    now = store.now()
    leased = {"lease": make_lease(expires_at=now + timedelta(seconds=30))} if status is Status.PROCESSING else {}
    return make_task(status, **{"created_at": now} | leased | fields)


async def put(store: TaskStore, task: Task, content: bytes = b"hello") -> Snapshot:
    """Store *task* the way it would get there: a final one was pending before."""
    if not task.status.is_final:
        return await store.create(task, content)
    waiting = replace(task, status=Status.PENDING, attempt=0, result=None, text=None, failure=None, finished_at=None)
    seen = await store.create(waiting, content)
    return await store.swap(seen, next_revision(task))


async def put_new(store: TaskStore, status: Status = Status.PENDING, **fields: Any) -> Snapshot:  # noqa: ANN401 - a task's fields
    """Store a fresh task in *status*."""
    return await put(store, fresh(store, status, **fields))


def next_revision(task: Task, **fields: Any) -> Task:  # noqa: ANN401 - a task's fields
    """Return *task* with other *fields*, as a transition would have left it."""
    return replace(task, **fields, revision=task.revision + 1)


def finished(task: Task, status: Status, **fields: Any) -> Task:  # noqa: ANN401 - a task's fields
    """Return the same task with a final *status*, a second after it was submitted."""
    final = make_task(status)
    outcome = {
        "result": final.result,
        "failure": final.failure,
        "attempt": final.attempt,
        "finished_at": task.created_at + timedelta(seconds=1),
    }
    return next_revision(task, **{"status": status, "lease": None, "cancel_requested": False} | outcome | fields)


def with_text(seen: Snapshot) -> Task:
    """Return the task as if it had completed with a text."""
    kept = KeptText(token="token-a", size=9)  # noqa: S106 - a lease's
    return finished(seen.task, Status.COMPLETED, options={"keep_text": True}, text=kept)


class HandClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        """Begin at *now*."""
        self._now = now

    def __call__(self) -> datetime:
        """What time it is."""
        return self._now

    def move(self, duration: timedelta) -> None:
        """Let *duration* pass."""
        self._now += duration
