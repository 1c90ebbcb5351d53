"""The heartbeat keeps the lease, carries progress, and tells a run when to stop."""

import asyncio
import math
from datetime import timedelta
from typing import override

from structlog.testing import capture_logs

from app.domain.processing import Cancelled, Progress, Superseded
from app.domain.task import Status, Task
from app.domain.transitions import cancel, claim
from app.engine import cas
from app.engine.heartbeat import Heartbeat, Show
from app.engine.ports import Snapshot
from tests.factories import make_lease, make_task
from tests.fakes import PATIENCE, Lost, MemoryStore
from tests.unit.engine.process import LEASE, LONG, MOMENT


class BrokenStore(MemoryStore):
    """A store whose adapter has a fault, for its first swap."""

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        if not self.calls["swap"]:
            self.calls["swap"] += 1
            raise ZeroDivisionError
        return await super().swap(seen, new)


async def start(
    store: MemoryStore,
    *,
    every: timedelta = MOMENT,
    repeat: timedelta = MOMENT,
    lasts: timedelta = LEASE,
    show: Show = lambda _task_id, _token, _progress: None,
) -> Heartbeat:
    """Start the heartbeat of a task that was claimed just now, under a lease that *lasts* so long."""
    lease = make_lease(expires_at=store.now() + lasts)
    claimed = await store.create(make_task(Status.PROCESSING, lease=lease), b"A document.")
    return Heartbeat(store, claimed, lease, every=every, repeat=repeat, length=LEASE, show=show)


async def verdict(heart: Heartbeat) -> Cancelled | Superseded:
    """Wait for what the heartbeat has to say."""
    async with asyncio.timeout(PATIENCE):
        return await heart.verdict


async def test_each_beat_is_one_write_that_extends_the_lease() -> None:
    """Reads would double the price of a long task."""
    store = MemoryStore()
    heart = await start(store)
    store.clock.advance(LEASE / 3)

    await store.until(lambda: store.history[-1].due_at == store.now() + LEASE)
    await heart.stop()

    assert heart.snapshot.task == store.peek(heart.snapshot.task.id)
    assert store.writes == len(store.history)
    assert store.reads == 0


async def test_progress_is_shown_at_once() -> None:
    """Whoever watches in this process need not wait for the next beat."""
    shown: list[tuple[str, str, Progress]] = []
    store = MemoryStore()
    heart = await start(store, every=LONG, show=lambda *said: shown.append(said))

    heart.report("reading", 0.5)
    await heart.stop()

    task = heart.snapshot.task
    assert task.lease is not None
    assert shown == [(task.id, task.lease.token, Progress(stage="reading", fraction=0.5))]
    assert store.writes == 1


async def test_progress_of_a_lease_that_may_be_over_is_not_shown() -> None:
    """A process that stood still comes back with news of work that somebody else does by now."""
    shown: list[tuple[str, str, Progress]] = []
    heart = await start(MemoryStore(), every=LONG, lasts=timedelta(0), show=lambda *said: shown.append(said))

    heart.report("reading", 0.5)
    await heart.stop()

    assert shown == []


async def test_a_beat_makes_the_lease_last() -> None:
    """What was renewed counts, not what was claimed."""
    shown: list[tuple[str, str, Progress]] = []
    store = MemoryStore()
    heart = await start(store, lasts=timedelta(0), show=lambda *said: shown.append(said))

    await store.until(lambda: len(store.history) > 1)
    await heart.stop()
    heart.report("reading", 0.5)

    assert len(shown) == 1


async def test_a_beat_carries_the_newest_progress() -> None:
    """A caller on another instance sees how far the work has come."""
    store = MemoryStore()
    heart = await start(store)

    heart.report("reading", 0.1)
    heart.report("summarising", 0.5)
    await store.until(lambda: len(store.history) == 2)
    await heart.stop()

    assert store.history[1].progress == Progress(stage="summarising", fraction=0.5)


async def test_progress_beyond_its_bounds_is_taken_for_the_nearest() -> None:
    """A model's rounding error must not fail its work."""
    store = MemoryStore()
    heart = await start(store, every=LONG)

    for fraction in (-0.1, 1.1, math.nan):
        heart.report("reading", fraction)
    await heart.stop()

    assert not heart.verdict.done()


