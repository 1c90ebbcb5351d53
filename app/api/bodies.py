"""How a body is read: JSON and nothing else, and never so that the event loop stands still."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from email.message import Message
from typing import Any, Final, override

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.problems import Refused

OFF_THE_LOOP: Final = 256 * 1024
"""Larger bodies are parsed in a thread."""

MOST_VALUES: Final = 50_000
"""
Values in a large body; no request needs more than a few dozen. Parsing holds
the interpreter's lock in any thread, for as long as there are values: two
megabytes of `[],[],…` stop the event loop for 130 ms, one long string for 3.
"""

MOST_STRINGS: Final = 1_000
"""So many are left out of the count of values; after that, a comma counts wherever it stands."""

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or all the rest if it has no end: so every byte is looked at once."""


class JsonRequest(Request):
    """A request whose body is parsed off the event loop if it is large."""

    @override
    async def json(self) -> Any:
        body = await self.body()
        return await asyncio.to_thread(_parse_large, body) if len(body) > OFF_THE_LOOP else _parse(body)


class JsonRoute(APIRoute):
    """A route that refuses a body that is not plain JSON before it reads any of it."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        takes_a_body = self.body_field is not None

        async def handle_json(request: Request) -> Response:
            if takes_a_body:
                _refuse_other_media(request.headers)
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json


async def unwanted_body(request: Request) -> None:
    """
    Read a body that nobody wants, where what begins would go on without an answer.

    Raises:
        Refused: If it is too large, or never ends.

    """
    with suppress(ClientDisconnect):
        await request.body()


def refuse_encoded(headers: Headers) -> None:
    """
    Refuse a body that would have to be unpacked before anybody knows its size.

    Raises:
        Refused: If it is one.

    """
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "unsupported_media_type", "Send the body without a Content-Encoding.")


def _refuse_other_media(headers: Headers) -> None:
    refuse_encoded(headers)
    if not _has_body(headers) and "content-type" not in headers:
        return  # then it is the body that is missing
    media = Message()
    media["content-type"] = headers.get("content-type", "")
    subtype = media.get_content_subtype()
    if media.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise Refused(415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.")


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _parse_large(body: bytes) -> Any:  # noqa: ANN401 - JSON
    if _values(body) > MOST_VALUES and _values(_STRING.sub(b"", body, count=MOST_STRINGS)) > MOST_VALUES:
        raise _malformed("The body has far more members than any request to this service.")
    return _parse(body)


def _values(body: bytes) -> int:
    """Return how many values there can be at most; commas inside of strings count too."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _parse(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(
            body.decode()
        )  # of bytes, json would guess the encoding, and UTF-16 evades what counts values
    except RecursionError as error:
        raise _malformed("The body is nested too deeply.") from error
    except ValueError as error:
        raise _malformed("The body is not valid JSON in UTF-8.") from error


def _malformed(detail: str) -> Refused:
    return Refused(422, "malformed_json", detail)
