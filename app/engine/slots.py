"""
How much a process works on at once.

What finds no slot waits in the store, never in memory. While work is known to
wait there, a freed slot belongs to the sweeper and not to the next request:
overload is worked off in order of age. A slot that is free beyond what is known
to wait is anybody's.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from math import inf

from app.domain.processing import Execution


class Slots:
    """The slots of one process, counted for each kind of execution."""

    def __init__(self, capacity: Mapping[Execution, int]) -> None:
        """Hand out at most *capacity* slots at a time."""
        self._free = dict(capacity)
        self._waiting = dict.fromkeys(capacity, 0.0)
        self._notes: Counter[Execution] = Counter()
        self._closed = False
        self.freed = asyncio.Event()
        """Set whenever the sweeper should look: a slot came free while work is known to wait."""
        self.swept = False
        """Whether a sweeper reaches the backlog; while none does, a slot kept for it would stay empty."""

    def free(self, execution: Execution) -> int:
        """How many slots the sweeper may fill."""
        return 0 if self._closed else self._free[execution]

    def reserve_for_request(self, execution: Execution) -> bool:
        """Take a slot for a task that is being submitted; False if there are no more than older work needs."""
        if self.swept and self.free(execution) <= self._waiting[execution]:
            return False
        return self.reserve(execution)

    def reserve(self, execution: Execution) -> bool:
        """Take a slot; False if none is free or the process is draining."""
        if self.free(execution) == 0:
            return False
        self._free[execution] -= 1
        return True

    def release(self, execution: Execution) -> None:
        """Give a slot back."""
        self._free[execution] += 1
        if self.has_backlog(execution):
            self.freed.set()

    def note_backlog(self, execution: Execution) -> None:
        """Remember that one more task, which is due, waits in the store."""
        self._waiting[execution] += 1
        self._notes[execution] += 1
        if self.free(execution):
            self.freed.set()

    def note_long_backlog(self, execution: Execution) -> None:
        """Remember that due work may wait in the store, and nobody knows how much."""
        self._waiting[execution] = inf
        self.note_backlog(execution)

    def has_backlog(self, execution: Execution) -> bool:
        """Whether due work is known to wait in the store."""
        return self._waiting[execution] > 0

    def notes(self, execution: Execution) -> int:
        """How often waiting work was noted; to be asked before one looks for it."""
        return self._notes[execution]

    def forget_backlog(self, execution: Execution, *, notes: int) -> None:
        """Nothing waits any more but what was noted after these *notes*: what came meanwhile was not seen."""
        self._waiting[execution] = self._notes[execution] - notes

    def close(self) -> None:
        """Hand out no slot any more: the process is draining."""
        self._closed = True
