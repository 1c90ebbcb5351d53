"""
What happens to every request, whichever endpoint it is for.

Plain ASGI throughout: a middleware that runs the application in a task of its
own would stand between a request and its background tasks.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.api.problems import CODES, Refused, path_of, problem
from app.telemetry.logs import frames_of, get_logger

LONGEST_NUMBER: Final = 20
"""Digits of a length; more would cost time to read as a number, and no body is that long."""

READ_AHEAD: Final = 64 * 1024
"""Bytes of a body that uvicorn holds before anybody asks for them."""

TOO_MANY: Final = "too_many_bodies"
NO_ROOM: Final = "This process reads and sends as much as it can hold; send the request again."
TOO_SLOW: Final = "The body took too long to arrive; send the request again, over a new connection."
SOON: Final = {"Retry-After": "1"}

_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestIds:
    """Give every request an id, the caller's own if it is a sane one, and bind it and the trace to all log lines."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of *app*."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer with its id."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        bound = {"request_id": request_id} | ({"trace_id": trace[1]} if trace else {})

        async def send_with_id(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start", "websocket.accept"}:
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
        said: list[str] = []

        async def note(message: Message) -> None:
            said[:] = [message["type"]]
            await send(message)

        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, note)
        except Exception as error:  # noqa: BLE001 - the outermost handler
            event = "request failed after the response began" if said else "request failed"
            name = type(error).__name__
            get_logger().error(event, path=_route(scope), error=name, stack_trace=frames_of(error))
            if scope["type"] == "websocket" and said != ["websocket.close"]:
                await send({"type": "websocket.close", "code": 1011})
            if scope["type"] == "http" and not said:
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
        if not self._noticed and scope["type"] in {"http", "websocket"} and is_traffic(scope):
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

        is_over = False

        async def send_without_body(message: Message) -> None:
            """Pass the headers on, and end with the first part of the body: a stream has no end of its own."""
            nonlocal is_over
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_over:
                is_over = True
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, receive, send_without_body)


class BodyBudget:
    """
    Bound what bodies take of this process's memory, each by itself and all together, and how long they take.

    A body counts by what has arrived of it, until its request is over. So who
    declares much and sends nothing keeps nobody out, however many do; who sends
    much and never ends is cut off after the *time*. A body is refused before it
    is read if its declared length exceeds what is left at that moment, and
    later, if others that were let in beside it have filled the rest.

    One that declares no length is taken for the largest, and is cut off there.
    One that no endpoint reads counts for what the server reads ahead of the
    application. An endpoint whose answer is as large as a body has it counted
    too, by `request.state.hold`.
    """

    def __init__(  # noqa: PLR0913 - each bounds something else
        self,
        app: ASGIApp,
        *,
        largest: int,
        together: int,
        has_owners: bool,
        time: timedelta,
        larger: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """
        Stand in front of *app*; sizes are in bytes, *time* runs from when the application begins to read.

        If it *has_owners*, none of them gets more than half of it, or room for one body.
        Some paths take *larger* ones.
        """
        self._app = app
        self._largest = largest
        self._larger = larger
        self.share = max(largest, *larger.values(), together // 2) if has_owners else together
        self._time = time
        self._held: Counter[str | None] = Counter()
        self.left = together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its body fits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._larger.get(path_of(scope).rstrip("/"), self._largest)
        size, owner = _size(scope, largest), scope.get("state", {}).get("owner")
        if size > largest:
            await problem(scope, 413, *CODES[413])(scope, receive, send)
        elif size > self.room(owner):
            refusal = problem(scope, 503, TOO_MANY, NO_ROOM, retryable=True, headers=SOON)
            await refusal(scope, receive, send)
        else:
            body = _Body(self, receive, owner=owner, time=self._time, largest=largest, unread=min(size, READ_AHEAD))
            scope.setdefault("state", {})["hold"] = body.hold
            try:
                await self._app(scope, body.receive, send)
            finally:
                body.count(-body.held)

    def room(self, owner: str | None) -> int:
        """How many bytes *owner* may still send."""
        return min(self.left, self.share - self._held[owner])

    def take(self, owner: str | None, size: int) -> None:
        """Count so many bytes of *owner*'s, or fewer if *size* is negative."""
        self.left -= size
        self._held[owner] += size
        if not self._held[owner]:
            del self._held[owner]


def _size(scope: Scope, largest: int) -> int:
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return largest
    declared = headers.get("content-length", "0")
    plain = declared.isdecimal() and len(declared) < LONGEST_NUMBER
    return int(declared) if plain else largest + 1


class _Body:
    """One body on its way to the application; *held* is what it counts of the budget."""

    def __init__(  # noqa: PLR0913 - what there is to know of a body
        self, budget: BodyBudget, receive: Receive, *, owner: str | None, time: timedelta, largest: int, unread: int
    ) -> None:
        self._budget = budget
        self._largest = largest
        self._owner = owner
        self._receive = receive
        self._time = time
        self._deadline: float | None = None
        self._is_complete = False
        self._unread = unread
        self._read = 0
        self.held = 0
        self.count(unread)

    def count(self, size: int) -> None:
        self._budget.take(self._owner, size)
        self.held += size

    def hold(self, size: int) -> None:
        """
        Count *size* more bytes until the request is over; what is larger than all the room there may be, as that much.

        Raises:
            Refused: If there is no room for them.

        """
        counted = min(size, self._budget.share)
        if counted > self._budget.room(self._owner):
            raise Refused(503, TOO_MANY, NO_ROOM, retryable=True, headers=SOON)
        self.count(counted)

    async def receive(self) -> Message:
        """
        Receive the next part; what follows a complete body may take as long as it likes.

        Raises:
            Refused: If the body takes too long, grows too large, or there is no room for this part.

        """
        if self._is_complete:
            return await self._receive()
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._time.total_seconds()
            self.count(-self._unread)
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(408, "body_too_slow", TOO_SLOW, retryable=True, headers={"Connection": "close"}) from error
        size = len(message.get("body", b""))
        self._read += size
        if self._read > self._largest:
            raise Refused(413, *CODES[413])
        self.hold(size)
        self._is_complete = not message.get("more_body", False)
        return message


def is_traffic(scope: Scope) -> bool:
    """Whether this request came for the service: not from a health probe, and not to a tagged revision."""
    tagged = "---" in Headers(scope=scope).get("host", "")
    return not tagged and not scope["path"].startswith("/health/")


def _route(scope: Scope) -> str:
    """Name the endpoint by its pattern: a path may hold what a caller chose."""
    return getattr(scope.get("route"), "path", "unknown")
