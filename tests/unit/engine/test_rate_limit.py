"""How many requests an owner may make at once, and then."""

import asyncio
from datetime import timedelta

import pytest

from app.domain.errors import RateLimited
from app.engine.rate_limit import FEWEST, RateLimit


def admitted(limit: RateLimit, requests: int, *, owner: str = "acme") -> int:
    """Return how many of so many *requests* at once are let in."""
    let_in = 0
    for _ in range(requests):
        try:
            limit.admit(owner)
        except RateLimited:
            continue
        let_in += 1
    return let_in


def test_an_owner_may_make_two_seconds_worth_of_requests_at_once() -> None:
    """A page that loads asks for twenty things in one moment, and then for nothing."""
    assert admitted(RateLimit(per_second=1), 100) == 2


def test_one_owner_who_asks_too_often_holds_up_no_other() -> None:
    """That is what the limit is for."""
    limit = RateLimit(per_second=1)
    admitted(limit, 100, owner="acme")

    assert admitted(limit, 1, owner="globex") == 1


def test_who_is_refused_learns_the_limit_and_when_to_come_again() -> None:
    """A client can wait as long as it must, and no longer."""
    limit = RateLimit(per_second=1)
    admitted(limit, 2)

    with pytest.raises(RateLimited) as caught:
        limit.admit("acme")

    assert caught.value.per_second == 1
    assert timedelta(0) < caught.value.again_in <= timedelta(seconds=1)
    assert caught.value.message == "At most 1 requests may come in a second, and 2 at once"


def test_who_is_refused_loses_nothing_by_it() -> None:
    """A client that goes on asking would otherwise never be let in again."""
    limit = RateLimit(per_second=1_000)
    refused_before = 3_000 - admitted(limit, 3_000)

    let_in_again = any(admitted(limit, 1) for _ in range(1_000_000))

    assert (refused_before > 0, let_in_again) == (True, True)


async def test_only_a_few_requests_of_one_owner_begin_at_once() -> None:
    """A burst that is within the limit would otherwise take turns, each of it, with everybody else's requests."""
    limit, begun, answers = RateLimit(per_second=1), [], asyncio.Event()

    async def request(owner: str) -> None:
        async with limit.beginning(owner):
            begun.append(owner)
            await answers.wait()

    requests = [asyncio.create_task(request(owner)) for owner in ["loud"] * 10 + ["quiet"]]
    await asyncio.sleep(0)
    begun_at_first = list(begun)
    answers.set()
    await asyncio.gather(*requests)

    assert begun_at_first == ["loud"] * FEWEST + ["quiet"]
    assert len(begun) == 11


async def test_a_request_that_goes_on_holds_up_no_other_for_long() -> None:
    """Some wait on purpose, for a result or for a body; they have begun, and that is all."""
    limit, ends = RateLimit(per_second=1), asyncio.Event()

    async def request() -> None:
        async with limit.beginning("acme"):
            await ends.wait()

    waiting = [asyncio.create_task(request()) for _ in range(FEWEST)]
    async with asyncio.timeout(5), limit.beginning("acme"):
        ends.set()

    await asyncio.gather(*waiting)


async def test_an_answered_request_makes_room_at_once_and_once() -> None:
    """Its background tasks go on; and a place that was given back twice would be two places."""
    limit = RateLimit(per_second=1)
    for _ in range(100):
        async with limit.beginning("acme") as answered:
            answered()
            answered()
    begun = 0

    async def request(ends: asyncio.Event) -> None:
        nonlocal begun
        async with limit.beginning("acme"):
            begun += 1
            await ends.wait()

    ends = asyncio.Event()
    requests = [asyncio.create_task(request(ends)) for _ in range(10)]
    await asyncio.sleep(0)
    begun_at_once = begun
    ends.set()
    await asyncio.gather(*requests)

    assert begun_at_once == FEWEST
