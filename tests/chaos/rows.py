"""The rows of the table: one for each thing that can go wrong, alone, and some for many at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import libfaketime  # type: ignore[import-untyped]  # ships no types

from tests.acceptance.instance import QUICK
from tests.chaos import faults, models, models_of_tomorrow
from tests.chaos.faults import CLOCK, Fault, Timed
from tests.chaos.wishes import NEWEST, POISON, Mix

FIRESTORE: Final = "firestore"
SQLITE: Final = "sqlite"

type Lane = tuple[Timed, ...]
"""Faults of which each waits for the one before to be over; lanes go on beside each other."""

TODAY: Final = {"AFTERWORD_PROCESSORS": models.MODULE}
TOMORROW: Final = {"AFTERWORD_PROCESSORS": f"{models.MODULE},{models_of_tomorrow.MODULE}"}
ANY_MODELS: Final = Mix().models
LONG_MODELS: Final = ANY_MODELS | {"ponders": 8}


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One run against one kind of trouble.

    Attributes:
        name: What the table calls it.
        lanes: What is done to it.
        random: How many further faults of any kind are drawn, one after another.
        mix: What callers ask for.
        store: Which one.
        settings: The environment of the servers, each with its own; there are as many as entries.
        quick: Whether leases are short, so that a take-over is a matter of seconds.
        wrong_clock: Whether the servers' clock can be set wrong.
        patience: How long the last task may take, once the load and the faults are over.

    """

    name: str
    lanes: tuple[Lane, ...] = ()
    random: int = 0
    mix: Mix = field(default_factory=Mix)
    store: str = FIRESTORE
    settings: tuple[Mapping[str, str], ...] = ({}, {})
    quick: bool = True
    wrong_clock: bool = False
    patience: float = 60.0

    def schedule(self, rng: Random) -> tuple[Lane, ...]:
        """The faults of one run, each a little before or after its time."""
        drawn = tuple(_drawn(rng, self.random, self.mix.seconds)) if self.random else ()
        given = tuple(
            tuple(Timed(max(0.5, timed.at + rng.uniform(-1, 1)), timed.fault) for timed in lane) for lane in self.lanes
        )
        return given + drawn

    def variables(self, folder: Path) -> list[dict[str, str]]:
        """The environment of each server, but for the store's part of it."""
        usual = {"AFTERWORD_CPU_SLOTS": "6", "AFTERWORD_CHILD_MEMORY_MIB": "256", models.DIRECTORY: str(folder)}
        usual |= TODAY | (QUICK if self.quick else {}) | (_wrong_clock(folder) if self.wrong_clock else {})
        return [usual | dict(own) for own in self.settings]


def _wrong_clock(folder: Path) -> dict[str, str]:
    """What makes a program take the file `CLOCK` in *folder* for the error of its clock; durations stay true."""
    library = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(folder / CLOCK),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def _one(at: float, fault: Fault) -> tuple[Lane, ...]:
    return ((Timed(at, fault),),)


def _several(fault: Fault, *at: float) -> tuple[Lane, ...]:
    return (tuple(Timed(each, fault) for each in at),)


def _poisoned(**mix: float) -> Mix:
    return Mix(models=ANY_MODELS | dict.fromkeys(POISON, 3), **mix)  # type: ignore[arg-type]  # counts are given whole


ON_PROCESSES: Final[tuple[Fault, ...]] = (
    faults.kill_worker,
    faults.kill_master,
    faults.kill_pool_child,
    faults.kill_forkserver,
    faults.kill_instance,
    partial(faults.stop_worker, seconds=7),
    faults.restart_all,
)
ON_THE_STORE: Final[tuple[Fault, ...]] = (
    partial(faults.freeze_store, seconds=5),
    partial(faults.cut_store, seconds=4),
    partial(faults.slow_store, seconds=6),
    partial(faults.lose_calls, seconds=6, landed=0.5),
)


def _drawn(rng: Random, count: int, seconds: float) -> tuple[Lane, Lane]:
    """Faults of any kind: on the processes one after another, and beside them on the store."""
    drawn = [rng.choice((ON_PROCESSES, ON_THE_STORE)) for _ in range(count)]
    timed = [
        (kind, Timed(at, rng.choice(kind))) for kind, at in zip(drawn, _instants(rng, count, seconds), strict=True)
    ]
    of_processes = tuple(each for kind, each in timed if kind is ON_PROCESSES)
    of_the_store = tuple(each for kind, each in timed if kind is ON_THE_STORE)
    return of_processes, of_the_store


