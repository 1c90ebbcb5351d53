"""Callers who ask for kept texts and do not take them, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final

import httpx
from uvicorn.config import Config
from uvicorn.server import ServerState

from app.api.services import Limits
from app.http_protocol import HttpProtocol
from tests.fakes import PATIENCE
from tests.unit.api.arrange import World, assert_problem, world
from tests.unit.api.tenants import bearer, guarded, key_of

TEXT: Final = "Ñandú. " * 100_000
SIZE: Final = len(TEXT.encode())
SMALLEST: Final = 4096
"""Of the system's buffers, which would swallow the text otherwise."""

ROOM_FOR_TWO: Final = Limits(
    json_body_bytes=SIZE + 1000, content_bytes=SIZE, upload_bytes=1, body_budget_bytes=2 * SIZE + 1000
)


class Hasty(HttpProtocol):
    """A connection with little patience for slow readers."""

    reading_time: ClassVar = timedelta(milliseconds=50)


@dataclass
class Door:
    """Where a process can be reached, and those who read nothing of what they have asked it for."""

    port: int
    silent: list[socket.socket] = field(default_factory=list)
    held: ExitStack = field(default_factory=ExitStack)

    async def ask(self, path: str, headers: Mapping[str, str]) -> None:
        """Ask for *path* over a new connection, and read the very beginning of the answer."""
        loop = asyncio.get_running_loop()
        caller = self.held.enter_context(socket.socket())
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
        caller.settimeout(0)
        await loop.sock_connect(caller, ("127.0.0.1", self.port))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await loop.sock_sendall(caller, f"GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        assert await loop.sock_recv(caller, 12) == b"HTTP/1.1 200"
        self.silent.append(caller)


@asynccontextmanager
async def served(here: World, protocol: Callable[..., HttpProtocol] = HttpProtocol) -> AsyncIterator[Door]:
    """Let the process be reached over real sockets; in the end, all who still hold the line hang up."""
    config = Config(here.app, http=HttpProtocol, lifespan="off", log_config=None)
    state = ServerState()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), sock=listening
    )
    door = Door(listening.getsockname()[1])
    async with asyncio.timeout(PATIENCE), server:
        with door.held:
            yield door
        await asyncio.gather(*state.tasks)


async def until_there_is_room(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Do as the refusal says, but faster: ask again."""
    while (answered := await ask()).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        pass
    return answered


async def test_texts_that_nobody_takes_fill_no_more_than_their_room(tmp_path: Path) -> None:
    """Each is eight megabytes at the most, and a caller that reads nothing opens another connection for free."""
    async with world(tmp_path, limits=ROOM_FOR_TWO) as here, served(here) as door:
        path = f"/tasks/{await here.finish(content=TEXT, keep_text=True)}/text"
        for _ in range(2):
            await door.ask(path, {})

        refused = await here.caller.get(path)
        door.silent[0].close()
        answered = await until_there_is_room(lambda: here.caller.get(path))

    assert assert_problem(refused, 503, "too_many_bodies")["retryable"]
    assert refused.headers["retry-after"] == "1"
    assert answered.text == TEXT


async def test_who_takes_nothing_is_cut_off_and_its_room_is_given_back(tmp_path: Path) -> None:
    """Else a few callers who never hang up would keep everybody out for ever."""
    async with world(tmp_path, limits=ROOM_FOR_TWO) as here, served(here, Hasty) as door:
        path = f"/tasks/{await here.finish(content=TEXT, keep_text=True)}/text"
        for _ in range(2):
            await door.ask(path, {})

        answered = await until_there_is_room(lambda: here.caller.get(path))

    assert answered.text == TEXT


async def test_slow_readers_of_one_owner_leave_room_for_the_others(tmp_path: Path) -> None:
    """A tenant's texts and bodies have half of the room together."""
    async with guarded(tmp_path, limits=ROOM_FOR_TWO) as here, served(here) as door:
        loud, quiet = [bearer(await key_of(here, owner)) for owner in ("loud", "quiet")]
        paths = []
        for headers in (loud, quiet):
            body = {"content": TEXT, "keep_text": True}
            posted = await here.caller.post("/process_document/", json=body, headers=headers)
            await here.services.registry.ended(posted.json()["task_id"])
            paths.append(f"/tasks/{posted.json()['task_id']}/text")
        await door.ask(paths[0], loud)

        again = await here.caller.get(paths[0], headers=loud)
        others = await here.caller.get(paths[1], headers=quiet)

    assert_problem(again, 503, "too_many_bodies")
    assert others.text == TEXT


async def test_a_text_that_is_larger_than_all_the_room_is_read_alone(tmp_path: Path) -> None:
    """A small file may hold more text than the operator lets in at once; it would never be read."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1000)
    async with world(tmp_path / "a", limits=ROOM_FOR_TWO) as here:
        task_id = await here.finish(content=TEXT, keep_text=True)
    async with world(tmp_path / "a", limits=limits) as here:
        answered = await here.caller.get(f"/tasks/{task_id}/text")

    assert answered.text == TEXT
