"""Changing a stored task: lost answers, lost races, outages."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import override

import pytest

from app.domain import transitions
from app.domain.errors import IllegalTransition, LeaseLost, StaleWrite, StoreUnavailable, TaskNotFound
from app.domain.processing import Progress
from app.domain.task import Status, Task
from app.engine import cas
from app.engine.ports import Snapshot
from tests.factories import FAILURE, NOW, make_lease, make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import MOMENT

OURS = make_lease().token
THEIRS = "token-b"
LATER = NOW + timedelta(minutes=1)
BY_EVENT: dict[str, tuple[Status, Callable[[Task], Task]]] = {
    "claim": (Status.PENDING, lambda task: transitions.claim(task, lease=make_lease(), now=NOW)),
    "renew": (
        Status.PROCESSING,
        lambda task: transitions.renew(task, token=OURS, until=LATER, progress=Progress(stage="reading", fraction=0.5)),
    ),
    "complete": (
        Status.PROCESSING,
        lambda task: transitions.complete(task, token=OURS, result={"summary": "Short."}, now=NOW),
    ),
    "fail": (
        Status.PROCESSING,
        lambda task: transitions.fail(task, token=OURS, failure=FAILURE, retry_at=LATER, now=NOW),
    ),
    "release": (Status.PROCESSING, lambda task: transitions.release(task, token=OURS, now=NOW)),
    "cancel": (Status.PROCESSING, lambda task: transitions.cancel(task, now=NOW)),
    "retry": (Status.FAILED, lambda task: transitions.retry(task, now=NOW)),
}


class BusyStore(MemoryStore):
    """A store where somebody else writes just before each of the next swaps."""

    def __init__(self) -> None:
        """Begin quietly."""
        super().__init__()
        self.busy_for = 0

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        if self.busy_for:
            self.busy_for -= 1
            await super().swap(await super().get(new.id), BY_EVENT["renew"][1](self.peek(new.id)))
        return await super().swap(seen, new)


async def put(store: MemoryStore, status: Status = Status.PROCESSING) -> Snapshot:
    """Store a task in *status*, and count from there."""
    snapshot = await store.create(make_task(status), b"A document.")
    store.calls.clear()
    return snapshot


@pytest.mark.parametrize("event", BY_EVENT)
async def test_who_holds_the_current_snapshot_writes_without_reading(event: str) -> None:
    """A short task costs two writes and no reads."""
    store = MemoryStore()
    status, transition = BY_EVENT[event]
    seen = await put(store, status)

    landed = await cas.apply(store, seen.task.id, transition, seen=seen)

    assert landed.task == transition(seen.task) == store.peek(seen.task.id)
    assert (store.writes, store.reads) == (1, 0)


@pytest.mark.parametrize("event", BY_EVENT)
async def test_a_write_whose_answer_was_lost_is_recognised(event: str) -> None:
    """Who writes again what has landed, or gives up on it, records two outcomes or none."""
    store = MemoryStore()
    status, transition = BY_EVENT[event]
    seen = await put(store, status)
    store.lose("swap", Lost.ANSWER)

    landed = await cas.apply(store, seen.task.id, transition, seen=seen)

    assert landed == await store.get(seen.task.id)
    assert store.history == [seen.task, transition(seen.task)]
    assert store.writes == 1


@pytest.mark.parametrize("event", BY_EVENT)
async def test_a_write_that_never_arrived_is_issued_again(event: str) -> None:
    """A request lost on its way must not be taken for a success."""
    store = MemoryStore()
    status, transition = BY_EVENT[event]
    seen = await put(store, status)
    store.lose("swap", Lost.REQUEST)

    landed = await cas.apply(store, seen.task.id, transition, seen=seen)

    assert store.history == [seen.task, landed.task]
    assert landed.task == transition(seen.task)


async def test_who_holds_no_snapshot_reads_first() -> None:
    """A caller who cancels knows only the id."""
    store = MemoryStore()
    seen = await put(store)

    await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1])

    assert store.peek(seen.task.id).cancel_requested
    assert store.calls == {"get": 1, "swap": 1}


async def test_a_task_left_as_it_is_is_not_written() -> None:
    """Cancelling twice is no second write."""
    store = MemoryStore()
    seen = await put(store, Status.CANCELLED)

    unchanged = await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1], seen=seen)

    assert unchanged == seen
    assert store.calls.total() == 0


async def test_two_who_race_both_get_their_change_in() -> None:
    """A heartbeat must not undo a cancellation that came at the same moment."""
    store = MemoryStore()
    seen = await put(store)

    await asyncio.gather(
        *(cas.apply(store, seen.task.id, BY_EVENT[event][1], seen=seen) for event in ("renew", "cancel"))
    )

    task = store.peek(seen.task.id)
    assert task.cancel_requested
    assert task.due_at == LATER
    assert task.revision == seen.task.revision + 2


async def test_a_lost_answer_does_not_hide_what_others_wrote_since() -> None:
    """The worker's renewal landed, then the caller cancelled: neither may be lost."""
    store = MemoryStore()
    seen = await put(store)
    store.lose("swap", Lost.ANSWER)
    reading = store.hold("get")

    async def cancel_meanwhile() -> None:
        await reading.reached()
        await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1])
        reading.open()

    renewed, _ = await asyncio.gather(
        cas.apply(store, seen.task.id, BY_EVENT["renew"][1], seen=seen), cancel_meanwhile()
    )

    assert renewed.task.cancel_requested
    assert renewed.task == store.peek(seen.task.id)


