"""What an instance's processes take of the memory, watched while something happens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

from tests.acceptance.family import model_processes
from tests.acceptance.instance import Instance
from tests.processes import children

OFTEN: Final = 0.02
MIB_IN_KIB: Final = 1024


@dataclass
class Peaks:
    """The most that was seen, in MiB: of any child, and of the web worker."""

    child: float = 0
    parent: float = 0


def of_children(instance: Instance) -> float:
    """Return what the largest child takes now, in MiB."""
    assert instance.process is not None
    return max((_resident(pid) for pid in model_processes(instance.process.pid)), default=0)


def of_parent(instance: Instance) -> float:
    """Return what the web worker takes now, in MiB."""
    assert instance.process is not None
    return max(_resident(pid) for pid in children(instance.process.pid))


@contextmanager
def watched(instance: Instance) -> Iterator[Peaks]:
    """Look at the memory of *instance* as often as it costs nothing, until the block ends."""
    peaks, ends = Peaks(), Event()

    def look() -> None:
        while not ends.wait(OFTEN):
            peaks.child = max(peaks.child, of_children(instance))
            peaks.parent = max(peaks.parent, of_parent(instance))

    looking = Thread(target=look)
    looking.start()
    try:
        yield peaks
    finally:
        ends.set()
        looking.join()


def settles(instance: Instance, *, child: float, parent: float, within: float = 20) -> bool:
    """Whether the processes take no more than so many MiB, now or in the next *within* seconds."""
    give_up_at = time.monotonic() + within
    while of_children(instance) > child or of_parent(instance) > parent:
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.1)
    return True


def _resident(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0  # it ended meanwhile
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / MIB_IN_KIB
