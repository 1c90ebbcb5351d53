"""All routes of an application, those too that its reference does not show, and what one is asked with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import Message, Scope

WEBSOCKET: Final = "WEBSOCKET"
ANYTHING: Final = "ANYTHING"
"""In place of a method: a route that takes whatever comes, such as a mounted application."""

BODIES: Final[dict[str, dict[str, Any]]] = {
    "/process_document": {"json": {"content": "Hola mundo."}},
    "/process_document/": {"json": {"content": "Hola mundo."}},
    "/process_document/upload": {"files": {"file": ("letter.txt", b"Hola mundo.")}},
    "/process_document/upload/": {"files": {"file": ("letter.txt", b"Hola mundo.")}},
    "/process_text_async": {"json": {"text": "hola", "task_id": "t-new"}},
    "/process_text_async/": {"json": {"text": "hola", "task_id": "t-new"}},
    "/process_text_blocking": {"params": {"text": "hola"}},
    "/process_text_blocking/": {"params": {"text": "hola"}},
}
"""What a request needs besides its path."""

_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, order=True)
class Operation:
    """One method of one path."""

    path: str
    method: str

    def __str__(self) -> str:
        """Name it as people do."""
        return f"{self.method} {self.path}"

    @property
    def names_something(self) -> bool:
        """Whether the path has a place for an id."""
        return _PARAMETER.search(self.path) is not None

    def at(self, name: str) -> str:
        """Return the path with *name* in every such place."""
        return _PARAMETER.sub(lambda _: name, self.path)

    async def ask(self, caller: httpx.AsyncClient, name: str, headers: dict[str, str]) -> httpx.Response:
        """Send the request that it takes."""
        method = "GET" if self.method == ANYTHING else self.method
        return await caller.request(method, self.at(name), headers=headers, **BODIES.get(self.path, {}))


def operations(app: FastAPI) -> list[Operation]:
    """Return all that can be asked of *app*."""
    return sorted(set(_operations(app)))


def _operations(app: FastAPI) -> Iterator[Operation]:
    for route in iter_route_contexts(app.routes):
        path = route.path or "/"
        if route.methods:
            heads = {"HEAD"} if "GET" in route.methods else set()
            yield from (Operation(path, method) for method in route.methods | heads)
        else:
            is_websocket = "websocket" in type(route.original_route).__name__.lower()
            yield Operation(path, WEBSOCKET if is_websocket else ANYTHING)


async def knock(app: FastAPI, path: str, headers: dict[str, str]) -> list[Message]:
    """Ask for a WebSocket at *path*, say goodbye as soon as it is accepted, and return all that *app* has said."""
    said: list[Message] = []
    heard: list[Message] = [{"type": "websocket.connect"}]

    async def receive() -> Message:
        return heard.pop() if heard else {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        said.append(message)

    scope: Scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "subprotocols": [],
    }
    await app(scope, receive, send)
    return said
