"""
What happens to every request, whichever endpoint it is for.

Plain ASGI throughout: a middleware that runs the application in a task of its
own would stand between a request and its background tasks.
"""

import re
import traceback
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.api.problems import CODES, problem
from app.telemetry.logs import get_logger

LONGEST_NUMBER: Final = 20
"""Digits of a length; more would cost time to read as a number, and no body is that long."""

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestIds:
    """Give every request an id, the caller's own if it is a sane one, and bind it and the trace to all log lines."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer with its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        bound = {"request_id": request_id} | ({"trace_id": trace[1]} if trace else {})

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        with bound_contextvars(**bound):
            await self._app(scope, receive, send_with_id)


class LastResort:
    """
    Answer 500 whatever breaks, and log where it broke.

    An exception's own message stays out of the log: it may quote a document.
    Nothing is raised to the server, which would log it all the same.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        begun = False

        async def note_start(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, note_start)
        except Exception as error:  # noqa: BLE001 - the outermost handler
            frames = "".join(traceback.format_tb(error.__traceback__))
            event = "request failed after the response began" if begun else "request failed"
            get_logger().error(event, path=_route(scope), error=type(error).__name__, stack_trace=frames)
            if not begun:
                detail = "Something went wrong in the service. The request id finds it in the logs."
                await problem(scope, 500, "internal_error", detail)(scope, receive, send)


class Traffic:
    """Notice the first request that is no health probe and did not come to a tagged revision."""

    def __init__(self, app: ASGIApp, *, on_traffic: Callable[[], None]) -> None:
        """Stand in front of *app*, and call *on_traffic* once."""
        self._app = app
        self._on_traffic = on_traffic
        self._noticed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if not self._noticed and scope["type"] in {"http", "websocket"} and _is_traffic(scope):
            self._noticed = True
            self._on_traffic()
        await self._app(scope, receive, send)


class HeadAsGet:
    """Answer HEAD wherever there is a GET: the same headers and no body."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, a HEAD as the GET that it asks about."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyBudget:
    """
    Bound what bodies take of this process's memory, each by itself and all together, before any is read.

    A body counts by its declared length until its request is over; one that
    declares none counts as the largest, and is cut off there by the framework.
    """

    def __init__(self, app: ASGIApp, *, largest: int, together: int) -> None:
        """Stand in front of *app*; sizes are in bytes."""
        self._app = app
        self._largest = largest
        self._left = together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its body fits."""
        size = self._size(scope) if scope["type"] == "http" else 0
        if size > self._largest:
            code, detail = CODES[413]
            await problem(scope, 413, code, detail)(scope, receive, send)
        elif size > self._left:
            detail = "This process is reading as much as it can hold; send the request again."
            refusal = problem(scope, 503, "too_many_bodies", detail, retryable=True, headers={"Retry-After": "1"})
            await refusal(scope, receive, send)
        else:
            self._left -= size
            try:
                await self._app(scope, receive, send)
            finally:
                self._left += size

    def _size(self, scope: Scope) -> int:
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers:
            return self._largest
        declared = headers.get("content-length", "0")
        plain = declared.isdecimal() and len(declared) < LONGEST_NUMBER
        return int(declared) if plain else self._largest + 1


def _is_traffic(scope: Scope) -> bool:
    tagged = "---" in Headers(scope=scope).get("host", "")
    return not tagged and not scope["path"].startswith("/health/")


def _route(scope: Scope) -> str:
    """Name the endpoint by its pattern: a path may hold what a caller chose."""
    return getattr(scope.get("route"), "path", "unknown")
