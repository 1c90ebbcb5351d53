"""The least that watches tasks, so that a thousand watchers take little from the server beside them."""

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, Final, override
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.uri import parse_uri

PATIENCE: Final = 60.0
"""Seconds until a watcher that hears nothing is a reason to give the run up."""

AT_ONCE: Final = 50
"""Watchers that begin at a time: a server that all of them ask in the same instant refuses some for a while."""

AGAIN: Final = 1.0
"""Seconds after which a watcher that was refused comes again."""


@dataclass(eq=False)
class Watcher(asyncio.Protocol):
    """One watcher of one task: what it has heard, as a revision and when."""

    host: str
    task_id: str
    heard: list[tuple[int, float]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    refusal: str | None = None
    _transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvloop has it
        self._transport = transport

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.refuse("the server hung up")

    def hear(self, revisions: Sequence[bytes]) -> None:
        """Take in that these were shown just now."""
        if revisions:
            self.heard.append((int(revisions[-1]), time.monotonic()))
            self.news.set()

    def refuse(self, why: str) -> None:
        """Take in that there will be nothing more to hear."""
        self.refusal = self.refusal or why
        self.news.set()

    def send(self, sent: bytes) -> None:
        """Send it as it is."""
        assert self._transport is not None
        self._transport.write(sent)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def heard_of(self, revision: int) -> float | None:
        """Return when this revision was heard of, or a later one in its place; None if neither was."""
        return next((at for heard, at in self.heard if heard >= revision), None)

    async def reaches(self, revision: int, *, within: float) -> None:
        """Return when it has heard of that revision, or time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.heard_of(revision) is None:
                    self.news.clear()
                    await self.news.wait()


class EventStream(Watcher):
    """Listens to the server-sent events of its task."""

    kind: ClassVar = "SSE"
    _revision: ClassVar = re.compile(rb"\nid: (\d+)\n")
    _tail: bytes = b""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvloop has it
        super().connection_made(transport)
        self.send(f"GET /tasks/{self.task_id}/events HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())

    @override
    def data_received(self, data: bytes) -> None:
        if not self.heard and data.startswith(b"HTTP/1.1") and not data.startswith(b"HTTP/1.1 200"):
            self.refuse(data.decode(errors="replace"))
        told, end, self._tail = (self._tail + data).rpartition(b"\n\n")
        self.hear(self._revision.findall(told + end))


class WebSocketStream(Watcher):
    """Talks to the WebSocket of its task; it answers pings."""

    kind: ClassVar = "WebSocket"
    _revision: ClassVar = re.compile(rb'"revision":(\d+)')

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvloop has it
        super().connection_made(transport)
        self._protocol = ClientProtocol(parse_uri(f"ws://{self.host}/tasks/{self.task_id}/ws"))
        self._protocol.send_request(self._protocol.connect())
        self._send_what_there_is()

    @override
    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        self._send_what_there_is()
        if self._protocol.handshake_exc is not None:
            self.refuse(data.decode(errors="replace"))
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self.hear(self._revision.findall(event.data))

    def _send_what_there_is(self) -> None:
        for sent in self._protocol.data_to_send():
            self.send(sent)


@dataclass(frozen=True, slots=True)
class Watching:
    """All *watchers* of a row, and how often the server has refused one of them for a while."""

    watchers: list[Watcher]
    refusals: int


async def watch(url: str, tasks: Sequence[str], kind: type[Watcher]) -> Watching:
    """Watch each of the *tasks*, and return as soon as each watcher has heard of its task."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(AT_ONCE)
    refusals = 0

    async def attempt(task_id: str) -> Watcher:
        async with places:
            _, watcher = await loop.create_connection(
                lambda: kind(address.netloc, task_id), str(address.hostname), address.port or 80
            )
            await watcher.news.wait()
            return watcher

    async def begin(task_id: str) -> Watcher:
        nonlocal refusals
        while (watcher := await attempt(task_id)).refusal:
            if "store_overloaded" not in watcher.refusal:
                raise SystemExit(f"a watcher was refused: {watcher.refusal}")
            refusals += 1
            watcher.close()
            await asyncio.sleep(AGAIN)
        return watcher

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as beginning:
        begun = [beginning.create_task(begin(task_id)) for task_id in tasks]
    return Watching([each.result() for each in begun], refusals)
