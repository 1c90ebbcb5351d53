"""Whether the store can be used, however often and by whomever that is asked: the answer of the last second counts."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from time import monotonic as monotonic_seconds
from typing import Final

from app.domain.errors import ServiceError
from app.engine.ports import TaskStore

FRESH: Final = timedelta(seconds=1)


class SignOfLife:
    """What the store has last answered to this process when it was asked for nothing else."""

    def __init__(
        self, store: TaskStore, *, fresh: timedelta = FRESH, monotonic: Callable[[], float] = monotonic_seconds
    ) -> None:
        """Ask *store*, unless the last answer is at most *fresh* old."""
        self._store = store
        self._fresh = fresh.total_seconds()
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()
        self._answered_at: float | None = None
        self._answer = False

    async def seen(self) -> bool:
        """Tell whether the store can be used."""
        async with self._one_at_a_time:
            if self._answered_at is None or self._monotonic() - self._answered_at > self._fresh:
                self._answer = await self._asked()
                self._answered_at = self._monotonic()
            return self._answer

    async def _asked(self) -> bool:
        try:
            await self._store.check()
        except ServiceError:
            return False
        return True
