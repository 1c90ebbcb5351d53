"""
The server's own edge: what arrives must be one clear request before the application hears of it.

Stricter than the parser where a front end and this server could read the same
bytes differently, and bounded where the parser waits for ever. Refusals are
problems, as everywhere. Nothing of what was sent is logged, and no refusal is,
but for debugging: a line for each would be written at the owner's expense.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from socket import IPPROTO_TCP, TCP_USER_TIMEOUT
from typing import Any, ClassVar, Final, override
from uuid import uuid4

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.api.problems import CODES, Refused, problem
from app.api.security_headers import ALWAYS
from app.telemetry.logs import get_logger

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's line and headers; also of what stands between the parts of its body, and after them."""

FIELD_COST: Final = 32
"""
Bytes that each header counts for beyond its own, as in HTTP/2 (RFC 9113, 6.5.2),
and each parameter of the target: thirty thousand of them stop the event loop
for 90 ms.
"""

MOST_AHEAD: Final = 16
"""Requests that may wait on one connection for the answer to an earlier one; after them it is closed."""

_TARGET: Final = re.compile(rb"\*|/[^#]*|https?://(?P<host>[^/?#]+)[/?][^#]*", re.IGNORECASE)
_OFFERS: Final = re.compile(rb"[!#$%&'*+.^`|~\w-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^`|~\w-]+)*")
_HOST: Final = re.compile(rb"(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    head_time: ClassVar = timedelta(seconds=15)
    """From the opening, or from a later request's first byte, until a request's head is whole."""

    reading_time: ClassVar = timedelta(seconds=60)
    """Until the other side has taken an answer off this process's hands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Stand for a connection that is about to be made."""
        super().__init__(*arguments, **options)
        self._awaits_head = True
        self._is_closing = False
        self._ignores_upgrade = False
        self._unread = 0
        self._running: RequestResponseCycle | None = None
        self._head_alarm = Alarm(self.loop, self.head_time)
        self._reading_alarm = Alarm(self.loop, self.reading_time)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if connection := transport.get_extra_info(
            "socket"
        ):  # else a peer that is gone is waited for a quarter of an hour
            connection.setsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT, int(self.reading_time.total_seconds() * 1000))
        self._head_alarm.set(self._give_up_on_head)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered too, which is not the last one if others were sent ahead."""
        self._head_alarm.stop()
        self._reading_alarm.stop()
        if self._running:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        self._unset_keepalive_if_required()
        if self._awaits_head:
            self._head_alarm.set(self._give_up_on_head)
        self._unread += len(data)
        try:
            self._parse(memoryview(data))
        except HttpParserError as error:
            self._refuse(error.__context__ if isinstance(error.__context__, Refused) else _malformed())
        else:
            if self._unread > LARGEST_HEAD:
                self._refuse(_too_large())

    def _parse(self, data: memoryview) -> None:
        """Parse *data*; an upgrade to anything but WebSocket is ignored, and its request read like any other."""
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                if self._should_upgrade():
                    self._hand_over()
                    return
                beginning = self._without_upgrade()
                self.parser = HttpRequestParser(self)  # the other one may have read that this request is the last
                self.parser.feed_data(beginning)
            else:
                return

    def _hand_over(self) -> None:
        """Let the WebSocket implementation have the connection, unless an answer is still to be written to it."""
        if (self.cycle and not self.cycle.response_complete) or not _has_clear_offers(self.headers):
            self._refuse(_malformed())
        else:
            self._reading_alarm.stop()
            self.handle_websocket_upgrade()

    def _without_upgrade(self) -> bytes:
        """Return the head just parsed, without its wish: the parser would take the body that follows for a request."""
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.scope["http_version"].encode())
        return line + _lines((name, value) for name, value in self.headers if name != b"upgrade") + b"\r\n"

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_alarm.set(self._give_up_on_head)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; one after the body is none: whatever checks headers has never seen it."""
        if self._awaits_head:
            super().on_header(name, value.strip(b" \t"))

    @override
    def on_headers_complete(self) -> None:
        self._head_alarm.stop()
        self._unread = 0
        version = self.parser.get_http_version()
        if _size(self.url, self.headers) > LARGEST_HEAD:
            raise _too_large()
        if len(self.pipeline) >= MOST_AHEAD or not _is_clear(self.parser.get_method(), self.url, version, self.headers):
            raise _malformed()
        self._awaits_head = False
        self._ignores_upgrade = self.parser.should_upgrade() and not self._should_upgrade()
        if self._ignores_upgrade:
            self.scope["http_version"] = version
        else:
            super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._unread = 0
        self._awaits_head = True
        if not self._ignores_upgrade:
            super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._reading_alarm.set_anew(self._give_up_on_reading)
        if self.cycle.response_complete and not self._awaits_head:
            self._head_alarm.set(self._give_up_on_head)  # for the rest of a body that nobody wants

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_alarm.set_anew(self._give_up_on_reading)

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _give_up_on_head(self) -> None:
        has_begun = self._awaits_head and self._unread > 0
        self._refuse(_too_slow() if has_begun else None)

    def _give_up_on_reading(self) -> None:
        cycle = self.cycle
        goes_on = cycle and not (cycle.response_complete or cycle.disconnected or self.flow.write_paused)
        if self.transport.get_write_buffer_size() and not goes_on:
            self.transport.abort()

    def _refuse(self, refusal: Refused | None) -> None:
        """Listen no more, and close: after the answer to what was asked before, or after the *refusal*, or at once."""
        self._is_closing = True
        self._head_alarm.stop()
        cycle = self.cycle
        is_owed = cycle is not None and not cycle.response_complete
        if is_owed and not cycle.more_body:
            cycle.keep_alive = False
            return
        is_its_turn = not self.pipeline and not cycle.response_started if is_owed else self._awaits_head
        if is_owed:
            cycle.disconnected = True
            cycle.message_event.set()
        if refusal and is_its_turn:
            self._answer(refusal)
        else:
            self.transport.close()

    def _answer(self, refusal: Refused) -> None:
        """Answer, and let the other side finish before the connection is closed: else it would not read the answer."""
        request_id = uuid4().hex
        get_logger().debug("request refused", code=refusal.code, request_id=request_id)
        answer = problem(
            {"state": {"request_id": request_id}},
            refusal.status_code,
            refusal.code,
            refusal.detail,
            retryable=refusal.retryable,
            headers=ALWAYS | {"X-Request-Id": request_id, "Connection": "close"},
        )
        headers = _lines([*self.server_state.default_headers, *answer.raw_headers])
        self.transport.write(STATUS_LINE[refusal.status_code] + headers + b"\r\n" + bytes(answer.body))
        self.transport.write_eof()
        self._reading_alarm.set_anew(self._give_up_on_reading)
        close = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, close)


