"""Listing, cancelling, retrying and deleting tasks."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.api.services import Limits
from app.domain.processing import Execution
from app.domain.task import Status
from app.domain.transitions import retry
from app.engine.ports import Snapshot
from tests.factories import make_task
from tests.unit.api.arrange import Store, World, assert_problem, world


async def test_a_task_of_either_kind_is_found_by_its_id(here: World) -> None:
    """One place to look, whatever was handed in."""
    accepted = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "t1"})
    await here.services.registry.ended(accepted.json()["id"])

    body = (await here.caller.get(f"/tasks/{accepted.json()['id']}")).json()

    assert (body["kind"], body["reference"], body["status"]) == ("text", "t1", "completed")
    assert body["result"] == "Texto procesado asíncronamente: 'HOLA'"


async def test_tasks_are_listed_newest_first_and_without_results(here: World) -> None:
    """A page of a hundred results would be fifty megabytes."""
    ids = [await here.finish() for _ in range(3)]

    body = (await here.caller.get("/tasks")).json()

    assert [task["task_id"] for task in body["tasks"]] == ids[::-1]
    assert all("result" not in task for task in body["tasks"])
    assert body["next_page_token"] is None


async def test_a_listing_is_read_page_by_page(here: World) -> None:
    """The token leads on to what was not seen yet, and ends."""
    ids = [await here.finish() for _ in range(3)]

    first = (await here.caller.get("/tasks", params={"page_size": 2})).json()
    second = (await here.caller.get("/tasks", params={"page_size": 2, "page_token": first["next_page_token"]})).json()

    assert [task["task_id"] for task in first["tasks"] + second["tasks"]] == ids[::-1]
    assert second["next_page_token"] is None


async def test_a_listing_can_be_narrowed_to_a_status(here: World) -> None:
    """Whoever repairs looks for failed tasks, not for all."""
    await here.finish()
    failed = await here.finish(model_name="refusing")

    body = (await here.caller.get("/tasks", params={"status": "failed"})).json()

    assert [task["task_id"] for task in body["tasks"]] == [failed]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"page_size": 0}, "validation_error"),
        ({"page_size": 101}, "validation_error"),
        ({"page_size": "many"}, "validation_error"),
        ({"status": "retrying"}, "validation_error"),
        ({"page_token": "nonsense"}, "invalid_page_token"),
        ({"page_token": "ñ\0"}, "invalid_page_token"),
        ({"page_token": "x" * 5000}, "validation_error"),
    ],
)
async def test_a_listing_that_cannot_be_is_refused(here: World, asked: dict[str, Any], code: str) -> None:
    """Guessing what was meant would hide tasks."""
    assert_problem(await here.caller.get("/tasks", params=asked), 422, code)


async def test_a_waiting_task_is_cancelled_at_once(here: World) -> None:
    """Nobody has begun, so nobody has to stop."""
    task_id = await here.submit(delay_seconds=60)

    answered = await here.caller.post(f"/tasks/{task_id}/cancel")

    assert (answered.status_code, answered.json()["status"]) == (200, "cancelled")


async def test_a_running_task_is_asked_to_stop_as_often_as_one_likes(here: World) -> None:
    """A caller that lost the answer asks again; that is no mistake."""
    here.pool.gate.clear()
    task_id = await here.submit()

    answered = [await here.caller.post(f"/tasks/{task_id}/cancel") for _ in range(2)]

    assert [answer.status_code for answer in answered] == [200, 200]
    assert all(answer.json()["cancel_requested"] for answer in answered)


@pytest.mark.parametrize("model_name", ["extractive_v1", "refusing"])
async def test_cancel_of_a_completed_or_failed_task_is_a_conflict(here: World, model_name: str) -> None:
    """It is too late, and a 200 would say otherwise."""
    task_id = await here.finish(model_name=model_name)

    answered = await here.caller.post(f"/tasks/{task_id}/cancel")

    assert_problem(answered, 409, "illegal_transition")


async def test_a_failed_task_is_retried_and_the_sweeper_told(here: World) -> None:
    """Else it would lie there until the next sweep."""
    task_id = await here.finish(model_name="refusing")

    answered = await here.caller.post(f"/tasks/{task_id}/retry")

    assert (answered.status_code, answered.json()["status"], answered.json()["attempt"]) == (200, "pending", 0)
    assert here.slots.freed.is_set()


async def test_retry_of_a_task_that_has_not_failed_is_a_conflict(here: World) -> None:
    """A finished result must not be thrown away by a stray click."""
    task_id = await here.finish()

    answered = await here.caller.post(f"/tasks/{task_id}/retry")

    assert_problem(answered, 409, "illegal_transition")
    assert (await here.store.get(task_id)).task.status is Status.COMPLETED


async def test_a_finished_task_can_be_erased(here: World) -> None:
    """A caller who must not keep a result need not wait until it expires."""
    task_id = await here.finish()

    answered = await here.caller.delete(f"/tasks/{task_id}")

    assert (answered.status_code, answered.content) == (204, b"")
    assert_problem(await here.caller.get(f"/tasks/{task_id}"), 404, "task_not_found")
    assert_problem(await here.caller.delete(f"/tasks/{task_id}"), 404, "task_not_found")


async def test_deleting_an_unfinished_task_is_a_conflict(here: World) -> None:
    """Its worker would go on and find nothing to write to."""
    here.pool.gate.clear()
    task_id = await here.submit()

    answered = await here.caller.delete(f"/tasks/{task_id}")

    assert_problem(answered, 409, "illegal_transition")
    assert len(await here.tasks()) == 1


async def test_a_task_that_was_retried_meanwhile_is_not_deleted(here: World) -> None:
    """The other caller wants its result."""
    task_id = await here.finish(model_name="refusing")

    async def retried(seen: Snapshot) -> None:
        await here.store.swap(seen, retry(seen.task, now=here.store.now()))

    here.store.faster = retried

    answered = await here.caller.delete(f"/tasks/{task_id}")

    assert_problem(answered, 409, "illegal_transition")
    assert (await here.store.get(task_id)).task.status is Status.PENDING


async def test_a_task_that_was_deleted_meanwhile_is_gone(here: World) -> None:
    """Of two callers that erase a task, one is told that it was there."""
    task_id = await here.finish()
    here.store.faster = super(Store, here.store).delete

    answered = await here.caller.delete(f"/tasks/{task_id}")

    assert_problem(answered, 404, "task_not_found")


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/tasks/{}/cancel", "get"),
        ("POST", "/tasks/{}/cancel", "swap"),
        ("POST", "/tasks/{}/retry", "swap"),
        ("DELETE", "/tasks/{}", "delete"),
    ],
)
async def test_a_change_that_gets_no_answer_is_given_up(tmp_path: Path, method: str, path: str, call: str) -> None:
    """A caller is told to come again, instead of waiting for one repeat after the other."""
    async with world(tmp_path, limits=Limits(change_budget=timedelta(milliseconds=5))) as here, asyncio.timeout(10):
        failed = await here.finish(model_name="refusing")
        waiting = await here.submit(delay_seconds=60)
        here.store.stands_still_at = call

        answered = await here.caller.request(method, path.format(waiting if "cancel" in path else failed))

        assert assert_problem(answered, 503, "store_unavailable")["retryable"] is True
        assert int(answered.headers["retry-after"]) > 0


async def test_a_caller_waits_four_seconds_for_a_change_unless_told_otherwise() -> None:
    """It is as long as for a new task, and the contract says so."""
    assert Limits().change_budget == timedelta(seconds=4)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tasks/{}"),
        ("GET", "/tasks/{}/text"),
        ("POST", "/tasks/{}/cancel"),
        ("POST", "/tasks/{}/retry"),
        ("DELETE", "/tasks/{}"),
    ],
)
async def test_nobody_touches_somebody_elses_task(here: World, method: str, path: str) -> None:
    """Foreign, unknown and malformed ids are alike, and nothing happens to the task."""
    foreign = make_task(owner="somebody else", created_at=here.store.now())
    before = await here.store.create(foreign, b"private")

    for task_id in (foreign.id, str(uuid4()), "t1"):
        answered = await here.caller.request(method, path.format(task_id))
        assert assert_problem(answered, 404, "task_not_found")["detail"] == "Task not found"

    assert await here.store.get(foreign.id) == before


async def test_a_listing_shows_nobody_elses_tasks(here: World) -> None:
    """The listing is where a missing filter would show most."""
    await here.store.create(make_task(owner="somebody else", created_at=here.store.now()), b"private")

    assert (await here.caller.get("/tasks")).json()["tasks"] == []


async def test_no_slot_is_lost_over_many_requests(here: World) -> None:
    """A leak of one slot per mistake would stop the service after two."""
    for _ in range(5):
        await here.finish()
        await here.caller.post("/process_document/", json={"content": "x", "model_name": "unknown"})
        await here.caller.post("/process_document/", json={"content": ""})

    assert here.slots.free(Execution.CPU) == 2
