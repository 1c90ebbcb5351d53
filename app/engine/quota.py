"""
How many tasks one owner may have open, so that nobody fills the queue of all the others.

It goes by counts that may be half a minute old, and adds what this process has
admitted since. What other processes admit meanwhile, and what is being written
while the store counts, shows in the next count. A task that finds a free slot
costs no count, unless it would be refused otherwise. Who has a failed task tried
again is not counted: the task was admitted once.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from math import inf
from time import monotonic as monotonic_seconds
from typing import Final

from app.domain.errors import QuotaExceeded, StoreUnavailable
from app.engine.ports import OpenTasks
from app.telemetry.logs import get_logger

FRESH: Final = timedelta(seconds=30)
"""How old a count may be that somebody is admitted on."""

RECOUNT: Final = timedelta(seconds=1)
"""How old a count may be that somebody is refused on: tasks have ended since."""


@dataclass(slots=True, eq=False)
class _Tally:
    """
    The open tasks of one owner, as far as this process knows.

    Attributes:
        asked_at: When the store was asked; whatever is admitted from then on may not be in its answer.
        counted: The answer.
        admitted: What was admitted since.
        logged: Whether the log says that it was too many; who goes on to ask must not fill it.

    """

    asked_at: float
    counted: int = 0
    admitted: int = 0
    logged: bool = False

    @property
    def total(self) -> int:
        """More than are open if some have ended since, so nobody is refused on an old one."""
        return self.counted + self.admitted

    def complain(self) -> None:
        """Write that the owner has too many, once."""
        if not self.logged:
            get_logger().warning("quota exceeded", open_tasks=self.total)
        self.logged = True


class Admission:
    """Leave to store one task; it counts as open from the beginning, until the store counts anew."""

    def __init__(self, tallies: Iterable[_Tally]) -> None:
        """Count the task in all of *tallies*."""
        self._tallies = tuple(tallies)
        for tally in self._tallies:
            tally.admitted += 1

    def withdraw(self) -> None:
        """Take it back, since it has surely created nothing; once or more often."""
        for tally in self._tallies:
            tally.admitted -= 1
        self._tallies = ()


class Quota:
    """The limit of open tasks, the same for every owner, as one process keeps it."""

    def __init__(
        self,
        counts: OpenTasks,
        *,
        limit: int,
        fresh: timedelta = FRESH,
        recount: timedelta = RECOUNT,
        monotonic: Callable[[], float] = monotonic_seconds,
    ) -> None:
        """Admit on counts that are at most *fresh* old, refuse on those that are at most *recount* old."""
        self._counts = counts
        self._limit = limit
        self._fresh = fresh
        self._recount = recount
        self._monotonic = monotonic
        self._failed_at = -inf
        self._known: dict[str, _Tally] = {}
        self._counting: dict[str, tuple[_Tally, asyncio.Task[_Tally | None]]] = {}

    async def admit(self, owner: str, *, waits: bool) -> Admission:
        """
        Let *owner* create one more task, which *waits* for a slot or starts at once.

        Only for one that waits is a count awaited, if there is none at hand; and
        for any rather than to refuse it on an old one. A store that does not
        answer admits: the create that follows will say so itself.

        Raises:
            QuotaExceeded: If the owner has as many open tasks as it may have.

        """
        tally = self._at_hand(owner)
        if self._must_count(tally, waits=waits):
            tally = await self._count(owner)
        if tally is not None and tally.total >= self._limit:
            tally.complain()
            raise QuotaExceeded(self._limit)
        return Admission(self._tallies_of(owner))

    def _must_count(self, tally: _Tally | None, *, waits: bool) -> bool:
        if tally is None:
            return waits
        return tally.total >= self._limit and self._age(tally) > self._recount

    async def _count(self, owner: str) -> _Tally | None:
        """Ask the store, or wait with those who have asked; None if it does not answer."""
        if self._monotonic() - self._failed_at < self._recount.total_seconds():
            return None  # the next one would wait for the same nothing
        if owner not in self._counting:
            tally = _Tally(self._monotonic())
            asking = asyncio.create_task(self._ask(owner, tally), name="quota")
            self._counting[owner] = tally, asking
        _, asking = self._counting[owner]
        return await asyncio.shield(asking)  # one caller hangs up, the others go on to wait for it

    async def _ask(self, owner: str, tally: _Tally) -> _Tally | None:
        try:
            tally.counted = await self._counts.open_tasks(owner, at_most=self._limit)
        except StoreUnavailable:
            self._failed_at = self._monotonic()
            return None
        finally:
            del self._counting[owner]
        self._known.pop(owner, None)  # the newest comes last
        self._known[owner] = tally
        return tally

    def _at_hand(self, owner: str) -> _Tally | None:
        """Forget the counts that are too old, and return the owner's if there is one that is not."""
        for forgotten in list(takewhile(lambda name: not self._is_fresh(self._known[name]), self._known)):
            del self._known[forgotten]
        tally = self._known.get(owner)
        return tally if tally is not None and self._is_fresh(tally) else None

    def _tallies_of(self, owner: str) -> list[_Tally]:
        known = [self._known[owner]] if owner in self._known else []
        counting = [self._counting[owner][0]] if owner in self._counting else []
        return known + counting

    def _is_fresh(self, tally: _Tally) -> bool:
        return self._age(tally) <= self._fresh

    def _age(self, tally: _Tally) -> timedelta:
        return timedelta(seconds=self._monotonic() - tally.asked_at)