async def test_the_transition_is_asked_again_after_a_lost_race() -> None:
    """What was legal when it was read may have become impossible."""
    store = MemoryStore()
    seen = await put(store)
    await store.swap(seen, BY_EVENT["complete"][1](seen.task))

    with pytest.raises(IllegalTransition):
        await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1], seen=seen)

    assert store.peek(seen.task.id).status is Status.COMPLETED


async def test_a_lost_lease_writes_nothing() -> None:
    """A worker that was thought dead must not overwrite its successor."""
    store = MemoryStore()
    seen = await put(store)
    taken = transitions.claim(seen.task, lease=make_lease(token=THEIRS), now=LATER)
    await store.swap(seen, taken)

    with pytest.raises(LeaseLost):
        await cas.apply(store, seen.task.id, BY_EVENT["complete"][1], seen=seen)

    assert store.peek(seen.task.id) == taken


async def test_a_task_that_was_deleted_is_not_found() -> None:
    """A stale snapshot must not bring an erased task back."""
    store = MemoryStore()
    seen = await put(store, Status.FAILED)
    await store.delete(seen)

    with pytest.raises(TaskNotFound):
        await cas.apply(store, seen.task.id, BY_EVENT["retry"][1], seen=seen)


async def test_who_loses_every_race_is_told() -> None:
    """A loop without an end would hold a request for ever."""
    store = BusyStore()
    seen = await put(store)
    store.busy_for = cas.MAX_RACES

    with pytest.raises(StaleWrite):
        await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1], seen=seen)


async def test_who_never_gets_an_answer_is_not_told_of_a_race() -> None:
    """A write that may still land is not a conflict: the caller has to ask again."""
    store = MemoryStore()
    seen = await put(store)
    store.lose("swap", Lost.REQUEST, times=cas.MAX_RACES)

    with pytest.raises(StoreUnavailable):
        await cas.apply(store, seen.task.id, BY_EVENT["cancel"][1], seen=seen)


async def test_a_write_is_repeated_until_the_outage_is_over() -> None:
    """Finished work is never thrown away for an outage."""
    store = MemoryStore()
    seen = await put(store)
    store.reachable = False

    insisting = asyncio.create_task(
        cas.insist(store, seen, BY_EVENT["complete"][1], gave_up=asyncio.Event(), pause=MOMENT)
    )
    await store.until(lambda: store.calls["get"] == 3)
    store.reachable = True

    assert (await insisting).task.status is Status.COMPLETED
    assert len(store.history) == 2


async def test_a_write_is_repeated_however_many_races_were_lost() -> None:
    """An outcome is worth more than five tries."""
    store = BusyStore()
    seen = await put(store)
    store.busy_for = cas.MAX_RACES

    landed = await cas.insist(store, seen, BY_EVENT["complete"][1], gave_up=asyncio.Event(), pause=MOMENT)

    assert landed.task == store.peek(seen.task.id)
    assert landed.task.status is Status.COMPLETED


async def test_who_has_to_give_up_says_so() -> None:
    """A process that ends cannot wait for a store that does not answer."""
    store = MemoryStore()
    seen = await put(store)
    store.reachable = False
    gave_up = asyncio.Event()

    insisting = asyncio.create_task(
        cas.insist(store, seen, BY_EVENT["complete"][1], gave_up=gave_up, pause=timedelta(hours=1))
    )
    await store.until(lambda: store.calls["get"] == 1)
    gave_up.set()

    with pytest.raises(StoreUnavailable):
        await insisting
