"""
News of tasks from Firestore itself: it says what changes, on streams that carry many tasks each.

What no stream brings, for whatever reason and however long, is asked for by the fall-back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final, override

from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_followed import Followed
from app.adapters.firestore_listen import Lines, ListenStream, Shared
from app.adapters.firestore_outage import Outage, Pauses
from app.adapters.firestore_targets import numbers
from app.domain.task import Task
from app.engine.ports import Changes, Tell, is_task_id

TARGETS_PER_STREAM: Final = 100

MOST_STREAMS: Final = 90
"""A connection carries a hundred; with one more, every stream and call on it comes to a halt."""


class FirestoreChanges(Changes):
    """Each followed task is a target of one of a few streams, which share one connection."""

    def __init__(  # noqa: PLR0913 - limits and pauses, all with defaults
        self,
        database: FirestoreDatabase,
        fallback: Changes,
        *,
        targets_per_stream: int = TARGETS_PER_STREAM,
        most_streams: int = MOST_STREAMS,
        pauses: Pauses | None = None,
        rng: Random | None = None,
    ) -> None:
        """
        Listen to *database*, which is open for as long as this is.

        *fallback* looks after a task whenever nothing is heard of it, and
        after those for which *most_streams* have no room.
        """
        self._fallback = fallback
        self._targets_per_stream = targets_per_stream
        self._most_streams = most_streams
        self._clock = database.clock
        self._shared = Shared(
            lines=Lines(database),
            numbers=numbers(),
            outage=Outage(),
            pauses=pauses or Pauses(),
            rng=rng or Random(),  # noqa: S311 - spreads load, guards nothing
        )
        self._tell: Tell | None = None
        self._followed: dict[str, Followed] = {}
        self._stream_of: dict[Followed, ListenStream] = {}
        self._streams: list[ListenStream] = []
        self._endings: set[asyncio.Task[None]] = set()

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        async with self._fallback.open(self._take):
            self._tell = tell
            try:
                yield
            finally:
                self._tell = None
                for task_id in list(self._followed):
                    self.leave(task_id)
                for stream in list(self._streams):
                    self._end(stream)
                await asyncio.gather(*self._endings)

    @override
    def follow(self, task_id: str) -> None:
        if self._tell is None or task_id in self._followed:
            return
        followed = self._followed[task_id] = Followed(
            task_id,
            tell=self._tell,
            fallback=self._fallback,
            clock=self._clock,
            patience=self._shared.pauses.patience,
        )
        # What is no id is no name of a document either, and one bad name would end the stream for all others.
        stream = self._stream_with_room() if is_task_id(task_id) else None
        if stream is None:
            followed.poll()
        else:
            self._stream_of[followed] = stream
            stream.add(followed)

    @override
    def leave(self, task_id: str) -> None:
        if followed := self._followed.pop(task_id, None):
            followed.end()
            if stream := self._stream_of.pop(followed, None):
                stream.remove(followed)

    def _stream_with_room(self) -> ListenStream | None:
        for stream in self._streams:
            if len(stream) < self._targets_per_stream:
                return stream
        if len(self._streams) == self._most_streams:
            return None
        self._streams.append(ListenStream(self._shared, self._end))
        return self._streams[-1]

    def _take(self, task_id: str, task: Task | None) -> None:
        """Take in what the fall-back has seen."""
        if followed := self._followed.get(task_id):
            followed.take(task)

    def _end(self, stream: ListenStream) -> None:
        self._streams.remove(stream)
        ending = asyncio.create_task(self._close(stream))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _close(self, stream: ListenStream) -> None:
        await stream.close()
        if not self._streams:
            await self._shared.lines.close()
