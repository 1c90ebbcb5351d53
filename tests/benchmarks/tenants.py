"""
What one caller notices of the others: `make bench-tenants`.

One instance on SQLite, with a key for each of two owners. One hands in twenty
documents a second, and measures how long each takes to be accepted: alone; then
while somebody tries two hundred wrong keys a second; then while the other owner
hands in as much as it can over 32 connections, and then two hundred a second
whether they are answered or not; and alone again. Prints the distributions of one run,
and their ratios to that of being alone.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.instance import make_key, running
from tests.benchmarks.wire import Connection, request

SECONDS = 20.0
PACE = 0.05
WARM_UP = 40
DOCUMENT = {"content": "El Ayuntamiento de Zaragoza aprobó ayer el presupuesto de 2026 para la biblioteca."}


@dataclass(frozen=True)
class Phase:
    """One stretch of the run: the milliseconds until each document was accepted, and what the crowd was answered."""

    name: str
    taken: list[float]
    crowd: dict[str, int]

    def percentile(self, share: int) -> float:
        """Return the milliseconds that so many per cent stayed below."""
        return sorted(self.taken)[min(len(self.taken) - 1, len(self.taken) * share // 100)]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"AFTERWORD_SQLITE_PATH": str(Path(folder) / "tasks.db"), "AFTERWORD_AUTH": "required"}
        with running(Path(folder) / "log", **variables) as instance:
            quiet_owner, loud_owner = (make_key(variables, owner) for owner in ("quiet", "loud"))
            measure(instance.url, quiet_owner, "warming up", seconds=WARM_UP * PACE)
            phases = [
                measure(instance.url, quiet_owner, "alone"),
                measure(instance.url, quiet_owner, "beside wrong keys", crowd=("wrong-keys", "-")),
                measure(instance.url, quiet_owner, "beside a flood", crowd=("flood", loud_owner)),
                measure(instance.url, quiet_owner, "beside a rush", crowd=("rush", loud_owner)),
                measure(instance.url, quiet_owner, "alone again"),
            ]
    for phase in phases:
        report(phase, phases[0])
    return 0


def measure(url: str, key: str, name: str, *, seconds: float = SECONDS, crowd: tuple[str, str] | None = None) -> Phase:
    """Hand in documents for so many *seconds*, with a *crowd* beside, and return how it went."""
    if crowd is None:
        return Phase(name, asyncio.run(accepted(url, key, seconds)), {})
    kind, its_key = crowd
    command = [sys.executable, "-m", "tests.benchmarks.crowd", url, str(seconds), kind, its_key]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as beside:  # noqa: S603 - ours
        taken = asyncio.run(accepted(url, key, seconds))
        said, _ = beside.communicate()
    return Phase(name, taken, json.loads(said))


async def accepted(url: str, key: str, seconds: float) -> list[float]:
    """Hand in a document at each beat; return the milliseconds from the beat to the answer."""
    connection = await Connection.to(url)
    sent = request("POST", "/process_document/", key=key, body=DOCUMENT)
    beat, taken = time.monotonic(), []
    ends_at = beat + seconds
    while beat < ends_at:
        await asyncio.sleep(max(0.0, beat - time.monotonic()))
        status = await connection.ask(sent)
        if status != 202:
            raise SystemExit(f"the quiet owner was answered {status}")
        taken.append(1000 * (time.monotonic() - beat))
        beat += PACE
    connection.close()
    return taken


def report(phase: Phase, alone: Phase) -> None:
    """Print one line, and what the crowd was answered."""
    figures = "  ".join(
        f"p{share} {phase.percentile(share):6.1f} ms ({phase.percentile(share) / alone.percentile(share):.1f}×)"
        for share in (50, 95, 99)
    )
    crowd = ", ".join(f"{count} × {status}" for status, count in sorted(phase.crowd.items()))
    print(f"{phase.name:<18} {len(phase.taken)} documents  {figures}{f'  (the others: {crowd})' if crowd else ''}")


if __name__ == "__main__":
    sys.exit(main())
