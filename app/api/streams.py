"""
Streams of a task's changes: server-sent events, and WebSockets.

An event's id is the task's revision. A stream can be taken up again behind any
of them, in whichever instance; it ends after the final event, and otherwise in
good time before somebody cuts it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from math import inf
from random import uniform
from typing import Annotated, Final, NamedTuple, override

from fastapi import APIRouter, Depends, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive

from app.api.auth import SUBPROTOCOL
from app.api.dependencies import Given, Owner, TaskId, own_task
from app.api.problems import NothingFollows, Refused, status_of
from app.api.reference import EVENTS, answer, documented
from app.api.schemas import TaskDetail
from app.api.services import Services
from app.domain.errors import ServiceError, TaskNotFound
from app.engine.feed import Event, Watch

router = APIRouter(prefix="/tasks", tags=["tasks"])

UNBUFFERED: Final = {"X-Accel-Buffering": "no"}
"""Asks nginx, and those that do as it does, to pass on what comes as it comes."""

LINE_ENDS: Final = ("\x85", "\u2028", "\u2029")
"""Characters that JSON leaves as they are, and some clients take for the end of a line, and so of an event."""

HEARTBEAT: Final = 15.0
"""Seconds of silence after which something is sent, so that nobody takes the stream for dead."""

RETRY: Final = 1000
RETRY_SPREAD: Final = (0.5, 1.5)
"""Milliseconds after which a client that was cut off should come again, and by how much to spread that: all are cut at
once when an instance dies."""

SPREAD: Final = (0.9, 1.0)
"""Which part of the longest time a stream lasts: those that began together should not all come again together."""

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, description="The last event's id; browsers send it when they come again."),
]
StartingAfter = Annotated[
    int | None, Query(ge=0, description="The revision that is known already; `Last-Event-ID` goes before.")
]


@dataclass(frozen=True, slots=True)
class Stream:
    """A *watch*, and *until* when it may last by the event loop's clock."""

    watch: Watch
    until: float

    @property
    def is_over(self) -> bool:
        """Whether nothing follows here, or its time is up."""
        return self.watch.is_over or asyncio.get_running_loop().time() >= self.until

    async def next(self, *, within: float = inf) -> Event | None:
        """Return the next event; None if there is none in so many seconds, or no more at all."""
        return await self.watch.next(until=min(self.until, asyncio.get_running_loop().time() + within))


class EventStream(StreamingResponse):
    """A stream of server-sent events."""

    media_type = "text/event-stream"

    @override
    async def listen_for_disconnect(self, receive: Receive) -> None:
        with suppress(Refused):  # a body was announced that does not come: nobody whom it would be worth to talk to
            await super().listen_for_disconnect(receive)


class End(NamedTuple):
    """How a WebSocket is closed."""

    code: int
    reason: str


async def stream(
    task_id: TaskId,
    given: Given,
    caller: Owner,
    last_event_id: LastEventId = None,
    starting_after: StartingAfter = None,
) -> AsyncIterator[Stream]:
    """
    Watch the caller's task for as long as the request lasts.

    Raises:
        TaskNotFound: If there is none.
        NothingFollows: If the caller knows how it has ended.
        TooManyWaits: If as many of the caller's requests wait already as may.

    """
    after = starting_after if last_event_id is None else last_event_id
    with ExitStack() as held:
        yield await _open(held, task_id, given, caller, after)


async def _open(held: ExitStack, task_id: str, given: Services, caller: str, after: int | None) -> Stream:
    task = (await own_task(task_id, given, caller)).task
    if task.status.is_final and task.revision == after:
        raise NothingFollows
    if not task.status.is_final:
        given.on_poll(task)
    held.enter_context(given.waits.one(caller))
    watch = held.enter_context(given.feed.watch(task, after=after))
    lasts = given.limits.stream.total_seconds() * uniform(*SPREAD)  # noqa: S311 - spreads load, guards nothing
    return Stream(watch, asyncio.get_running_loop().time() + lasts)


