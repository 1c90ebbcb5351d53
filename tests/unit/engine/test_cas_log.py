"""What the log says about a change: one line, and nobody's words but ours."""

from functools import partial

from structlog.testing import capture_logs

from app.domain import transitions
from app.domain.task import Status, Task
from app.engine import cas
from tests.factories import NOW, make_lease, make_task
from tests.fakes import Lost, MemoryStore
from tests.unit.engine.process import LEASE

OURS = make_lease().token
complete = partial(transitions.complete, token=OURS, result={"summary": "Short."}, now=NOW)
renew = partial(transitions.renew, token=OURS, until=NOW + LEASE, progress=None)
claim = partial(transitions.claim, lease=make_lease(), now=NOW + LEASE)


async def test_one_change_is_one_line_in_the_log() -> None:
    """Operators count outcomes by these lines, so a lost answer must not add or hide one."""
    store = MemoryStore()
    seen = await store.create(make_task(Status.PROCESSING), b"A document.")
    store.lose("swap", Lost.ANSWER)

    with capture_logs() as lines:
        await cas.apply(store, seen.task.id, complete, seen=seen)

    assert [(line["event"], line["from"], line["to"]) for line in lines] == [
        ("task completed", "processing", "completed")
    ]


async def test_the_log_says_why_a_task_failed_but_not_in_whose_words() -> None:
    """A failure's message may be written by a model; the code is ours."""
    store = MemoryStore()
    seen = await store.create(make_task(Status.PROCESSING), b"A document.")

    def fail(task: Task) -> Task:
        return transitions.claim(task, lease=make_lease(), now=task.deadline_at)

    with capture_logs() as lines:
        await cas.apply(store, seen.task.id, fail, seen=seen)

    assert [line["failure"] for line in lines] == ["deadline_exceeded"]
    assert transitions.DEADLINE_EXCEEDED.message not in str(lines)


async def test_a_take_over_is_worth_a_line_and_a_heartbeat_is_not() -> None:
    """Both lead from processing to processing, but only one of them says that a worker has died."""
    store = MemoryStore()
    seen = await store.create(make_task(Status.PROCESSING), b"A document.")

    with capture_logs() as lines:
        renewed = await cas.apply(store, seen.task.id, renew, seen=seen)
        await cas.apply(store, seen.task.id, claim, seen=renewed)

    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("debug", "task updated"),
        ("info", "task processing"),
    ]
