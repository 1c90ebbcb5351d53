"""A store that is only asked how much is open, and a watch that only a test moves: what a quota goes by."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import override

from app.domain.errors import QuotaExceeded, StoreUnavailable
from app.engine.ports import OpenTasks
from app.engine.quota import Quota
from tests.fakes import Gated

LIMIT = 5
MOMENT = timedelta(milliseconds=1)


class Ledger(Gated, OpenTasks):
    """
    A store that knows nothing but numbers; what a held answer says is settled already.

    Attributes:
        open: How many tasks each owner has open.
        asked: Whom it was asked about, in order, and how far it was to count.
        reachable: False during an outage.

    """

    def __init__(self, **open_tasks: int) -> None:
        """Begin with so many *open_tasks* for each owner."""
        self.open = Counter(open_tasks)
        self.asked: list[tuple[str, int]] = []
        super().__init__()
        self.reachable = True

    @override
    async def open_tasks(self, owner: str, *, at_most: int) -> int:
        self.asked.append((owner, at_most))
        gate = self.next_gate()
        counted = self.open[owner]
        await asyncio.sleep(0)
        if gate:
            await gate.pass_through()
        if not self.reachable:
            raise StoreUnavailable
        return min(at_most, counted)


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        """Begin somewhere, as a machine's does."""
        self._seconds = 1000.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self._seconds

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._seconds += by.total_seconds()


async def admitted(quota: Quota, times: int, *, owner: str = "me", waits: bool = True) -> int:
    """Ask *times* at once; return how many were let in."""
    asked = (quota.admit(owner, waits=waits) for _ in range(times))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(answer, QuotaExceeded) for answer in refused)
    return times - len(refused)