@router.get(
    "/{task_id}/events",
    response_class=EventStream,
    responses=documented(404, 422)
    | answer(200, content=EVENTS)
    | {204: {"description": "The task has ended, as you know: nothing follows."}},
    response_description="An event for each change: `id` is the task's revision, `data` the task as `GET /tasks/{id}` "
    "shows it. Between two changes there may be events without an `id`, for progress only.",
)
async def task_events(watched: Annotated[Stream, Depends(stream)]) -> Response:
    """
    Watch a task: a stream of server-sent events, until it has ended.

    A stream that ends before that, or is cut, is taken up again with the last
    event's id as `Last-Event-ID`, which browsers' `EventSource` does by itself.
    A browser takes any error for final: who accepts `text/event-stream` is
    answered, where it may come again, with a stream that says only when.

    The same is to be had as a WebSocket, at `/tasks/{task_id}/ws`: a message
    for each change, closed with 1000 behind the final one, and with 1012 if it
    is to be taken up again, with the last `revision` as `?starting_after=`.
    """
    return EventStream(_events(watched), headers=UNBUFFERED)


async def _events(watched: Stream) -> AsyncIterator[bytes]:
    """
    Write down what is to be sent, as the framework does it, and one state after the other.

    Its own streaming of events keeps up to three in queues, and takes four times
    as long for each.
    """
    yield format_sse_event(retry=_retry())
    while True:
        event = await watched.next(within=HEARTBEAT)
        if event is not None:
            yield _as_event(event)
            if event.task.status.is_final:
                return
        elif watched.is_over:
            yield format_sse_event(comment="to be continued", retry=_retry())
            return
        else:
            yield KEEPALIVE_COMMENT


def _as_event(event: Event) -> bytes:
    kind = "change" if event.is_change else "progress"
    if kind not in event.memo:
        revision = str(event.task.revision) if event.is_change else None
        event.memo[kind] = format_sse_event(data_str=_shown(event).decode(), id=revision)
    return event.memo[kind]


def _retry() -> int:
    return int(RETRY * uniform(*RETRY_SPREAD))  # noqa: S311 - spreads load, guards nothing


@router.websocket("/{task_id}/ws")
async def task_socket(websocket: WebSocket, task_id: str, given: Given) -> None:
    """
    Watch a task: a message for each change, the task as `GET /tasks/{id}` shows it, until it has ended.

    It is closed with 1000 behind the final one; with 1012 to be taken up again
    with the last `revision` as `?starting_after=`; with 4404 if there is no such
    task, and likewise with 4000 and the status of any other problem.
    """
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None)
    with suppress(WebSocketDisconnect), ExitStack() as held:
        try:
            after = _revision(websocket.query_params.get("starting_after"))
            watched = await _open(held, task_id, given, websocket.state.owner, after)
            end = await _talk(websocket, watched)
        except NothingFollows:
            end = End(1000, "ended")
        except Refused as refusal:
            end = End(4000 + refusal.status_code, refusal.code)
        except ServiceError as error:
            end = End(4000 + status_of(error)[0], error.code)
        await websocket.close(*end)


def _revision(asked: str | None) -> int | None:
    if asked is None:
        return None
    if not re.fullmatch("[0-9]{1,18}", asked):
        raise Refused(422, "validation_error", "starting_after must be a revision.")
    return int(asked)


async def _talk(websocket: WebSocket, watched: Stream) -> End:
    """
    Send what there is to send, until there is no more, or the client says anything; return why that is all.

    Raises:
        WebSocketDisconnect: If the client has gone.

    """
    sending = asyncio.create_task(_send(websocket, watched))
    hearing = asyncio.create_task(websocket.receive())
    try:
        await asyncio.wait([sending, hearing], return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            return sending.result()
        if hearing.result()["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        return End(1003, "nothing is expected from the client")
    finally:
        sending.cancel()
        hearing.cancel()


async def _send(websocket: WebSocket, watched: Stream) -> End:
    while event := await watched.next():
        await websocket.send_text(_shown(event).decode())
        if event.task.status.is_final:
            return End(1000, "ended")
    return End(4404, TaskNotFound.code) if watched.watch.is_gone else End(1012, "to be continued")


def _shown(event: Event) -> bytes:
    """Return the task as JSON; however many watch it, it is encoded once."""
    if "json" not in event.memo:
        text = TaskDetail.of(event.task).model_dump_json()
        for character in LINE_ENDS:
            text = text.replace(character, f"\\u{ord(character):04x}")
        event.memo["json"] = text.encode()
    return event.memo["json"]
