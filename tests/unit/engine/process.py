"""One process of the service over a store in memory, wired as `app.wiring` does, with waits of milliseconds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any, override
from uuid import uuid4

from app.domain.processing import Document, Execution, Kind, Processor, Progress, Report, Result
from app.domain.task import Status, Task
from app.domain.transitions import submit
from app.engine.drain import Drain
from app.engine.ports import Snapshot
from app.engine.quota import Quota
from app.engine.registry import Registry
from app.engine.runner import Runner, Timing
from app.engine.slots import Slots
from app.engine.submission import Accepted, Defaults, Intake, Submission
from app.engine.sweeper import Sweeper
from app.engine.turns import Turns
from tests.factories import make_task
from tests.fake_pool import InlinePool
from tests.fakes import PATIENCE, FakeModels, Gate, MemoryStore

MOMENT = timedelta(milliseconds=2)
LONG = timedelta(hours=1)
INTERVAL = timedelta(seconds=15)
LEASE = timedelta(seconds=30)


class NoJitter(Random):
    """Draws nothing but zeros, so that a retry is due at once."""

    @override
    def random(self) -> float:
        return 0.0


def summarise(document: Document, report: Report) -> Result:
    """Take the whole document for its summary."""
    report("summarising", 1.0)
    return {"summary": document.text}


async def ask(document: Document, _report: Report) -> Result:
    """Answer as a language model would that likes what it reads."""
    return {"summary": document.text}


CPU_MODEL = Processor(name="extractive_v1", run=summarise)
IO_MODEL = Processor(name="language_model", run=ask, execution=Execution.IO)


def io_model(run: Callable[[Document, Report], Awaitable[Result]], *, limit: timedelta | None = None) -> Processor:
    """Return the model for `IO` tasks, with another *run*."""
    return Processor(name=IO_MODEL.name, run=run, execution=Execution.IO, time_limit=limit)


def cpu_model(
    run: Callable[[Document, Report], Result], *, limit: timedelta | None = None, name: str = CPU_MODEL.name
) -> Processor:
    """Return the model for `CPU` tasks, with another *run*."""
    return Processor(name=name, run=run, time_limit=limit)


@dataclass(kw_only=True)
class Process:
    """What one process consists of."""

    store: MemoryStore
    name: str = "worker-a"
    model: Processor = CPU_MODEL
    slots_for_each: int = 2
    heartbeat: timedelta = LONG
    grace: timedelta = LONG
    hand_over: timedelta = LONG
    rng: Random = field(default_factory=NoJitter)
    pool: InlinePool = field(default_factory=InlinePool)
    create_budget: timedelta = timedelta(seconds=PATIENCE)
    defaults: Defaults = field(default_factory=Defaults)
    open_tasks: int = 20_000
    interval: timedelta = INTERVAL

    def __post_init__(self) -> None:
        """Put it together."""
        numbers = count(1)
        self.shown: list[tuple[str, Progress]] = []
        others = (one for one in (CPU_MODEL, IO_MODEL) if one.name != self.model.name)
        self.models = FakeModels(self.model, *others)
        self.slots = Slots(dict.fromkeys(Execution, self.slots_for_each))
        self.registry = Registry()
        self.drain = Drain(self.slots, self.registry, grace=self.grace, hand_over=self.hand_over, last_word=MOMENT)
        self.runner = Runner(
            store=self.store,
            models=self.models,
            pool=self.pool,
            slots=self.slots,
            registry=self.registry,
            drain=self.drain,
            timing=Timing(lease=LEASE, heartbeat=self.heartbeat, repeat=MOMENT),
            holder=self.name,
            tokens=lambda: f"{self.name}-{next(numbers)}",
            rng=self.rng,
            show=lambda task_id, _token, progress: self.shown.append((task_id, progress)),
        )
        self.sweeper = Sweeper(runner=self.runner, interval=self.interval, rng=self.rng)
        self.intake = Intake(
            turns=Turns(at_once=64),
            store=self.store,
            models=self.models,
            slots=self.slots,
            runner=self.runner,
            quota=Quota(self.store, limit=self.open_tasks),
            ids=uuid4,
            tokens=lambda: f"{self.name}-{next(numbers)}",
            defaults=self.defaults,
            create_budget=self.create_budget,
            create_repeat=MOMENT,
        )

    async def submit(self, submission: Submission) -> Accepted:
        """Accept *submission* and start its run, as a request does."""
        async with self.intake.reservation() as reservation:
            return await self.intake.accept(submission, reservation)

    async def claimed_at_birth(self, content: str = "A document.", **fields: Any) -> Task:  # noqa: ANN401 - any field of a task
        """Store a task that this process has claimed, start its run in a slot, and return it."""
        task = waiting(self.store, **{"model_name": self.model.name, "execution": self.model.execution} | fields)
        lease = self.runner.new_lease()
        assert self.slots.reserve(task.execution)
        snapshot = await self.store.create(submit(task, lease=lease), content.encode())
        self.runner.start(snapshot, lease, content.encode())
        return snapshot.task

    async def take(self, found: Snapshot) -> None:
        """Claim and run what was *found*, to its end."""
        assert self.slots.reserve(found.task.execution)
        self.runner.take(found)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing runs here."""
        assert await self.registry.all_ended(within=timedelta(seconds=PATIENCE))

    def all_slots_are_free(self) -> bool:
        """Whether no slot has leaked."""
        return all(self.slots.free(execution) == self.slots_for_each for execution in Execution)


def document(content: str = "A document.", **fields: Any) -> Submission:  # noqa: ANN401 - any field of a submission
    """Return what a caller hands in."""
    defaults = {"kind": Kind.DOCUMENT, "owner": "anonymous", "content": content.encode(), "model_name": CPU_MODEL.name}
    return Submission(**defaults | fields)


async def several_turns() -> None:
    """Let everything go on that waits for nothing."""
    for _ in range(20):
        await asyncio.sleep(0)


def waiting(store: MemoryStore, **fields: Any) -> Task:  # noqa: ANN401 - any field of a task
    """Return a pending task that was submitted just now."""
    return make_task(**{"created_at": store.now()} | fields)


async def stored(store: MemoryStore, content: str = "A document.", **fields: Any) -> Snapshot:  # noqa: ANN401 - any field of a task
    """Store a pending task."""
    return await store.create(waiting(store, **fields), content.encode())


async def died(store: MemoryStore, **fields: Any) -> Snapshot:  # noqa: ANN401 - any field of a task
    """Store a task whose worker has died; its lease has expired."""
    task = make_task(Status.PROCESSING, **{"created_at": store.now()} | fields)
    snapshot = await store.create(task, b"A document.")
    store.clock.advance(LEASE)
    return snapshot


def hold_all(process: Process, *, runs: int) -> list[Gate]:
    """Hold the next *runs* in the middle of their work."""
    return [process.pool.hold() for _ in range(runs)]


async def fill(store: MemoryStore, *, tasks: int) -> list[Task]:
    """Store so many pending *tasks*, and count the calls from there."""
    filled = [(await stored(store)).task for _ in range(tasks)]
    store.calls.clear()
    return filled


def completed(store: MemoryStore) -> int:
    """How many tasks were completed."""
    return sum(task.status is Status.COMPLETED for task in store.history)
