"""
Kill it in the middle and watch it finish: `make demo`.

Two instances share one store. Twenty documents are posted to both; then one
instance is killed with SIGKILL, while it works. The other one takes over what
the dead one held as soon as its leases have run out, here after six seconds
(thirty by default).
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.live import Live
from rich.table import Table

DOCUMENTS = sorted((Path(__file__).parent / "documents").glob("*.txt"))
COUNT = 20
KILL_AFTER = 5
GIVE_UP_SECONDS = 60
PARAGRAPHS_REPEATED = 60
COLOURS = {"pending": "yellow", "processing": "cyan", "completed": "green", "failed": "red", "cancelled": "red"}
FINAL = {"completed", "failed", "cancelled"}


@dataclass
class Instance:
    """One server process, as a machine of its own would run it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End it and its children at once, without a word: kill -9."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Posted:
    """One document and what is known of its task."""

    title: str
    accepted_by: str
    path: str
    milliseconds: float
    task: dict[str, object] = field(default_factory=lambda: {"status": "pending", "attempt": 0})

    @property
    def status(self) -> str:
        """The task's status as last seen."""
        return str(self.task["status"])


@contextmanager
def instances(folder: Path) -> Iterator[tuple[Instance, Instance]]:
    """Run two instances over one store until the block ends."""
    started = [start(name, folder) for name in ("A", "B")]
    try:
        for instance in started:
            wait_until_ready(instance)
        yield started[0], started[1]
    finally:
        for instance in started:
            if instance.process.poll() is None:
                instance.kill()


def start(name: str, folder: Path) -> Instance:
    """Start one instance; its log goes to a file in *folder*."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "PORT": str(port),
        "AFTERWORD_STORE": "sqlite",
        "AFTERWORD_SQLITE_PATH": str(folder / "tasks.db"),
        "AFTERWORD_LEASE": "6",
        "AFTERWORD_HEARTBEAT": "2",
        "AFTERWORD_SWEEP": "2",
    }
    with (folder / f"instance-{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], env=os.environ | settings, stderr=log, start_new_session=True
        )
    return Instance(name, port, process)


def wait_until_ready(instance: Instance) -> None:
    """Return when the instance takes requests."""
    while True:
        try:
            if httpx.get(f"{instance.url}/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        if instance.process.poll() is not None:
            raise SystemExit(f"Instance {instance.name} did not start.")
        time.sleep(0.1)


def post(number: int, instance: Instance) -> Posted:
    """Post one document, long enough to take about a second."""
    source = DOCUMENTS[number % len(DOCUMENTS)]
    text = source.read_text(encoding="utf-8")
    content = f"Documento {number}.\n\n" + "\n\n".join([text] * PARAGRAPHS_REPEATED)
    asked_at = time.monotonic()
    answer = httpx.post(f"{instance.url}/process_document/", json={"content": content}).raise_for_status()
    milliseconds = 1000 * (time.monotonic() - asked_at)
    return Posted(f"{source.stem} {len(content) // 1000} kB", instance.name, answer.headers["location"], milliseconds)


def look(posted: list[Posted], client: httpx.Client) -> None:
    """Ask one instance for everything that has not ended, whoever accepted it."""
    for document in posted:
        if document.status not in FINAL:
            document.task = client.get(document.path).raise_for_status().json()


def table(posted: list[Posted], news: str) -> Table:
    """Draw what is known now."""
    drawn = Table(title=news, title_justify="left", box=None, pad_edge=False, expand=True)
    for heading, width in (("document", 17), ("202 by", 6), ("in", 7), ("status", 10), ("attempt", 7)):
        drawn.add_column(heading, no_wrap=True, width=width)
    drawn.add_column("keywords", no_wrap=True, ratio=1)
    for document in posted:
        result = document.task.get("result")
        keywords = ", ".join(result["keywords"][:4]) if isinstance(result, dict) else ""
        status = f"[{COLOURS[document.status]}]{document.status}[/]"
        accepted_in = f"{document.milliseconds:.0f} ms"
        attempt = str(document.task["attempt"])
        drawn.add_row(document.title, document.accepted_by, accepted_in, status, attempt, keywords)
    return drawn


def completed(posted: list[Posted]) -> int:
    """Count the documents that have a result."""
    return sum(document.status == "completed" for document in posted)


def main() -> int:
    """Run the demo; return 0 if every document was completed."""
    console = Console()
    console.print("Starting two instances over one store …")
    with (
        tempfile.TemporaryDirectory() as folder,
        instances(Path(folder)) as (a, b),
        httpx.Client(base_url=b.url) as to_b,
    ):
        posted = [post(number, (a, b)[number % 2]) for number in range(COUNT)]
        console.print(f"{COUNT} documents accepted, half by each. Every status below is read from instance B.")
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        news = "both instances work"
        with Live(console=console, refresh_per_second=4) as live:
            while any(document.status not in FINAL for document in posted) and time.monotonic() < give_up_at:
                look(posted, to_b)
                if a.process.returncode is None and completed(posted) >= KILL_AFTER:
                    a.kill()
                    news = f"kill -9 of instance A (pid {a.process.pid}) after {completed(posted)} documents"
                live.update(table(posted, news))
                time.sleep(0.2)
    console.print()
    taken_over = sum(document.task["attempt"] == 2 for document in posted)  # noqa: PLR2004 - the second attempt
    console.print(
        f"{completed(posted)}/{COUNT} completed; {taken_over} of them were taken over from the dead instance."
    )
    return 0 if completed(posted) == COUNT else 1


if __name__ == "__main__":
    sys.exit(main())
