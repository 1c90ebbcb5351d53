"""The processes of a server by the part they play, and those that nobody has taken along."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from tests.processes import children, vanishes

MARK: Final = "CHAOS_RUN"
"""The variable that every process of a run inherits, with a value that no other run has."""


def web_workers(master: int) -> list[int]:
    """The processes that serve HTTP for gunicorn's *master*."""
    return started_by(master)


def forkservers(master: int) -> list[int]:
    """The processes from which *master*'s web workers have their children forked."""
    return [child for worker in web_workers(master) for child in started_by(worker) if _is_forkserver(child)]


def pool_children(master: int) -> list[int]:
    """The processes that read documents for *master*'s web workers."""
    return [child for forkserver in forkservers(master) for child in started_by(forkserver)]


def descendants(pid: int) -> list[int]:
    """Everything that *pid* has started, directly or not."""
    return [below for child in started_by(pid) for below in (child, *descendants(child))]


def started_by(pid: int) -> list[int]:
    """The living children of *pid*; none if that is gone."""
    try:
        return sorted(child for child in children(pid) if _command(child))
    except OSError:
        return []


def marked(mark: str) -> dict[int, str]:
    """Every living process of run *mark*, with its command line."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and wanted in _read(entry / "environ").split(b"\0"):
            pid = int(entry.name)
            found[pid] = _command(pid)
    return {pid: command for pid, command in found.items() if command}


def resident_mib(pid: int) -> float:
    """The memory that process *pid* takes; 0 if it has ended."""
    pages = _read(Path(f"/proc/{pid}/statm")).split()
    return int(pages[1]) * os.sysconf("SC_PAGESIZE") / (1 << 20) if pages else 0.0


def end_of(pid: int, *, within: float) -> float:
    """
    Wait for the end of *pid*, at most *within* seconds, and say when that was, in monotonic seconds.

    To be called in a thread, so that a busy event loop does not make it look later.
    """
    vanishes(pid, within=within)
    return monotonic()


def end(pid: int) -> None:
    """Kill *pid*, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _is_forkserver(pid: int) -> bool:
    return "app.processors.forkserver" in _command(pid)


def _command(pid: int) -> str:
    """The command line of *pid*; empty if it has ended, even if nobody has reaped it."""
    return _read(Path(f"/proc/{pid}/cmdline")).replace(b"\0", b" ").decode(errors="replace").strip()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
