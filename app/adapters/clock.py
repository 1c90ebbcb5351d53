"""
The store's time, as well as this process can tell.

Machines disagree about the time, and leases are judged by one clock. Firestore
says its own time with every reply, so nobody has to ask for it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic as monotonic_seconds


class StoreClock:
    """
    The newest time that the store has said, plus what has passed here since.

    It lags behind the store by the way of one reply, and by as much as this
    process was suspended: both make it patient with other workers' leases, and
    strict with its own.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = monotonic_seconds,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Go by *monotonic* (seconds), and by *wall* as long as the store has not said anything."""
        self._monotonic = monotonic
        self._wall = wall
        self._said: datetime | None = None
        self._said_at = 0.0

    def observe(self, said: datetime) -> None:
        """Take in the time *said* by a reply that has just come; an older one than the newest changes nothing."""
        if self._said is None or said > self._said:
            self._said = said
            self._said_at = self._monotonic()

    def now(self) -> datetime:
        """The store's time by this estimate."""
        if self._said is None:
            return self._wall()
        return self._said + timedelta(seconds=self._monotonic() - self._said_at)
