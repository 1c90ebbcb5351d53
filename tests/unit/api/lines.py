"""Connections that stay open, without a server: what the application sends is seen as it comes."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Message, Scope

from tests.fakes import PATIENCE
from tests.unit.api.arrange import World


@dataclass
class Line:
    """One connection, of this *kind*: `http` or `websocket`."""

    kind: str
    said: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def next(self) -> Message:
        """Return the next message of the application."""
        async with asyncio.timeout(PATIENCE):
            return await self.said.get()

    async def event(self) -> dict[str, str]:
        """Return the next server-sent event, as the names and values of its lines; empty at the end of the stream."""
        message = await self.next()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return await self.event()
        lines = (line.partition(": ") for line in message.get("body", b"").decode().splitlines() if line)
        return {name: value for name, _, value in lines}

    async def task(self) -> tuple[str | None, Any]:
        """Return the next event that shows a task: its id, and the task."""
        while "data" not in (event := await self.event()):
            assert event, "the stream has ended"
        return event.get("id"), json.loads(event["data"])

    async def message(self) -> Any:  # noqa: ANN401 - JSON
        """Return the next message of a WebSocket, a task."""
        message = await self.next()
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def close_code(self) -> int:
        """Return how the WebSocket is closed, whatever is said before."""
        while (message := await self.next())["type"] != "websocket.close":
            pass
        return int(message["code"])

    def hang_up(self) -> None:
        """Leave."""
        self.heard.put_nowait({"type": f"{self.kind}.disconnect", "code": 1001})


@asynccontextmanager
async def connected(
    here: World,
    path: str,
    headers: Mapping[str, str] | None = None,
    **further: Any,  # noqa: ANN401 - of an ASGI scope
) -> AsyncIterator[Line]:
    """Hold a connection to *path*; leaving the block waits until the application has let go of it."""
    address = urlsplit(path)
    is_socket = address.path.endswith("/ws")
    line = Line("websocket" if is_socket else "http")
    scope: Scope = {
        "type": line.kind,
        "scheme": "ws" if is_socket else "http",
        "method": "GET",
        "path": address.path,
        "raw_path": address.path.encode(),
        "query_string": address.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "subprotocols": [],
    }
    beginning: Message = {"type": "websocket.connect"} if is_socket else {"type": "http.request"}
    line.heard.put_nowait(beginning)
    running = asyncio.create_task(here.app(dict(scope) | further, line.heard.get, line.said.put))
    try:
        yield line
    finally:
        line.hang_up()
        async with asyncio.timeout(PATIENCE):
            await running
