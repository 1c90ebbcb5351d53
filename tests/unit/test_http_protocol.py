"""One connection: what it may send, how long it may take, and what it does to others that wait on it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, override

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.http_protocol import LARGEST_HEAD, MOST_AHEAD, HttpProtocol

PATIENCE = 10
SOON = timedelta(milliseconds=200)

GOOD = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


class Hasty(HttpProtocol):
    """A connection with little patience for heads and for slow readers."""

    head_time: ClassVar = SOON
    reading_time: ClassVar = SOON


class WebSocket(asyncio.Protocol):
    """Stands for the WebSocket implementation: it sends back the head that it is given, and then what comes."""

    def __init__(self, **_options: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Take what uvicorn gives."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


@dataclass
class Application:
    """
    Answers with what it was asked.

    `/slow` waits for *goes_on* first, `/long` is more than anybody reads at once,
    `/unread` leaves the body alone, `/stream` ends when its caller has gone.
    """

    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = b"" if scope["path"] == "/unread" else await _body(receive)
        self.headers = scope["headers"]
        self.begun.set()
        if scope["path"] == "/slow":
            await self.goes_on.wait()
        text = f"<{scope['method']} {scope['path']}>".encode() + body
        answer = text + bytes(50_000_000) if scope["path"] == "/long" else text
        streams = scope["path"] == "/stream"
        length = [] if streams else [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": answer, "more_body": streams})
        if streams:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.left.set()


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


@dataclass
class Caller:
    """The other end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    app: Application
    state: ServerState

    async def sends(self, data: bytes) -> None:
        """Send *data* in one piece."""
        self.writer.write(data)
        await self.writer.drain()

    async def drips(self, data: bytes) -> bytes:
        """Send *data* again and again, until the connection is closed; return what came meanwhile."""
        reading = asyncio.create_task(self.reader.read())
        async with asyncio.timeout(PATIENCE):
            while not reading.done():
                self.writer.write(data)
                await asyncio.wait([reading], timeout=SOON.total_seconds() / 4)
        return b"" if isinstance(reading.exception(), ConnectionResetError) else await reading

    async def is_forgotten(self) -> None:
        """Return when the server has let go of the connection."""
        async with asyncio.timeout(PATIENCE):
            while self.state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0)

    async def gets(self, end: bytes) -> bytes:
        """Return what comes, up to *end*."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(end)

    async def gets_all(self) -> bytes:
        """Return what comes until the connection is closed."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


@asynccontextmanager
async def connected(protocol: Callable[..., HttpProtocol] = HttpProtocol) -> AsyncIterator[Caller]:
    """Serve an application, and connect to it."""
    app = Application()
    config = Config(app, http=HttpProtocol, ws=WebSocket, lifespan="off", log_config=None)
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), host="127.0.0.1", port=0
    )
    async with server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        try:
            yield Caller(reader, writer, app, state)
        finally:
            app.goes_on.set()
            writer.close()
            await asyncio.gather(*state.tasks)


async def test_a_connection_on_which_nothing_comes_is_closed() -> None:
    """It costs its owner nothing, and this process a descriptor."""
    async with connected(Hasty) as caller:
        received = await caller.gets_all()

    assert received == b""


async def test_a_head_that_never_ends_is_answered_and_closed() -> None:
    """A byte now and then keeps any other time-out from running out."""
    async with connected(Hasty) as caller:
        await caller.sends(b"GET / HTTP/1.1\r\nHost: a\r\nA: ")
        received = await caller.gets_all()

    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"headers_too_slow","retryable":true' in received


async def test_empty_lines_do_not_keep_a_connection_open() -> None:
    """They are allowed before a request, and the parser skips them for ever."""
    async with connected(Hasty) as caller:
        await caller.sends(GOOD)
        await caller.gets(b"<GET /good>")
        received = await caller.drips(b"\r\n")

    assert received.startswith(b"HTTP/1.1 408 ")


