"""Models that do what a model must not do, each in a way that once brought some worker down."""

import ctypes
import os
import re
import signal
import sys
import time
from typing import Any

from app.domain.errors import PermanentFailure, TransientFailure
from app.domain.processing import Document, Json, Report
from app.processors import processor


class OutOfOrder(PermanentFailure):
    """A model's own kind of failure."""


@processor("well_behaved")
def well_behaved(document: Document, report: Report) -> Json:
    """Answer what was asked, the options included."""
    report("reading", 0.5)
    return {"summary": document.text, "options": dict(document.options), "characters": len(document.text)}


@processor("tells_pids")
def tells_pids(_document: Document, _report: Report) -> Json:
    """Say which process it runs in, and which one has forked that."""
    return {"summary": f"{os.getpid()} {os.getppid()}", "niceness": os.nice(0)}


@processor("raises")
def raises(document: Document, _report: Report) -> Json:
    """Raise an error that quotes the document."""
    raise ValueError(document.text)


@processor("fails_for_now")
def fails_for_now(_document: Document, _report: Report) -> Json:
    """Ask for another attempt."""
    raise TransientFailure("The dictionary is being replaced")


@processor("fails_for_good")
def fails_for_good(_document: Document, _report: Report) -> Json:
    """Fail with an error that only this module knows."""
    raise OutOfOrder("The document is empty")


@processor("leaves")
def leaves(_document: Document, _report: Report) -> Json:
    """Leave as a command-line tool does."""
    sys.exit(3)


@processor("interrupts")
def interrupts(_document: Document, _report: Report) -> Json:
    """Raise what a terminal would."""
    raise KeyboardInterrupt


@processor("recurses")
def recurses(document: Document, report: Report) -> Json:
    """Never come to the end of it."""
    return recurses.run(document, report)  # type: ignore[return-value]  # a plain function answers at once


@processor("hangs")
def hangs(_document: Document, report: Report) -> Json:
    """Hold the interpreter for longer than the universe has existed."""
    report(str(os.getpid()), 0.1)
    return bool(re.match(r"(a+)+$", "a" * 64 + "b"))


@processor("sleeps")
def sleeps(_document: Document, report: Report) -> Json:
    """Wait for something that does not come."""
    report(str(os.getpid()), 0.1)
    time.sleep(3600)
    return "awake"


@processor("eats_memory")
def eats_memory(document: Document, _report: Report) -> Json:
    """Take as many mebibytes as the document says, and write to each."""
    eaten = [bytearray(b"x" * (1 << 20)) for _ in range(int(document.text))]
    return {"summary": str(len(eaten))}


@processor("exits")
def exits(_document: Document, _report: Report) -> Json:
    """End the process without a word."""
    os._exit(0)


@processor("segfaults")
def segfaults(_document: Document, _report: Report) -> Json:
    """Read where nothing is."""
    return ctypes.string_at(0).decode()


@processor("closes_everything")
def closes_everything(_document: Document, _report: Report) -> Json:
    """Close what it did not open, as daemons do."""
    os.closerange(3, 256)
    return {"summary": "closed"}


@processor("writes_garbage")
def writes_garbage(_document: Document, _report: Report) -> Json:
    """Write to whatever is open."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff" * 64)
        except OSError:
            continue
    return {"summary": "written"}


@processor("prints")
def prints(document: Document, _report: Report) -> Json:
    """Print what looks like an answer."""
    print('\x05\x00\x00\x00\x02"!"' * 1000, flush=True)  # noqa: T201 - printing is the point
    os.write(1, b"\x05\x00\x00\x00\x02" * 1000)
    return {"summary": document.text}


@processor("forks")
def forks(_document: Document, report: Report) -> Json:
    """Leave a process behind that holds every socket open, and end."""
    pid = os.fork()
    if pid == 0:
        signal.pause()
    report(str(pid), 0.5)
    os._exit(0)


@processor("is_terminated")
def is_terminated(_document: Document, _report: Report) -> Json:
    """Get the signals that everybody gets when a machine shuts down."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)
        os.kill(os.getppid(), number)
    return {"summary": "alive"}


@processor("answers")
def answers(document: Document, _report: Report) -> Any:  # noqa: ANN401 - most of these are no answers
    """Answer what the document names."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    return {
        "nothing": None,
        "nan": {"summary": "", "score": float("nan")},
        "infinity": {"summary": "", "score": float("inf")},
        "a set": {"summary": "", "pages": {1, 2}},
        "bytes": {"summary": "", "image": b"x"},
        "too much": {"summary": "x" * (10 << 20)},
        "a cavern": {"summary": "", "tree": deep},
        "half a pair": {"summary": "a\ud800b"},
        "a number": 7,
    }[document.text]


@processor("reports")
def reports(_document: Document, report: Report) -> Json:
    """Report for every sentence of a long book, and once beyond the end."""
    for number in range(10_000):
        report("reading", number / 10_000)
    report("done", 1.5)
    return {"summary": ""}
