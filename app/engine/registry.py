"""
The runs of one process.

A run belongs to the process and to nobody else: no request, middleware or
server's grace period can cancel it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any

from app.telemetry.logs import frames_of, get_logger


class Registry:
    """Holds every run until it has ended."""

    def __init__(self) -> None:
        """Begin without a run."""
        self._runs: dict[asyncio.Task[None], str] = {}

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self._runs)

    def start(self, task_id: str, run: Coroutine[Any, Any, None], *, ended: Callable[[], None]) -> None:
        """Start *run* now; *ended* is called when it is over, however it went."""
        running = asyncio.create_task(run, name=f"run {task_id}")
        self._runs[running] = task_id

        def forget(done: asyncio.Task[None]) -> None:
            del self._runs[done]
            if not done.cancelled() and (error := done.exception()):
                name = type(error).__name__
                get_logger().error("run broke", task_id=task_id, error=name, stack_trace=frames_of(error))
            ended()

        running.add_done_callback(forget)

    def runs(self, task_id: str) -> bool:
        """Whether this process works on the task."""
        return task_id in self._runs.values()

    async def ended(self, task_id: str) -> None:
        """Wait until this process no longer runs the task."""
        if runs := [run for run, run_task_id in self._runs.items() if run_task_id == task_id]:
            await asyncio.wait(runs)

    async def all_ended(self, *, within: timedelta) -> bool:
        """Wait for every run, also for those that start meanwhile; False if some are left after that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                while self._runs:
                    await asyncio.wait(self._runs)
        return not self._runs

    def cancel(self) -> None:
        """Give up what still runs; its leases expire by themselves."""
        for run in self._runs:
            run.cancel()
