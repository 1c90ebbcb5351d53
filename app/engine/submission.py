"""
How a document becomes a task: made, stored, and, if this process has a slot for it, claimed at birth.

`Intake` answers only when the task is durable. It starts no run itself; the
caller does, through the reservation, once its answer is on the way.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from app.domain.errors import (
    QuotaExceeded,
    Rejected,
    StoreUnavailable,
    SubmissionConflict,
    TaskNotFound,
    UnknownModel,
)
from app.domain.processing import Execution, Json, Kind, Models, Processor
from app.domain.task import FILE, Lease, Status, Task
from app.domain.transitions import DEADLINE, submit
from app.engine import cas
from app.engine.ports import Snapshot, TaskStore
from app.engine.quota import Quota
from app.engine.runner import Runner
from app.engine.slots import Slots
from app.engine.turns import Turns

NAMESPACE: Final = UUID("8d6c3ba8-43b2-5d2d-9e5f-7c3a2d1f0b46")
CREATE_BUDGET: Final = timedelta(seconds=4)
CREATE_REPEAT: Final = timedelta(milliseconds=200)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """
    What a caller hands in.

    Attributes:
        content: A file as it came; anything else is text in UTF-8.
        reference: The id that the caller chose for a text; it decides the task's id.
        key: The caller's `Idempotency-Key`; without a *reference* it decides the task's id.
        max_attempts: None if the caller does not say; likewise *time_to_live*.

    """

    kind: Kind
    owner: str
    content: bytes
    model_name: str
    reference: str | None = None
    key: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    max_attempts: int | None = None
    time_to_live: timedelta | None = None
    delay: timedelta = timedelta(0)

    @cached_property
    def fingerprint(self) -> str:
        """
        Tells a repetition from another request: a hash of all that was asked for.

        What the caller left out stays out, so that a repetition is still one
        when the operator has changed a default.
        """
        kept = None if self.time_to_live is None else self.time_to_live.total_seconds()
        content = sha256(self.content).hexdigest()
        asked: list[Json] = [content, self.model_name, dict(self.options), self.key]
        asked += [self.max_attempts, kept, self.delay.total_seconds()]
        return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def learn_fingerprint(self) -> None:
        """Compute the fingerprint, where that holds nobody up."""
        _ = self.fingerprint

    @property
    def chosen_id(self) -> str | None:
        """The task's id if the caller's own words decide it, else None."""
        if self.reference is not None:
            return reference_id(self.owner, self.kind, self.reference)
        return None if self.key is None else _chosen_id(self.owner, self.kind, "key", self.key)


def reference_id(owner: str, kind: Kind, reference: str) -> str:
    """Return the id of the task that *owner* calls *reference*; nobody else's can collide with it."""
    return _chosen_id(owner, kind, "task_id", reference)


