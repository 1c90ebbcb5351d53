"""The store that says aloud what passes through it."""

from collections.abc import Awaitable, Callable

import pytest

from app.domain.errors import StaleWrite, StoreUnavailable, TaskExists, TaskNotFound
from app.domain.processing import Execution
from app.domain.task import Task
from app.engine.observed_store import ObservedStore
from app.engine.ports import Page, Snapshot, TaskStore
from tests.factories import make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.newsroom import changed, ended

type Told = list[tuple[str, Task | None]]

SILENT: dict[str, Callable[[TaskStore, Snapshot], Awaitable[object]]] = {
    "check": lambda store, _: store.check(),
    "content": lambda store, seen: store.content(seen.task),
    "keep_text": lambda store, seen: store.keep_text(seen.task, "token-a", "The text."),
    "due": lambda store, seen: store.due(Execution.CPU, now=seen.task.created_at, limit=1),
    "list": lambda store, seen: store.list(seen.task.owner, status=None, page_size=1, cursor=None),
}
FAILING: dict[str, Callable[[TaskStore, Snapshot], Awaitable[object]]] = {
    "create": lambda store, seen: store.create(seen.task, b"again"),
    "get": lambda store, _: store.get(make_task().id),
    "swap": lambda store, seen: store.swap(Snapshot(seen.task, version=0), changed(seen.task)),
    "delete": lambda store, seen: store.delete(Snapshot(seen.task, version=0)),
}


@pytest.fixture
def inner() -> MemoryStore:
    """Return a store without a task."""
    return MemoryStore()


@pytest.fixture
def told() -> Told:
    """Return what was told so far: nothing."""
    return []


@pytest.fixture
def store(inner: MemoryStore, told: Told) -> ObservedStore:
    """Return the store that tells."""
    return ObservedStore(inner, lambda task_id, task: told.append((task_id, task)))


async def test_every_write_and_reading_of_one_task_is_told(store: ObservedStore, told: Told) -> None:
    """A watcher next door learns of it at once, on whichever path the task was changed."""
    task = make_task()

    seen = await store.create(task, b"hello")
    seen = await store.swap(seen, changed(task))
    await store.get(task.id)
    await store.delete(seen)

    assert told == [(task.id, task), (task.id, seen.task), (task.id, seen.task), (task.id, None)]


async def test_a_write_is_told_only_after_it_landed(inner: MemoryStore, store: ObservedStore, told: Told) -> None:
    """Nobody may be shown a result that the next outage takes back."""
    seen = await inner.create(make_task(), b"hello")
    inner.lose("swap", Lost.REQUEST)

    with pytest.raises(StoreUnavailable):
        await store.swap(seen, ended(seen.task))

    assert told == []


@pytest.mark.parametrize("call", FAILING.values(), ids=FAILING)
async def test_a_call_that_fails_is_not_told(
    inner: MemoryStore, store: ObservedStore, told: Told, call: Callable[[TaskStore, Snapshot], Awaitable[object]]
) -> None:
    """What was refused has not happened."""
    seen = await inner.create(make_task(), b"hello")

    with pytest.raises((StaleWrite, TaskExists, TaskNotFound)):
        await call(store, seen)

    assert told == []


@pytest.mark.parametrize("call", SILENT.values(), ids=SILENT)
async def test_a_call_that_is_about_no_single_task_is_passed_on_in_silence(
    inner: MemoryStore, store: ObservedStore, told: Told, call: Callable[[TaskStore, Snapshot], Awaitable[object]]
) -> None:
    """A listing leaves out the results: to show a task from it would take its result away."""
    seen = await inner.create(make_task(), b"hello")

    through, directly = await call(store, seen), await call(inner, seen)

    assert through == directly
    assert told == []


async def test_what_is_asked_for_is_passed_on_whole(inner: MemoryStore, store: ObservedStore) -> None:
    """Whoever counts pages or slots through this store counts the same."""
    first, second = [await inner.create(make_task(), b"hello") for _ in range(2)]

    page = await store.list("anonymous", status=first.task.status, page_size=1, cursor="1")
    in_order = sorted((first, second), key=lambda one: one.task.id)
    due = await store.due(Execution.CPU, now=first.task.created_at, limit=5, after=in_order[0])

    assert page == Page((first.task,), None)
    assert list(due) == in_order[1:]


async def test_the_rest_is_the_stores_own(inner: MemoryStore, store: ObservedStore) -> None:
    """Leases, health and load are judged as if nobody listened."""
    async with store.open():
        assert store.now() == inner.now()
        assert store.under_way() is inner.under_way()
