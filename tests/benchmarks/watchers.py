"""
What a thousand watchers cost, and how soon they hear: `make bench-watch`.

One server process over the real Firestore emulator, and a writer that stands
for another instance: it changes tasks past the server. Each row attaches all
of its watchers at once, leaves them alone, and writes. What is timed talks to
the emulator directly; streams and reads are counted at a proxy, in front of
another server with the same watchers.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import uvloop

from tests.acceptance.instance import running
from tests.benchmarks.another_instance import AnotherInstance, Written
from tests.benchmarks.counting_proxy import CountingProxy
from tests.benchmarks.watching import EventStream, Watcher, Watching, WebSocketStream, watch
from tests.benchmarks.web_worker import Usage, WebWorker
from tests.conftest import warm_up
from tests.emulator import Emulator, start_emulator

WRITES_A_SECOND: Final = 50
FAN_OUTS_A_SECOND: Final = 2
"""Writes of the one task that all watch."""

CALM: Final = 0.05
"""The part of a processor below which the server has nothing left to do."""

GRACE: Final = 5.0
"""Seconds, at most, for the server to become calm, or for what was written last to arrive."""

READ: Final = "BatchGetDocuments"

COLUMNS: Final = (
    ("attach", "s"),
    ("attach", "CPU s"),
    ("idle", "CPU s/min"),
    ("event", "p50 ms"),
    ("event", "p99 ms"),
    ("event", "CPU ms"),
    ("", "threads"),
    ("RSS", "MiB"),
    ("Listen", "streams"),
    ("attach", "reads"),
    ("idle", "reads/min"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """
    So many *watchers*.

    Attributes:
        listens: Whether the server follows their tasks by `Listen`, or by reading them again and again.

    """

    watchers: int
    kind: type[EventStream | WebSocketStream] = EventStream
    of_one_task: bool = False
    listens: bool = True

    def __str__(self) -> str:
        """Name it as the table does."""
        tasks = " of one task" if self.of_one_task else ""
        return f"{'Listen ' if self.listens else 'polling'}  {self.watchers:>5,} {self.kind.kind}{tasks}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and for how many seconds it idles, is written to, and is counted."""

    rows: tuple[Row, ...]
    idle: float
    writing: float
    counting: float


THE_PLAN: Final = Plan(
    rows=(
        Row(10),
        Row(100),
        Row(1000),
        Row(1000, of_one_task=True),
        Row(1000, kind=WebSocketStream),
        Row(100, listens=False),
        Row(1000, listens=False),
    ),
    idle=15.0,  # as long as a stream is silent until it says so, once
    writing=5.0,
    counting=5.0,
)
SHORT: Final = Plan(
    rows=(Row(100), Row(1000), Row(1000, of_one_task=True), Row(1000, listens=False)),
    idle=3.0,
    writing=3.0,
    counting=3.0,
)


