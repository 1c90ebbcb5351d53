"""
Callers who are told instead of asking: by server-sent events, or on a WebSocket.

When their stream ends too early, however it ends, they ask any server to go on
behind the last event that they have heard.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from random import Random
from time import monotonic
from typing import Any, ClassVar, Final, override

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tests.chaos.codes import CUT, LEFT, MISSING, NOTHING_FOLLOWS, SSE, UNANSWERED, WEBSOCKET
from tests.chaos.history import Connection, Heard, History
from tests.chaos.lives import FINAL

ANSWER_SECONDS: Final = 8.0
"""A caller's patience with one answer: longer than the four seconds that a server may take to store a task."""
SILENCE: Final = 20.0
"""Seconds after which a stream is given up on which nothing comes: the service gives a sign of life every 15."""

LONGEST: Final = 3600.0
"""Seconds for which anybody watches, if nobody says that all is over."""

LOOK: Final = 2.0
"""Seconds between two looks at whether everybody gives up."""

PAUSE: Final = 1.0
"""Seconds until one comes again whom no server has said when to do so, give or take a half."""


class Watcher(ABC):
    """
    One *client* who watches one task; it may do so again when the task has been started over.

    Attributes:
        way: What it is called in the history.

    """

    way: ClassVar[str]

    def __init__(  # noqa: PLR0913 - who watches what, where, and until when
        self,
        client: str,
        task_id: str,
        *,
        history: History,
        urls: Sequence[str],
        rng: Random,
        is_over: Callable[[], bool],
        pause: float = PAUSE,
    ) -> None:
        """Watch at any of *urls*, until *is_over* says so, and write everything into *history*; *pause* between two."""
        self._client = client
        self._task_id = task_id
        self._history = history
        self._urls = urls
        self._rng = rng
        self._is_over = is_over
        self._number = 0
        self._opened: float | None = None
        self._last: int | None = None
        self._knows_the_end = False
        self._pause = pause

    async def until_the_end(self) -> None:
        """Return when the client knows how the task has ended, or gives up."""
        self._knows_the_end = False
        missing, give_up_at = 0, monotonic() + LONGEST
        while monotonic() < give_up_at and not self._is_over() and missing <= 2:
            code = await self._once()
            missing += code in MISSING
            if code in NOTHING_FOLLOWS or self._knows_the_end:
                return
            await asyncio.sleep(self._pause * self._rng.uniform(0.5, 1.5))

    async def _once(self) -> int:
        self._number += 1
        self._opened = None
        began, after = monotonic(), self._last
        code = await self._hear(self._rng.choice(self._urls))
        self._history.connections.append(
            Connection(
                client=self._client,
                task_id=self._task_id,
                way=self.way,
                number=self._number,
                began=began,
                opened=self._opened,
                ended=monotonic(),
                code=code,
                after=after,
            )
        )
        return code

    @abstractmethod
    async def _hear(self, url: str) -> int:
        """Listen to the server at *url* for as long as it lasts; return the code of the connection."""

    def _take(self, said: Mapping[str, Any], event_id: int | None) -> bool:
        """Write an event down; return whether it is the final one."""
        self._history.heard.append(
            Heard(
                client=self._client,
                task_id=self._task_id,
                connection=self._number,
                at=monotonic(),
                id=event_id,
                revision=said["revision"],
                status=said["status"],
                attempt=said["attempt"],
                progress=said["progress"] and said["progress"]["fraction"],
            )
        )
        return said["status"] in FINAL


class SseWatcher(Watcher):
    """One who is told by server-sent events."""

    way = SSE

    def __init__(
        self,
        *about: Any,  # noqa: ANN401 - a watcher's
        http: httpx.AsyncClient,
        is_blind: bool = False,
        **more: Any,  # noqa: ANN401 - likewise
    ) -> None:
        """
        Listen by *http*; otherwise as any watcher.

        One who *is_blind* does not look into events: as a browser does, it
        comes again until it is told that nothing follows.
        """
        super().__init__(*about, **more)
        self._http = http
        self._is_blind = is_blind

    @override
    async def _hear(self, url: str) -> int:
        headers = {} if self._last is None else {"Last-Event-ID": str(self._last)}
        path, patience = f"{url}/tasks/{self._task_id}/events", httpx.Timeout(ANSWER_SECONDS, read=SILENCE)
        code = UNANSWERED
        with suppress(httpx.TransportError):
            async with self._http.stream("GET", path, headers=headers, timeout=patience) as answer:
                code = answer.status_code
                if code == HTTPStatus.OK:
                    self._opened = monotonic()
                    await self._listen(answer)
        return code

    async def _listen(self, answer: httpx.Response) -> None:
        async for event in events_in(answer.aiter_lines()):
            if "retry" in event:
                self._pause = int(event["retry"]) / 1000
            if "data" in event:
                event_id = int(event["id"]) if "id" in event else None
                is_final = self._take(json.loads(event["data"]), event_id)
                self._last = self._last if event_id is None else event_id
                self._knows_the_end = is_final and not self._is_blind
            if self._knows_the_end or self._is_over():
                return


class WebSocketWatcher(Watcher):
    """One who is told on a WebSocket."""

    way = WEBSOCKET

    @override
    async def _hear(self, url: str) -> int:
        query = "" if self._last is None else f"?starting_after={self._last}"
        path = f"ws{url.removeprefix('http')}/tasks/{self._task_id}/ws{query}"
        try:
            async with connect(path, proxy=None, open_timeout=ANSWER_SECONDS, close_timeout=1) as socket:
                self._opened = monotonic()
                while not self._is_over():
                    with suppress(TimeoutError):
                        said = json.loads(await asyncio.wait_for(socket.recv(), LOOK))
                        self._knows_the_end = self._take(said, None)
                        self._last = said["revision"]
        except InvalidStatus as refused:
            return refused.response.status_code
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else CUT
        except (OSError, WebSocketException):
            return UNANSWERED
        return LEFT


async def events_in(lines: AsyncIterator[str]) -> AsyncIterator[Mapping[str, str]]:
    """Take a stream of events apart: the fields of each; a comment stands under no name."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            yield fields
            fields = {}
