"""How to learn that a task has ended, wherever it runs."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from app.domain.task import Task
from app.engine.ports import TaskStore
from app.engine.registry import Registry

FIRST_LOOK: Final = timedelta(milliseconds=50)
LONGEST_PAUSE: Final = timedelta(seconds=1)


async def finished(  # noqa: PLR0913 - what is asked, and when to stop asking
    store: TaskStore,
    registry: Registry,
    task_id: str,
    *,
    within: timedelta,
    unless: asyncio.Event,
    on_poll: Callable[[Task], None],
) -> Task | None:
    """
    Wait for a task to end; None if it has not ended *within* that time, or before *unless* is set.

    A run of this process is awaited; elsewhere the store is asked, less and less often, and *on_poll* is told each
    answer but the last.

    Raises:
        TaskNotFound: If the task is gone.
        StoreUnavailable: If the store does not answer.

    """
    ended = asyncio.create_task(_ended(store, registry, task_id, within=within, on_poll=on_poll))
    stopped = asyncio.create_task(unless.wait())
    try:
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        return ended.result() if ended.done() else None
    finally:
        ended.cancel()
        stopped.cancel()


async def _ended(
    store: TaskStore, registry: Registry, task_id: str, *, within: timedelta, on_poll: Callable[[Task], None]
) -> Task | None:
    pause = FIRST_LOOK
    try:
        async with asyncio.timeout(within.total_seconds()):
            while True:
                await registry.ended(task_id)
                task = (await store.get(task_id)).task
                if task.status.is_final:
                    return task
                on_poll(task)
                await asyncio.sleep(pause.total_seconds())
                pause = min(2 * pause, LONGEST_PAUSE)
    except TimeoutError:
        return None