async def test_the_time_for_a_head_runs_anew_for_each_request() -> None:
    """A connection in good use must not be closed for its age."""
    async with connected(Hasty) as caller:
        received = []
        async with asyncio.timeout(PATIENCE):
            opened_at = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() < opened_at + 3 * SOON.total_seconds():
                await caller.sends(GOOD)
                received.append(await caller.gets(b"<GET /good>"))

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in received)


async def test_a_long_wait_for_an_answer_is_no_slow_head() -> None:
    """Long polls and streams take longer than any head may."""
    async with connected(Hasty) as caller:
        await caller.sends(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        late = asyncio.get_running_loop().call_later(3 * SOON.total_seconds(), caller.app.goes_on.set)
        received = await caller.gets(b"<GET /slow>")

    assert late.when() < asyncio.get_running_loop().time()
    assert received.startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_nobody_wants_may_not_drip_for_ever() -> None:
    """After the answer no time-out of the application runs any longer."""
    async with connected(Hasty) as caller:
        await caller.sends(b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n")
        await caller.gets(b"<POST /unread>")
        received = await caller.drips(b"x")

    assert received == b""


@pytest.mark.parametrize("connection", [b"keep-alive", b"close"])
async def test_who_does_not_read_its_answer_is_cut_off(connection: bytes) -> None:
    """Closing waits for what is still to be sent, and that may be never."""
    async with connected(Hasty) as caller:
        await caller.sends(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: " + connection + b"\r\n\r\n")
        await caller.is_forgotten()

    assert caller.app.begun.is_set()


async def test_a_stream_ends_when_its_caller_has_gone_although_more_was_asked() -> None:
    """The server tells only the last request; a stream before it would go on, and log each vain write."""
    async with connected() as caller:
        await caller.sends(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n" + GOOD)
        await caller.gets(b"<GET /stream>")
        caller.writer.close()
        async with asyncio.timeout(PATIENCE):
            await caller.app.left.wait()

    assert caller.app.left.is_set()


async def test_requests_far_ahead_of_their_answers_end_the_connection() -> None:
    """A packet holds ten thousand of them, and the event loop would stand still to read them all."""
    async with connected() as caller:
        await caller.sends(GOOD * 1000)
        received = await caller.gets_all()

    assert received.count(b"HTTP/1.1 200 ") == received.count(b"<GET /good>") == MOST_AHEAD + 1
    assert b"HTTP/1.1 400 " not in received


async def test_what_follows_a_request_does_not_cost_it_its_answer() -> None:
    """A refusal in its place would be taken for the answer."""
    async with connected() as caller:
        await caller.sends(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n\0")
        await caller.app.begun.wait()
        caller.app.goes_on.set()
        received = await caller.gets_all()

    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(b"<GET /slow>")


async def test_a_wish_for_http_2_is_ignored_and_the_body_is_a_body() -> None:
    """The parser takes what follows for the next request, whoever wrote it."""
    async with connected() as caller:
        head = b"POST /it HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n"
        await caller.sends(head % len(LAST))
        await caller.sends(LAST)
        first = await caller.gets(LAST)
        await caller.sends(head % 1 + b"x")
        second = await caller.gets(b"<POST /it>x")
        await caller.sends(head.replace(b"Host", b"Connection: close\r\nHost") % 1 + b"y")
        third = await caller.gets_all()

    assert first.endswith(b"<POST /it>" + LAST)
    assert second.count(b"HTTP/1.1 200 ") == 1
    assert third.endswith(b"<POST /it>y")


async def test_a_websocket_is_handed_over_and_left_alone() -> None:
    """It lives far longer than a head may take."""
    head = b"GET /ws HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    async with connected(Hasty) as caller:
        await caller.sends(head)
        received = await caller.gets(b"\r\n\r\n")
        late = asyncio.Event()
        asyncio.get_running_loop().call_later(3 * SOON.total_seconds(), late.set)
        await late.wait()
        await caller.sends(b"ping")
        answered = await caller.gets(b"ping")

    assert received == head
    assert answered == b"ping"


async def test_a_websocket_does_not_take_the_place_of_an_answer() -> None:
    """Else what was asked before would be answered into its frames."""
    async with connected() as caller:
        upgrade = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        await caller.sends(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + upgrade)
        await caller.app.begun.wait()
        caller.app.goes_on.set()
        received = await caller.gets_all()

    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"<GET /slow>")


async def test_a_request_is_answered_once_whatever_its_body_becomes() -> None:
    """A second answer would be taken for that to the next request."""
    async with connected() as caller:
        await caller.sends(b"POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await caller.gets(b"<POST /unread>")
        await caller.sends(b"no chunk\r\n")
        received = await caller.gets_all()

    assert received == b""


async def test_a_body_that_breaks_frees_what_waits_for_it() -> None:
    """The application must not go on holding what it has reserved until a time-out."""
    async with connected() as caller:
        await caller.sends(CHUNKED + b"1\r\nx\r\n")
        await caller.sends(b"no chunk\r\n")
        received = await caller.gets_all()
        await asyncio.wait_for(caller.app.begun.wait(), PATIENCE)

    assert b'"code":"malformed_request"' in received


async def test_what_comes_after_a_body_is_no_header() -> None:
    """A front end that strips or checks headers has not looked at it."""
    async with connected() as caller:
        await caller.sends(CHUNKED + b"1\r\nx\r\n0\r\nX-Api-Key: k\r\n\r\n")
        received = await caller.gets_all()

    assert received.endswith(b"<POST /chunked>x")
    assert [name for name, _ in caller.app.headers] == [b"host", b"transfer-encoding", b"connection"]


async def test_blanks_around_a_value_are_not_part_of_it() -> None:
    """A length followed by a blank was once taken for no number, and its request for too large."""
    async with connected() as caller:
        await caller.sends(b"POST / HTTP/1.1\r\nHost: a \r\nContent-Length: 1 \t\r\nConnection: close\r\n\r\nx")
        await caller.gets_all()

    assert caller.app.headers == [(b"host", b"a"), (b"content-length", b"1"), (b"connection", b"close")]


@pytest.mark.parametrize("packet", [100, LARGEST_HEAD * 4])
@pytest.mark.parametrize(
    ("value", "status"),
    [(LARGEST_HEAD - 200, b"200"), (LARGEST_HEAD, b"431"), (LARGEST_HEAD * 2, b"431")],
)
async def test_a_heads_size_counts_however_it_arrives(packet: int, value: int, status: bytes) -> None:
    """The same request must not be refused on one day and accepted on another."""
    async with connected() as caller:
        head = LAST[:-2] + b"A: " + b"a" * value + b"\r\n\r\n"
        for start in range(0, len(head), packet):
            caller.writer.write(head[start : start + packet])
        received = await caller.gets_all()

    assert received.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(GOOD[:-2] + b"A: b\r\n" * 2_000 + b"\r\n", id="many headers"),
        pytest.param(b"GET /?" + b"a&" * 2_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", id="many parameters"),
        pytest.param(CHUNKED + b"1;" + b"a" * 5 * LARGEST_HEAD, id="a chunk's extension"),
        pytest.param(CHUNKED + b"0\r\nA: " + b"a" * 5 * LARGEST_HEAD, id="a trailer"),
        pytest.param(CHUNKED + b"0\r\n" + b"A: b\r\n" * LARGEST_HEAD, id="many trailers"),
        pytest.param(b"\r\n" * 5 * LARGEST_HEAD, id="empty lines"),
    ],
)
async def test_nothing_but_a_body_may_be_large(sent: bytes) -> None:
    """The parser gathers all of it, in time that grows with the square of its size."""
    async with connected() as caller:
        caller.writer.write(sent)
        received = await caller.gets(b"}")

    assert received.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in received


async def test_refusals_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each would let a stranger write the log, and its owner pay for it."""
    caplog.set_level(logging.INFO)
    async with connected() as caller:
        await caller.sends(b"\0\0\0")
        received = await caller.gets_all()

    assert b'"code":"malformed_request"' in received
    assert caplog.records == []
