"""Bodies where none is wanted, sent while their callers wait for a task."""

import asyncio
import json
from pathlib import Path

from starlette.types import Message

from app.api.services import Limits
from tests.fakes import PATIENCE
from tests.unit.api.arrange import World, world

LIMITS = Limits(json_body_bytes=100)
TOO_MUCH: list[Message] = [{"type": "http.request", "body": b" " * 60, "more_body": True}] * 10


async def sent(here: World, method: str, path: str, parts: list[Message]) -> tuple[int, str | None]:
    """Send a body in chunks; return the status it was answered with, and the problem's code if it was one."""
    said: list[Message] = []
    coming = iter(parts)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(coming)

    async def send(message: Message) -> None:
        said.append(message)

    address, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "headers": [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")],
    }
    async with asyncio.timeout(PATIENCE):
        await here.app(scope, receive, send)
    return said[0]["status"], json.loads(said[1]["body"]).get("code")


async def test_a_blocking_call_with_a_body_that_is_too_large_begins_nothing(tmp_path: Path) -> None:
    """Its caller would read that a task goes on, or a result, and neither is the answer to that request."""
    async with world(tmp_path, limits=LIMITS) as here:
        answered = await sent(here, "POST", "/process_text_blocking/?text=hola", TOO_MUCH)

        assert answered == (413, "body_too_large")
        assert await here.tasks() == ()


async def test_a_poll_with_a_body_that_is_too_large_is_refused_while_it_waits(tmp_path: Path) -> None:
    """Cut off in silence, it would end at once, and look like a task that takes long."""
    async with world(tmp_path, limits=LIMITS) as here:
        task_id = await here.submit(delay_seconds=3600)

        answered = await sent(here, "GET", f"/tasks/{task_id}?wait=30", TOO_MUCH)

        assert answered == (413, "body_too_large")


async def test_who_hangs_up_in_the_middle_of_an_unwanted_body_breaks_nothing(here: World) -> None:
    """Nobody reads the answer; an error in the log would be written at the owner's expense."""
    here.pool.gate.clear()
    leaves: list[Message] = [TOO_MUCH[0], {"type": "http.disconnect"}, {"type": "http.disconnect"}]

    answered = await sent(here, "POST", "/process_text_blocking/?text=hola", leaves)
    here.pool.gate.set()

    assert answered == (504, "still_processing")