def _chosen_id(owner: str, kind: Kind, chosen: str, value: str) -> str:
    return str(uuid5(NAMESPACE, json.dumps([owner, kind.value, chosen, value])))


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a task gets whose caller does not say."""

    max_attempts: int = 3
    time_to_live: timedelta = timedelta(days=7)


@dataclass
class Reservation:
    """
    What a request holds of this process: perhaps a slot, and then perhaps a claimed task.

    Whatever becomes of the request, `settle` leaves neither a slot nor a lease behind.
    """

    runner: Runner
    slots: Slots
    execution: Execution | None = None
    claimed: tuple[Snapshot, Lease, bytes] | None = None

    def reserve(self, execution: Execution, *, is_file: bool = False) -> Lease | None:
        """Take a slot, and the lease for a task claimed at birth; None if this process has no room."""
        if not self.runner.is_ready(execution, is_file=is_file) or not self.slots.reserve_for_request(execution):
            return None
        self.execution = execution
        return self.runner.new_lease()

    async def start(self) -> None:
        """Run the claimed task, if there is one; the run takes over the slot."""
        if self.claimed is not None:
            (snapshot, lease, content), self.claimed, self.execution = self.claimed, None, None
            self.runner.start(snapshot, lease, content)

    async def settle(self) -> None:
        """Start what was claimed and not started; free the slot that no task came for."""
        await self.start()
        self.free()

    def free(self) -> None:
        """Give the slot back, if no run has taken it over."""
        if self.execution is not None:
            self.slots.release(self.execution)
            self.execution = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A durable task; *replayed* if it is the one of an earlier, equal submission."""

    task: Task
    replayed: bool


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Accepts submissions into the store."""

    store: TaskStore
    models: Models
    slots: Slots
    runner: Runner
    quota: Quota
    turns: Turns
    ids: Callable[[], UUID]
    tokens: Callable[[], str]
    defaults: Defaults = Defaults()
    create_budget: timedelta = CREATE_BUDGET
    create_repeat: timedelta = CREATE_REPEAT

    @asynccontextmanager
    async def reservation(self) -> AsyncIterator[Reservation]:
        """Hold what one request reserves, and settle it in the end."""
        reservation = Reservation(self.runner, self.slots)
        try:
            yield reservation
        finally:
            await reservation.settle()

    async def accept(self, submission: Submission, reservation: Reservation) -> Accepted:
        """
        Store the task that *submission* asks for; it is durable when this returns.

        Raises:
            UnknownModel: If no model of that name takes this kind.
            SubmissionConflict: If the caller used the same id, or key, for something else.
            QuotaExceeded: If the owner has too many open tasks, and this would be one more.
            StoreUnavailable: If nobody knows whether it landed; it may run all the same.
            StoreOverloaded: If it was not even tried, since too many wait for the store.

        """
        give_up_at = asyncio.get_running_loop().time() + self.create_budget.total_seconds()
        async with self.turns.turn(submission.owner, until=give_up_at):
            return await self._accept(submission, reservation, give_up_at)

    async def _accept(self, submission: Submission, reservation: Reservation, give_up_at: float) -> Accepted:
        async with _unavailable_at(give_up_at):
            try:
                processor = self.models.find(submission.model_name, submission.kind)
                is_file = submission.options.get(FILE) is True
                lease = None if submission.delay else reservation.reserve(processor.execution, is_file=is_file)
                admission = await self.quota.admit(submission.owner, waits=lease is None)
            except (UnknownModel, QuotaExceeded) as refusal:
                reservation.free()
                return await self._accepted_earlier(submission, refusal)
        wanted = submit(self._task(submission, processor, self.store.now()), lease=lease)
        within = timedelta(seconds=give_up_at - asyncio.get_running_loop().time())
        stored = await cas.create(self.store, wanted, submission.content, within=within, pause=self.create_repeat)
        if lease is not None and stored.task.lease == lease:
            reservation.claimed = stored, lease, submission.content
            return Accepted(task=stored.task, replayed=False)
        reservation.free()  # at once: the request may go on to wait for another process's run
        if stored.task.submission != wanted.submission:
            admission.withdraw()
            return _replay(stored.task, submission)
        if stored.task.status is Status.PENDING and not submission.delay:
            self.slots.note_backlog(processor.execution)
        return Accepted(task=stored.task, replayed=False)

    async def _accepted_earlier(self, submission: Submission, refusal: Rejected) -> Accepted:
        """Return the task of a repetition, which creates nothing; let the *refusal* stand for anything else."""
        if submission.chosen_id is None:
            raise refusal
        try:
            earlier = (await self.store.get(submission.chosen_id)).task
        except TaskNotFound:
            raise refusal from None
        return _replay(earlier, submission)

    def _task(self, submission: Submission, processor: Processor, now: datetime) -> Task:
        available_at = now + submission.delay
        return Task(
            id=submission.chosen_id or str(self.ids()),
            kind=submission.kind,
            owner=submission.owner,
            model_name=submission.model_name,
            execution=processor.execution,
            submission=self.tokens(),
            fingerprint=submission.fingerprint,
            content_bytes=len(submission.content),
            status=Status.PENDING,
            created_at=now,
            available_at=available_at,
            deadline_at=available_at + DEADLINE,
            time_to_live=submission.time_to_live or self.defaults.time_to_live,
            max_attempts=submission.max_attempts or self.defaults.max_attempts,
            reference=submission.reference,
            options=submission.options,
        )


@asynccontextmanager
async def _unavailable_at(instant: float) -> AsyncIterator[None]:
    """Bound what is asked of the store by an *instant* of the event loop's clock."""
    try:
        async with asyncio.timeout_at(instant):
            yield
    except TimeoutError as error:
        raise StoreUnavailable from error


def _replay(earlier: Task, submission: Submission) -> Accepted:
    if earlier.fingerprint != submission.fingerprint:
        raise SubmissionConflict
    return Accepted(task=earlier, replayed=True)
