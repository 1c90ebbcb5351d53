"""Watchers behave as good clients do: they come again behind what they know, and write down what they are told."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, override

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from tests.chaos.chance import chance
from tests.chaos.codes import CUT, ENDED, GOES_ON, LEFT, UNKNOWN
from tests.chaos.history import History
from tests.chaos.watchers import SseWatcher, WebSocketWatcher

TASK = "0b6e1f52-2f0a-4b86-a9f7-0a4f3c6a1d10"


def said(revision: int, status: str, fraction: float | None = None) -> dict[str, Any]:
    """Return what an event says of the task."""
    progress = None if fraction is None else {"stage": "waiting", "fraction": fraction}
    return {"task_id": TASK, "status": status, "attempt": 1, "revision": revision, "progress": progress}


def event(revision: int, status: str, fraction: float | None = None, *, has_id: bool = True) -> str:
    """Return a server-sent event."""
    told = f"data: {json.dumps(said(revision, status, fraction))}\n"
    return f"{told}id: {revision}\n\n" if has_id else f"{told}\n"


AT_ONCE = "retry: 1\n\n"
PING = ": ping\n\n"


@dataclass
class Service(httpx.AsyncBaseTransport):
    """Streams what it was given to say, one text for each request; a number is a status, and None breaks."""

    told: list[str | int | None]
    asked: list[httpx.Request] = field(default_factory=list)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        told = self.told.pop(0)
        if told is None:
            raise httpx.ConnectError("nobody is there")
        return httpx.Response(told) if isinstance(told, int) else httpx.Response(200, text=told)

    def known(self) -> list[str | None]:
        """Return the last event's id in each request."""
        return [request.headers.get("last-event-id") for request in self.asked]


async def by_sse(told: list[str | int | None], *, is_blind: bool = False, times: int = 1) -> tuple[Service, History]:
    """Watch a service that says *told*, so many *times*."""
    service, history = Service(told), History()
    async with httpx.AsyncClient(transport=service) as http:
        watcher = SseWatcher(
            "a/0",
            TASK,
            http=http,
            is_blind=is_blind,
            history=history,
            urls=["http://one"],
            rng=chance("7"),
            is_over=lambda: not service.told,
        )
        for _ in range(times):
            await watcher.until_the_end()
    return service, history


async def test_events_are_written_down_as_they_come() -> None:
    """What is judged is what a client was told."""
    events = [event(1, "processing"), PING, event(1, "processing", 0.5, has_id=False), event(2, "completed")]

    service, history = await by_sse([AT_ONCE + "".join(events), 500])

    assert [request.url.path for request in service.asked] == [f"/tasks/{TASK}/events"]
    assert [(each.id, each.revision, each.status, each.progress) for each in history.heard] == [
        (1, 1, "processing", None),
        (None, 1, "processing", 0.5),
        (2, 2, "completed", None),
    ]
    (stream,) = history.connections
    assert (stream.code, stream.number, stream.after) == (200, 1, None)
    assert stream.opened is not None
    assert stream.began <= stream.opened <= stream.ended


async def test_a_stream_that_ends_too_early_is_taken_up_behind_the_last_id() -> None:
    """Progress has none, so it is not what the client stands at."""
    cut = AT_ONCE + event(1, "pending") + event(1, "pending", 0.5, has_id=False)

    service, history = await by_sse([cut, None, 503, event(3, "completed"), 500])

    assert service.known() == [None, "1", "1", "1"]
    assert [(each.code, each.after) for each in history.connections] == [(200, None), (0, 1), (503, 1), (200, 1)]
    assert [each.opened is not None for each in history.connections] == [True, False, False, True]
    assert [each.connection for each in history.heard] == [1, 1, 4]


async def test_half_an_event_is_none() -> None:
    """A cut in its middle must not leave the client behind where it has not been."""
    service, history = await by_sse([AT_ONCE + event(1, "pending") + "id: 2\n", event(2, "completed"), 500])

    assert service.known() == [None, "1"]
    assert [each.id for each in history.heard] == [1, 2]


async def test_who_does_not_look_into_events_comes_again_until_nothing_follows() -> None:
    """Browsers do, and would for ever."""
    service, history = await by_sse([AT_ONCE + event(2, "completed"), 204, 500], is_blind=True)

    assert service.known() == [None, "2"]
    assert [each.code for each in history.connections] == [200, 204]


