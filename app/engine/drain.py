"""
The end of a process: hand over what runs, within the few seconds that a platform grants.

SIGTERM begins it at once: nothing is claimed any more. Running work gets a
grace; then it is interrupted and its leases are released, so that another
process can take it up.
"""

import asyncio
from datetime import timedelta
from typing import Final

from app.engine.registry import Registry
from app.engine.slots import Slots
from app.telemetry.logs import get_logger

GRACE: Final = timedelta(seconds=3)
HAND_OVER: Final = timedelta(seconds=2)
LAST_WORD: Final = timedelta(seconds=1)


class Drain:
    """
    How far the end of this process has come.

    Attributes:
        begun: Nothing is claimed any more.
        interrupted: Runs should stop and release their leases.
        gave_up: Nobody waits any longer for a store that does not answer.

    """

    def __init__(
        self,
        slots: Slots,
        registry: Registry,
        *,
        grace: timedelta = GRACE,
        hand_over: timedelta = HAND_OVER,
        last_word: timedelta = LAST_WORD,
    ) -> None:
        """Give running work a *grace*, its releases the *hand_over*, and the rest, all hope given up, a *last_word*."""
        self._slots = slots
        self._registry = registry
        self._grace = grace
        self._hand_over = hand_over
        self._last_word = last_word
        self._deadline = 0.0
        self.begun = asyncio.Event()
        self.interrupted = asyncio.Event()
        self.gave_up = asyncio.Event()

    def begin(self) -> None:
        """Claim nothing any more; interrupt what still runs after the grace."""
        if self.begun.is_set():
            return
        get_logger().info("drain begun", runs=len(self._registry))
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + (self._grace + self._hand_over).total_seconds()
        self.begun.set()
        self._slots.close()
        self._slots.freed.set()
        loop.call_later(self._grace.total_seconds(), self.interrupted.set)

    async def finish(self) -> None:
        """Return when no run is left."""
        self.begin()
        remaining = self._deadline - asyncio.get_running_loop().time()
        await self._registry.all_ended(within=timedelta(seconds=max(0.0, remaining)))
        self.gave_up.set()
        handed_over = await self._registry.all_ended(within=self._last_word)
        self._registry.cancel()
        get_logger().info("drain finished", handed_over=handed_over)
