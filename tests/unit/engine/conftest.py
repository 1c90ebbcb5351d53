"""A quota, and what it goes by."""

import pytest

from app.engine.quota import Quota
from tests.unit.engine.ledger import LIMIT, Ledger, Stopwatch


@pytest.fixture
def ledger() -> Ledger:
    """Return a store without a task."""
    return Ledger()


@pytest.fixture
def stopwatch() -> Stopwatch:
    """Return the quota's idea of time."""
    return Stopwatch()


@pytest.fixture
def quota(ledger: Ledger, stopwatch: Stopwatch) -> Quota:
    """Return a quota of five tasks that has not counted anything yet."""
    return Quota(ledger, limit=LIMIT, monotonic=stopwatch)