async def test_a_task_that_is_not_there_is_given_up() -> None:
    """Somebody may have deleted it."""
    service, _ = await by_sse([AT_ONCE, 404, 404, 404, 500])

    assert service.told == [500]


async def test_who_watches_again_goes_on_behind_what_it_knows() -> None:
    """A task that was started over has other news, and the old ones are no news."""
    first = AT_ONCE + event(2, "failed")

    service, history = await by_sse([first, event(5, "completed"), 500], times=2)

    assert service.known() == [None, "2"]
    assert [each.number for each in history.connections] == [1, 2]


@dataclass
class Sockets:
    """Says what it was given to say, some messages and a code for each connection, and remembers what was asked."""

    told: list[tuple[Sequence[dict[str, Any]], int]]
    asked: list[str] = field(default_factory=list)

    async def talk(self, socket: ServerConnection) -> None:
        """Serve one connection."""
        assert socket.request is not None
        self.asked.append(socket.request.path)
        messages, code = self.told.pop(0)
        for message in messages:
            await socket.send(json.dumps(message))
        if code == CUT:
            socket.transport.abort()
        elif code == LEFT:
            await socket.wait_closed()
        else:
            await socket.close(code)

    def refuse(self, socket: ServerConnection, _request: Request) -> Response | None:
        """Answer with an HTTP status, if one comes next."""
        code = self.told[0][1] if self.told else UNKNOWN
        if code != 503:
            return None
        self.told.pop(0)
        return socket.respond(503, "not now")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listen until the block ends; where, is returned."""
        async with serve(self.talk, "127.0.0.1", 0, process_request=self.refuse) as server:
            yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def by_websocket(told: list[tuple[Sequence[dict[str, Any]], int]], *, ends: int = 99) -> tuple[Sockets, History]:
    """Watch a service that says *told*, and give up after so many events."""
    sockets, history = Sockets(told), History()
    async with sockets.serving() as url, asyncio.timeout(30):
        watcher = WebSocketWatcher(
            "a/0",
            TASK,
            history=history,
            urls=[url],
            rng=chance("7"),
            is_over=lambda: len(history.heard) >= ends,
            pause=0.0,
        )
        await watcher.until_the_end()
    return sockets, history


async def test_messages_are_written_down_until_the_socket_is_closed() -> None:
    """The server says when all is said."""
    messages = [said(1, "processing"), said(1, "processing", 0.5), said(2, "completed")]

    sockets, history = await by_websocket([(messages, ENDED)])

    assert sockets.asked == [f"/tasks/{TASK}/ws"]
    assert [(each.id, each.revision, each.status, each.progress) for each in history.heard] == [
        (None, 1, "processing", None),
        (None, 1, "processing", 0.5),
        (None, 2, "completed", None),
    ]
    assert [(each.way, each.code) for each in history.connections] == [("WebSocket", ENDED)]


async def test_a_socket_that_is_closed_too_early_is_opened_again_behind_the_last_revision() -> None:
    """Whether it was told to go on elsewhere, or simply cut."""
    sockets, history = await by_websocket(
        [
            ([said(1, "pending")], GOES_ON),
            ([said(3, "processing")], CUT),
            ([], 503),
            ([said(4, "completed")], ENDED),
        ]
    )

    path = f"/tasks/{TASK}/ws"
    assert sockets.asked == [path, f"{path}?starting_after=1", f"{path}?starting_after=3"]
    assert [(each.code, each.after) for each in history.connections] == [
        (GOES_ON, None),
        (CUT, 1),
        (503, 3),
        (ENDED, 3),
    ]


async def test_a_server_that_is_not_there_is_no_answer() -> None:
    """It may be there again the next time."""
    history = History()
    async with Sockets([]).serving() as url:
        pass
    watcher = WebSocketWatcher(
        "a/0",
        TASK,
        history=history,
        urls=[url],
        rng=chance("7"),
        pause=0.0,
        is_over=lambda: len(history.connections) > 0,
    )

    await watcher.until_the_end()

    assert [each.code for each in history.connections] == [0]


async def test_who_gives_up_leaves_the_socket() -> None:
    """A task that never ends must not keep the run alive."""
    _, history = await by_websocket([([said(1, "pending")], LEFT)], ends=1)

    assert [each.code for each in history.connections] == [LEFT]
