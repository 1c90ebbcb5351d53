"""
Where every request comes in: who asks, whether they may ask now, and whether the store keeps up.

All paths are closed but those that are listed here, so that no new endpoint can
be forgotten. It is decided before anything of a body is read.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import nullcontext
from datetime import timedelta
from random import uniform
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.api.auth import credentials, owner_of
from app.api.problems import path_of, problem_of
from app.api.services import Callers
from app.domain.errors import NotPermitted, RateLimited, ServiceError, StoreOverloaded
from app.engine.ports import UnderWay
from app.engine.rate_limit import RateLimit

ANONYMOUS: Final = "anonymous"
"""The one owner of everything, where nobody has to say who they are."""

OPEN_PATHS: Final = frozenset({"/", "/docs", "/openapi.json", "/version", "/health/live", "/health/ready"})
OPEN_BELOW: Final = ("/docs/", "/internal/")
"""What holds nobody's documents; `/internal/` asks for an identity of its own."""

SLOW: Final = timedelta(seconds=2)
AT_LEAST: Final = 32
"""So many calls wait for a store of which one has waited for so long: whoever comes now would only wait longer."""


REFUSAL_DELAY: Final = (0.25, 0.75)
MOST_DELAYED: Final = 40
"""
Seconds, at least and at most, that an owner beyond its limit waits for the refusal, and how many do at a time: who asks
again as soon as it is answered would otherwise keep the process busy with refusing, or come back all at once. More
would look like load to a platform that starts another instance for eighty open requests.
"""

PAGES: Final = frozenset({"/openapi.json", "/docs"})
PAGES_PER_SECOND: Final = 20
"""How often those, and the files below `/docs/`, are sent: they are large, and free to all."""


class Entrance:
    """Let a request in under the name of its owner, or answer why not."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        callers: Callers | None,
        rate_limit: RateLimit | None,
        under_way: Callable[[], UnderWay],
        cors_origins: Collection[str] = (),
    ) -> None:
        """
        Stand in front of *app*; without *callers* all are let in, without a *rate_limit* as often as they like.

        Pages open WebSockets only from the service's own origin and the *cors_origins*.
        """
        self._app = app
        self._callers = callers
        self._rate_limit = rate_limit
        self._under_way = under_way
        self._cors_origins = cors_origins
        self._pages = RateLimit(per_second=PAGES_PER_SECOND)
        self._delayed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path, owner = path_of(scope), None
        try:
            if _is_open(path):
                self._admit_anybody(path)
            else:
                self._refuse_strange_pages(scope)
                owner = await self._admit(credentials(scope))
        except ServiceError as error:
            if isinstance(error, RateLimited):
                await self._delay()
            await _refuse(error, scope, receive, send)
            return
        if owner is None:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["owner"] = owner
        with nullcontext() if self._callers is None else bound_contextvars(owner=owner):
            await self._begin(owner, scope, receive, send)

    async def _begin(self, owner: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._rate_limit is None:
            await self._app(scope, receive, send)
            return
        async with self._rate_limit.beginning(owner) as answered:

            async def note_answer(message: Message) -> None:
                answered()
                await send(message)

            await self._app(scope, receive, note_answer)

    async def _delay(self) -> None:
        if self._delayed < MOST_DELAYED:
            self._delayed += 1
            try:
                await asyncio.sleep(uniform(*REFUSAL_DELAY))  # noqa: S311 - spreads load, guards nothing
            finally:
                self._delayed -= 1

    def _admit_anybody(self, path: str) -> None:
        if self._callers is not None and (path in PAGES or path.startswith("/docs/")):
            self._pages.admit("anybody")

    def _refuse_strange_pages(self, scope: Scope) -> None:
        """Refuse a WebSocket that another site's page opens: browsers ask nobody whether it may."""
        if scope["type"] != "websocket":
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        own = {f"{scheme}://{headers.get('host')}" for scheme in ("http", "https")}
        if origin is not None and origin not in own and not {origin, "*"} & set(self._cors_origins):
            raise NotPermitted("Pages of this origin may not call; AFTERWORD_CORS_ORIGINS lists those that may")

    async def _admit(self, headers: Headers) -> str:
        under_way = self._under_way()
        if under_way.calls >= AT_LEAST and under_way.oldest > SLOW:
            raise StoreOverloaded
        owner = ANONYMOUS if self._callers is None else await owner_of(headers, self._callers)
        if self._rate_limit is not None:
            self._rate_limit.admit(owner)
        return owner


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_BELOW)


async def _refuse(error: ServiceError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
    else:
        await problem_of(scope, error)(scope, receive, send)