def _instants(rng: Random, count: int, seconds: float) -> list[float]:
    return sorted(rng.uniform(1, seconds) for _ in range(count))


THREE: Final[tuple[Mapping[str, str], ...]] = ({}, {}, {})
PAIRS: Final = ({"WEB_CONCURRENCY": "2"}, {"WEB_CONCURRENCY": "2"})
BY_DEFAULT: Final = ({"WEB_CONCURRENCY": "2", "AFTERWORD_CPU_SLOTS": ""},)
"""Two workers that share two CPUs have one slot each."""

REVISIONS: Final = (
    {"K_REVISION": "today"},
    {"K_REVISION": NEWEST} | TOMORROW,
)

BURST: Final = Mix(burst=10_000, seconds=60, count=60, cancelled=0.0, deleted=0.0)
"""Many at once, and behind them some that come one by one."""

ROWS: Final = (
    Row(name="nothing"),
    Row(name="worker killed", lanes=_several(faults.kill_worker, 3, 8, 13)),
    Row(name="worker killed, default settings", lanes=_one(5, faults.kill_worker), quick=False, patience=90),
    Row(name="master killed", lanes=_several(faults.kill_master, 4, 12)),
    Row(name="pool child killed", lanes=_several(faults.kill_pool_child, 2, 4, 6, 8, 10, 12)),
    Row(name="forkserver killed", lanes=_several(faults.kill_forkserver, 3, 8, 13)),
    Row(name="instance killed", lanes=_several(faults.kill_instance, 4, 12)),
    Row(name="all instances killed", lanes=_one(7, faults.kill_all)),
    Row(
        name="rolling restart",
        lanes=_one(4, faults.restart_all),
        settings=THREE,
        mix=Mix(seconds=28, count=110, models=LONG_MODELS),
    ),
    Row(
        name="rolling restart, default settings",
        lanes=_one(4, faults.restart_all),
        mix=Mix(models=LONG_MODELS),
        quick=False,
        patience=90,
    ),
    Row(name="worker stopped past its lease", lanes=_several(partial(faults.stop_worker, seconds=7), 3, 12)),
    Row(name="store frozen for 5 s", lanes=_one(5, partial(faults.freeze_store, seconds=5))),
    Row(name="store frozen for 60 s", lanes=_one(5, partial(faults.freeze_store, seconds=60))),
    Row(name="store gone and back", lanes=_several(partial(faults.cut_store, seconds=4), 3, 11)),
    Row(name="slow store", lanes=_one(2, partial(faults.slow_store, seconds=15))),
    Row(name="errors before the write", lanes=_one(1, partial(faults.lose_calls, seconds=16, landed=0.0))),
    Row(name="errors after the write", lanes=_one(1, partial(faults.lose_calls, seconds=16, landed=1.0))),
    Row(
        name="clock jumping both ways",
        lanes=(
            (
                Timed(3, partial(faults.jump_clock, by=3600)),
                Timed(7, partial(faults.jump_clock, by=-3600)),
                Timed(11, partial(faults.jump_clock, by=0)),
            ),
            (Timed(5, faults.kill_worker),),
        ),
        wrong_clock=True,
    ),
    Row(name="poison", mix=_poisoned()),
    Row(
        name="two revisions with different models",
        lanes=_one(6, faults.kill_instance),
        settings=REVISIONS,
        mix=Mix(models=ANY_MODELS | {"lingers-2": 6}),
    ),
    Row(name="mixed", random=8, settings=THREE, mix=_poisoned(seconds=40, count=160), patience=90),
    Row(name="SQLite: kill -9", store=SQLITE, settings=({},), lanes=_several(faults.kill_all, 4, 12)),
    Row(
        name="SQLite: concurrent processes",
        store=SQLITE,
        settings=PAIRS,
        lanes=_several(faults.kill_worker, 4, 9),
        mix=Mix(count=90),
    ),
    Row(name="SQLite: full disk", store=SQLITE, lanes=_one(5, partial(faults.fill_disk, seconds=6))),
    Row(name="SQLite: 10,000 at once", store=SQLITE, mix=BURST, settings=BY_DEFAULT, quick=False, patience=600),
    Row(name="10,000 at once", mix=BURST, settings=BY_DEFAULT, quick=False, patience=900),
)

SHORT: Final = (
    Row(name="short: processes and store", random=6, mix=_poisoned(seconds=25, count=100)),
    Row(name="short: SQLite", store=SQLITE, lanes=_several(faults.kill_all, 3, 8), mix=Mix(seconds=11, count=60)),
)
