"""
Keeps a lease while a run works, and notices when it should stop working.

Each beat is one conditional write. It carries the progress, and it is where a
cancellation or a lost lease is seen. A store that does not answer stops
nobody: the run goes on, and the beat is tried again soon, so that the lease is
renewed before anybody takes it for a dead worker's.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from app.domain.errors import LeaseLost, StaleWrite, StoreUnavailable, TaskNotFound
from app.domain.processing import Cancelled, Progress, Superseded
from app.domain.task import Lease, Task
from app.domain.transitions import renew
from app.engine import cas
from app.engine.ports import Snapshot, TaskStore
from app.engine.supervision import supervise
from app.telemetry.logs import get_logger

type Show = Callable[[str, str, Progress], None]
"""Shows whoever watches the task with this id how far its run under this lease's token has come."""


class Heartbeat:
    """
    The heartbeat of one run.

    Attributes:
        snapshot: The task as this run knows it.
        verdict: Resolved when the work is no longer wanted.

    """

    def __init__(  # noqa: PLR0913 - three durations that go together
        self,
        store: TaskStore,
        claimed: Snapshot,
        lease: Lease,
        *,
        every: timedelta,
        repeat: timedelta,
        length: timedelta,
        show: Show,
    ) -> None:
        """
        Renew *lease* of the task *claimed*, *every* so often (after a missed beat: *repeat*), for *length*.

        Progress is for *show* at once, as long as the lease surely lasts: by a
        clock that nobody can set, counted from before the store was asked for it.
        """
        self._loop = asyncio.get_running_loop()
        self._store = store
        self._show = show
        self._lasts_until = self._loop.time() + (lease.expires_at - store.now()).total_seconds()
        self._token = lease.token
        self._every = every
        self._repeat = min(repeat, every)
        self._length = length
        self._progress: Progress | None = None
        self._stopping = asyncio.Event()
        self.snapshot = claimed
        self.verdict: asyncio.Future[Cancelled | Superseded] = self._loop.create_future()
        self._beating = asyncio.create_task(supervise("heartbeat", self._beat, pause=timedelta(0)))

    def report(self, stage: str, fraction: float) -> None:
        """Show the progress, and remember it for the next beat."""
        self._progress = Progress.reported(stage, fraction)
        if self._loop.time() < self._lasts_until:
            self._show(self.snapshot.task.id, self._token, self._progress)

    async def stop(self) -> None:
        """End the heartbeat; a beat that is under way lands first, so that it cannot race the final write."""
        self._stopping.set()
        await self._beating

    async def _beat(self) -> None:
        pause = self._every
        while not self.verdict.done():
            try:
                await asyncio.wait_for(self._stopping.wait(), pause.total_seconds())
            except TimeoutError:
                pause = self._every if await self._renew() else self._repeat
            else:
                return

    async def _renew(self) -> bool:
        """Beat once; False if the store did not let us."""
        until = self._store.now() + self._length
        lasts_until = self._loop.time() + self._length.total_seconds()
        progress = self._progress

        def renewed(task: Task) -> Task:
            return renew(task, token=self._token, until=until, progress=progress)

        try:
            self.snapshot = await cas.apply(self._store, self.snapshot.task.id, renewed, seen=self.snapshot)
        except (LeaseLost, TaskNotFound):
            get_logger().warning("lease lost", task_id=self.snapshot.task.id)
            self.verdict.set_result(Superseded())
        except (StoreUnavailable, StaleWrite) as error:
            get_logger().warning("heartbeat missed", task_id=self.snapshot.task.id, reason=error.code)
            return False
        else:
            self._lasts_until = lasts_until
            if self.snapshot.task.cancel_requested:
                self.verdict.set_result(Cancelled())
        return True
