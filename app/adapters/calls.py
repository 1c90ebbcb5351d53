"""The calls to a store that have not ended yet: how slow it is right now, before any of them says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic as monotonic_seconds

from app.engine.ports import UnderWay


class Calls:
    """Counts the calls of one process, each from its beginning to its end, however it ends."""

    def __init__(self, *, monotonic: Callable[[], float] = monotonic_seconds) -> None:
        """Go by *monotonic* (seconds)."""
        self._monotonic = monotonic
        self._begun: dict[object, float] = {}

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one call for as long as the block lasts."""
        call = object()
        self._begun[call] = self._monotonic()
        try:
            yield
        finally:
            del self._begun[call]

    def under_way(self) -> UnderWay:
        """Return how many there are, and the age of the oldest; zero if there is none."""
        now = self._monotonic()
        oldest = next(iter(self._begun.values()), now)  # a dictionary keeps the order in which they came
        return UnderWay(len(self._begun), timedelta(seconds=now - oldest))
