"""What every store says about its calls that have not ended: whoever admits requests goes by it."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.processing import Execution
from app.engine.ports import Snapshot, UnderWay
from tests.contract.arrange import fresh, next_revision, put_new, with_text
from tests.contract.arrange_keys import kept_key
from tests.contract.conftest import AnyStore
from tests.contract.firestore_backend import open_backend
from tests.contract.sqlite_file import connect
from tests.emulator import Emulator
from tests.factories import NOW

NONE = UnderWay(calls=0, oldest=timedelta(0))
SHORT = timedelta(milliseconds=500)
KEY = kept_key()

CALLS: dict[str, Callable[[AnyStore, Snapshot], Awaitable[object]]] = {
    "check": lambda store, _: store.check(),
    "create": lambda store, _: store.create(fresh(store), b"hello"),
    "get": lambda store, seen: store.get(seen.task.id),
    "swap": lambda store, seen: store.swap(seen, next_revision(seen.task)),
    "content": lambda store, seen: store.content(seen.task),
    "keep_text": lambda store, seen: store.keep_text(seen.task, "token-a", "The text."),
    "text": lambda store, seen: store.text(with_text(seen)),
    "due": lambda store, seen: store.due(Execution.CPU, now=seen.task.created_at, limit=1),
    "list": lambda store, seen: store.list(seen.task.owner, status=None, page_size=1, cursor=None),
    "delete": lambda store, seen: store.delete(seen),
    "open_tasks": lambda store, seen: store.open_tasks(seen.task.owner, at_most=1),
    "add a key": lambda store, _: store.api_keys.add(KEY),
    "find a key": lambda store, _: store.api_keys.find(KEY.id),
    "list the keys": lambda store, _: store.api_keys.list(),
    "revoke a key": lambda store, _: store.api_keys.revoke(KEY.id, now=NOW),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_every_call_counts_until_it_ends(
    store: AnyStore, call: Callable[[AnyStore, Snapshot], Awaitable[object]]
) -> None:
    """A call that is left out would make a store look fast that answers only the others."""
    seen = await put_new(store)
    if call is not CALLS["add a key"]:
        await store.api_keys.add(KEY)
    before = store.under_way()

    calls = [asyncio.ensure_future(call(store, seen)) for _ in range(3)]
    await asyncio.sleep(0)
    meanwhile = store.under_way()
    await asyncio.gather(*calls, return_exceptions=True)

    assert before == store.under_way() == NONE
    assert meanwhile.calls == 3


async def test_a_call_that_was_cancelled_or_failed_has_ended(store: AnyStore, unreachable_store: AnyStore) -> None:
    """Callers hang up, stores go away: neither may be taken for a slow store for the rest of the day."""
    call = asyncio.ensure_future(store.check())
    await asyncio.sleep(0)
    call.cancel()

    answers = await asyncio.gather(call, unreachable_store.check(), return_exceptions=True)

    assert [type(answer) for answer in answers] == [asyncio.CancelledError, StoreUnavailable]
    assert store.under_way() == unreachable_store.under_way() == NONE


async def test_a_call_that_firestore_does_not_answer_grows_old(emulator: Emulator) -> None:
    """The first sign of a store in trouble: long before the call's time is up, and without another call."""
    async with open_backend(emulator) as backend:
        held = backend.proxy.hold("BatchGetDocuments")
        call = asyncio.ensure_future(backend.store.check())
        await held.reached.wait()
        first = backend.store.under_way()
        await backend.other.check()
        later = backend.store.under_way()

        held.release()
        await call

        assert (first.calls, later.calls, backend.other.under_way()) == (1, 1, NONE)
        assert timedelta(0) < first.oldest < later.oldest
        assert backend.store.under_way() == NONE


async def test_a_call_that_is_never_answered_has_ended_with_its_time(emulator: Emulator) -> None:
    """A store that lost one answer is not a slow store for ever."""
    async with open_backend(emulator, call_limit=SHORT) as backend:
        backend.proxy.hold("BatchGetDocuments")

        with pytest.raises(StoreUnavailable):
            await backend.store.check()

        assert backend.store.under_way() == NONE


async def test_calls_behind_another_processes_lock_grow_old(tmp_path: Path) -> None:
    """In a file, too: they wait in one queue, and the first of them for somebody else."""
    path = tmp_path / "tasks.db"
    store, other = connect(path), connect(path)
    async with store.open(), other.open():
        with closing(sqlite3.connect(path, isolation_level=None)) as stuck:
            stuck.execute("BEGIN IMMEDIATE")
            calls = [asyncio.ensure_future(store.check()) for _ in range(3)]
            await asyncio.sleep(0)
            first = store.under_way()
            await other.api_keys.list()
            later = store.under_way()

            stuck.execute("ROLLBACK")
            await asyncio.gather(*calls)

        assert (first.calls, later.calls) == (3, 3)
        assert timedelta(0) < first.oldest < later.oldest
        assert store.under_way() == NONE
