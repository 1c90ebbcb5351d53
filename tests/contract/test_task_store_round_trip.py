"""What every task store promises about values: a task comes back exactly as it went in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.processing import Execution, Failure, Json, KeptText, Kind, Progress
from app.domain.task import Status, Task
from app.engine.ports import TaskStore
from tests.contract.arrange import fresh, next_revision, put
from tests.factories import FAILURE, make_lease

FULL: dict[str, Any] = {
    "kind": Kind.TEXT,
    "execution": Execution.IO,
    "reference": "the caller's own / id ☃ with anything?",
    "options": {"summary_sentences": 3, "entity_types": ["PERSON", "DATE"], "language": None, "keep_text": True},
    "max_attempts": 10,
    "time_to_live": timedelta(days=29, seconds=1, microseconds=1),
}
BY_STATUS: dict[Status, dict[str, Any]] = {
    Status.PENDING: {"failure": FAILURE, "attempt": 2},
    Status.PROCESSING: {
        "cancel_requested": True,
        "progress": Progress(stage="reading", fraction=1 / 3),
        "failure": FAILURE,
        "attempt": 2,
    },
    Status.COMPLETED: {
        "result": {"summary": "Short.", "keywords": []},
        "options": {"keep_text": True},
        "text": KeptText(token="token-ñ", size=2**40),  # noqa: S106 - a lease's
        "attempt": 10,
    },
    Status.FAILED: {"failure": Failure(code="memory_limit_exceeded", message="Zu groß 🙈.", retryable=False)},
    Status.CANCELLED: {"attempt": 1},
}
VALUES: list[Json] = [
    "",
    "HELLO",
    0,
    False,
    [],
    {},
    {"": None},
    [[[[1], [2, [3.5]]]], []],
    [[0, 4], [5, 9]],
    [{"positions": [[0, 4], [5, 9]]}],
    {"a.b": 1, "__name__": 2, "`": 3, "a/b": {"~": []}},
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    2**64 + 1,
    10**40,
    [1, 1.0, True, -0.0],
    [0.1, 1e-320, 1.7976931348623157e308, 1 / 3],
    "\x00 \u2028 \ufeff e\u0301 👩\u200d💻",
    {"👩‍💻": "☃", "é": "e\u0301"},
]
KEYS = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def same(one: Json, other: Json) -> bool:
    """Whether two values are equal and of equal types, which `==` does not tell: 1 == 1.0 == True."""
    return one == other and repr(one) == repr(other)


@pytest.mark.parametrize("status", Status)
async def test_a_task_with_every_field_set_comes_back(store: TaskStore, status: Status) -> None:
    """A field that a store forgets would go unnoticed until somebody misses it."""
    now = store.now()
    times: dict[str, Any] = {"available_at": now + timedelta(microseconds=1), "started_at": now, "revision": 2}
    task = replace(fresh(store, status, **FULL | BY_STATUS[status]), **times)

    written = await put(store, task)

    stored = (await store.get(task.id)).task
    assert stored == written.task
    assert replace(stored, revision=2) == task


@pytest.mark.parametrize("status", Status)
async def test_a_task_with_no_optional_field_comes_back(store: TaskStore, status: Status) -> None:
    """Nothing may turn into an empty something."""
    task = fresh(store, status, started_at=None, options={}, reference=None)

    written = await put(store, task)

    assert (await store.get(task.id)).task == written.task


@pytest.mark.parametrize("value", VALUES, ids=ascii)
async def test_a_result_comes_back_with_its_types(store: TaskStore, value: Json) -> None:
    """What a client reads is what the processor said: 1 is not 1.0, and a list in a list stays one."""
    seen = await put(store, fresh(store))

    await store.swap(seen, completed(seen.task, value))

    assert same((await store.get(seen.task.id)).task.result, value)


@pytest.mark.parametrize("value", VALUES, ids=ascii)
async def test_options_come_back_with_their_types(store: TaskStore, value: Json) -> None:
    """Another process must run the task with the very options that the caller gave."""
    task = fresh(store, options={"option": value})

    await store.create(task, b"hello")

    assert same((await store.get(task.id)).task.options["option"], value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=st.dictionaries(KEYS, JSON, max_size=4), result=JSON.filter(lambda value: value is not None))
async def test_whatever_json_can_say_comes_back(store: TaskStore, options: dict[str, Json], result: Json) -> None:
    """Processors and models are anybody's; nobody can list all that they will answer."""
    seen = await put(store, fresh(store, options=options))
    await store.swap(seen, completed(seen.task, result))

    stored = (await store.get(seen.task.id)).task

    assert same(dict(stored.options), options)
    assert same(stored.result, result)


async def test_instants_keep_their_microseconds(store: TaskStore) -> None:
    """A lease that lost its microseconds would no longer equal the one that was written."""
    until = datetime(2031, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    task = fresh(store, Status.PROCESSING, lease=make_lease(expires_at=until))

    await store.create(task, b"hello")

    stored = (await store.get(task.id)).task
    assert stored == task
    assert stored.due_at == until
    assert stored.created_at.utcoffset() == timedelta(0)


async def test_instants_of_other_zones_are_the_same_instants(store: TaskStore) -> None:
    """Whoever hands in local time gets the same moment back, in UTC."""
    lima = timezone(timedelta(hours=-5))
    task = fresh(store, created_at=store.now().astimezone(lima))

    await store.create(task, b"hello")

    stored = (await store.get(task.id)).task
    assert stored.created_at == task.created_at
    assert stored.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("owner", ["anonymous", "key:5f3a", "José 🙂", "a/b", "__owner__", "' OR 1=1 --"])
async def test_any_owner_finds_its_task(store: TaskStore, owner: str) -> None:
    """Owners are named by whatever the keys file says."""
    task = fresh(store, owner=owner, id=str(uuid4()))

    await store.create(task, b"hello")

    page = await store.list(owner, status=None, page_size=2, cursor=None)
    assert page.tasks == (task,)


def completed(task: Task, result: Json) -> Task:
    """Return *task* as it is when a processor has answered *result*."""
    return next_revision(task, status=Status.COMPLETED, result=result, finished_at=task.created_at, attempt=1)
