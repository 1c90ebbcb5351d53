"""
A child process as the web worker sees it.

Pure asyncio: neither a slow child nor a large document blocks the loop.
"""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, cast

from app.domain.errors import MemoryLimitExceeded, ProcessorCrashed
from app.domain.extraction import Extraction, Heading
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
        works: True while it has a job.

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
        self.works = False

    def bury(self, status: int) -> None:
        """Note that it has died, so that whoever waits for its answer learns of it."""
        self.status = status
        self.fit = False
        self.gone.set()
        if self.works:
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
        with self._at_work():
            await self._send((Tag.JOB, job), (Tag.TEXT, text))
            match await self._answer(report):
                case Tag.RESULT, result:
                    self.fit = not self.gone.is_set()
                    return cast("Result", result)
                case _:
                    raise ProcessorCrashed

    async def extract(self, limit: bytes, file: bytes, report: Report) -> Extraction:
        """
        Have *file* read, within *limit* of CPU time; the child is fit for nothing else afterwards.

        Raises:
            ProcessorError: If the file could not be read, of the class that says why.
            ProcessorCrashed: If the child has died or talks nonsense.

        """
        with self._at_work():
            await self._send((Tag.EXTRACT, limit), (Tag.FILE, file))
            match await self._answer(report):
                case Tag.EXTRACTION, dict(known):
                    text = await self._receive()
                    return _extraction(known, text)
                case _:
                    raise ProcessorCrashed

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self.fit = False
        self.works = True
        try:
            yield
        finally:
            self.works = False
            if self.gone.is_set():
                self._writer.transport.abort()

    async def _answer(self, report: Report) -> tuple[Tag, Any]:
        while True:
            match await self._receive():
                case Tag.PROGRESS, [str(stage), float(fraction)]:
                    report(stage, fraction)
                case Tag.RAISED, [str(name), str(message)] if error := CROSSING.get(name):
                    self.fit = error is not MemoryLimitExceeded and not self.gone.is_set()
                    raise error(message)
                case other:
                    return other

    async def _send(self, job: tuple[Tag, bytes], content: tuple[Tag, bytes]) -> None:
        try:
            # Not writelines: in CPython 3.13.0 an empty buffer among several keeps the transport spinning.
            self._writer.write(header(*job) + job[1] + header(*content))
            self._writer.write(content[1])
            await self._writer.drain()
        except OSError as error:
            raise ProcessorCrashed from error

    async def _receive(self) -> tuple[Tag, Any]:
        try:
            tag, length = announced(await self._reader.readexactly(HEADER.size))
            payload = await self._reader.readexactly(length)
            return tag, payload.decode() if tag is Tag.TEXT else json.loads(payload)
        except (OSError, EOFError, ValueError, RecursionError) as error:
            raise ProcessorCrashed from error


def _extraction(known: dict[str, Any], text: tuple[Tag, Any]) -> Extraction:
    """
    Make one of what a child says it is.

    Raises:
        ProcessorCrashed: If it is none.

    """
    match text, known:
        case (Tag.TEXT, str(content)), {
            "media_type": str(media_type),
            "title": str() | None as title,
            "pages": int() | None as pages,
            "headings": list(headings),
        }:
            return Extraction(
                text=content,
                media_type=media_type,
                title=title,
                pages=pages,
                headings=tuple(_heading(heading) for heading in headings),
            )
        case _:
            raise ProcessorCrashed


def _heading(known: object) -> Heading:
    match known:
        case {"text": str(text), "level": int(level), "start": int(start)}:
            return Heading(text=text, level=level, start=start)
        case _:
            raise ProcessorCrashed