async def test_no_beat_follows_the_stop() -> None:
    """It would race the final write."""
    store = MemoryStore()
    heart = await start(store, every=LONG)

    await heart.stop()

    assert store.calls["swap"] == 0


async def test_a_beat_under_way_lands_before_the_stop_returns() -> None:
    """The final write goes on from the renewed version, and needs no read."""
    store = MemoryStore()
    beat = store.hold("swap")
    heart = await start(store)
    await beat.reached()

    stopping = asyncio.create_task(heart.stop())
    stopped_early, _ = await asyncio.wait([stopping], timeout=0)
    beat.open()
    await stopping

    assert not stopped_early
    assert heart.snapshot.task == store.history[-1]
    assert len(store.history) == 2


async def test_a_cancellation_is_noticed() -> None:
    """The caller does not want to pay for an answer nobody reads."""
    store = MemoryStore()
    heart = await start(store)

    await cas.apply(store, heart.snapshot.task.id, lambda task: cancel(task, now=store.now()))

    assert await verdict(heart) == Cancelled()
    await heart.stop()
    assert heart.snapshot.task.cancel_requested


async def test_a_lost_lease_is_noticed_and_nothing_is_written() -> None:
    """Another worker has it now; two at work on one task are one too many."""
    store = MemoryStore()
    heart = await start(store, every=10 * MOMENT)
    task_id = heart.snapshot.task.id
    store.clock.advance(LEASE)

    taken = await cas.apply(
        store,
        task_id,
        lambda task: claim(task, lease=make_lease(token="b"), now=store.now()),  # noqa: S106 - a lease's token
    )

    assert await verdict(heart) == Superseded()
    await heart.stop()
    assert store.peek(task_id) == taken.task


async def test_a_task_that_is_gone_is_a_lost_lease() -> None:
    """There is nothing left to work for."""
    store = MemoryStore()
    heart = await start(store, every=10 * MOMENT)

    await store.delete(heart.snapshot)

    assert await verdict(heart) == Superseded()
    await heart.stop()


async def test_a_lease_that_ran_out_in_an_outage_is_kept_if_nobody_took_it() -> None:
    """A worker stops only when it reads another's token."""
    store = MemoryStore()
    heart = await start(store)
    store.reachable = False

    await store.until(lambda: store.calls["get"] == 2)
    store.clock.advance(2 * LEASE)
    store.reachable = True
    await store.until(lambda: store.history[-1].due_at == store.now() + LEASE)
    await heart.stop()

    assert not heart.verdict.done()
    assert heart.snapshot.task == store.history[-1]


async def test_a_beat_whose_answer_was_lost_does_not_confuse_the_next() -> None:
    """The beat landed, nobody could say so, and the snapshot is one version behind."""
    store = MemoryStore()
    store.lose("swap", Lost.ANSWER)
    store.lose("get", Lost.REQUEST)
    heart = await start(store)

    with capture_logs() as lines:
        await store.until(lambda: len(store.history) == 3)
        await heart.stop()

    assert not heart.verdict.done()
    assert heart.snapshot.task == store.history[-1]
    assert "heartbeat missed" in [line["event"] for line in lines]


async def test_a_heartbeat_survives_a_fault_in_the_store() -> None:
    """Otherwise one odd answer throws away the work of minutes."""
    store = BrokenStore()
    heart = await start(store)

    with capture_logs() as lines:
        await store.until(lambda: len(store.history) == 2)
        await heart.stop()

    assert ("background loop broke", "heartbeat") in [(line["event"], line.get("loop")) for line in lines]


async def test_a_missed_beat_is_tried_again_before_the_next_one_is_due() -> None:
    """After an outage the lease has to be renewed before somebody takes it for a dead worker's."""
    store = MemoryStore()
    hearts = [await start(store, every=50 * MOMENT) for _ in range(2)]
    store.lose("swap", Lost.REQUEST)
    store.lose("get", Lost.REQUEST)

    with capture_logs() as lines:
        await store.until(lambda: len(store.history) == 4)
    for heart in hearts:
        await heart.stop()

    assert [line["event"] for line in lines].count("heartbeat missed") == 1
    assert {task.id for task in store.history[2:4]} == {heart.snapshot.task.id for heart in hearts}
