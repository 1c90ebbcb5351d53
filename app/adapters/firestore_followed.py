"""
What this process knows of one task that it follows: what was told of it, and who looks after it right now.

Whoever sees it first, the stream or the fall-back, tells it; nobody tells it again.
"""

import asyncio
from datetime import timedelta
from typing import override

from app.adapters.clock import StoreClock
from app.adapters.firestore_snapshots import snapshots_of
from app.adapters.firestore_targets import Target
from app.adapters.firestore_wire import Found
from app.domain.task import Task
from app.engine.ports import Changes, Tell


class Followed(Target):
    """One task, from when it is followed until it is left."""

    def __init__(self, task_id: str, *, tell: Tell, fallback: Changes, clock: StoreClock, patience: timedelta) -> None:
        """Be looked after by the *fallback* whenever it has not been `current` for as long as *patience* lasts."""
        super().__init__(task_id)
        self._tell = tell
        self._fallback = fallback
        self._clock = clock
        self._patience = patience.total_seconds()
        self._told: tuple[str, int] | None = None
        """Submission and revision; of what is not there, the empty ones."""
        self._unreadable: Found | None = None
        self._is_polled = False
        self._waiting: asyncio.TimerHandle | None = None
        self._expiring: asyncio.TimerHandle | None = None
        self.lost()

    def end(self) -> None:
        """Tell no more."""
        self.current()
        self._stop_expiring()

    def poll(self) -> None:
        """Let the fall-back follow it, until it is current."""
        self.current()
        self._is_polled = True
        self._fallback.follow(self.task_id)

    def take(self, task: Task | None) -> None:
        """Tell of *task*, or that there is none, if that is news."""
        news = ("", 0) if task is None else (task.submission, task.revision)
        if self._told is None or news[0] != self._told[0] or news[1] > self._told[1]:
            self._told = news
            self._tell(self.task_id, task)

    @override
    def seen(self, found: Found | None) -> None:
        self._stop_expiring()
        now = self._clock.now()
        if found is None or found.has_expired(now):
            self.take(None)
            return
        if self._unreadable is None or found.version != self._unreadable.version:
            snapshots = snapshots_of([found])
            self._unreadable = None if snapshots else found
            for snapshot in snapshots:
                self.take(snapshot.task)
        if found.expires_at:  # nothing is said when it does
            ahead = (found.expires_at - now).total_seconds()
            self._expiring = asyncio.get_running_loop().call_later(ahead, self.seen, found)

    @override
    def current(self) -> None:
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None
        if self._is_polled:
            self._is_polled = False
            self._fallback.leave(self.task_id)

    @override
    def lost(self) -> None:
        if self._waiting is None and not self._is_polled:
            self._waiting = asyncio.get_running_loop().call_later(self._patience, self.poll)

    def _stop_expiring(self) -> None:
        if self._expiring:
            self._expiring.cancel()
            self._expiring = None
