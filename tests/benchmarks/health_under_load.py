"""
How fast the service answers while it works: `make bench`.

Asks `/health/live` of one instance, first idle, then while forty documents of
200 KB are being processed, and prints both distributions and their ratio.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.acceptance.instance import running

DOCUMENTS = 40
CONTENT_BYTES = 200_000
IDLE_SECONDS = 5.0
PARAGRAPHS = sorted((Path(__file__).parents[2] / "docs" / "examples" / "documents").glob("*.txt"))


def main() -> int:
    """Measure, print, and return 0 if every document was completed."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            running(log, AFTERWORD_SQLITE_PATH=str(Path(folder) / "tasks.db")) as instance,
            httpx.Client(base_url=instance.url, timeout=30) as client,
        ):
            idle = probe(client, until=lambda started_at: time.monotonic() - started_at > IDLE_SECONDS)
            with ThreadPoolExecutor(max_workers=1) as submitter:
                began_at = time.monotonic()
                paths = submitter.submit(submit, instance.url)
                busy = probe(client, until=lambda _: paths.done() and not open_tasks(client))
                seconds = time.monotonic() - began_at
            completed = sum(client.get(path).json()["status"] == "completed" for path in paths.result())
    print(f"{DOCUMENTS} documents of {CONTENT_BYTES // 1000} KB: {completed} completed in {seconds:.1f} s")
    report("idle", idle)
    report("busy", busy)
    print(f"ratio of the p99: {percentile(busy, 99) / percentile(idle, 99):.1f}")
    return 0 if completed == DOCUMENTS else 1


def submit(url: str) -> list[str]:
    """Post all documents as fast as they are accepted."""
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in PARAGRAPHS)
    content = (text * (CONTENT_BYTES // len(text.encode()) + 1)).encode()[:CONTENT_BYTES].decode(errors="ignore")
    with httpx.Client(base_url=url, timeout=30) as client:
        answers = [client.post("/process_document/", json={"content": f"{n}. {content}"}) for n in range(DOCUMENTS)]
    return [answer.raise_for_status().headers["location"] for answer in answers]


def open_tasks(client: httpx.Client) -> bool:
    """Tell whether anything waits or runs."""
    statuses = ("pending", "processing")
    return any(client.get("/tasks", params={"status": status}).json()["tasks"] for status in statuses)


def probe(client: httpx.Client, *, until: Callable[[float], bool]) -> list[float]:
    """Ask about a hundred times a second; return the milliseconds of each answer."""
    started_at = looked_at = time.monotonic()
    taken = []
    while True:
        asked_at = time.monotonic()
        client.get("/health/live").raise_for_status()
        taken.append(1000 * (time.monotonic() - asked_at))
        time.sleep(0.01)
        if time.monotonic() - looked_at > 0.5:
            looked_at = time.monotonic()
            if until(started_at):
                return taken


def percentile(values: list[float], hundredth: int) -> float:
    """Return the value that so many hundredths of the *values* do not exceed."""
    return statistics.quantiles(values, n=100)[hundredth - 1]


def report(name: str, values: list[float]) -> None:
    """Print one distribution."""
    figures = f"p50 {percentile(values, 50):.1f}  p99 {percentile(values, 99):.1f}  max {max(values):.1f}"
    print(f"/health/live {name}: {len(values)} requests, milliseconds {figures}")


if __name__ == "__main__":
    sys.exit(main())
