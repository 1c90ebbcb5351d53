"""
The image under somebody else's idea of Cloud Run, named by `IMAGE_RUNNER`.

That command is called with an image and a port, and finds in its environment
HEALTH and SLOW (a path that answers at once, and one that takes its time), ENV
(options with the settings), MEMORY, CPUS and MAX_MB. It says what it checks,
and ends with 0 if all of it holds.
"""

import asyncio
import os
import shlex
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import pytest

from tests.acceptance.instance import free_port
from tests.emulator import Emulator
from tests.grpc_proxy import Fault, GrpcProxy
from tests.infra.image.container import BIGGEST_MB, image, rehearsal
from tests.infra.image.sizes import SIZES

RUNNER: Final = shlex.split(os.environ.get("IMAGE_RUNNER", ""))
READ: Final = "BatchGetDocuments"


@pytest.mark.skipif(not RUNNER, reason="IMAGE_RUNNER names no command")
async def test_the_runner_finds_nothing_wrong(emulator: Emulator) -> None:
    """What two people take for Cloud Run's rules is closer to them than what one does."""
    port = free_port()
    async with GrpcProxy(emulator.host).running() as proxy:
        read = proxy.hold(READ, skip=1)  # the first one is made at the start
        async with answered_after_sigterm(read, port):
            runner = await asyncio.create_subprocess_exec(
                *RUNNER, image(), str(port), env=environment(proxy.host), stdout=PIPE, stderr=STDOUT
            )
            said, _ = await runner.communicate()

    sys.stdout.write(said.decode())
    assert runner.returncode == 0, said.decode()


def environment(store: str) -> dict[str, str]:
    """Tell the runner what Terraform would tell Cloud Run; the slow path asks the *store*."""
    settings = SIZES.variables | rehearsal(store)
    return dict(os.environ) | {
        "HEALTH": "/health/live",
        "SLOW": "/health/ready",
        "ENV": " ".join(f"-e {name}={value}" for name, value in settings.items()),
        "MEMORY": f"{SIZES.memory}m",
        "CPUS": str(SIZES.cpu),
        "MAX_MB": str(BIGGEST_MB),
    }


@asynccontextmanager
async def answered_after_sigterm(read: Fault, port: int) -> AsyncIterator[None]:
    """Hold a *read* back until nobody listens on *port* any more: then its request has seen SIGTERM."""

    async def release() -> None:
        await read.reached.wait()
        async with asyncio.timeout(10):
            while await listens(port):  # noqa: ASYNC110 - nothing tells of a port that closes but asking
                await asyncio.sleep(0.05)
        read.release()

    releasing = asyncio.create_task(release())
    try:
        yield
    finally:
        releasing.cancel()
        with suppress(asyncio.CancelledError, TimeoutError):
            await releasing


async def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(0)
        try:
            await asyncio.get_running_loop().sock_connect(probe, ("127.0.0.1", port))
        except ConnectionRefusedError:
            return False
    return True
