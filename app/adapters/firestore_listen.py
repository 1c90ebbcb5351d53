"""
One `Listen` stream that is opened again for as long as it is needed, and the channel of all of them.

Nothing is resumed: whatever is listened to is asked for anew, so it begins with the state as it is by then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from google.cloud.firestore_v1.types import ListenRequest, ListenResponse
from grpc import StatusCode, aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters.clock import StoreClock
from app.adapters.firestore_database import FirestoreDatabase
from app.adapters.firestore_outage import Outage, Pauses
from app.adapters.firestore_targets import Target, Targets
from app.adapters.firestore_values import time_from
from app.adapters.firestore_wire import SERVICE, codecs, routed
from app.adapters.firestore_writes import Names
from app.domain.errors import StoreUnavailable
from app.engine.supervision import supervise
from app.telemetry.logs import get_logger

TIMED: Final = frozenset({"target_change", "document_delete", "document_remove"})
"""The answers that say the store's time."""


@dataclass(frozen=True, slots=True)
class Line:
    """A *channel* for nothing but streams, to *database*."""

    channel: aio.Channel
    database: str

    def listen(self, requests: AsyncIterator[Any]) -> Any:  # noqa: ANN401 - grpcio ships no types
        """Open a stream."""
        method = self.channel.stream_stream(f"{SERVICE}/Listen", *codecs(ListenRequest, ListenResponse))
        prefix = ("google-cloud-resource-prefix", self.database)
        return method(requests, metadata=(*routed(database=self.database), prefix))


class Lines:
    """The one channel of all streams, while there are any."""

    def __init__(self, database: FirestoreDatabase) -> None:
        """Lead to *database*, with the same credentials as its calls; the first stream connects."""
        self.clock = database.clock
        self._database = database
        self._line: Line | None = None

    async def line(self) -> Line:
        """
        Return the channel.

        Raises:
            StoreUnavailable: If the process has no credentials, or no project.

        """
        connection = await self._database.connection()
        if self._line is None:
            self._line = Line(connection.another_channel(), connection.database)
        return self._line

    async def close(self) -> None:
        """Close the channel; whoever asks next is given a new one."""
        line, self._line = self._line, None
        if line is not None:
            await line.channel.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What all streams have in common."""

    lines: Lines
    numbers: Iterator[int]
    outage: Outage
    pauses: Pauses
    rng: Random


class ListenStream:
    """A stream, whichever connection carries it; *unneeded* is called some time after its last target was removed."""

    def __init__(self, shared: Shared, unneeded: Callable[["ListenStream"], None]) -> None:
        """Begin at once."""
        self._shared = shared
        self._unneeded = unneeded
        self._wanted: dict[Target, int] = {}
        """How often each target had to be added anew since the stream was opened."""
        self._targets: Targets | None = None
        self._news = asyncio.Event()
        self._has_complained = self._is_over = False
        self._timers: dict[object, asyncio.TimerHandle] = {}
        loop = supervise("listening", self._run, pause=shared.pauses.longest)
        self._loop = asyncio.create_task(loop, name="listening", context=Context())  # not of the request that began it

    def __len__(self) -> int:
        """How many targets there are."""
        return len(self._wanted)

    def add(self, target: Target) -> None:
        """Listen to *target*."""
        self._stop_timer(self)
        self._wanted[target] = 0
        self._ask_for(target)

    def remove(self, target: Target) -> None:
        """Listen to *target* no more."""
        del self._wanted[target]
        self._stop_timer(target)
        if self._targets is not None:
            self._targets.remove(target)
        self._news.set()
        if not self._wanted:
            self._set_timer(self, self._shared.pauses.linger.total_seconds(), lambda: self._unneeded(self))

    async def close(self) -> None:
        """End the stream: it is the server that closes it, unless it takes its time."""
        self._is_over = True
        if self._targets is not None:
            self._targets.is_over = True
            self._news.set()
            await asyncio.wait([self._loop], timeout=self._shared.pauses.parting.total_seconds())
        self._loop.cancel()
        await asyncio.wait([self._loop])
        self._stop_timer(self)
        self._shared.outage.back(self)

    async def _run(self) -> None:
        shared, attempt, now = self._shared, 0, asyncio.get_running_loop().time
        while True:
            while not self._wanted:
                self._news.clear()
                await self._news.wait()
            began = now()
            code = await self._listen()
            attempt = 1 if now() - began > shared.pauses.longest.total_seconds() else attempt + 1
            if self._is_over:
                return
            if self._wanted:
                shared.outage.lost(self, code)
                await asyncio.sleep(shared.pauses.before(attempt, code, shared.rng))

    async def _listen(self) -> StatusCode:
        """Listen until the stream ends; return how."""
        try:
            line = await self._shared.lines.line()
            await self._hear(line)
        except aio.AioRpcError as error:
            return error.code()
        except (StoreUnavailable, TimeoutError):
            return StatusCode.UNAVAILABLE
        return StatusCode.OK

    async def _hear(self, line: Line) -> None:
        targets = self._targets = Targets(self._shared.numbers, self._add_anew)
        self._news = asyncio.Event()
        self._has_complained = False
        for target in self._wanted:
            self._wanted[target] = 0
            targets.add(target)
        call = line.listen(_requests(line.database, targets, self._news))
        try:
            async with asyncio.timeout(self._shared.pauses.answer.total_seconds()) as limit:
                async for answer in call:
                    if answer is None:
                        raise StoreUnavailable  # the library could not read it, and does not say so otherwise
                    if limit.when() is not None:
                        limit.reschedule(None)
                        self._shared.outage.back(self)
                    targets.take(answer)
                    _observe(self._shared.lines.clock, answer)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            raise StoreUnavailable from error  # the library has given the stream up
        finally:
            targets.is_over = True  # ends the requests: the library would wait for the next one for ever
            self._news.set()
            call.cancel()
            self._targets = None
            for target in self._wanted:
                self._stop_timer(target)
                target.lost()

    def _ask_for(self, target: Target) -> None:
        if self._targets is not None:
            self._targets.add(target)
        self._news.set()

    def _add_anew(self, target: Target, code: StatusCode) -> None:
        if code is not StatusCode.OK and not self._has_complained:
            self._has_complained = True
            get_logger().warning("listen target lost", code=code.name)
        self._wanted[target] += 1
        pause = self._shared.pauses.before(self._wanted[target], code, self._shared.rng)
        self._set_timer(target, pause, lambda: self._ask_for(target))
        self._news.set()  # the old one is removed

    def _set_timer(self, key: object, seconds: float, ring: Callable[[], None]) -> None:
        self._stop_timer(key)
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, ring)

    def _stop_timer(self, key: object) -> None:
        if timer := self._timers.pop(key, None):
            timer.cancel()


async def _requests(database: str, targets: Targets, news: asyncio.Event) -> AsyncIterator[Any]:
    names = Names(f"{database}/documents")
    while True:
        news.clear()
        while request := targets.next_request(names.task):
            yield ListenRequest.pb()(database=database, **request)
        if targets.is_over:
            return
        await news.wait()


def _observe(clock: StoreClock, answer: Any) -> None:  # noqa: ANN401 - protobuf's messages have no types
    kind = answer.WhichOneof("response_type")
    part = getattr(answer, kind) if kind in TIMED else None
    if part is not None and part.HasField("read_time"):
        said = time_from(part.read_time)
        if said > clock.now():  # otherwise it has been on its way for longer than any reply: nothing limits that
            clock.observe(said)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
