"""How many calls are under way, and for how long."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from app.adapters.calls import Calls
from app.engine.ports import UnderWay

NONE = UnderWay(calls=0, oldest=timedelta(0))


class Stopwatch:
    """Counts seconds, by hand."""

    seconds = 1234.5

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.seconds


@pytest.fixture
def stopwatch() -> Stopwatch:
    """Return a stopwatch that stands still."""
    return Stopwatch()


@pytest.fixture
def calls(stopwatch: Stopwatch) -> Calls:
    """Return calls that are timed by the stopwatch."""
    return Calls(monotonic=stopwatch)


def test_nothing_is_under_way_at_first(calls: Calls, stopwatch: Stopwatch) -> None:
    """An idle process is not slow, however long it has been idle."""
    stopwatch.seconds += 100

    assert calls.under_way() == NONE


def test_the_age_is_that_of_the_oldest_call(calls: Calls, stopwatch: Stopwatch) -> None:
    """One call that hangs says more about a store than a hundred that have just begun."""
    with ExitStack() as open_calls:
        for _ in range(3):
            open_calls.enter_context(calls.counted())
            stopwatch.seconds += 1

        assert calls.under_way() == UnderWay(calls=3, oldest=timedelta(seconds=3))


def test_the_next_one_is_the_oldest_once_the_oldest_has_ended(calls: Calls, stopwatch: Stopwatch) -> None:
    """A store that has recovered is not taken for a slow one because of a call that is over."""
    with ExitStack() as newer:
        with calls.counted():
            stopwatch.seconds += 5
            newer.enter_context(calls.counted())
            stopwatch.seconds += 1

        assert calls.under_way() == UnderWay(calls=1, oldest=timedelta(seconds=1))
    assert calls.under_way() == NONE


def test_a_call_that_fails_has_ended(calls: Calls) -> None:
    """An outage must not leave calls behind that nobody can ever end."""
    with pytest.raises(OSError, match="no route"), calls.counted():
        raise OSError("no route")

    assert calls.under_way() == NONE
