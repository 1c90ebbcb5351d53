"""
One run of one task: content, the text of a file, processor under heartbeat and time limit, outcome, one final write.

A run belongs to its process. It ends with a recorded outcome, with its lease
released, or because another worker holds the lease.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app.domain.backoff import backoff
from app.domain.errors import (
    IllegalTransition,
    LeaseLost,
    PermanentFailure,
    ProcessorError,
    ServiceError,
    StaleWrite,
    StoreUnavailable,
    TaskNotFound,
    UnknownModel,
)
from app.domain.extraction import after_reading, described, reading
from app.domain.pool import ProcessorPool
from app.domain.processing import (
    MESSAGE_CHARACTERS,
    Completed,
    Document,
    Execution,
    Failed,
    Failure,
    Interrupted,
    KeptText,
    Models,
    Outcome,
    Processor,
    Report,
    Result,
    Superseded,
    told,
)
from app.domain.task import Lease, Status, Task
from app.domain.transitions import claim, complete, fail, release, renew
from app.engine import cas, on_the_loop
from app.engine.drain import Drain
from app.engine.heartbeat import Heartbeat, Show
from app.engine.ports import Snapshot, TaskStore
from app.engine.registry import Registry
from app.engine.slots import Slots
from app.telemetry.logs import get_logger


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long things may take."""

    lease: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=10)
    repeat: timedelta = timedelta(seconds=1)
    """Between two tries of a call that the store did not answer."""
    cpu_limit: timedelta = timedelta(seconds=120)
    io_limit: timedelta = timedelta(seconds=600)
    extract_limit: timedelta = timedelta(seconds=60)
    """To find the text of a file, before the processor's own time begins."""

    def limit(self, processor: Processor) -> timedelta:
        """Wall-clock time of one attempt."""
        return processor.time_limit or (self.cpu_limit if processor.execution is Execution.CPU else self.io_limit)


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs the tasks of one process, each in a slot that was reserved for it."""

    store: TaskStore
    models: Models
    pool: ProcessorPool
    slots: Slots
    registry: Registry
    drain: Drain
    timing: Timing
    holder: str
    tokens: Callable[[], str]
    rng: Random
    show: Show

    def new_lease(self) -> Lease:
        """Return a lease from now on, with a token nobody else has."""
        return Lease(token=self.tokens(), holder=self.holder, expires_at=self.store.now() + self.timing.lease)

    def is_ready(self, execution: Execution, *, is_file: bool = False) -> bool:
        """
        Whether a claimed task could be worked on: without the child process that it needs, it would lose an attempt.

        A file needs one whatever its model is.
        """
        return self.pool.is_usable or (execution is Execution.IO and not is_file)

    def start(self, claimed: Snapshot, lease: Lease, content: bytes) -> None:
        """Run a task that was claimed at birth, in the slot reserved for it."""
        self._start(claimed.task, self._run(claimed, lease, content))

    def take(self, found: Snapshot) -> None:
        """Claim a task that is due and run it, in the slot reserved for it."""
        self._start(found.task, self._claim_and_run(found))

    def _start(self, task: Task, run: Coroutine[Any, Any, None]) -> None:
        self.registry.start(task.id, run, ended=lambda: self.slots.release(task.execution))

    async def _claim_and_run(self, found: Snapshot) -> None:
        lease = self.new_lease()

        def claimed(task: Task) -> Task:
            now = self.store.now()
            until = now + self.timing.lease
            if task.lease is not None and task.lease.token == lease.token:  # an earlier try has landed after all
                return renew(task, token=lease.token, until=until, progress=None)
            return claim(task, lease=replace(lease, expires_at=until), now=now)

        try:
            snapshot = await self._insist(found, claimed)
        except (IllegalTransition, StaleWrite, TaskNotFound, StoreUnavailable):
            return  # somebody else was faster, or this process ends
        if snapshot.task.status is Status.PROCESSING:
            await self._run(snapshot, lease, None)

    async def _run(self, claimed: Snapshot, lease: Lease, content: bytes | None) -> None:
        if self.drain.begun.is_set():  # claimed just before: whoever takes it up next has more time for it
            await self._record(claimed, lease.token, Interrupted())
            return
        timing = self.timing
        heart = Heartbeat(
            self.store,
            claimed,
            lease,
            every=timing.heartbeat,
            repeat=timing.repeat,
            length=timing.lease,
            show=self.show,
        )
        try:
            outcome = await self._outcome(claimed.task, content, heart)
        finally:
            await heart.stop()
        await self._record(heart.snapshot, lease.token, outcome)

    async def _outcome(self, task: Task, content: bytes | None, heart: Heartbeat) -> Outcome:
        """Work until there is an answer, nobody wants it any longer, or the process ends."""
        work = asyncio.create_task(self._work(task, content, heart.report))
        interruption = asyncio.create_task(self.drain.interrupted.wait())
        ends: list[asyncio.Future[Any]] = [work, interruption, heart.verdict]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            return heart.verdict.result() if heart.verdict.done() else Interrupted()
        finally:
            work.cancel()
            interruption.cancel()
            await asyncio.wait(ends[:2])

    async def _work(self, task: Task, content: bytes | None, report: Report) -> Completed | Failed:
        try:
            processor = self.models.find(task.model_name, task.kind)
            content = await self._content(task) if content is None else content
            if not task.is_file:
                text = content.decode(errors="replace")
                return Completed(await self._read(processor, task, text, report), await self._kept(task, text))
            extraction = await self.pool.extract(content, reading(report), limit=self.timing.extract_limit)
            result = await self._read(processor, task, extraction.text, after_reading(report))
            return Completed(described(result, extraction), await self._kept(task, extraction.text))
        except ProcessorError as error:
            return _failed(error, retryable=error.retryable)
        except UnknownModel as error:  # another process may know it
            return _failed(error, retryable=True)

    async def _read(self, processor: Processor, task: Task, text: str, report: Report) -> Result:
        document = Document(text=text, kind=task.kind, options=task.processor_options)
        run = self.pool.run if processor.execution is Execution.CPU else on_the_loop.run
        return await run(processor, document, report, limit=self.timing.limit(processor))

    async def _content(self, task: Task) -> bytes:
        while True:
            try:
                return await self.store.content(task)
            except StoreUnavailable:
                await asyncio.sleep(self.timing.repeat.total_seconds())
            except TaskNotFound as error:
                raise PermanentFailure("The document is no longer there") from error

    async def _kept(self, task: Task, text: str) -> KeptText | None:
        """Keep the text that was worked on, if the caller wants to read it; under the lease, so that no other shows."""
        while task.keeps_text and task.lease is not None:
            try:
                return await self.store.keep_text(task, task.lease.token, text)
            except StoreUnavailable:
                await asyncio.sleep(self.timing.repeat.total_seconds())
        return None

    async def _record(self, seen: Snapshot, token: str, outcome: Outcome) -> None:
        now = self.store.now()
        jitter = self.rng.random()

        def ended(task: Task) -> Task:
            match outcome:
                case Completed(result, text):
                    return complete(task, token=token, result=result, now=now, text=text)
                case Failed(failure):
                    retry_at = now + backoff(seen.task.attempt, jitter=jitter)  # a task started over is at none
                    return fail(task, token=token, failure=failure, retry_at=retry_at, now=now)
                case _:
                    return release(task, token=token, now=now)

        if isinstance(outcome, Superseded):
            return
        try:
            recorded = await self._insist(seen, ended)
        except (LeaseLost, TaskNotFound):
            get_logger().warning("lease lost before the outcome", task_id=seen.task.id)
        except (StoreUnavailable, StaleWrite):
            get_logger().error("outcome not recorded, the lease will expire", task_id=seen.task.id)
        else:
            self._expect(recorded.task, now)

    def _expect(self, task: Task, now: datetime) -> None:
        """Have the sweeper look for a task that is to be tried again, as soon as it is due."""
        if task.status is Status.PENDING:
            delay = (task.available_at - now).total_seconds()
            asyncio.get_running_loop().call_later(delay, self.slots.note_backlog, task.execution)

    async def _insist(self, seen: Snapshot, transition: cas.Transition) -> Snapshot:
        gave_up, pause = self.drain.gave_up, self.timing.repeat
        return await cas.insist(self.store, seen, transition, gave_up=gave_up, pause=pause)


def _failed(error: ServiceError, *, retryable: bool) -> Failed:
    return Failed(
        Failure(code=error.code, message=told(error.message, at_most=MESSAGE_CHARACTERS), retryable=retryable)
    )
