"""
Takes turns between owners where only a few can be served at a time.

Who has a hundred requests waiting holds up nobody who has one: the next turn is
always another owner's, if another one waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.domain.errors import StoreOverloaded


class Turns:
    """As many places as can be taken at once, and who waits for one."""

    def __init__(self, *, at_once: int) -> None:
        """Let so many be served *at_once*."""
        self._free = at_once
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order in which it is each owner's turn

    @asynccontextmanager
    async def turn(self, owner: str, *, until: float) -> AsyncIterator[None]:
        """
        Wait for a turn of *owner*'s, and keep it for as long as the block lasts.

        Raises:
            StoreOverloaded: If there is none *until* that instant of the event loop's clock.

        """
        await self._take(owner, until)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, owner: str, until: float) -> None:
        if self._free:
            self._free -= 1
            return
        given = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(given)
        try:
            async with asyncio.timeout_at(until):
                await given
        except BaseException as error:
            if given.done() and not given.cancelled():
                self._pass_on()  # it was given in the same moment
            if isinstance(error, TimeoutError):
                raise StoreOverloaded from error
            raise

    def _pass_on(self) -> None:
        """Give the turn to the owner who has waited longest for one, and then that owner's next is the last in line."""
        while self._waiting:
            owner = next(iter(self._waiting))
            queue = deque(given for given in self._waiting.pop(owner) if not given.done())
            if queue:
                queue.popleft().set_result(None)
                if queue:
                    self._waiting[owner] = queue
                return
        self._free += 1
