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


async def finished(
    store: TaskStore, registry: Registry, task_id: str, *, within: timedelta, on_poll: Callable[[Task], None]
) -> Task | None:
    """
    Wait for a task to end; None if it has not ended *within* that time.

    A run of this process is awaited; elsewhere the store is asked, less and less often, and *on_poll* is told each
    answer but the last.

    Raises:
        TaskNotFound: If the task is gone.
        StoreUnavailable: If the store does not answer.

    """
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
