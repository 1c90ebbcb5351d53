"""What bodies may take of a process: each of them, all together, and how long."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.middleware import READ_AHEAD, BodyBudget
from app.api.services import Limits
from tests.unit.api.arrange import World, world

PATIENCE = 10
NO_TIME = timedelta(0)
LONG = timedelta(seconds=PATIENCE)
BODY = b'{"content": "x"}'


@dataclass
class Socket:
    """
    A caller that declares a body, sends its first *parts*, and then stalls until it is let go.

    Attributes:
        declared: The length it declares; by default its body comes in chunks.
        last: What it sends once it is let go.

    """

    parts: list[bytes]
    last: bytes = b""
    declared: int | None = None
    stalls: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    is_answered: asyncio.Event = field(default_factory=asyncio.Event)
    received: list[Message] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        """The request as a server announces it."""
        length = (b"transfer-encoding", b"chunked")
        if self.declared is not None:
            length = (b"content-length", str(self.declared).encode())
        return {
            "type": "http",
            "method": "POST",
            "path": "/process_document/",
            "raw_path": b"/process_document/",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json"), length],
        }

    @property
    def answer(self) -> tuple[int, str | None]:
        """The status it was answered with, and the problem's code if it was one."""
        body: dict[str, Any] = json.loads(self.received[1]["body"])
        return self.received[0]["status"], body.get("code")

    async def receive(self) -> Message:
        """Send the next part."""
        await asyncio.sleep(0)
        if self.parts:
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": True}
        self.stalls.set()
        await self.goes_on.wait()
        return {"type": "http.request", "body": self.last, "more_body": False}

    async def send(self, message: Message) -> None:
        """Keep what is answered."""
        self.received.append(message)
        if message["type"] == "http.response.body":
            self.is_answered.set()


@dataclass
class Drip(Socket):
    """A caller that sends a byte every now and then, for ever."""

    parts: list[bytes] = field(default_factory=list)

    async def receive(self) -> Message:
        """Send a byte."""
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b" ", "more_body": True}


@asynccontextmanager
async def calling_at_once(here: World, *sockets: Socket) -> AsyncIterator[None]:
    """Hold the requests of all *sockets*, stalled in the middle of their bodies; in the end, let them go on."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as requests:
        for socket in sockets:
            requests.create_task(here.app(socket.scope, socket.receive, socket.send))
            await socket.stalls.wait()
        yield
        for socket in sockets:
            socket.goes_on.set()


async def test_a_body_that_says_it_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Reading it first is what the limit is there to prevent."""
    async with world(tmp_path, limits=Limits(json_body_bytes=100)) as here:
        socket = Socket([BODY], declared=101)

        await here.app(socket.scope, socket.receive, socket.send)

        assert socket.answer == (413, "body_too_large")
        assert socket.parts == [BODY]


async def test_a_length_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """Whatever a server lets through, it is not taken for nothing."""
    async with world(tmp_path) as here:
        socket = Socket([BODY], declared=-5)

        await here.app(socket.scope, socket.receive, socket.send)

        assert socket.answer == (413, "body_too_large")


async def test_a_body_that_grows_too_large_is_cut_off(tmp_path: Path) -> None:
    """A chunked body declares no length; it is counted while it comes."""
    async with world(tmp_path, limits=Limits(json_body_bytes=100)) as here:
        socket = Socket([b" " * 60] * 10)

        await here.app(socket.scope, socket.receive, socket.send)

        assert socket.answer == (413, "body_too_large")
        assert await here.tasks() == ()


async def test_sockets_that_declare_much_and_send_nothing_keep_nobody_out(tmp_path: Path) -> None:
    """Thirty-two of them once shut the service for as long as they liked."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1500)
    idle = [Socket([b"{"], last=BODY[1:], declared=1000) for _ in range(40)]

    async with world(tmp_path, limits=limits) as here:
        async with calling_at_once(here, *idle):
            answered = await here.caller.post("/process_document/", json={"content": "y" * 600})

        assert answered.status_code == 202
        assert {socket.answer for socket in idle} == {(202, None)}


async def test_a_body_for_which_others_have_left_no_room_is_not_read(tmp_path: Path) -> None:
    """Each of them is small enough, a hundred at once are not."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1500)
    large, refused = Socket([b" " * 950], last=BODY), Socket([BODY], declared=600)

    async with world(tmp_path, limits=limits) as here:
        async with calling_at_once(here, large):
            await here.app(refused.scope, refused.receive, refused.send)
        accepted = await here.caller.post("/process_document/", json={"content": "y" * 600})

        assert refused.answer == (503, "too_many_bodies")
        assert refused.parts == [BODY]
        assert (b"retry-after", b"1") in refused.received[0]["headers"]
        assert (large.answer, accepted.status_code) == ((202, None), 202)


