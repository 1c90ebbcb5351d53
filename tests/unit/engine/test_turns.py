"""Whose turn it is, where only a few can be served at a time."""

import asyncio
from contextlib import suppress

import pytest

from app.domain.errors import StoreOverloaded
from app.engine.turns import Turns

LATER = 1e9
"""An instant that no test lives to see."""


class Visitors:
    """Owners who take turns, each until it is told to leave; *served* says whose turn it was, in order."""

    def __init__(self, *, at_once: int) -> None:
        """Let so many be served *at_once*."""
        self.turns = Turns(at_once=at_once)
        self.served: list[str] = []
        self.leaves = asyncio.Semaphore(0)

    async def visit(self, owner: str) -> None:
        """Wait for a turn, and keep it until somebody may leave."""
        async with self.turns.turn(owner, until=LATER):
            self.served.append(owner)
            await self.leaves.acquire()

    async def come(self, *owners: str) -> list[asyncio.Task[None]]:
        """Have these owners wait, in this order."""
        visits = [asyncio.create_task(self.visit(owner)) for owner in owners]
        await asyncio.sleep(0)
        return visits

    async def leave(self, visits: list[asyncio.Task[None]]) -> None:
        """Let everybody be served to the end."""
        for _ in visits:
            self.leaves.release()
        await asyncio.gather(*visits)


async def test_as_many_as_there_are_places_are_served_at_once() -> None:
    """Nobody waits for nothing."""
    visitors = Visitors(at_once=2)

    visits = await visitors.come("a", "a", "a")
    at_first = list(visitors.served)
    await visitors.leave(visits)

    assert at_first == ["a", "a"]
    assert visitors.served == ["a"] * 3


async def test_who_has_many_waiting_holds_up_nobody_who_has_one() -> None:
    """A flood of one owner's would otherwise be a queue for all."""
    visitors = Visitors(at_once=1)

    visits = await visitors.come(*["loud"] * 10, "quiet")
    await visitors.leave(visits)

    assert visitors.served.index("quiet") == 2


async def test_owners_take_turns() -> None:
    """And each one's own requests keep their order."""
    visitors = Visitors(at_once=1)

    visits = await visitors.come("x", "a", "a", "a", "b", "b", "c")
    await visitors.leave(visits)

    assert visitors.served == ["x", "a", "b", "c", "a", "b", "a"]


async def test_who_has_hung_up_gets_no_turn() -> None:
    """It would be lost, and with it a place for ever."""
    visitors = Visitors(at_once=1)
    visits = await visitors.come("x", "a", "b")

    visits[1].cancel()
    await visitors.leave([visits[0], visits[2]])

    assert visitors.served == ["x", "b"]


async def test_who_hangs_up_at_the_moment_of_its_turn_passes_it_on() -> None:
    """The two may fall into one and the same step of the event loop."""
    turns = Turns(at_once=1)
    async with turns.turn("x", until=LATER):
        leaving = asyncio.create_task(_pass(turns))
        await asyncio.sleep(0)
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving

    async with asyncio.timeout(5), turns.turn("b", until=LATER):
        pass


async def test_a_turn_that_ends_badly_is_passed_on_too() -> None:
    """An error in a request must not cost the others a place."""
    turns = Turns(at_once=1)
    with pytest.raises(ZeroDivisionError):
        async with turns.turn("a", until=LATER):
            raise ZeroDivisionError

    async with asyncio.timeout(5), turns.turn("b", until=LATER):
        pass


async def test_who_waits_too_long_is_told_so() -> None:
    """Nothing was tried, so the request can be sent again."""
    turns = Turns(at_once=1)
    async with turns.turn("a", until=LATER):
        with pytest.raises(StoreOverloaded):
            async with turns.turn("b", until=0.0):
                pass

    async with asyncio.timeout(5), turns.turn("b", until=LATER):
        pass


async def _pass(turns: Turns) -> None:
    async with turns.turn("a", until=LATER):
        pass


async def test_who_has_given_up_costs_its_owner_no_turn() -> None:
    """A client that hangs up and asks again must not fall behind one that floods."""
    visitors = Visitors(at_once=1)
    visits = await visitors.come("x", "victim", "loud", "loud", "victim")

    visits[1].cancel()
    await visitors.leave([visits[0], *visits[2:]])

    assert visitors.served == ["x", "victim", "loud", "loud"]
