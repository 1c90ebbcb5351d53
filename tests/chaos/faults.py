"""
What is done to a run while callers use it: a fault hits something, is written down, and mends what nobody else would.

A platform starts a machine again that has gone down; so do these. What the
service must do by itself, nobody does for it here.
"""

import asyncio
import os
import resource
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types

from tests.chaos import family
from tests.chaos.cluster import Cluster, Member, until
from tests.chaos.history import History, Injected
from tests.chaos.tap import Tap
from tests.chaos.tap_firestore import FirestoreTap, Weather

VANISH_SECONDS: Final = 5.0
"""After which whatever a dead process has started must be gone too."""

AMBIGUOUS: Final = (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED, StatusCode.ABORTED, StatusCode.INTERNAL)
CLOCK: Final = "clock"
"""The file, in a run's folder, that says by how many seconds the machine's clock is wrong."""

DATABASE: Final = "tasks.db"


@dataclass
class Scene:
    """
    What a fault can get at.

    Attributes:
        folder: Of this run.
        rng: Decides what is hit.
        jvm: The process of the emulator.
        open_ended: What has to be called in the end, however the run went.

    """

    cluster: Cluster
    tap: Tap
    folder: Path
    rng: Random
    history: History
    jvm: int = 0
    open_ended: list[Callable[[], None]] = field(default_factory=list)

    def note(self, fault: str, what: str = "") -> None:
        """Write down what was done, and to whom."""
        self.history.injected.append(Injected(fault=fault, at=monotonic(), what=what))

    def anyone(self) -> Member:
        """One of the servers."""
        return self.rng.choice(self.cluster.members)

    @property
    def wire(self) -> FirestoreTap:
        """The tap, of a run on Firestore."""
        assert isinstance(self.tap, FirestoreTap)
        return self.tap

    async def last(self, seconds: float) -> None:
        """Let what was just done last for so long."""
        ends_at = monotonic() + seconds
        await until(lambda: monotonic() >= ends_at, within=seconds)

    async def vanish(self, pids: list[int]) -> None:
        """See to it that *pids*, whose parent was killed, end by themselves; write down those that do not."""

        def left() -> set[int]:
            return set(pids) & set(family.marked(self.cluster.mark))

        await until(lambda: not left(), within=VANISH_SECONDS)
        self.history.leftovers += [f"process {pid} outlived the process that it worked for" for pid in sorted(left())]


type Fault = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Timed:
    """A *fault*, and *at* how many seconds after the load began it is injected, give or take a second."""

    at: float
    fault: Fault

    @property
    def name(self) -> str:
        """What it does, for people."""
        function = self.fault.func if isinstance(self.fault, partial) else self.fault
        return str(getattr(function, "__name__", "fault")).replace("_", " ")


async def kill_worker(scene: Scene) -> None:
    """Kill a web worker; gunicorn starts another one."""
    member = scene.anyone()
    worker = scene.rng.choice(family.web_workers(member.master))
    below = family.descendants(worker)
    scene.note("worker killed", f"{member.name}, process {worker}")
    family.end(worker)
    await scene.vanish([worker, *below])


async def kill_master(scene: Scene) -> None:
    """Kill gunicorn's master alone; its workers step down, and it is started again."""
    member = scene.anyone()
    below = family.descendants(member.master)
    scene.note("master killed", f"{member.name}, process {member.master}")
    family.end(member.master)
    assert member.process is not None
    await member.process.wait()
    await member.until_silent()
    await member.start()
    await scene.vanish(below)


async def kill_pool_child(scene: Scene) -> None:
    """Kill a process that reads documents."""
    member = scene.anyone()
    if children := family.pool_children(member.master):
        child = scene.rng.choice(children)
        scene.note("pool child killed", f"{member.name}, process {child}")
        family.end(child)


async def kill_forkserver(scene: Scene) -> None:
    """Kill the process from which children are forked; they die with it."""
    member = scene.anyone()
    if forkservers := family.forkservers(member.master):
        forkserver = scene.rng.choice(forkservers)
        below = family.started_by(forkserver)
        scene.note("forkserver killed", f"{member.name}, process {forkserver}")
        family.end(forkserver)
        await scene.vanish([forkserver, *below])


