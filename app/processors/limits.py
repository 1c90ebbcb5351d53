"""
What a child process may take: turns, memory and CPU time.

Memory is limited as `RLIMIT_DATA`, the private memory that can be written:
unlike the address space it leaves out mapped model files and what allocators
and thread stacks merely reserve.
"""

import ctypes
import os
import resource
import signal
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Final

NICENESS: Final = 10
"""So that the event loop gets the CPU whenever it wants it."""

_PR_SET_PDEATHSIG: Final = 1


def lower_priority() -> None:
    """Let everything else on the machine go first."""
    os.nice(NICENESS)


def limit_memory(allowance: int) -> None:
    """Let this process allocate *allowance* bytes more than it has now."""
    limit = _data_size() + allowance
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def limit_cpu_time(allowance: timedelta) -> None:
    """Have the kernel end this process when it has used *allowance* more CPU time than now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = ceil(used.ru_utime + used.ru_stime + allowance.total_seconds())
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when *parent*, which forked it, is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _data_size() -> int:
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith("VmData:"))
    return int(kibibytes) * 1024
