"""
Finds work that waits: the backlog, retries that are due, and tasks whose worker has died.

Reads first, lets one pure function decide, then carries it out. Any number of
processes may sweep at once; who comes second merely loses the claim.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from app.domain.errors import Draining, StoreUnavailable
from app.domain.processing import Execution, Models
from app.domain.task import Status, Task
from app.engine.ports import Snapshot
from app.engine.runner import Runner
from app.engine.supervision import supervise
from app.telemetry.logs import get_logger

LEAST: Final = 64
PER_FREE_SLOT: Final = 4
SUPERVISION_PAUSE: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Plan:
    """What a sweep will do: *take* these, and keep the *surplus* for slots that come free."""

    take: tuple[Snapshot, ...]
    surplus: tuple[Snapshot, ...]


def plan(found: Sequence[Snapshot], *, free: int) -> Plan:
    """Decide which of the claimable tasks that were *found* go into the *free* slots."""
    return Plan(take=tuple(found[:free]), surplus=tuple(found[free:]))


def is_claimable(task: Task, *, models: Models, now: datetime, take_over: bool) -> bool:
    """
    Whether this process may claim a due *task*.

    It must know the model, unless the deadline has passed and the task is only
    to be failed; and it must not *take_over* anything soon after an outage.
    """
    if task.status is Status.PROCESSING and not take_over:
        return False
    return models.knows(task.model_name, task.kind) or now >= task.deadline_at


@dataclass(frozen=True)
class Stock:
    """Due tasks that were found and had no slot yet."""

    snapshots: tuple[Snapshot, ...]
    found_at: datetime


@dataclass(kw_only=True)
class Sweeper:
    """
    Sweeps for one process: every *interval*, and whenever a slot comes free while work is known to wait.

    After an outage that kept the living from renewing their leases, nothing is
    taken over for the length of a lease. One that was over before any of those
    could expire holds nothing off, or a flaky store would for ever.
    """

    runner: Runner
    interval: timedelta
    rng: Random
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    _stock: dict[Execution, Stock] = field(default_factory=dict)
    _asked: int = 0
    """How often the store was asked for anything."""
    _reached_at: datetime | None = None
    """When the store last answered a sweep, or the first one began."""
    _failed_at: datetime | None = None
    """When it last did not; None if it has answered since."""
    _no_take_over_before: datetime | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wake(self) -> None:
        """Begin to sweep: this process serves real traffic."""
        self.runner.slots.swept = True
        self.awake.set()

    def notice(self, task: Task) -> None:
        """
        Sweep at once if *task*, which somebody has just read, waits for a worker and this process has a free slot.

        So a task that was handed over, or whose worker has died, does not wait
        for the next sweep while its caller is looking.
        """
        slots, now = self.runner.slots, self.runner.store.now()
        is_due = task.due_at is not None and task.due_at <= now
        if self.awake.is_set() and is_due and slots.free(task.execution) and self._would_claim(task, now):
            slots.note_backlog(task.execution)

    async def run(self) -> None:
        """Sweep until the process drains."""
        await self.awake.wait()
        await supervise("sweeper", self._loop, pause=SUPERVISION_PAUSE)

    async def _loop(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self.runner.drain.begun.is_set():
            pause = self.interval.total_seconds() if await self._sweep_or_rest() else 0.0
            next_at = clock() + pause * self.rng.uniform(0.8, 1.2)
            while clock() < next_at and await self._is_wanted(before=next_at):
                await self._sweep_or_rest(known=True)

    async def _is_wanted(self, *, before: float) -> bool:
        """Wait until a slot is free while work is known to wait; False if that was not *before* its time."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(before):
                return await self.runner.slots.freed.wait() and not self.runner.drain.begun.is_set()
        return False

    async def _sweep_or_rest(self, *, known: bool = False) -> bool:
        """Sweep once; False if the store did not answer, after a rest before it is asked again."""
        slots = self.runner.slots
        slots.freed.clear()
        try:
            await self.sweep(known=known)
        except StoreUnavailable:
            await asyncio.sleep(self.runner.timing.repeat.total_seconds())
            if any(slots.has_backlog(execution) and slots.free(execution) for execution in Execution):
                slots.freed.set()
            return False
        return True

    async def work_off(self, *, within: timedelta) -> int:
        """
        Sweep until nothing is left to do here, or that time is over; return how many tasks were taken up.

        Raises:
            Draining: If this process is about to end: what is left is for another one.
            StoreUnavailable: If the store did not answer.

        """
        taken, begun = 0, self.runner.drain.begun
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                while not begun.is_set():
                    taken += await self.sweep()
                    if not len(self.runner.registry) and not begun.is_set():
                        return taken
                    await self._until_idle_or_draining(within)
        if begun.is_set():
            raise Draining
        return taken

    async def _until_idle_or_draining(self, within: timedelta) -> None:
        waits = {
            asyncio.create_task(self.runner.registry.all_ended(within=within)),
            asyncio.create_task(self.runner.drain.begun.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def sweep(self, *, known: bool = False) -> int:
        """
        Fill the free slots with due tasks; return how many were taken up.

        If *known*, only where work is known to wait. As long as sweeps fail,
        free slots are not kept for what they would have found.

        Raises:
            StoreUnavailable: If the store did not answer; what was taken up until then runs.

        """
        async with self._one_at_a_time:
            if self.runner.drain.begun.is_set():
                return 0
            self._reached_at = self._reached_at or self.runner.store.now()
            asked_before = self._asked
            try:
                taken = sum([await self._sweep(execution, known=known) for execution in Execution])
                if not known and self._asked == asked_before:
                    self._asked += 1
                    await self.runner.store.check()  # nothing to ask for, and still an outage must not go unnoticed
                    self._answered()
            except StoreUnavailable:
                self.runner.slots.swept = False
                self._failed_at = self.runner.store.now()
                self._stock.clear()
                get_logger().warning("sweep failed, store unavailable")
                raise
            if self._asked > asked_before:
                self.runner.slots.swept = self.awake.is_set()
            return taken

    async def _sweep(self, execution: Execution, *, known: bool) -> int:
        if not self.runner.is_ready(execution) or (known and not self.runner.slots.has_backlog(execution)):
            return 0
        free = self.runner.slots.free(execution)
        if free == 0:
            self.runner.slots.note_long_backlog(execution)  # perhaps, so the first slot that comes free has a look
            return 0
        now = self.runner.store.now()
        stock = self._stock.pop(execution, None)
        seen_all = False
        if stock is None or not stock.snapshots or now - stock.found_at > self.interval:
            limit = max(LEAST, PER_FREE_SLOT * free)
            notes = self.runner.slots.notes(execution)
            stock = Stock(await self._find(execution, now, limit=limit), now)
            seen_all = len(stock.snapshots) < limit
            self.runner.slots.forget_backlog(execution, notes=notes)
        claimable = [snapshot for snapshot in stock.snapshots if self._would_claim(snapshot.task, now)]
        decided = plan(claimable, free=self.runner.slots.free(execution))
        self._stock[execution] = Stock(decided.surplus, stock.found_at)
        for snapshot in decided.take:
            self.runner.slots.reserve(execution)
            self.runner.take(snapshot)
        if decided.surplus or not seen_all:  # behind what was found there may be more
            self.runner.slots.note_long_backlog(execution)
        return len(decided.take)

    async def _find(self, execution: Execution, now: datetime, *, limit: int) -> tuple[Snapshot, ...]:
        """Return claimable tasks, oldest first but shuffled; what this process cannot claim is paged past."""
        claimable: list[Snapshot] = []
        after: Snapshot | None = None
        while len(claimable) < limit:
            self._asked += 1
            found = await self.runner.store.due(execution, now=now, limit=limit, after=after)
            self._answered()
            claimable += [snapshot for snapshot in found if self._would_claim(snapshot.task, now)]
            if len(found) < limit:
                break
            after = found[-1]
        self.rng.shuffle(claimable)
        return tuple(claimable)

    def _answered(self) -> None:
        """Hold off take-overs if the store was away for so long that the living may have lost their leases."""
        now, timing = self.runner.store.now(), self.runner.timing
        if self._failed_at and self._reached_at and now - self._reached_at > timing.lease - timing.heartbeat:
            self._no_take_over_before = self._failed_at + timing.lease
        self._failed_at, self._reached_at = None, now

    def _would_claim(self, task: Task, now: datetime) -> bool:
        """Whether this process may claim the due *task* now, could work on it, and does not already."""
        held_off = self._no_take_over_before is not None and now < self._no_take_over_before
        take_over = self._failed_at is None and not held_off
        claimable = is_claimable(task, models=self.runner.models, now=now, take_over=take_over)
        ready = self.runner.is_ready(task.execution, is_file=task.is_file)
        return claimable and ready and not self.runner.registry.runs(task.id)
