"""Handing in documents, and asking after them."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.domain.processing import Execution, Kind
from app.domain.task import Status
from tests.factories import make_task
from tests.unit.api.arrange import World, assert_problem, world

STATUS_MEMBERS = [
    "task_id",
    "status",
    "result",
    "error",
    "failure",
    "progress",
    "attempt",
    "created_at",
    "started_at",
    "finished_at",
    "expires_at",
    "model_name",
]


async def test_a_document_is_accepted_as_pending_with_the_address_of_its_status(here: World) -> None:
    """Clients find their way by the body or by the headers; both are part of the contract."""
    answered = await here.caller.post(
        "/process_document/", json={"content": "Hola mundo.", "model_name": "extractive_v1"}
    )

    body = answered.json()
    assert answered.status_code == 202
    assert list(body) == STATUS_MEMBERS
    assert (body["status"], body["result"], body["error"]) == ("pending", None, None)
    assert answered.headers["location"] == f"/document_status/{body['task_id']}"
    assert answered.headers["retry-after"] == "1"


async def test_an_accepted_document_is_durable_before_it_is_answered(here: World) -> None:
    """A 202 for something that only memory knows would be a lie."""
    here.pool.gate.clear()

    task_id = await here.submit()

    assert (await here.store.get(task_id)).task.status is Status.PROCESSING


async def test_a_finished_document_has_its_result(here: World) -> None:
    """The one thing callers come for."""
    task_id = await here.finish(content="Hola mundo.", max_keywords=3, entity_types=["DATE"], language="es")

    answered = await here.caller.get(f"/document_status/{task_id}")

    body = answered.json()
    assert (answered.status_code, body["status"], body["attempt"]) == (200, "completed", 1)
    assert body["result"] == {
        "summary": "Hola",
        "options": {"max_keywords": 3, "entity_types": ["DATE"], "language": "es"},
    }
    assert "retry-after" not in answered.headers


async def test_times_are_rfc_3339_in_utc(here: World) -> None:
    """A time without a zone is read as local time by half of all clients."""
    task_id = await here.finish(ttl_seconds=60)

    body = (await here.caller.get(f"/document_status/{task_id}")).json()

    times = {name: value for name, value in body.items() if name.endswith("_at")}
    assert all(value.endswith("Z") for value in times.values())
    kept = datetime.fromisoformat(times["expires_at"]) - datetime.fromisoformat(times["finished_at"])
    assert kept == timedelta(seconds=60)


async def test_a_failed_document_says_why_twice(here: World) -> None:
    """People read `error`, programs read `failure`; the poll itself did not fail."""
    task_id = await here.finish(model_name="refusing")

    answered = await here.caller.get(f"/document_status/{task_id}")

    body = answered.json()
    assert (answered.status_code, body["status"], body["error"]) == (200, "failed", "This model never works")
    assert body["failure"] == {
        "code": "processor_failed_permanently",
        "message": "This model never works",
        "retryable": False,
    }


async def test_a_document_that_waits_for_its_next_attempt_shows_the_failure_but_no_error(here: World) -> None:
    """An `error` on a task that may still succeed would make clients give up."""
    task_id = await here.finish(model_name="stumbling")

    body = (await here.caller.get(f"/document_status/{task_id}")).json()

    assert (body["status"], body["error"], body["failure"]["code"]) == ("pending", None, "processor_error")


async def test_an_unfinished_document_says_when_to_ask_again(here: World) -> None:
    """Without the hint every client polls as fast as it can."""
    here.pool.gate.clear()
    task_id = await here.submit()

    answered = await here.caller.get(f"/document_status/{task_id}")

    assert (answered.json()["status"], answered.headers["retry-after"]) == ("processing", "1")


async def test_a_delayed_document_waits_without_a_slot(here: World) -> None:
    """A task for tomorrow must not keep today's tasks waiting."""
    answered = await here.caller.post("/process_document/", json={"content": "Mañana.", "delay_seconds": 3600})

    assert (await here.tasks())[0].status is Status.PENDING
    assert answered.headers["retry-after"] == "30"
    assert here.slots.free(Execution.CPU) == 2


