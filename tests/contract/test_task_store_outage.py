"""What every task store promises when it cannot reach its tasks: to say so, and soon."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.domain.task import Status
from app.engine.ports import Snapshot, TaskStore
from tests.contract.arrange import finished, fresh, next_revision, put_new, with_text

CALLS: dict[str, Callable[[TaskStore, Snapshot], Awaitable[object]]] = {
    "check": lambda store, _: store.check(),
    "create": lambda store, seen: store.create(seen.task, b"hello"),
    "create of a large document": lambda store, seen: store.create(seen.task, b"x" * 5_000_000),
    "get": lambda store, seen: store.get(seen.task.id),
    "swap": lambda store, seen: store.swap(seen, next_revision(seen.task)),
    "completing swap": lambda store, seen: store.swap(seen, finished(seen.task, Status.COMPLETED)),
    "content": lambda store, seen: store.content(seen.task),
    "keep_text": lambda store, seen: store.keep_text(seen.task, "token-a", "The text."),
    "text": lambda store, seen: store.text(with_text(seen)),
    "due": lambda store, seen: store.due(Execution.CPU, now=seen.task.created_at, limit=1),
    "list": lambda store, seen: store.list(seen.task.owner, status=None, page_size=1, cursor=None),
    "delete": lambda store, seen: store.delete(seen),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_store_out_of_reach_says_so(
    store: TaskStore, unreachable_store: TaskStore, call: Callable[[TaskStore, Snapshot], Awaitable[object]]
) -> None:
    """Callers get a 503 and may try again; a foreign exception would be a 500, and its text a leak."""
    seen = await put_new(store)

    with pytest.raises(StoreUnavailable) as caught:
        await call(unreachable_store, seen)

    assert "/" not in caught.value.message
    assert await store.get(seen.task.id) == seen


async def test_a_store_out_of_reach_still_knows_the_time(unreachable_store: TaskStore) -> None:
    """Liveness, logs and back-off go on through an outage."""
    time = unreachable_store.now()

    assert time.utcoffset() is not None


async def test_a_cancelled_call_leaves_the_store_usable(store: TaskStore) -> None:
    """Clients hang up at any moment; nobody else may notice."""
    seen = await put_new(store)
    calls = [asyncio.ensure_future(store.create(fresh(store), b"x" * 100_000)) for _ in range(20)]
    calls += [asyncio.ensure_future(store.swap(seen, next_revision(seen.task)))]
    await asyncio.sleep(0)

    for call in calls[::2]:
        call.cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)

    created = [answer for answer in answers[1::2] if isinstance(answer, Snapshot)]
    assert len(created) == 10
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    assert [await store.get(snapshot.task.id) for snapshot in created] == created
    assert (await store.get(seen.task.id)).task.revision in {1, 2}
