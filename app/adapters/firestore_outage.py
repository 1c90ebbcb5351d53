"""How an outage of the streams is waited out, and what the log says of it."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types

from app.telemetry.logs import get_logger

REFUSALS: Final = frozenset(
    {
        StatusCode.PERMISSION_DENIED,
        StatusCode.INVALID_ARGUMENT,
        StatusCode.NOT_FOUND,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.UNIMPLEMENTED,
    }
)
"""What does not pass by itself: it needs a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pauses:
    """
    How long to wait for what.

    Attributes:
        first: Before whatever was lost is asked for again; doubled each time.
        longest: The limit of that.
        patience: Until a task of which nothing is heard is looked after otherwise.
        answer: Until a stream that has said nothing at all is given up.
        linger: Until a stream is closed on which there is nothing left to listen to.
        parting: Until a stream that is closed is broken off.

    """

    first: timedelta = timedelta(milliseconds=100)
    longest: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=1)
    answer: timedelta = timedelta(seconds=30)
    linger: timedelta = timedelta(seconds=10)
    parting: timedelta = timedelta(milliseconds=500)

    def before(self, attempt: int, code: StatusCode, rng: Random) -> float:
        """Return how many seconds to wait before *attempt* (from 1), after the one before ended with *code*."""
        limit = self.longest if code in REFUSALS else min(self.longest, self.first * (1 << min(attempt - 1, 16)))
        return limit.total_seconds() * rng.uniform(0.5, 1)


class Outage:
    """Whether any stream is lost; the log says once when it begins, once if it needs a person, once when it is over."""

    def __init__(self) -> None:
        """Begin with none lost."""
        self._lost: set[object] = set()
        self._is_refused = False

    def lost(self, stream: object, code: StatusCode) -> None:
        """Take in that *stream* has ended, or did not come about, with *code*."""
        if code in REFUSALS and not self._is_refused:
            self._is_refused = True
            get_logger().error("listen stream refused", code=code.name)
        elif not self._lost:
            get_logger().warning("listen stream lost", code=code.name)
        self._lost.add(stream)

    def back(self, stream: object) -> None:
        """Take in that *stream* works, or is needed no more."""
        if stream in self._lost:
            self._lost.remove(stream)
            if not self._lost:
                self._is_refused = False
                get_logger().info("listen stream back")
