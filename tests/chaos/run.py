"""One run: servers, load and faults together, then everything is stopped and the history is judged."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Final
from uuid import uuid4

from tests.chaos import family
from tests.chaos.chance import chance
from tests.chaos.checker import check
from tests.chaos.cluster import ROOT, Cluster, Member, pick_port
from tests.chaos.faults import DATABASE, Scene, set_clock
from tests.chaos.figures import Figures, figures
from tests.chaos.history import History
from tests.chaos.lives import FINAL
from tests.chaos.load import ALL_WAYS, Load, http_client
from tests.chaos.logs import Line, lines
from tests.chaos.manners import manners
from tests.chaos.remarks import hand_overs, waiting_times
from tests.chaos.remarks_on_watchers import watched
from tests.chaos.rows import FIRESTORE, TOMORROW, Lane, Row
from tests.chaos.scales import Scales
from tests.chaos.served import Stall, longest_stall
from tests.chaos.tap import Tap
from tests.chaos.tap_firestore import FirestoreTap
from tests.chaos.tap_sqlite import SqliteTap
from tests.chaos.violation import Violation
from tests.chaos.wishes import plan
from tests.emulator import Emulator

LOOK: Final = 1.0
"""Seconds between two looks at whether all is over."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """
    Where a run takes place.

    Attributes:
        seed: Decides all that is left to chance.
        folder: For logs, histories and a database; it is there and empty.
        emulator: Of Firestore; a run on SQLite needs none.
        code: The folder with the `app` that is served.
        says: Called with what goes on, for a person who waits.

    """

    seed: str
    folder: Path
    emulator: Emulator | None = None
    code: Path = ROOT
    says: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run; *seconds* is what it took."""

    row: Row
    history: History
    violations: list[Violation]
    figures: Figures
    stall: Stall
    drains: list[float]
    seconds: float
    folder: Path
    logged: dict[Line, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


async def run(row: Row, ground: Ground) -> Outcome:
    """Try *row* once."""
    began = monotonic()
    tap = tap_of(row, ground)
    async with tap.running():
        cluster = cluster_of(row, ground, tap)
        history, scales = History(), Scales(cluster)
        jvm = ground.emulator.pid if ground.emulator else 0
        scene = Scene(cluster, tap, ground.folder, chance(ground.seed), history, jvm)
        try:
            ground.says("starting")
            set_clock(ground.folder, 0)
            await cluster.start()
            async with scales.watching():
                await _live(row, ground, scene)
        finally:
            ground.says("stopping")
            await cluster.stop()
            history.leftovers += await cluster.orphans()
        history.stored = await tap.writes()
        history.at_the_end, left = await tap.at_the_end()
        history.leftovers += left
    outcome = judge(row, ground, cluster, history, seconds=monotonic() - began)
    of_the_burst = [*waiting_times(history), scales.remark()] if row.mix.burst else []
    return replace(outcome, remarks=[*watched(history), *hand_overs(history), *of_the_burst])


def judge(row: Row, ground: Ground, cluster: Cluster, history: History, *, seconds: float) -> Outcome:
    """Say what came of a run that is over."""
    ground.says("checking")
    drains = [drain for member in cluster.members for drain in member.drains]
    logged = lines(member.log for member in cluster.members)
    stall = longest_stall(ground.folder)
    return Outcome(
        row=row,
        history=history,
        violations=[*check(history), *manners(history, drains, logged)],
        figures=figures(history),
        stall=stall,
        drains=drains,
        seconds=seconds,
        folder=ground.folder,
        logged=logged,
    )


def tap_of(row: Row, ground: Ground) -> Tap:
    """The store of a run, and the tap on it."""
    if row.store == FIRESTORE:
        assert ground.emulator is not None
        return FirestoreTap(ground.emulator.host)
    return SqliteTap(ground.folder / DATABASE)


def cluster_of(row: Row, ground: Ground, tap: Tap) -> Cluster:
    """The servers of a run, not yet started."""
    mark = uuid4().hex
    rng = chance(ground.seed, "ports")
    shared = dict(tap.variables) | {family.MARK: mark}
    members = [
        Member(
            name=f"server-{number}",
            variables=shared | variables,
            log=ground.folder / f"server-{number}.log",
            port=pick_port(rng),
            code=ground.code,
        )
        for number, variables in enumerate(row.variables(ground.folder), start=1)
    ]
    return Cluster(members, mark)


async def _live(row: Row, ground: Ground, scene: Scene) -> None:
    rng = chance(ground.seed, row.name)
    wishes, lanes = plan(rng, row.mix), row.schedule(rng)
    members = scene.cluster.members
    try:
        async with http_client() as client:
            load = Load(
                scene.history,
                client,
                [member.url for member in members],
                newest=[member.url for member in members if member.variables.items() >= TOMORROW.items()],
                ways=ALL_WAYS,
                seed=ground.seed,
            )
            ground.says(f"{len(wishes)} callers")
            async with asyncio.TaskGroup() as group:
                group.create_task(load.run(wishes))
                await _inject_all(lanes, row, ground, scene)
                load.give_up_at = monotonic() + row.mix.seconds + row.patience
            await _settle(scene.tap, ground, give_up_at=monotonic() + row.patience)
            await load.look_once_more()
    finally:
        for mend in scene.open_ended:
            mend()


async def _inject_all(lanes: Sequence[Lane], row: Row, ground: Ground, scene: Scene) -> None:
    async with asyncio.TaskGroup() as group:
        for number, lane in enumerate(lanes):
            rng = chance(ground.seed, row.name, number)
            group.create_task(_inject(lane, replace(scene, rng=rng), ground))


async def _inject(lane: Lane, scene: Scene, ground: Ground) -> None:
    began = monotonic()
    for timed in lane:
        await scene.last(began + timed.at - monotonic())
        ground.says(timed.name)
        await timed.fault(scene)


async def _settle(tap: Tap, ground: Ground, *, give_up_at: float) -> None:
    """Wait until every task that was ever stored has ended, also those that no caller knows of."""
    while monotonic() < give_up_at:
        latest = {stored.task_id: stored for stored in await tap.writes()}
        left = sum(stored.status not in FINAL and not stored.is_deleted for stored in latest.values())
        if not left:
            return
        ground.says(f"waiting for the last {left}")
        await asyncio.sleep(LOOK + len(latest) / 1000)
