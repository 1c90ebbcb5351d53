"""
How many requests one owner may make, so that none takes up the process by itself.

Each process counts for itself: with ten instances, an owner whose requests reach
all of them may make ten times as many. Only owners that were let in are counted,
so there are never more buckets than tenants.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from math import ceil
from typing import Final

from token_bucket import Limiter, MemoryStorage

from app.domain.errors import RateLimited

BURST: Final = timedelta(seconds=2)
"""Who was silent for that long may make up for it at once."""

BEGINNING: Final = timedelta(milliseconds=50)
"""How long a request counts as one that begins, unless it is answered before; some wait on purpose, or for a body."""

FEWEST: Final = 2
"""Requests of an owner that may begin at the same time; more where the limit could not be reached with so few."""


class RateLimit:
    """A token bucket for each owner, and a line for what its burst lets in at once."""

    def __init__(self, *, per_second: int) -> None:
        """Let each owner make so many requests, which is positive."""
        self._per_second = per_second
        self._burst = int(per_second * BURST.total_seconds())
        self._buckets = MemoryStorage()
        self._limiter = Limiter(per_second, self._burst, self._buckets)
        at_once = max(FEWEST, ceil(per_second * BEGINNING.total_seconds()))
        self._lines: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))

    def admit(self, owner: str) -> None:
        """
        Take one of the requests that *owner* may make now.

        Raises:
            RateLimited: If there is none left.

        """
        if not self._limiter.consume(owner):
            missing = 1 - self._buckets.get_token_count(owner)
            again_in = timedelta(seconds=missing / self._per_second)
            raise RateLimited(self._per_second, at_once=self._burst, again_in=again_in)

    @asynccontextmanager
    async def beginning(self, owner: str) -> AsyncIterator[Callable[[], None]]:
        """
        Wait until only a few of the *owner*'s requests are beginning; the block begins one.

        What it is given ends the beginning: to be called once the request is
        answered. A hundred requests that came in one moment would otherwise
        take turns with everybody else's, each of them, on the event loop.
        """
        line, place = self._lines[owner], ExitStack()
        await line.acquire()
        place.callback(line.release)  # once, whoever closes it first
        over = asyncio.get_running_loop().call_later(BEGINNING.total_seconds(), place.close)
        try:
            yield place.close
        finally:
            over.cancel()
            place.close()
