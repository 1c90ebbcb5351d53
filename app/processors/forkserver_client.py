"""
The web worker's side of the forkserver.

It starts it, gives it orders, and tells a child's death to whom it concerns.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Final, Self

from app.domain.errors import ProcessorCrashed
from app.processors.children import Child
from app.processors.forkserver import NEWS, ORDER, News, Order
from app.telemetry.logs import get_logger

_BUFFER: Final = 1024 * 1024
_PATIENCE: Final = timedelta(seconds=0.5)
"""After which a forkserver that was told to end is killed, and by the kernel its children: a shutdown has no more."""


class ForkserverClient:
    """
    One forkserver and its children.

    Attributes:
        gone: Set once it has died; its children die with it.

    """

    def __init__(self, process: "subprocess.Popen[bytes]", orders: socket.socket) -> None:
        """Talk to *process* over *orders*."""
        self.gone = asyncio.Event()
        self._process = process
        self._orders = orders
        self._children: dict[int, Child] = {}
        self._condemned: set[int] = set()
        self._numbers = count(1)
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def launch(cls, arguments: Sequence[str]) -> Self:
        """
        Start a forkserver with these command-line *arguments* and wait until it has loaded the models.

        Raises:
            ProcessorCrashed: If it could not load them; its standard error says why.

        """
        ours, theirs = socket.socketpair()
        with theirs:
            # A thread, since starting a process blocks until its program is replaced.
            process = await asyncio.to_thread(_start, theirs, arguments)
        client = cls(process, ours)
        try:
            await client._connect()
        except BaseException:
            await client.close()
            raise
        return client

    async def fork(self) -> Child:
        """
        A fresh child that is ready for work.

        Raises:
            ProcessorCrashed: If none can be had now.

        """
        ours, theirs = socket.socketpair()
        number = next(self._numbers)
        with theirs:
            child = Child(*await _streams(ours), kill=partial(self._kill, number))
            self._children[number] = child
            self._order(Order.FORK, number, theirs)
        try:
            await child.greet()
        except BaseException:
            child.kill()
            raise
        return child

    async def close(self) -> None:
        """End the forkserver and all of its children, and wait until they are gone."""
        with suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(_reap, self._process)
        if self._listener:
            await self._listener

    async def _connect(self) -> None:
        news, writer = await _streams(self._orders)
        try:
            await news.readexactly(NEWS.size)
        except (OSError, EOFError) as error:
            writer.close()
            raise ProcessorCrashed("The models could not be loaded; the log says why.") from error
        self._listener = asyncio.create_task(self._listen(news, writer))

    async def _listen(self, news: StreamReader, writer: StreamWriter) -> None:
        """Bury the children that have died, and in the end all of them."""
        with suppress(OSError, EOFError):
            while True:
                event, number, status = NEWS.unpack(await news.readexactly(NEWS.size))
                if event == News.EXITED:
                    self._bury(number, status)
        writer.close()
        self.gone.set()
        for child in self._children.values():
            child.bury(-signal.SIGKILL)

    def _bury(self, number: int, status: int) -> None:
        child = self._children.pop(number)
        child.bury(status)
        if number not in self._condemned:
            get_logger().warning("processor child died", pid=child.pid, status=status)
        self._condemned.discard(number)

    def _kill(self, number: int) -> None:
        if number in self._children:
            self._condemned.add(number)
            self._order(Order.KILL, number)

    def _order(self, order: Order, number: int, *passed: socket.socket) -> None:
        # An order that does not get through meets a dead forkserver, whose children are dead too.
        with suppress(OSError):
            socket.send_fds(self._orders, [ORDER.pack(order, number)], [each.fileno() for each in passed])


async def _streams(connection: socket.socket) -> tuple[StreamReader, StreamWriter]:
    return await asyncio.open_unix_connection(sock=connection, limit=_BUFFER)


def _start(orders: socket.socket, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start it in a session of its own, out of reach of signals that are meant for the web worker's group."""
    command = [sys.executable, "-u", "-P", "-m", "app.processors.forkserver", str(orders.fileno()), *arguments]
    environment = {
        # One slot is one CPU: numerical libraries must not start threads beside it.
        "OMP_NUM_THREADS": "1",
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),  # noqa: PTH109 - a string is wanted
    }
    return subprocess.Popen(  # noqa: S603 - the command is our own
        command, env=environment, pass_fds=[orders.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
    )


def _reap(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_PATIENCE.total_seconds())
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
