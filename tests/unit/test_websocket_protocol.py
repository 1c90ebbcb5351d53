"""One WebSocket: who takes nothing, or is no longer there, is let go; and nothing of it is logged."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import ClassVar

import pytest
import websockets
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.http_protocol import HttpProtocol
from app.websocket_protocol import WebSocketProtocol

PATIENCE = 10
SOON = timedelta(milliseconds=200)
HANDSHAKE = (
    b"GET /watch HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

type App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Hasty(WebSocketProtocol):
    """A connection with little patience for slow readers."""

    reading_time: ClassVar = SOON


@asynccontextmanager
async def serving(app: App, *, ping: float | None = None) -> AsyncIterator[int]:
    """Serve *app* with hasty WebSockets until the block ends; give the port."""
    config = Config(app, ws=Hasty, lifespan="off", log_config=None, ws_ping_interval=ping, ws_ping_timeout=ping)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: HttpProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*state.tasks, return_exceptions=True)


async def test_who_takes_nothing_is_cut_off() -> None:
    """Else a thousand such clients keep a thousand messages of half a megabyte."""
    ended = asyncio.Event()

    async def tell_much(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "x" * 1_000_000})
        except OSError:
            ended.set()

    async with serving(tell_much) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(HANDSHAKE)
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
        writer.close()


async def test_who_does_not_answer_a_ping_is_cut_off() -> None:
    """A laptop that was shut says no goodbye."""
    said: asyncio.Queue[str] = asyncio.Queue()

    async def listen(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        said.put_nowait((await receive())["type"])

    async with serving(listen, ping=SOON.total_seconds()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE)
        async with asyncio.timeout(PATIENCE):
            heard = await said.get()
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()

    assert heard == "websocket.disconnect"


async def test_who_answers_pings_stays() -> None:
    """However little there is to tell."""

    async def tell_late(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        with suppress(TimeoutError):
            await asyncio.wait_for(receive(), 5 * SOON.total_seconds())
        await send({"type": "websocket.send", "text": "at last"})

    async with (
        serving(tell_late, ping=SOON.total_seconds()) as port,
        asyncio.timeout(PATIENCE),
        websockets.connect(f"ws://127.0.0.1:{port}/") as socket,
    ):
        assert await socket.recv() == "at last"


async def test_nothing_that_is_said_on_a_websocket_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """At its most talkative level, a library would log each frame, and with it the document."""

    async def tell(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "geheimnis"})
        await send({"type": "websocket.close", "code": 1000, "reason": "geheimnis"})

    caplog.set_level(logging.DEBUG, "uvicorn.error")
    async with serving(tell) as port, websockets.connect(f"ws://127.0.0.1:{port}/") as socket:
        assert await socket.recv() == "geheimnis"
        await socket.wait_closed()

    assert "geheimnis" not in "".join(record.getMessage() for record in caplog.records if "server" not in record.name)


async def test_a_refusal_is_no_error_of_the_application(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each would be written at the operator's expense, by whoever likes to."""

    async def refuse(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no", "more_body": False})

    caplog.set_level(logging.ERROR, "uvicorn.error")
    async with serving(refuse) as port:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://127.0.0.1:{port}/")

    assert (refused.value.response.status_code, refused.value.response.body) == (401, b"no")
    assert caplog.records == []
