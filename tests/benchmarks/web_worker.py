"""What a web worker takes of the machine, as the kernel sees it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.processes import children

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of processor time so far, threads, and mebibytes of memory."""

    cpu: float
    threads: int
    mebibytes: int


@dataclass(frozen=True, slots=True)
class WebWorker:
    """One worker process of gunicorn; not the children that run models."""

    pid: int

    @classmethod
    def of(cls, master: int) -> Self:
        """Return the only worker of that *master*."""
        (pid,) = children(master)
        return cls(pid)

    def usage(self) -> Usage:
        """Look at it now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        threads, kibibytes = (
            int(re.findall(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[0]) for name in ("Threads", "VmRSS")
        )
        return Usage(self._cpu(), threads, kibibytes // 1024)

    def _cpu(self) -> float:
        behind_the_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(behind_the_name[11]) + int(behind_the_name[12])) / TICKS_A_SECOND