@dataclass(frozen=True, slots=True)
class Attached:
    """The watchers of a row, and the seconds until each had its first event: by the clock, and the server's own."""

    watching: Watching
    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Timed:
    """What was measured of a row; *delays* are milliseconds from the sending of a write until a watcher had it."""

    attached: Attached
    idle_cpu_a_minute: float
    cpu_an_event: float
    delays: list[float]
    missed: int
    after: Usage

    def percentile(self, share: int) -> float:
        """Return the milliseconds that so many per cent stayed below."""
        return sorted(self.delays)[min(len(self.delays) - 1, len(self.delays) * share // 100)]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the store was asked for: `Listen` *streams* that are open, reads while attaching, and in a minute after."""

    streams: int
    reads: int
    reads_a_minute: float


@dataclass(frozen=True, slots=True)
class Site:
    """A server, what it costs, and the other instance that works beside it."""

    url: str
    worker: WebWorker
    other: AnotherInstance


@asynccontextmanager
async def site(emulator: Emulator, *, seen_at: str, listens: bool) -> AsyncIterator[Site]:
    """Run a server that finds the emulator at that address, over a project of its own."""
    project = f"bench-{uuid4().hex[:12]}"
    variables = {"FIRESTORE_EMULATOR_HOST": seen_at, "GOOGLE_CLOUD_PROJECT": project}
    variables |= {} if listens else {"AFTERWORD_LISTEN_TARGETS": "0"}
    async with AsyncExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        instance = await asyncio.to_thread(held.enter_context, running(folder / "log", **variables))
        assert instance.process is not None
        other = AnotherInstance.working(project=project, emulator_host=emulator.host)
        yield Site(instance.url, WebWorker.of(instance.process.pid), await held.enter_async_context(other))


@asynccontextmanager
async def attached(place: Site, row: Row) -> AsyncIterator[Attached]:
    """Attach the watchers of a row, until the block ends and the server has let go of them."""
    tasks = await place.other.begin(1 if row.of_one_task else row.watchers)
    before, began_at = place.worker.usage(), time.monotonic()
    watching = await watch(place.url, tasks * (row.watchers if row.of_one_task else 1), row.kind)
    try:
        yield Attached(watching, time.monotonic() - began_at, place.worker.usage().cpu - before.cpu)
    finally:
        for watcher in watching.watchers:
            watcher.close()
        await calm(place.worker)


async def calm(worker: WebWorker, *, look: float = 0.25) -> None:
    """Return when the server has nothing left to do."""
    give_up_at = time.monotonic() + GRACE
    while time.monotonic() < give_up_at:
        before = worker.usage().cpu
        await asyncio.sleep(look)
        if worker.usage().cpu - before < CALM * look:
            return


async def a_second(figure: Callable[[], float], *, over: float) -> float:
    """Return by how much a figure grows each second, seen over so many."""
    before, began_at = figure(), time.monotonic()
    await asyncio.sleep(over)
    return (figure() - before) / (time.monotonic() - began_at)


async def timed(place: Site, row: Row, plan: Plan) -> Timed:
    """Measure a row."""
    async with attached(place, row) as there:
        await calm(place.worker)
        idle = await a_second(lambda: place.worker.usage().cpu, over=plan.idle)
        before = place.worker.usage().cpu
        pace = FAN_OUTS_A_SECOND if row.of_one_task else WRITES_A_SECOND
        written = await place.other.write(a_second=pace, seconds=plan.writing)
        delays, missed = await heard(there.watching.watchers, written)
        after = place.worker.usage()
        return Timed(
            attached=there,
            idle_cpu_a_minute=60 * idle,
            cpu_an_event=1000 * (after.cpu - before) / max(1, len(delays)),
            delays=delays,
            missed=missed,
            after=after,
        )


async def heard(watchers: list[Watcher], written: list[Written]) -> tuple[list[float], int]:
    """Return the delay of each change for each watcher that is told of it, and how many were never told."""
    by_task: dict[str, list[Watcher]] = {}
    for watcher in watchers:
        by_task.setdefault(watcher.task_id, []).append(watcher)
    last = {change.task_id: change.revision for change in written}
    give_up_at = time.monotonic() + GRACE
    for task_id, watching in by_task.items():
        for watcher in watching if task_id in last else ():
            await watcher.reaches(last[task_id], within=max(0.0, give_up_at - time.monotonic()))
    arrivals = [
        (change, watcher.heard_of(change.revision)) for change in written for watcher in by_task[change.task_id]
    ]
    delays = [1000 * (at - change.sent) for change, at in arrivals if at is not None]
    return delays, len(arrivals) - len(delays)


async def counted(place: Site, proxy: CountingProxy, row: Row, plan: Plan) -> Counted:
    """Count what a row costs at the store, where *proxy* stands."""
    before = proxy.calls[READ]
    async with attached(place, row):
        reads = proxy.calls[READ] - before
        await calm(place.worker)
        asked = await a_second(lambda: proxy.calls[READ], over=plan.counting)
        return Counted(proxy.open["Listen"], reads, reads_a_minute=60 * asked)


async def measure(emulator: Emulator, plan: Plan, *, listens: bool) -> None:
    """Measure the rows that listen, or those that do not, and print each."""
    rows = [row for row in plan.rows if row.listens is listens]
    async with (
        CountingProxy(emulator.host).running() as proxy,
        site(emulator, seen_at=emulator.host, listens=listens) as direct,
        site(emulator, seen_at=proxy.host, listens=listens) as observed,
    ):
        for row in rows:
            report(row, await timed(direct, row, plan), await counted(observed, proxy, row, plan))


def report(row: Row, timed: Timed, counted: Counted) -> None:
    """Print one line."""
    there, after = timed.attached, timed.after
    figures = [
        *(f"{figure:.2f}" for figure in (there.seconds, there.cpu, timed.idle_cpu_a_minute)),
        *(f"{figure:.1f}" for figure in (timed.percentile(50), timed.percentile(99))),
        f"{timed.cpu_an_event:.2f}",
        *(f"{figure:,.0f}" for figure in (after.threads, after.mebibytes)),
        *(f"{figure:,.0f}" for figure in (counted.streams, counted.reads, counted.reads_a_minute)),
    ]
    notes = [("refused for a while", there.watching.refusals), ("never heard of", timed.missed)]
    print(line(str(row), figures), *(f"({count} {what})" for what, count in notes if count), flush=True)


def line(name: str, columns: Iterable[str]) -> str:
    """Return one line of the table."""
    return f"{name:<28}" + "".join(f"{column:>10}" for column in columns)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer rows, and less of each")
    plan = SHORT if parser.parse_args().short else THE_PLAN
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the server inherits it
    for words in zip(*COLUMNS, strict=True):
        print(line("", words))
    with start_emulator(options=()) as emulator, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(warm_up(emulator))
        for listens in (True, False):
            runner.run(measure(emulator, plan, listens=listens))
    return 0


if __name__ == "__main__":
    sys.exit(main())
