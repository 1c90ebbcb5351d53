"""
What runs in a child process: one job after another, each ending in one answer.

Nothing that a processor does may reach further than this process; what it
raises crosses as a value, and texts of foreign exceptions do not cross at all.
"""

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BufferedRWPair
from socket import socket
from time import monotonic
from typing import Final

from app.domain.errors import DocumentTooLarge, DocumentUnreadable, MemoryLimitExceeded, ProcessorError
from app.domain.extraction import TEXT_BYTES, Extraction
from app.domain.processing import MESSAGE_CHARACTERS, Document, Kind, Processor, Progress, Report, answer, told
from app.processors.catalogue import Catalogue
from app.processors.frames import CROSSING, HEADER, Tag, header
from app.processors.limits import limit_cpu_time
from app.telemetry.logs import frames_of, get_logger

PROGRESS_INTERVAL: Final = timedelta(milliseconds=100)

type Extract = Callable[[bytes, Report], Extraction]
"""Reads a file."""


@dataclass(frozen=True, slots=True)
class Line:
    """The child's end of the socket."""

    connection: BufferedRWPair

    def send(self, tag: Tag, payload: bytes) -> None:
        """Send one frame."""
        self.connection.write(header(tag, payload) + payload)
        self.connection.flush()

    def receive(self) -> tuple[Tag, bytes] | None:
        """The next frame; None at the end."""
        head = self.connection.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        tag, length = HEADER.unpack(head)
        return Tag(tag), self.connection.read(length)

    def payload(self) -> bytes:
        """The payload of a frame that must follow; empty if the end has come instead."""
        _, payload = self.receive() or (None, b"")
        return payload


class Reporter:
    """
    A `Report` that sends what is news, at most once per interval.

    What came too soon is kept for `flush`, so the last word is never lost.
    """

    def __init__(self, send: Callable[[Tag, bytes], None], now: Callable[[], float]) -> None:
        """Report by *send*; *now* tells seconds that never run backwards."""
        self._send = send
        self._now = now
        self._not_before = -math.inf
        self._kept: Progress | None = None

    def __call__(self, stage: str, fraction: float, /) -> None:
        """Record *stage* and *fraction*; a fraction beyond 0 or 1 is taken for it."""
        self._kept = Progress.reported(stage, fraction)
        if self._now() >= self._not_before:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        if self._kept:
            self._not_before = self._now() + PROGRESS_INTERVAL.total_seconds()
            self._send(Tag.PROGRESS, as_json([self._kept.stage, self._kept.fraction]))
            self._kept = None


def serve(connection: socket, catalogue: Catalogue, extract: Extract, cpu_time: timedelta | None) -> None:
    """Do the jobs that come over *connection*, until it ends; *cpu_time* limits what a processor takes."""
    processors = {offered.name: offered for offered in catalogue}
    line = Line(connection.makefile("rwb"))
    line.send(Tag.HELLO, as_json(os.getpid()))
    while order := line.receive():
        tag, job = order
        report = Reporter(line.send, monotonic)
        if tag is Tag.EXTRACT:
            limit_cpu_time(timedelta(seconds=json.loads(job)))
            for frame in attempt_extraction(extract, line.payload(), report):
                line.send(*frame)
            continue
        name, kind, options = json.loads(job)
        document = Document(text=line.payload().decode(), kind=Kind(kind), options=options)
        if limits := [limit for limit in (cpu_time, processors[name].time_limit) if limit]:
            limit_cpu_time(max(limits))
        line.send(*attempt(processors[name], document, report))


def attempt(processor: Processor, document: Document, report: Reporter) -> tuple[Tag, bytes]:
    """Run *processor*, and say what came of it, whatever that is."""
    try:
        result = as_json(answer(processor.run(document, report), document.kind))
        report.flush()
    except MemoryError:
        return Tag.RAISED, _OUT_OF_MEMORY
    except ProcessorError as error:
        return Tag.RAISED, _raised(error)
    except BaseException as error:  # noqa: BLE001 - even SystemExit ends only this attempt
        _log_without_text("processor broke", error, model=processor.name)
        return Tag.RAISED, _raised(ProcessorError(f"The model raised {type(error).__name__}"))
    return Tag.RESULT, result


def attempt_extraction(extract: Extract, file: bytes, report: Reporter) -> Sequence[tuple[Tag, bytes]]:
    """Read *file*, and say what came of it: what is known of it, and then its text."""
    try:
        extraction = extract(file, report)
        text = extraction.text.encode(errors="replace")
        if len(text) > TEXT_BYTES:
            raise DocumentTooLarge  # noqa: TRY301 - what a reader has overlooked
        report.flush()
        return (Tag.EXTRACTION, as_json(extraction.as_json())), (Tag.TEXT, text)
    except MemoryError:
        return ((Tag.RAISED, _OUT_OF_MEMORY),)
    except ProcessorError as error:
        return ((Tag.RAISED, _raised(error)),)
    except BaseException as error:  # noqa: BLE001 - the same file would break the same reader again
        _log_without_text("extraction broke", error)
        return ((Tag.RAISED, _raised(DocumentUnreadable())),)


def as_json(value: object) -> bytes:
    """*value* as JSON in UTF-8; half a surrogate pair, which UTF-8 cannot say, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


def _raised(error: ProcessorError) -> bytes:
    """Say which error it is, or which one that may cross it is a kind of."""
    name = next(cls.__name__ for cls in type(error).__mro__ if CROSSING.get(cls.__name__) is cls)
    return as_json([name, told(error.message, at_most=MESSAGE_CHARACTERS)])


_OUT_OF_MEMORY: Final = _raised(MemoryLimitExceeded())
"""Made in good time."""


def _log_without_text(event: str, error: BaseException, **fields: str) -> None:
    """Tell the operator where it broke; the exception's own text may quote the document."""
    get_logger().warning(event, error=type(error).__name__, stack_trace=frames_of(error), **fields)
