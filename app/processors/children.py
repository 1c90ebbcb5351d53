"""
A child process as the web worker sees it.

Pure asyncio: neither a slow child nor a large document blocks the loop.
"""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, cast

from app.domain.errors import MemoryLimitExceeded, ProcessorCrashed
from app.domain.processing import Report, Result
from app.processors.frames import CROSSING, HEADER, Tag, announced, header

LAST_WORDS: Final = timedelta(seconds=1)
"""How long the answer of a child that has died is waited for."""

BURIAL: Final = timedelta(seconds=3)
"""How long the news of a killed child's death is waited for; only a forkserver that is stuck keeps it back."""


class Child:
    """
    One child process, for one job at a time.

    Attributes:
        pid: Its process id.
        gone: Set once it has died.
        status: Its exit code, or the number of the signal it died of below zero.
        fit: True while another job may be given to it: not while it works, nor
            after an answer that it should not outlive.

    """

    def __init__(self, reader: StreamReader, writer: StreamWriter, kill: Callable[[], None]) -> None:
        """Talk to it over *reader* and *writer*; *kill* ends it and whatever it has started, at once."""
        self.pid = 0
        self.status = 0
        self.gone = asyncio.Event()
        self.fit = False
        self.kill = kill
        self._reader = reader
        self._writer = writer
        self._working = False

    def bury(self, status: int) -> None:
        """Note that it has died, so that whoever waits for its answer learns of it."""
        self.status = status
        self.fit = False
        self.gone.set()
        if self._working:
            # What it said before it died is still to be read, and then the end of it, unless something
            # that it has started in another session holds the socket open.
            asyncio.get_running_loop().call_later(LAST_WORDS.total_seconds(), self._writer.transport.abort)
        else:
            self._writer.transport.abort()

    async def end(self) -> int:
        """Kill it, and tell the status with which it has died; 0 if nobody has heard of its death in time."""
        self.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), BURIAL.total_seconds())
        return self.status

    async def greet(self) -> None:
        """
        Wait until it is ready for work.

        Raises:
            ProcessorCrashed: If it has died instead.

        """
        match await self._receive():
            case Tag.HELLO, int(pid):
                self.pid = pid
                self.fit = True
            case _:
                raise ProcessorCrashed

    async def work(self, job: bytes, text: bytes, report: Report) -> Result:
        """
        Have *job* done on *text*.

        Raises:
            ProcessorError: If the processor raised, of the class that says how.
            ProcessorCrashed: If the child has died or talks nonsense.

        """
        self.fit = False
        self._working = True
        try:
            await self._send(job, text)
            return await self._answer(report)
        finally:
            self._working = False
            if self.gone.is_set():
                self._writer.transport.abort()

    async def _answer(self, report: Report) -> Result:
        while True:
            match await self._receive():
                case Tag.PROGRESS, [str(stage), float(fraction)]:
                    report(stage, fraction)
                case Tag.RESULT, result:
                    self.fit = not self.gone.is_set()
                    return cast("Result", result)
                case Tag.RAISED, [str(name), str(message)] if error := CROSSING.get(name):
                    self.fit = error is not MemoryLimitExceeded and not self.gone.is_set()
                    raise error(message)
                case _:
                    raise ProcessorCrashed

    async def _send(self, job: bytes, text: bytes) -> None:
        try:
            # Not writelines: in CPython 3.13.0 an empty buffer among several keeps the transport spinning.
            self._writer.write(header(Tag.JOB, job) + job + header(Tag.TEXT, text))
            self._writer.write(text)
            await self._writer.drain()
        except OSError as error:
            raise ProcessorCrashed from error

    async def _receive(self) -> tuple[Tag, Any]:
        try:
            tag, length = announced(await self._reader.readexactly(HEADER.size))
            return tag, json.loads(await self._reader.readexactly(length))
        except (OSError, EOFError, ValueError, RecursionError) as error:
            raise ProcessorCrashed from error
