"""Looking at processes as the kernel sees them."""

import os
import select
import time
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that *pid* has started, from any thread, and not yet reaped."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def vanishes(pid: int, *, within: float = 20) -> bool:
    """Whether process *pid* is gone, or goes in the next *within* seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within)[0])
    finally:
        os.close(descriptor)


def successor(parent: int, of: int, *, within: float = 20) -> int:
    """The child that *parent* has started in the place of its child *of*."""
    give_up = time.monotonic() + within
    while time.monotonic() < give_up:
        if found := [child for child in children(parent) if child != of]:
            return found[0]
        time.sleep(0.01)  # the kernel tells nobody but the parent
    raise AssertionError(f"nobody took the place of process {of}")
