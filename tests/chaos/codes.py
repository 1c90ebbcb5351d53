"""What the kinds of streams are called, and what the codes mean with which they end."""

from http import HTTPStatus
from typing import Final

SSE: Final = "SSE"
WEBSOCKET: Final = "WebSocket"

UNANSWERED: Final = 0
LEFT: Final = 101
"""A WebSocket that the client has left, and not the server."""
ENDED: Final = 1000
CUT: Final = 1006
GOES_ON: Final = 1012
UNKNOWN: Final = 4404
UNAVAILABLE: Final = 4503

MISSING: Final = frozenset({HTTPStatus.NOT_FOUND, UNKNOWN})
NOTHING_FOLLOWS: Final = frozenset({HTTPStatus.NO_CONTENT, ENDED})