async def kill_instance(scene: Scene) -> None:
    """Kill a server with all it has started; the platform starts it again."""
    member = scene.anyone()
    scene.note("instance killed", member.name)
    await member.kill()
    await member.until_silent()
    await member.start()


async def kill_all(scene: Scene) -> None:
    """Kill every server at once."""
    scene.note("all instances killed")
    members = scene.cluster.members
    await asyncio.gather(*(member.kill() for member in members))
    await asyncio.gather(*(member.until_silent() for member in members))
    await scene.cluster.start()


async def restart_all(scene: Scene) -> None:
    """End one server after another, as a deployment does, and start each again before the next."""
    for member in scene.cluster.members:
        scene.note("terminated", member.name)
        await member.terminate()
        await member.start()


async def stop_worker(scene: Scene, *, seconds: float) -> None:
    """Stop a web worker for longer than its leases last, then let it go on: it must find out by itself."""
    member = scene.anyone()
    worker = scene.rng.choice(family.web_workers(member.master))
    scene.note("worker stopped", f"{member.name}, process {worker}, for {seconds} s")
    os.kill(worker, signal.SIGSTOP)
    scene.open_ended.append(partial(_go_on, worker))
    await scene.last(seconds)
    _go_on(worker)
    scene.note("worker goes on", f"process {worker}")


async def freeze_store(scene: Scene, *, seconds: float) -> None:
    """Stop the store in the middle of whatever it does; then let it go on."""
    scene.note("store frozen", f"for {seconds} s")
    os.kill(scene.jvm, signal.SIGSTOP)
    scene.open_ended.append(partial(_go_on, scene.jvm))
    await scene.last(seconds)
    _go_on(scene.jvm)
    scene.note("store goes on")


async def cut_store(scene: Scene, *, seconds: float) -> None:
    """Refuse every connection to the store for a while."""
    scene.note("store gone", f"for {seconds} s")
    await scene.wire.cut()
    await scene.last(seconds)
    await scene.wire.restore()
    scene.note("store back")


async def slow_store(scene: Scene, *, seconds: float) -> None:
    """Make half of the calls wait, some for almost as long as the service does."""
    await _weather(scene, "slow store", Weather(rng=scene.rng, rate=0.5, delay=(0.2, 2.5)), seconds)


async def lose_calls(scene: Scene, *, seconds: float, landed: float, rate: float = 0.2) -> None:
    """Answer some calls with an error that leaves open whether they were carried out."""
    weather = Weather(rng=scene.rng, rate=rate, codes=AMBIGUOUS, landed=landed, delay=(0.0, 0.3))
    await _weather(scene, f"errors, {landed:.0%} of them after the call was carried out", weather, seconds)


async def jump_clock(scene: Scene, *, by: float) -> None:
    """Set the clock of every server's machine wrong, by so many seconds from the truth."""
    scene.note("clock jumped", f"{by:+.0f} s from the truth")
    set_clock(scene.folder, by)


async def fill_disk(scene: Scene, *, seconds: float) -> None:
    """Let no server write any further into a file than the database has grown; then there is room again."""
    size = (scene.folder / DATABASE).stat().st_size
    workers = [worker for member in scene.cluster.members for worker in family.web_workers(member.master)]
    scene.note("disk full", f"at {size} bytes, for {seconds} s")
    for worker in workers:
        _limit_files(worker, size)
    await scene.last(seconds)
    for worker in workers:
        _limit_files(worker, resource.RLIM_INFINITY)
    scene.note("disk has room again")


def set_clock(folder: Path, by: float) -> None:
    """Say in the file that the servers' clock goes by, whole, that it is wrong *by* so many seconds."""
    written = folder / f"{CLOCK}.new"
    written.write_text(f"{by:+.0f}s\n", encoding="ascii")
    written.replace(folder / CLOCK)


async def _weather(scene: Scene, name: str, weather: Weather, seconds: float) -> None:
    scene.note(name, f"for {seconds} s")
    scene.wire.weather = weather
    await scene.last(seconds)
    scene.wire.weather = None
    scene.note("fair weather")


def _go_on(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return  # it was killed meanwhile


def _limit_files(pid: int, size: int) -> None:
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    except ProcessLookupError:
        return  # it was killed meanwhile
