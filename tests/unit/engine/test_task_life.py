"""
The life of a task, lived at random: two workers, a caller, a sweeper, moving time, and a store that loses answers.

Whatever happens in which order, the promises hold; and however it went, the task ends. `make chaos` lives thousands
of lives, `make test` some.
"""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, override

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from app.domain import transitions
from app.domain.errors import Conflict, IllegalTransition, StoreUnavailable
from app.domain.processing import Failure
from app.domain.task import Lease, Status, Task
from app.engine import cas
from app.engine.ports import Snapshot
from tests.factories import make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import LEASE

LIVES = int(os.environ.get("AFTERWORD_TEST_LIVES", "120"))
STEPS = 30
WORKERS = ("worker-a", "worker-b")
AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class Belief:
    """What a worker believes to hold; it may be wrong by now, and not know it."""

    seen: Snapshot
    token: str


type Beliefs = MultipleResults[Belief]


class LifeOfATask(RuleBasedStateMachine):
    """One task, and everybody who may touch it."""

    beliefs: Bundle[Belief] = Bundle("beliefs")
    found: Bundle[Snapshot] = Bundle("found")

    def __init__(self) -> None:
        """Begin with an empty store."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = MemoryStore()
        self.tokens = 0
        self.beats = 0
        self.retries = 0
        self.checked = 0

    @override
    def teardown(self) -> None:
        try:
            self.live_to_the_end()
        finally:
            self.runner.close()

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Carry out *work* to its end."""
        return self.runner.run(work)

    def lease(self, worker: str) -> Lease:
        """Return a lease with a token of its own."""
        self.tokens += 1
        return Lease(token=f"{worker}/{self.tokens}", holder=worker, expires_at=self.store.now() + LEASE)

    def change(self, seen: Snapshot, transition: cas.Transition) -> Snapshot | None:
        """Insist on a change, as the runner does; None if it was refused, or if it was made before."""
        before = len(self.store.history)
        try:
            changed = self.do(cas.insist(self.store, seen, transition, gave_up=asyncio.Event(), pause=AT_ONCE))
        except (Conflict, IllegalTransition):
            assert len(self.store.history) == before, "what was refused must not be written"
            return None
        assert changed.task == self.task
        return changed if len(self.store.history) == before + 1 else None

    def change_by(self, belief: Belief, transition: cas.Transition) -> Beliefs:
        """Let a worker change what it believes to hold: only its own lease lets it."""
        held = self.task.lease is not None and self.task.lease.token == belief.token
        changed = self.change(belief.seen, transition)
        assert (changed is not None) == held
        return multiple(Belief(changed, belief.token)) if changed else multiple()

    @property
    def task(self) -> Task:
        """The task as it is stored."""
        return self.store.history[-1]

    @initialize(
        target=beliefs,
        at_birth=st.booleans(),
        max_attempts=st.integers(1, 3),
        delay=st.sampled_from([AT_ONCE, LEASE]),
        lost=st.sampled_from([None, *Lost]),
    )
    def submit(self, *, at_birth: bool, max_attempts: int, delay: timedelta, lost: Lost | None) -> Beliefs:
        """The caller hands in a document, and the accepting process may have a slot."""
        lease = self.lease(WORKERS[0]) if at_birth else None
        task = make_task(
            max_attempts=max_attempts,
            available_at=self.store.now() + delay,
            time_to_live=timedelta(days=365),  # it outlives this test, whose subject is what comes before
        )
        if lost:
            self.store.lose("create", lost)
        wanted = transitions.submit(task, lease=lease)
        created = self.do(cas.create(self.store, wanted, b"A document.", within=LEASE, pause=AT_ONCE))
        assert self.store.history == [wanted]
        return multiple(Belief(created, lease.token)) if lease else multiple()

    @rule(by=st.sampled_from([timedelta(seconds=1), LEASE / 2, LEASE, transitions.DEADLINE]))
    def time_passes(self, by: timedelta) -> None:
        """Leases expire, retries become due, deadlines pass."""
        self.store.clock.advance(by)

    @rule(call=st.sampled_from(["swap", "get"]), lost=st.sampled_from(Lost), times=st.integers(1, 3))
    def something_gets_lost(self, call: str, lost: Lost, times: int) -> None:
        """The network eats the next requests or answers."""
        self.store.lose(call, lost, times=times)

    @rule(target=found)
    def a_sweep_finds_it(self) -> MultipleResults[Snapshot]:
        """Read the task now, to claim it some time later, when it may have changed."""
        return multiple(*self.do(self.sweep()))

    @rule(target=beliefs, seen=found, worker=st.sampled_from(WORKERS))
    def a_worker_claims_what_was_found(self, seen: Snapshot, worker: str) -> Beliefs:
        """What has become of it since, nobody has told the worker."""
        return self.claim(seen, worker)

    def claim(self, seen: Snapshot, worker: str) -> Beliefs:
        """Claim what some sweep has found: only if it is due, and nobody holds it."""
        before, now, lease = self.task, self.store.now(), self.lease(worker)
        claimed = self.change(seen, lambda task: transitions.claim(task, lease=lease, now=now))
        assert (claimed is not None) == (before.due_at is not None and before.due_at <= now)
        return multiple(Belief(claimed, lease.token)) if claimed and claimed.task.lease == lease else multiple()

    @precondition(lambda self: self.task.due_at is not None)
    @rule(target=beliefs, worker=st.sampled_from(WORKERS))
    def nobody_does_anything_until_a_worker_takes_it(self, worker: str) -> Beliefs:
        """A worker dies or a retry waits; when it is due, somebody comes. Who held it before still believes so."""
        assert self.task.due_at
        self.store.clock.advance(max(AT_ONCE, self.task.due_at - self.store.now()))
        (seen,) = self.do(self.sweep())
        return self.claim(seen, worker)

    @rule(target=beliefs, belief=beliefs)
    def renew(self, belief: Belief) -> Beliefs:
        """A heartbeat; no two of them are alike, or the second would be taken for the first."""
        self.beats += 1
        until = self.store.now() + LEASE + timedelta(microseconds=self.beats)
        return self.change_by(
            belief, lambda task: transitions.renew(task, token=belief.token, until=until, progress=None)
        )

    @rule(belief=beliefs)
    def complete(self, belief: Belief) -> None:
        """A worker has an answer; it is recorded once or not at all."""
        now = self.store.now()
        self.change_by(
            belief, lambda task: transitions.complete(task, token=belief.token, result=belief.token, now=now)
        )

    @rule(belief=beliefs, retryable=st.booleans(), wait=st.sampled_from([AT_ONCE, LEASE]))
    def fail(self, belief: Belief, wait: timedelta, *, retryable: bool) -> None:
        """An attempt has failed."""
        now, failure = self.store.now(), Failure(code="processor_error", message=belief.token, retryable=retryable)
        self.change_by(
            belief,
            lambda task: transitions.fail(task, token=belief.token, failure=failure, retry_at=now + wait, now=now),
        )

    @rule(belief=beliefs)
    def release(self, belief: Belief) -> None:
        """A process ends, and hands its task back."""
        now = self.store.now()
        self.change_by(belief, lambda task: transitions.release(task, token=belief.token, now=now))

    @rule()
    def cancel(self) -> None:
        """The caller changes their mind."""
        before, now = self.task, self.store.now()
        cancelled = self.change(self.current(), lambda task: transitions.cancel(task, now=now))
        assert (cancelled is not None) == (not before.status.is_final and not before.cancel_requested)

    @precondition(lambda self: self.task.status is Status.FAILED)
    @rule()
    def retry(self) -> None:
        """The caller wants a failed task to be tried again."""
        now = self.store.now()
        assert self.change(self.current(), lambda task: transitions.retry(task, now=now))
        self.retries += 1

    def current(self) -> Snapshot:
        """Read the task, as a caller does: somebody who gets no answer asks again."""
        while True:
            try:
                return self.do(self.store.get(self.task.id))
            except StoreUnavailable:
                continue

    @invariant()
    def every_write_is_one_legal_step(self) -> None:
        """The status moves along the drawn edges only, and the revision grows by one with every write."""
        history = self.store.history
        edges = {(seen, new) for ways in transitions.LEGAL.values() for seen, news in ways.items() for new in news}
        for before, after in zip(history[self.checked :], history[self.checked + 1 :], strict=False):
            assert (before.status, after.status) in edges
            assert after.revision == before.revision + 1
            assert (after.id, after.submission, after.created_at) == (before.id, before.submission, before.created_at)
        self.checked = max(0, len(history) - 1)

    @invariant()
    def there_is_one_outcome(self) -> None:
        """A final status is recorded once; only the caller's retry of a failed task makes room for another."""
        finals = [task for task in self.store.history if task.status.is_final]
        assert len(finals) == self.retries + self.task.status.is_final
        assert all(task.status is Status.FAILED for task in finals[: self.retries])

    @invariant()
    def attempts_stay_within_the_budget(self) -> None:
        """Every claim counts, and only a hand-over gives the attempt back."""
        attempts = 0
        token = None
        for before, task in zip([None, *self.store.history], self.store.history, strict=False):
            if task.lease and task.lease.token != token:
                attempts, token = attempts + 1, task.lease.token
            if before and before.lease and task.status is Status.PENDING and task.failure == before.failure:
                attempts -= 1
            if before and before.status is Status.FAILED:
                attempts = 0
            assert task.attempt == attempts <= task.max_attempts

    @invariant()
    def the_input_is_kept_as_long_as_it_may_be_needed(self) -> None:
        """It is erased by the write that completes or cancels the task, and by no other."""
        assert not self.store.history or self.store.has_content(self.task.id) == self.task.keeps_content

    def live_to_the_end(self) -> None:
        """However it went so far, a worker that sweeps brings the task to its end."""
        for _ in range(10):
            if not self.store.history or self.task.status.is_final:
                return
            self.store.clock.advance(LEASE)
            for seen in self.do(self.sweep()):
                lease = self.lease(WORKERS[1])
                claimed = self.change(seen, partial(transitions.claim, lease=lease, now=self.store.now()))
                if claimed and claimed.task.lease:
                    self.change(
                        claimed, partial(transitions.complete, token=lease.token, result="", now=self.store.now())
                    )
        raise AssertionError("the task did not end")

    async def sweep(self) -> Sequence[Snapshot]:
        """Find the task if it is due."""
        return await self.store.due(self.task.execution, now=self.store.now(), limit=1)


TestLifeOfATask = LifeOfATask.TestCase
TestLifeOfATask.settings = settings(
    max_examples=LIVES, stateful_step_count=STEPS, deadline=None, report_multiple_bugs=False
)
