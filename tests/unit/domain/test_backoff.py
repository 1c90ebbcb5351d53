"""How long to wait before the next attempt."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.backoff import CEILING, FIRST, backoff

ATTEMPTS = st.integers(min_value=1, max_value=10_000)
JITTERS = st.floats(min_value=0, max_value=1)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (8, 256), (9, 300), (10, 300)]
)
def test_the_longest_wait_doubles_up_to_a_ceiling(attempt: int, seconds: int) -> None:
    """A struggling dependency gets more and more room, yet no task waits for hours."""
    assert backoff(attempt, jitter=1.0) == timedelta(seconds=seconds)


def test_jitter_spreads_the_wait_over_the_whole_range() -> None:
    """A thousand tasks that failed together must not come back together."""
    waits = [backoff(3, jitter=jitter) for jitter in (0.0, 0.25, 0.5, 1.0)]

    assert waits == [timedelta(seconds=seconds) for seconds in (0, 2, 4, 8)]


@given(attempt=ATTEMPTS, jitter=JITTERS)
def test_a_wait_is_never_negative_and_never_above_the_ceiling(attempt: int, jitter: float) -> None:
    """Not even for an attempt number that nobody foresaw."""
    assert timedelta(0) <= backoff(attempt, jitter=jitter) <= CEILING


@given(attempt=ATTEMPTS, jitter=JITTERS)
def test_a_later_attempt_never_waits_less(attempt: int, jitter: float) -> None:
    """At equal luck, patience grows."""
    assert backoff(attempt, jitter=jitter) <= backoff(attempt + 1, jitter=jitter)


def test_the_first_wait_is_short() -> None:
    """Most failures that pass, pass soon."""
    assert backoff(1, jitter=1.0) == FIRST
