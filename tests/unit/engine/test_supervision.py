"""Background loops go on, and say what broke them."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.engine.supervision import supervise
from tests.fakes import PATIENCE


async def test_a_loop_that_breaks_is_started_again() -> None:
    """One bad answer must not end all sweeps of a process."""
    starts: list[str] = []

    async def loop() -> None:
        starts.append("started")
        if len(starts) < 3:
            raise ZeroDivisionError

    with capture_logs() as lines:
        async with asyncio.timeout(PATIENCE):
            await supervise("sweeper", loop, pause=timedelta(0))

    assert len(starts) == 3
    assert [(line["event"], line["loop"], line["log_level"]) for line in lines] == [
        ("background loop broke", "sweeper", "error")
    ] * 2


async def test_a_loop_can_be_cancelled() -> None:
    """A process that ends must get rid of its loops."""
    started = asyncio.Event()

    async def loop() -> None:
        started.set()
        await asyncio.Event().wait()

    supervised = asyncio.create_task(supervise("sweeper", loop, pause=timedelta(0)))
    await started.wait()
    supervised.cancel()

    with pytest.raises(asyncio.CancelledError):
        await supervised
