"""
Reading a file as the pool's children do: in a process that was forked for it, under limits, to be judged by its end.

`python -m tests.confined` reads a file from its input, has a child read it, and says in JSON what came of it.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta

from app.domain.errors import ProcessorError
from app.processors.extraction import extract, warm_up
from app.processors.limits import limit_cpu_time, limit_memory
from tests.house.source import ROOT

MEBIBYTE = 1 << 20
MEMORY = 512 * MEBIBYTE
CPU_TIME = timedelta(seconds=60)
TOO_BIG_FOR_MEMORY = "MemoryError"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """
    What came of reading a file.

    Attributes:
        outcome: A media type, an error's code, or the name of another exception; empty if the child died.
        characters: Of the text.
        headings: How many there were.
        signal: What killed the child, 0 if nothing.
        peak: MiB that it had in memory at most, with what it shares with its parent, about 20 of them.
        seconds: Of CPU time that it took.

    """

    outcome: str
    characters: int
    headings: int
    signal: int
    peak: int
    seconds: float


def confined(file: bytes, *, memory: int = MEMORY) -> Verdict:
    """Have *file* read in a child that may allocate *memory* bytes."""
    command = [sys.executable, "-m", "tests.confined", str(memory)]
    done = subprocess.run(command, input=file, cwd=ROOT, check=True, capture_output=True, timeout=300)  # noqa: S603 - our own module
    return Verdict(**json.loads(done.stdout))


def main(memory: int) -> None:
    """Fork a child for the file on the standard input, and report how it ended."""
    file = sys.stdin.buffer.read()
    warm_up()
    answer, told = os.pipe()
    if (child := os.fork()) == 0:
        os.close(answer)
        limit_memory(memory)
        limit_cpu_time(CPU_TIME)
        os.write(told, json.dumps(attempt(file)).encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(answer, "rb") as source:
        said = json.loads(source.read() or b'["", 0, 0]')
    _, status, usage = os.wait4(child, 0)
    verdict = Verdict(
        outcome=said[0],
        characters=said[1],
        headings=said[2],
        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        peak=usage.ru_maxrss * 1024 // MEBIBYTE,
        seconds=round(usage.ru_utime + usage.ru_stime, 2),
    )
    sys.stdout.write(json.dumps(asdict(verdict)))


def attempt(file: bytes) -> tuple[str, int, int]:
    """Read *file*; an exception that should not be is told by its name."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        extraction = extract(file, lambda _stage, _fraction: None)
    except ProcessorError as error:
        return error.code, 0, 0
    except Exception as error:  # noqa: BLE001 - it is the point of the test
        return type(error).__name__, 0, 0
    return extraction.media_type, len(extraction.text), len(extraction.headings)


if __name__ == "__main__":
    main(int(sys.argv[1]))