async def test_a_body_whose_room_was_filled_by_others_is_cut_off(tmp_path: Path) -> None:
    """Both were let in because there was room for either; the bound holds all the same."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1500)
    first, second = Socket([], last=BODY + b" " * 884, declared=900), Socket([b" " * 800], last=BODY, declared=816)

    async with world(tmp_path, limits=limits) as here:
        async with asyncio.timeout(PATIENCE), calling_at_once(here, first, second):
            first.goes_on.set()
            await first.is_answered.wait()

        assert (first.answer, second.answer) == ((503, "too_many_bodies"), (202, None))


async def test_a_body_that_stalls_is_given_up_and_its_room_given_back(tmp_path: Path) -> None:
    """Else whoever sends much and never ends holds it for as long as the connection lives."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1000, body_time=timedelta(milliseconds=5))
    socket = Socket([b" " * 900], declared=1000)

    async with world(tmp_path, limits=limits) as here, asyncio.timeout(PATIENCE):
        await here.app(socket.scope, socket.receive, socket.send)
        accepted = await here.caller.post("/process_document/", json={"content": "y" * 600})

        assert socket.answer == (408, "body_too_slow")
        assert (b"connection", b"close") in socket.received[0]["headers"]
        assert accepted.status_code == 202


async def test_a_body_that_comes_in_drips_is_given_up_as_well(tmp_path: Path) -> None:
    """The time is that of the whole body: a byte now and then does not begin it anew."""
    limits = Limits(json_body_bytes=10**9, body_budget_bytes=10**9, body_time=timedelta(milliseconds=5))
    socket = Drip()

    async with world(tmp_path, limits=limits) as here, asyncio.timeout(PATIENCE):
        await here.app(socket.scope, socket.receive, socket.send)

        assert socket.answer == (408, "body_too_slow")


async def test_a_body_may_take_half_a_minute_unless_told_otherwise() -> None:
    """Two megabytes over a bad line do."""
    assert Limits().body_time == timedelta(seconds=30)


async def test_a_body_that_nobody_reads_counts_for_what_the_server_reads_ahead() -> None:
    """An endpoint without a body may take a minute, and the server holds that much of it meanwhile."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def reads_nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        begun.set()
        await go_on.wait()

    budget = BodyBudget(reads_nothing, largest=10**6, together=10**6, has_owners=False, time=LONG)
    first, second = Socket([], declared=10**6), Socket([], declared=10**6 - READ_AHEAD + 1)

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as requests:
        requests.create_task(budget(first.scope, first.receive, first.send))
        await begun.wait()
        left = budget.left
        await budget(second.scope, second.receive, second.send)
        go_on.set()

    assert left == 10**6 - READ_AHEAD
    assert second.answer == (503, "too_many_bodies")
    assert budget.left == 10**6


async def test_what_follows_a_complete_body_may_take_its_time() -> None:
    """An application that streams waits for its caller to leave; that is no slow body."""
    seen: list[Message] = []

    async def listens(_scope: Scope, receive: Receive, _send: Send) -> None:
        seen.extend([await receive(), await receive()])

    messages: list[Message] = [{"type": "http.request", "body": b"x"}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        if len(messages) == 1:
            for _ in range(5):  # turns of the loop, in which a deadline would strike
                await asyncio.sleep(0)
        return messages.pop(0)

    budget = BodyBudget(listens, largest=10, together=10, has_owners=False, time=NO_TIME)

    await budget(Socket([], declared=1).scope, receive, Socket([]).send)

    assert [message["type"] for message in seen] == ["http.request", "http.disconnect"]


@pytest.mark.parametrize("breaks", [RuntimeError, asyncio.CancelledError])
async def test_the_room_of_a_request_that_breaks_is_given_back(breaks: type[BaseException]) -> None:
    """A leak of a body a day would shut the service after a month."""

    async def broken(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        raise breaks

    budget = BodyBudget(broken, largest=10, together=10, has_owners=False, time=LONG)
    socket = Socket([b"12345"], declared=10)

    with pytest.raises(breaks):
        await budget(socket.scope, socket.receive, socket.send)

    assert budget.left == 10


async def test_no_owner_gets_more_than_half_of_the_room() -> None:
    """Slow bodies of one tenant would otherwise keep everybody's documents out, for half a minute each."""
    held, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def holds(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        held.release()
        await go_on.wait()

    budget = BodyBudget(holds, largest=5, together=20, has_owners=True, time=LONG)

    async def submit(owner: str) -> Socket:
        socket = Socket([b"12345"], declared=5)
        await budget({**socket.scope, "state": {"owner": owner}}, socket.receive, socket.send)
        return socket

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as requests:
        for owner in ("loud", "loud", "quiet"):
            requests.create_task(submit(owner))
            await held.acquire()
        refused = await submit("loud")
        go_on.set()

    assert refused.answer == (503, "too_many_bodies")
    assert (budget.left, budget.room("loud")) == (20, 10)