async def test_what_finds_no_slot_waits_in_the_store(tmp_path: Path) -> None:
    """Overload belongs where it survives a crash, and the caller sees no difference."""
    async with world(tmp_path, cpu_slots=1) as here:
        here.pool.gate.clear()
        await here.submit()

        answered = await here.caller.post("/process_document/", json={"content": "Otro."})

        waiting = (await here.store.get(answered.json()["task_id"])).task
        assert (answered.status_code, answered.json()["status"]) == (202, "pending")
        assert waiting.status is Status.PENDING


async def test_the_options_of_a_task_are_those_the_caller_asked_for(here: World) -> None:
    """An option that is accepted and dropped is worse than one that is refused."""
    await here.submit(max_attempts=7, ttl_seconds=120)

    (task,) = await here.tasks()
    assert (task.max_attempts, task.time_to_live) == (7, timedelta(seconds=120))


async def test_who_does_not_say_gets_the_defaults(here: World) -> None:
    """The numbers of the contract."""
    await here.submit()

    (task,) = await here.tasks()
    assert (task.max_attempts, task.time_to_live, task.model_name) == (3, timedelta(days=7), "default_ai_model")


async def test_the_path_without_its_slash_works_too(here: World) -> None:
    """A redirect would cost a round trip, and behind a proxy it can lead to the wrong scheme."""
    answered = await here.caller.post("/process_document", json={"content": "Hola."})

    assert answered.status_code == 202


@pytest.mark.parametrize(
    "task_id",
    [
        "3dbfda28-43f0-4416-bc66-530e3ec71098",
        "3DBFDA28-43F0-4416-BC66-530E3EC71098",
        "3dbfda2843f04416bc66530e3ec71098",
        "",
        "1",
        "a/b/c",
        "..%2F..%2Fetc",
        "ñandú %F0%9F%8C%8D",
        "x" * 10_000,
        "%00",
    ],
)
async def test_what_is_no_document_of_the_caller_is_not_found(here: World, task_id: str) -> None:
    """Malformed and unknown ids are alike, down to the sentence that the tutorial's clients compare."""
    answered = await here.caller.get(f"/document_status/{task_id}")

    assert assert_problem(answered, 404, "task_not_found")["detail"] == "Task not found"


async def test_the_id_of_a_text_is_no_document(here: World) -> None:
    """A text has a path of its own, with another shape."""
    await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "t1"})
    (task,) = await here.tasks()

    answered = await here.caller.get(f"/document_status/{task.id}")

    assert task.kind is Kind.TEXT
    assert assert_problem(answered, 404, "task_not_found")["detail"] == "Task not found"


async def test_somebody_elses_document_looks_like_none(here: World) -> None:
    """A different answer would tell that the id exists."""
    foreign = make_task(owner="somebody else", created_at=here.store.now())
    await here.store.create(foreign, b"private")

    answered = await here.caller.get(f"/document_status/{foreign.id}")

    assert assert_problem(answered, 404, "task_not_found")["detail"] == "Task not found"


async def test_a_store_out_of_reach_is_said_so(here: World) -> None:
    """Not found would make the caller give up a task that is alive."""
    here.store.is_reachable = False

    answered = await here.caller.get(f"/document_status/{uuid4()}")

    assert assert_problem(answered, 503, "store_unavailable")["retryable"] is True
    assert int(answered.headers["retry-after"]) > 0


async def test_more_open_tasks_than_the_quota_allows_are_refused(tmp_path: Path) -> None:
    """The caller is told what to wait for, and when to ask again."""
    async with world(tmp_path, cpu_slots=1, open_tasks=2) as here:
        here.pool.gate.clear()
        for _ in range(2):
            await here.submit()

        answered = await here.caller.post("/process_document/", json={"content": "Hola."})

        problem = assert_problem(answered, 429, "quota_exceeded")
        assert "2 tasks" in problem["detail"]
        assert (problem["retryable"], answered.headers["retry-after"]) == (True, "2")
        assert len(await here.tasks()) == 2
        here.pool.gate.set()
