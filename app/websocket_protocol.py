"""
A WebSocket at the server's edge: a client that takes nothing, or is no longer there, is let go.

As in `http_protocol`, nothing of what is sent is logged, whatever the level.
"""

import logging
from datetime import timedelta
from typing import Any, ClassVar, Final, override

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.http_protocol import Alarm

_SILENT: Final = logging.Logger("websocket", logging.CRITICAL)  # noqa: LOG001 - belongs to no tree, and has no handler
"""In place of uvicorn's own, which gets a line for each connection and, where it debugs, one for each frame."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection."""

    reading_time: ClassVar = timedelta(seconds=60)
    """Until the other side has taken what waits for it off this process's hands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Stand for a connection that is about to be made."""
        super().__init__(*arguments, **options)
        self.conn.debug, self.conn.logger = False, _SILENT
        self._reading_alarm = Alarm(self.loop, self.reading_time)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._reading_alarm.stop()
        super().connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_alarm.set_anew(self.transport.abort)

    @override
    def resume_writing(self) -> None:
        self._reading_alarm.stop()
        super().resume_writing()

    @override
    async def send(self, message: ASGISendEvent) -> None:
        """Send *message*; a refusal completes the handshake, or uvicorn would log it as an error of the application."""
        await super().send(message)
        self.handshake_complete = self.handshake_complete or self.close_sent

    @override
    def keepalive_timeout(self) -> None:
        """Let go at once who does not answer a ping: a farewell would wait for somebody to read it."""
        super().keepalive_timeout()
        self.transport.abort()
