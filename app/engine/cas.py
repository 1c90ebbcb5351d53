"""
The only way to change a stored task: read, decide, swap; if someone else wrote meanwhile, start over.

A write whose answer was lost is never guessed at: what is stored is compared
with what was wanted.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from app.domain.errors import StaleWrite, StoreUnavailable, TaskExists, TaskNotFound
from app.domain.task import Task
from app.engine.ports import Snapshot, TaskStore
from app.telemetry.logs import get_logger

MAX_RACES: Final = 5

type Transition = Callable[[Task], Task]


async def apply(store: TaskStore, task_id: str, transition: Transition, *, seen: Snapshot | None = None) -> Snapshot:
    """
    Change a stored task, whoever else writes.

    Who holds the current snapshot passes it as *seen*; then nothing is read
    unless a race is lost. *transition* runs again on the fresh task after a lost
    race, so it must be pure. What it raises is let through; a task that it
    returns as it was is not written.

    Raises:
        TaskNotFound: If there is no such task.
        StaleWrite: If `MAX_RACES` races in a row were lost.
        StoreUnavailable: If nobody knows whether the change landed.

    """
    current = seen or await store.get(task_id)
    for _ in range(MAX_RACES):
        wanted = transition(current.task)
        if wanted is current.task:
            return current
        try:
            landed = await store.swap(current, wanted)
        except (StaleWrite, StoreUnavailable) as error:
            stored = await store.get(task_id)
            if stored.task != wanted:
                unanswered, current = isinstance(error, StoreUnavailable), stored
                continue
            landed = stored
        _log(current.task, landed.task)
        return landed
    raise StoreUnavailable if unanswered else StaleWrite


async def insist(
    store: TaskStore, seen: Snapshot, transition: Transition, *, gave_up: asyncio.Event, pause: timedelta
) -> Snapshot:
    """
    `apply`, repeated every *pause* through an outage of the store until it is known how it ended.

    Raises:
        StoreUnavailable: If *gave_up* was set before anybody knew.
        StaleWrite: If it was set while others kept writing.

    """
    while True:
        try:
            return await apply(store, seen.task.id, transition, seen=seen)
        except (StoreUnavailable, StaleWrite) as error:
            get_logger().warning("write is repeated", task_id=seen.task.id, reason=error.code)
            if gave_up.is_set():
                raise
        with suppress(TimeoutError):
            await asyncio.wait_for(gave_up.wait(), pause.total_seconds())


async def create(store: TaskStore, task: Task, content: bytes, *, within: timedelta, pause: timedelta) -> Snapshot:
    """
    Store a new task, whatever happens to the answers; a repeated create cannot store it twice.

    Returns what is stored under the id: somebody else's task if its
    `submission` is not this one's.

    Raises:
        StoreUnavailable: If that is not known *within* its time. The task may exist all the same.

    """
    reason = None
    try:
        async with asyncio.timeout(within.total_seconds()):
            while True:
                try:
                    return await _created(store, task, content)
                except TaskExists:
                    pass  # and was gone when it was looked for: it has expired
                except StoreUnavailable as error:
                    reason = error.message
                await asyncio.sleep(pause.total_seconds())
    except TimeoutError as error:
        raise StoreUnavailable(reason) from error


async def _created(store: TaskStore, task: Task, content: bytes) -> Snapshot:
    """Create *task* once and find out what became of it; if it is not there, as far as one can see, say why not."""
    try:
        landed = await store.create(task, content)
    except (TaskExists, StoreUnavailable):
        with suppress(TaskNotFound):
            return await store.get(task.id)
        raise
    _log(None, landed.task)
    return landed


def _log(before: Task | None, after: Task) -> None:
    """Say what happened to a task: one line for each change, so that no path can forget it."""
    fields = {
        "task_id": after.id,
        "from": before.status.value if before else None,
        "to": after.status.value,
        "attempt": after.attempt,
        "model_name": after.model_name,
        "revision": after.revision,
    }
    if after.failure and after.finished_at is not None:
        fields["failure"] = after.failure.code
    if before is not None and (before.status, before.attempt) == (after.status, after.attempt):
        get_logger().debug("task updated", **fields)
    else:
        get_logger().info(f"task {after.status.value}", **fields)
