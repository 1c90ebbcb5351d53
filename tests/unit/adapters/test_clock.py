"""The store's time is estimated from its replies."""

from datetime import UTC, datetime, timedelta

from app.adapters.clock import StoreClock
from tests.factories import NOW

MACHINE_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Stopwatch:
    """Counts seconds, by hand."""

    def __init__(self) -> None:
        """Begin anywhere but at zero, as the system's does."""
        self.seconds = 1234.5

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.seconds


def make_clock(stopwatch: Stopwatch) -> StoreClock:
    """Return a clock on a machine whose own time is far off."""
    return StoreClock(monotonic=stopwatch, wall=lambda: MACHINE_TIME)


def test_before_the_first_reply_the_machine_is_asked() -> None:
    """A process must be able to start while the store is out of reach."""
    clock = make_clock(Stopwatch())

    now = clock.now()

    assert now == MACHINE_TIME


def test_a_reply_sets_the_clock() -> None:
    """Leases are judged by the store's time, however wrong the machine's is."""
    clock = make_clock(Stopwatch())

    clock.observe(NOW)

    assert clock.now() == NOW


def test_time_goes_on_between_replies() -> None:
    """A lease expires although nobody talks to the store."""
    stopwatch = Stopwatch()
    clock = make_clock(stopwatch)
    clock.observe(NOW)

    stopwatch.seconds += 30.25

    assert clock.now() == NOW + timedelta(seconds=30.25)


def test_a_newer_reply_corrects_the_estimate() -> None:
    """Stopwatches drift, and stand still while the platform freezes the process."""
    stopwatch = Stopwatch()
    clock = make_clock(stopwatch)
    clock.observe(NOW)
    stopwatch.seconds += 1

    clock.observe(NOW + timedelta(seconds=60))
    stopwatch.seconds += 1

    assert clock.now() == NOW + timedelta(seconds=61)


def test_an_older_time_does_not_set_the_clock_back() -> None:
    """Replies overtake each other."""
    stopwatch = Stopwatch()
    clock = make_clock(stopwatch)
    clock.observe(NOW)
    stopwatch.seconds += 1

    clock.observe(NOW - timedelta(seconds=60))

    assert clock.now() == NOW + timedelta(seconds=1)


def test_a_clock_that_is_given_nothing_tells_the_machines_time_in_utc() -> None:
    """The defaults are the ones that production uses."""
    before = datetime.now(UTC)

    now = StoreClock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
