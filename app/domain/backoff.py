"""How long to wait before the next attempt."""

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=2)
CEILING: Final = timedelta(minutes=5)


def backoff(attempt: int, *, jitter: float) -> timedelta:
    """
    The wait after *attempt* (from 1) has failed: between nothing and a limit that doubles, capped at `CEILING`.

    *jitter* (0 to 1) picks the point between, so that failures that came together do not return together.
    """
    doublings = min(attempt - 1, 32)
    return jitter * min(CEILING, FIRST * (1 << doublings))
