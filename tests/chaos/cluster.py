"""
Some real servers over one store, each of which can be hurt in any of its parts.

Nothing here waits on the event loop's back: the load and the tap go on in the
same process while servers start and die.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import httpx

from tests.chaos import family
from tests.chaos.served import TARGET

ROOT: Final = Path(__file__).parents[2]
READY_SECONDS: Final = 60.0
END_SECONDS: Final = 20.0
POLL: Final = 0.1
PORTS: Final = range(20_000, 32_000)
"""Below those that the kernel hands out by itself: a server that is down must find its port free again."""

NOT_INHERITED: Final = ("AFTERWORD_", "K_", "FIRESTORE_", "GOOGLE_", "CHAOS_")


@dataclass
class Member:
    """
    One server.

    Attributes:
        name: What logs and reports call it.
        variables: What its environment has besides the usual.
        log: Where its lines go.
        code: The folder with the `app` that it runs.
        drains: How many seconds each SIGTERM took to end it.

    """

    name: str
    variables: Mapping[str, str]
    log: Path
    port: int
    code: Path = ROOT
    process: asyncio.subprocess.Process | None = None
    drains: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def master(self) -> int:
        """The process id of gunicorn's master."""
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gunicorn", "--config", "python:app.server", TARGET),
                cwd=self.code,
                env=inherited | {"PORT": str(self.port)} | dict(self.variables),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self.until_ready()

    async def until_ready(self) -> None:
        """Return when it answers that it is ready."""
        assert self.process is not None
        give_up_at = monotonic() + READY_SECONDS
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            while not await _is_ready(client):
                if self.process.returncode is not None or monotonic() > give_up_at:
                    raise AssertionError(f"{self.name} did not start:\n{self.log.read_text(encoding='utf-8')}")
                await asyncio.sleep(POLL)

    async def terminate(self) -> None:
        """Ask it to end, as a deployment does, and wait until it has."""
        assert self.process is not None
        end = asyncio.create_task(asyncio.to_thread(family.end_of, self.master, within=END_SECONDS))
        asked_at = monotonic()
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        self.drains.append(await end - asked_at)
        try:
            async with asyncio.timeout(1):
                await self.process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the server with all its processes, as a machine that goes down does."""
        assert self.process is not None
        for pid in (self.master, *family.descendants(self.master)):
            family.end(pid)
        await self.process.wait()

    async def until_silent(self) -> None:
        """Return when nobody listens on its port any more: workers step down a moment after their master's death."""
        await until(lambda: not _is_taken(self.port), within=END_SECONDS)


@dataclass
class Cluster:
    """The servers of one run, and the *mark* by which their processes are known."""

    members: list[Member]
    mark: str

    async def start(self) -> None:
        """Start all of them at once."""
        await asyncio.gather(*(member.start() for member in self.members))

    async def stop(self) -> None:
        """End all of them at once, those that were started."""
        running = [member for member in self.members if member.process and member.process.returncode is None]
        await asyncio.gather(*(member.terminate() for member in running))

    async def orphans(self, *, within: float = 5.0) -> list[str]:
        """Say which processes have outlived their server by so many seconds, in words, and end them."""
        await until(lambda: not family.marked(self.mark), within=within)
        left = family.marked(self.mark)
        for pid in left:
            family.end(pid)
        return [f"process {pid} outlived its server: {command}" for pid, command in left.items()]


async def until(is_so: Callable[[], bool], *, within: float) -> None:
    """Wait for what nobody announces, at most *within* seconds."""
    give_up_at = monotonic() + within
    while not is_so():
        if monotonic() > give_up_at:
            return
        await asyncio.sleep(POLL)


def pick_port(rng: Random) -> int:
    """A port that nobody listens on and that the kernel gives to nobody by itself."""
    return next(port for port in iter(lambda: rng.choice(PORTS), None) if not _is_taken(port))


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
