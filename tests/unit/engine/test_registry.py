"""Runs belong to the process, and it knows when they are over."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.engine.registry import Registry
from tests.fakes import PATIENCE

PATIENTLY = timedelta(seconds=PATIENCE)
NOT_AT_ALL = timedelta(0)


async def until(go_on: asyncio.Event) -> None:
    """Run for as long as a test likes."""
    await go_on.wait()


def nothing() -> None:
    """Take no notice of the end."""


async def test_a_run_is_known_until_it_has_ended() -> None:
    """The sweeper asks, so that a process does not take over its own work."""
    registry = Registry()
    go_on = asyncio.Event()
    registry.start("a", until(go_on), ended=nothing)
    before = registry.runs("a"), registry.runs("b"), len(registry)
    go_on.set()
    await registry.ended("a")

    assert before == (True, False, 1)
    assert not registry.runs("a")
    assert len(registry) == 0


async def test_nobody_waits_for_a_run_that_is_not_here() -> None:
    """Another process may have it: the store is to be asked."""
    async with asyncio.timeout(PATIENCE):
        await Registry().ended("elsewhere")


async def test_who_gives_up_waiting_leaves_the_run_alone() -> None:
    """A client that goes away must not take its task along."""
    registry = Registry()
    go_on = asyncio.Event()
    worked: list[str] = []

    async def run() -> None:
        await go_on.wait()
        worked.append("to the end")

    registry.start("a", run(), ended=nothing)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(registry.ended("a"), 0)
    go_on.set()
    await registry.ended("a")

    assert worked == ["to the end"]


async def test_the_end_is_told_however_the_run_went() -> None:
    """A slot that is not given back is lost for the life of the process."""
    registry = Registry()
    ends: list[str] = []

    async def answer() -> None:
        pass

    async def fall_over() -> None:
        raise ZeroDivisionError

    registry.start("a", answer(), ended=lambda: ends.append("a"))
    registry.start("b", fall_over(), ended=lambda: ends.append("b"))
    registry.start("c", until(asyncio.Event()), ended=lambda: ends.append("c"))
    with capture_logs() as lines:
        await registry.ended("b")
        registry.cancel()
        await registry.all_ended(within=PATIENTLY)

    assert sorted(ends) == ["a", "b", "c"]
    assert [(line["event"], line["task_id"]) for line in lines] == [("run broke", "b")]


async def test_runs_that_are_late_are_reported() -> None:
    """A process that must end has to know what it leaves behind."""
    registry = Registry()
    go_on = asyncio.Event()
    registry.start("a", until(go_on), ended=nothing)

    late = await registry.all_ended(within=NOT_AT_ALL)
    go_on.set()
    in_time = await registry.all_ended(within=PATIENTLY)

    assert (late, in_time) == (False, True)


async def test_a_run_that_starts_while_others_end_is_waited_for_too() -> None:
    """The last request of a process may start its run after the end has begun."""
    registry = Registry()
    go_on = asyncio.Event()

    async def start_another() -> None:
        registry.start("b", until(go_on), ended=nothing)

    registry.start("a", start_another(), ended=nothing)
    waiting = asyncio.create_task(registry.all_ended(within=PATIENTLY))
    await registry.ended("a")
    waited_on = not waiting.done()
    go_on.set()

    assert waited_on
    assert await waiting
    assert len(registry) == 0
