"""
The service as `python -m app serve` starts it, with a watch on its event loop.

Used as `gunicorn --config python:app.server "tests.chaos.served:create()"`.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, thread_time
from typing import Any, Final

from app.main import create as create_app
from tests.chaos.models import DIRECTORY

TICK: Final = 0.005
TARGET: Final = "tests.chaos.served:create()"

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Asgi = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Stall:
    """
    The longest time in which one event loop served nobody.

    Attributes:
        busy: Seconds of CPU that the loop's own thread used between two ticks: what the code is to blame for.
        late: Seconds by which a tick came too late, for whatever reason: the machine's other work, a stopped process.

    """

    busy: float = 0.0
    late: float = 0.0

    def or_longer(self, other: "Stall") -> "Stall":
        """The worst of both, of either kind."""
        return Stall(busy=max(self.busy, other.busy), late=max(self.late, other.late))


NONE: Final = Stall()


def create() -> Asgi:
    """
    Return the application, watched from the first answer, which is for the start-up probe, until it is told to end.

    What that first request costs is spent before there is any traffic.
    """
    app, watch = create_app(), Watch(Path(os.environ[DIRECTORY]) / f"stall-{os.getpid()}.json")

    async def watched(scope: Message, receive: Receive, send: Send) -> None:
        async def heard() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                watch.end()
            return message

        if scope["type"] == "lifespan":
            await app(scope, heard, send)
        else:
            await app(scope, receive, send)
            watch.begin()

    return watched


class Watch:
    """Looks at the event loop every few milliseconds, and writes the longest stall down."""

    def __init__(self, record: Path) -> None:
        """Keep the figures in the file *record*."""
        self._record = record
        self._longest = NONE
        self._is_new = True
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Watch from now on, if that was not begun, or ended, before."""
        if self._is_new:
            self._is_new = False
            self._wait(monotonic(), thread_time())

    def end(self) -> None:
        """Watch no longer."""
        self._is_new = False
        if self._next:
            self._next.cancel()

    def _wait(self, now: float, used: float) -> None:
        self._next = asyncio.get_running_loop().call_later(TICK, self._tick, now, used)

    def _tick(self, before: float, used_before: float) -> None:
        now, used = monotonic(), thread_time()
        longest = self._longest.or_longer(Stall(busy=used - used_before, late=now - before - TICK))
        if longest != self._longest:
            self._longest = longest
            self._record.write_text(json.dumps(asdict(longest)), encoding="ascii")
        self._wait(monotonic(), thread_time())


def longest_stall(directory: Path) -> Stall:
    """The longest stalls that any process of a run has written into *directory*."""
    longest = NONE
    for record in directory.glob("stall-*.json"):
        longest = longest.or_longer(Stall(**json.loads(record.read_text(encoding="ascii") or "{}")))
    return longest
