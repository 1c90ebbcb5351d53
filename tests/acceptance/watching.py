"""Clients that wait for a task in every way there is, as real ones do, and keep what they have seen."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import httpx
import websockets

FINAL: Final = frozenset({"completed", "failed", "cancelled"})
PATIENCE: Final = 60.0

type Task = dict[str, Any]
type Way = Callable[[str, str], Coroutine[Any, Any, list[Task]]]
"""Waits at a server for the task with this id to end, and returns all that was seen of it."""


async def by_events(url: str, task_id: str) -> list[Task]:
    """Read the stream of server-sent events."""
    return [task async for _, task in events(url, task_id)]


async def by_websocket(url: str, task_id: str) -> list[Task]:
    """Listen at the WebSocket."""
    address = f"{url.replace('http', 'ws', 1)}/tasks/{task_id}/ws"
    async with websockets.connect(address, open_timeout=PATIENCE) as socket:
        return [json.loads(message) async for message in socket]


async def by_waiting(url: str, task_id: str) -> list[Task]:
    """Ask once for the end."""
    return [await _get(url, task_id, params={"wait": "30"})]


async def by_preferring_to_wait(url: str, task_id: str) -> list[Task]:
    """Ask once for the end, in the standard's words."""
    return [await _get(url, task_id, headers={"Prefer": "wait=30"})]


async def by_asking_for_changes(url: str, task_id: str) -> list[Task]:
    """Ask for each change."""
    seen: list[Task] = []
    tag = ""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
        while not seen or seen[-1]["status"] not in FINAL:
            headers = {"If-None-Match": tag} if tag else {}
            answered = await client.get(f"/tasks/{task_id}", params={"wait": "30"} if tag else {}, headers=headers)
            tag = answered.headers["etag"]
            seen += [] if answered.status_code == httpx.codes.NOT_MODIFIED else [answered.raise_for_status().json()]
    return seen


WAYS: Final[dict[str, Way]] = {
    "events": by_events,
    "websocket": by_websocket,
    "wait": by_waiting,
    "prefer": by_preferring_to_wait,
    "changes": by_asking_for_changes,
}


async def events(url: str, task_id: str, *, after: str | None = None) -> AsyncIterator[tuple[str | None, Task]]:
    """Read a stream until it ends or is cut: the ids of its events, None for mere progress, and the tasks they show."""
    headers = {} if after is None else {"Last-Event-ID": after}
    async with (
        httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client,
        client.stream("GET", f"/tasks/{task_id}/events", headers=headers) as stream,
    ):
        stream.raise_for_status()
        event: dict[str, str] = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            event |= {name: value} if name else {}
            if not line and "data" in event:
                yield event.get("id"), json.loads(event["data"])
            event = {} if not line else event


async def events_until_cut(url: str, task_id: str) -> AsyncIterator[tuple[str | None, Task]]:
    """Read a stream that somebody is going to cut."""
    with suppress(httpx.TransportError):
        async for event in events(url, task_id):
            yield event


async def _get(url: str, task_id: str, **asked: Any) -> Task:  # noqa: ANN401 - of a request
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client:
        task: Task = (await client.get(f"/tasks/{task_id}", **asked)).raise_for_status().json()
        return task
