"""One watched task: what is known of it, and the timers that go with that. It decides nothing; the feed does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.domain.processing import Progress
from app.domain.task import Task


@dataclass(eq=False)
class Topic:
    """A task that is watched: as it was stored last, and as it is shown."""

    stored: Task
    shown: Task
    watchers: int = 0
    is_followed: bool = False
    is_gone: bool = False
    is_over: bool = False
    live: tuple[str, Progress] | None = None
    """What the run of this process under that token has said last."""
    memo: dict[str, bytes] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    timers: dict[str, asyncio.TimerHandle] = field(default_factory=dict)

    def show(self) -> None:
        """Show what is stored, with the newest progress, to all who wait for news."""
        lease, live = self.stored.lease, self.live
        is_live = lease is not None and live is not None and lease.token == live[0]
        self.shown = replace(self.stored, progress=live[1]) if is_live and live else self.stored
        self.memo = {}
        self.wake()

    def wake(self) -> None:
        """Have all look who wait for news."""
        news, self.news = self.news, asyncio.Event()
        news.set()

    def set_timer(self, name: str, seconds: float, ring: Callable[[], None]) -> None:
        """Ring in so many seconds, in place of what was set under that *name* before."""
        self.stop_timer(name)
        self.timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), ring)

    def stop_timer(self, name: str) -> None:
        """Let it not ring."""
        if timer := self.timers.pop(name, None):
            timer.cancel()
