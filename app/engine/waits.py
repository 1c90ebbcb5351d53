"""How many requests of one owner wait at a time: each holds a place in this process, some for almost an hour."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.errors import TooManyWaits


class Waits:
    """The requests of this process that wait for a task, counted for each owner."""

    def __init__(self, *, limit: int) -> None:
        """Let at most *limit* of each owner wait; 0 sets no limit."""
        self._limit = limit
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def one(self, owner: str) -> Iterator[None]:
        """
        Count one that waits until the block ends.

        Raises:
            TooManyWaits: If as many of the *owner*'s wait already as may.

        """
        if self._limit and self._waiting[owner] >= self._limit:
            raise TooManyWaits(self._limit)
        self._waiting[owner] += 1
        try:
            yield
        finally:
            self._waiting[owner] -= 1
            if not self._waiting[owner]:
                del self._waiting[owner]
