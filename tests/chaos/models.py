"""
Models with known answers, and a few that do what a model must not do.

Each answer names the web worker that the work was done for, so that a result
can be held against the lease under which it was recorded.
"""

import asyncio
import ctypes
import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time, sleep
from typing import Final

from app.domain.errors import TransientFailure
from app.domain.processing import Document, Json, Report
from app.processors import processor

MODULE: Final = "tests.chaos.models"
DIRECTORY: Final = "CHAOS_DIRECTORY"
"""The variable with the folder of one run, where a model can leave a note for its next attempt."""

TICK: Final = 0.02
MOMENT: Final = 0.02


def answer_to(text: str) -> str:
    """What every model here answers to *text*."""
    return sha256(text.encode()).hexdigest()[:16]


def between(text: str, low: float, high: float) -> float:
    """A number that *text* decides, the same in every attempt."""
    return low + (high - low) * int(answer_to(text)[:4], 16) / 0xFFFF


@processor("instant")
def instant(document: Document, _report: Report) -> Json:
    """Answer at once."""
    return answered(document.text, parent_of(os.getppid()))


@processor("brief")
def brief(document: Document, _report: Report) -> Json:
    """Take a moment, so that what comes fast has to wait."""
    until = monotonic() + MOMENT
    while (left := until - monotonic()) > 0:
        sleep(left)
    return answered(document.text, parent_of(os.getppid()))


@processor("burns")
def burns(document: Document, report: Report) -> Json:
    """Use the CPU for a second or two."""
    seconds = between(document.text, 0.8, 1.6)
    began, digest = process_time(), b""
    while (used := process_time() - began) < seconds:
        digest = sha256(digest + document.text[:1000].encode()).digest()
        report("burning", used / seconds)
    return answered(document.text, parent_of(os.getppid()))


@processor("lingers")
def lingers(document: Document, report: Report) -> Json:
    """Keep a process busy for some seconds without using the CPU, so that faults find something to hit."""
    seconds = between(document.text, 1.0, 4.0)
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        report("lingering", 1 - left / seconds)
        sleep(TICK)
    return answered(document.text, parent_of(os.getppid()))


@processor("waits")
async def waits(document: Document, report: Report) -> Json:
    """Wait on the event loop for some seconds, as for a service elsewhere."""
    seconds = between(document.text, 0.2, 5.0)
    until = monotonic() + seconds
    while (left := until - monotonic()) > 0:
        report("waiting", 1 - left / seconds)
        await asyncio.sleep(min(left, 0.25))
    return answered(document.text, os.getpid())


@processor("ponders")
async def ponders(document: Document, report: Report) -> Json:
    """Wait for longer than an ending server lets work go on."""
    until = monotonic() + between(document.text, 6.0, 9.0)
    while (left := until - monotonic()) > 0:
        report("pondering", 0.5)
        await asyncio.sleep(min(left, 0.25))
    return answered(document.text, os.getpid())


@processor("falters")
def falters(document: Document, _report: Report) -> Json:
    """Fail in the first attempt, in a way that another one may mend."""
    note = Path(os.environ[DIRECTORY]) / f"faltered-{answer_to(document.text)}"
    try:
        note.touch(exist_ok=False)
    except FileExistsError:
        return answered(document.text, parent_of(os.getppid()))
    raise TransientFailure("Not the first time")


@processor("crashes")
def crashes(_document: Document, _report: Report) -> Json:
    """Read where nothing is."""
    return ctypes.string_at(0).decode()


@processor("hangs", time_limit=timedelta(seconds=2))
def hangs(_document: Document, report: Report) -> Json:
    """Never end, busily."""
    report("hanging", 0.1)
    while True:
        pass


@processor("eats")
def eats(document: Document, _report: Report) -> Json:
    """Take more memory than there is for it."""
    eaten = [bytearray(b"x" * (1 << 20)) for _ in range(1 << 14)]
    return answered(document.text, len(eaten))


def answered(text: str, worker: int) -> dict[str, Json]:
    """The answer to *text*, given for web worker *worker*."""
    return {"summary": f"{len(text)} characters", "answer": answer_to(text), "worker": worker}


def parent_of(pid: int) -> int:
    """The process that has started process *pid*: of a forkserver, its web worker."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return int(stat.rpartition(")")[2].split()[1])
