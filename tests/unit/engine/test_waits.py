"""How many requests of one owner may wait at a time."""

from contextlib import ExitStack

import pytest

from app.domain.errors import TooManyWaits
from app.engine.waits import Waits


def test_one_more_than_may_wait_is_refused() -> None:
    """Each holds memory and a connection, for up to an hour."""
    waits = Waits(limit=2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(waits.one("acme"))

        with pytest.raises(TooManyWaits, match="2"):
            held.enter_context(waits.one("acme"))


def test_owners_do_not_share_their_places() -> None:
    """One who watches everything must not blind the others."""
    waits = Waits(limit=1)
    with waits.one("acme"), waits.one("globex"):
        pass


def test_a_place_comes_free_however_the_request_ends() -> None:
    """Clients hang up all the time."""
    waits = Waits(limit=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), waits.one("acme"):
            raise ZeroDivisionError

    with waits.one("acme"):
        pass


def test_where_there_is_no_limit_as_many_wait_as_like() -> None:
    """On one's own machine there is nobody to be held up."""
    waits = Waits(limit=0)
    with ExitStack() as held:
        for _ in range(1000):
            held.enter_context(waits.one("anonymous"))