class Alarm:
    """Rings once, after *time*, unless it is stopped before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, time: timedelta) -> None:
        """Go by the clock of *loop*."""
        self._loop = loop
        self._seconds = time.total_seconds()
        self._timer: asyncio.TimerHandle | None = None

    def set(self, ring: Callable[[], None]) -> None:
        """Let the time run; if it does already, it goes on."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, ring)

    def set_anew(self, ring: Callable[[], None]) -> None:
        """Let the time run from now."""
        self.stop()
        self.set(ring)

    def stop(self) -> None:
        """Let it not ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _size(target: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    fields = len(headers) + target.count(b"&")
    return len(target) + sum(len(name) + len(value) for name, value in headers) + FIELD_COST * fields


def _is_clear(method: bytes, target: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether all who read this head, strictly or not, find the same target, the same host and the same body."""
    hosts = [value for name, value in headers if name == b"host"]
    codings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    form = _TARGET.fullmatch(target)
    named = form and form["host"]
    return (
        form is not None
        and method != b"CONNECT"
        and version in {"1.0", "1.1"}
        and len(hosts) <= 1
        and (bool(hosts) or version == "1.0")
        and all(_HOST.fullmatch(host) for host in hosts)
        and (not named or [named.lower()] == [host.lower() for host in hosts])
        and codings in ([], [b"chunked"])
        and not (codings and version == "1.0")
    )


def _has_clear_offers(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the subprotocols can be read: who could not would repeat them in the answer, and one may be a key."""
    return all(_OFFERS.fullmatch(value) for name, value in headers if name == b"sec-websocket-protocol")


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%s: %s\r\n" % header for header in headers)


def _malformed() -> Refused:
    return Refused(400, *CODES[400])


def _too_large() -> Refused:
    return Refused(431, "headers_too_large", "The request's line and headers are larger than this service accepts.")


def _too_slow() -> Refused:
    detail = "The request's headers took too long to arrive; send it again, over a new connection."
    return Refused(408, "headers_too_slow", detail, retryable=True)
