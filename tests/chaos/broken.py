"""
Engines that are broken on purpose: a checker that has never found anything may be blind.

Each mutant is a mistake that somebody could make. It is made in a copy of the
service, which is then run against the trouble that brings it to light.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.chaos import faults
from tests.chaos.cluster import ROOT
from tests.chaos.faults import Timed
from tests.chaos.rows import Row
from tests.chaos.violation import Violation
from tests.chaos.wishes import POISON, Mix

LONG: Final = Mix(seconds=10, count=40, models={"waits": 3, "lingers": 2}, large=0.0)
SHORT: Final = Mix(seconds=6, count=40, models={"instant": 3, "waits": 1})

STOPS: Final = tuple(Timed(at, partial(faults.stop_worker, seconds=5)) for at in (2, 8))
"""Shorter than it takes another worker to finish what it has taken over."""


BRIEF_STREAMS: Final = {"AFTERWORD_STREAM_SECONDS": "1", "AFTERWORD_LEASE": "9", "AFTERWORD_HEARTBEAT": "4"}
"""They end before anything happens, and those who watch go on with new ones."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """
    A mistake: in each file of *changes* one text is replaced by another.

    Attributes:
        name: What is wrong.
        row: What brings it to light.
        rules: Those that may find it; others may as well.

    """

    name: str
    changes: tuple[tuple[str, str, str], ...]
    rules: frozenset[str]
    row: Row = field(default_factory=lambda: Row(name="nothing", mix=SHORT, patience=15))

    def finds(self, violations: Iterable[Violation]) -> set[str]:
        """Which of the rules that may find it have."""
        return {violation.rule for violation in violations} & self.rules

    def make(self, folder: Path, *, code: Path = ROOT) -> None:
        """
        Copy the `app` in *code* into *folder* and make the mistake there.

        Raises:
            ValueError: If a text to be replaced is not found exactly once.

        """
        shutil.copytree(code / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "tests").symlink_to(ROOT / "tests")
        for name, old, new in self.changes:
            text = (folder / name).read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{name} does not have exactly once: {old}")
            (folder / name).write_text(text.replace(old, new), encoding="utf-8")


TRANSITIONS: Final = "app/domain/transitions.py"

BROKEN: Final = (
    Broken(
        name="no fencing: whoever has worked may write, whoever holds the lease",
        changes=((TRANSITIONS, "if task.lease is None or task.lease.token != token:", "if task.lease is None:"),),
        rules=frozenset({"tokens fence", "no result of a lost lease"}),
        row=Row(name="worker stopped", lanes=(STOPS,), mix=LONG, patience=20),
    ),
    Broken(
        name="completion, and every other write, is not conditional",
        changes=(
            ("app/adapters/firestore_writes.py", '        "current_document": unchanged(version),\n    }', "    }"),
        ),
        rules=frozenset({"no write is lost", "final is final", "one record per life"}),
        row=Row(name="worker stopped", lanes=(STOPS,), mix=LONG, patience=20),
    ),
    Broken(
        name="the sweeper takes over live leases",
        changes=(
            (TRANSITIONS, "if task.due_at is None or task.due_at > now:", "if task.due_at is None:"),
            (
                "app/adapters/firestore_queries.py",
                '_where("due_at", "LESS_THAN_OR_EQUAL", now)',
                '_where("due_at", "LESS_THAN_OR_EQUAL", now + timedelta(hours=1))',
            ),
        ),
        rules=frozenset({"live leases are kept"}),
        row=Row(name="nothing", mix=LONG, patience=15),
    ),
    Broken(
        name="a hand-over counts as an attempt for ever",
        changes=((TRANSITIONS, "attempt=task.attempt - 1,", "attempt=task.attempt,"),),
        rules=frozenset({"attempts are counted"}),
        row=Row(
            name="rolling restart",
            lanes=((Timed(4, faults.restart_all),),),
            mix=Mix(seconds=10, count=40, models={"ponders": 1, "waits": 1}, large=0.0),
            patience=20,
        ),
    ),
    Broken(
        name="a cancellation is forgotten when a dead worker's task is taken over",
        changes=(
            (
                TRANSITIONS,
                "    if task.cancel_requested:\n        return _cancelled(Event.CLAIM, task, now)\n",
                "",
            ),
        ),
        rules=frozenset({"cancellations are kept"}),
        row=Row(
            name="instances killed",
            lanes=((Timed(4, faults.kill_all), Timed(12, faults.kill_all)),),
            mix=Mix(seconds=12, count=50, models={"waits": 1}, large=0.0, cancelled=0.9),
            settings=({"AFTERWORD_LEASE": "6", "AFTERWORD_HEARTBEAT": "3"},) * 2,
            patience=20,
        ),
    ),
    Broken(
        name="the input is erased when an attempt has failed for good",
        changes=(
            (
                "app/domain/task.py",
                "self.status not in {Status.COMPLETED, Status.CANCELLED}",
                "not self.status.is_final",
            ),
        ),
        rules=frozenset({"content is kept while needed", "right failure"}),
        row=Row(name="poison", mix=Mix(seconds=5, count=20, models={"crashes": 1, "instant": 1}), patience=30),
    ),
    Broken(
        name="the input of a finished task is not erased",
        changes=(
            (
                "app/domain/task.py",
                "self.status not in {Status.COMPLETED, Status.CANCELLED}",
                "self.status is not Status.CANCELLED",
            ),
        ),
        rules=frozenset({"content is erased"}),
    ),
    Broken(
        name="an Idempotency-Key is read and forgotten",
        changes=(("app/engine/submission.py", "id=submission.chosen_id or str(self.ids()),", "id=str(self.ids()),"),),
        rules=frozenset({"one key, one task"}),
        row=Row(name="nothing", mix=Mix(seconds=6, count=40, models={"instant": 1}, doubled=0.8), patience=15),
    ),
    Broken(
        name="of two who create the same task at once, the second overwrites the first",
        changes=(
            (
                "app/adapters/firestore_writes.py",
                'ABSENT: Final[Write] = {"exists": False}',
                "ABSENT: Final[Write] = {}",
            ),
        ),
        rules=frozenset({"no write is lost", "final is final", "legal steps"}),
        row=Row(name="nothing", mix=Mix(seconds=6, count=40, models={"instant": 1}, doubled=0.8), patience=15),
    ),
    Broken(
        name="a task is accepted while nobody knows whether it is stored",
        changes=(
            (
                "app/engine/cas.py",
                "    except TimeoutError as error:\n        raise StoreUnavailable(reason) from error\n",
                "    except TimeoutError:\n        return Snapshot(task, version=None)\n",
            ),
        ),
        rules=frozenset({"accepted tasks exist", "every task ends"}),
        row=Row(name="store gone", lanes=((Timed(3, partial(faults.cut_store, seconds=9)),),), mix=SHORT, patience=20),
    ),
    Broken(
        name="nobody looks after the tasks of a dead worker",
        changes=(
            (
                "app/engine/sweeper.py",
                "if task.status is Status.PROCESSING and not take_over:",
                "if task.status is Status.PROCESSING:",
            ),
        ),
        rules=frozenset({"every task ends", "accepted tasks exist"}),
        row=Row(name="instance killed", lanes=((Timed(4, faults.kill_instance),),), mix=LONG, patience=12),
    ),
    Broken(
        name="poison is tried for ever",
        changes=(
            (
                TRANSITIONS,
                "    if task.attempt >= task.max_attempts:\n        return _failed(Event.CLAIM, task, ATTEMPTS_EXH",
                "    if not task.max_attempts:\n        return _failed(Event.CLAIM, task, ATTEMPTS_EXH",
            ),
            (
                TRANSITIONS,
                "if not failure.retryable or task.attempt >= task.max_attempts:",
                "if not failure.retryable:",
            ),
        ),
        rules=frozenset({"attempts are counted", "possible states", "attempts are used up", "every task ends"}),
        row=Row(name="poison", mix=Mix(seconds=4, count=16, models=dict.fromkeys(POISON, 1)), patience=12),
    ),
    Broken(
        name="only the instance that a task ran in tells its watchers how it has ended",
        changes=(
            (
                "app/engine/feed.py",
                "elif task.revision > topic.stored.revision:",
                "elif task.revision > topic.stored.revision and (task.due_at or self._registry.runs(task.id)):",
            ),
        ),
        rules=frozenset({"the end is told"}),
        row=Row(name="nothing", mix=LONG, patience=15),
    ),
    Broken(
        name="who watches again is told once more what is known already",
        changes=(
            (
                "app/api/streams.py",
                "given.feed.watch(task, after=after)",
                "given.feed.watch(task, after=None)",
            ),
        ),
        rules=frozenset({"events go forward"}),
        row=Row(name="streams that last a second", settings=(BRIEF_STREAMS,) * 2, mix=LONG, patience=20),
    ),
)
