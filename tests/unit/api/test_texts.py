"""Texts under an id of the caller's choice, and texts whose caller waits."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from app.api.services import Limits
from app.engine.submission import Defaults
from tests.unit.api.arrange import World, assert_problem, world


async def test_a_text_is_accepted_with_the_tutorials_words(here: World) -> None:
    """Its readers' clients compare this very body."""
    answered = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "mi tarea/1"})

    (task,) = await here.tasks()
    assert answered.status_code == 200
    assert answered.json() == {
        "message": "Procesamiento iniciado en segundo plano",
        "task_id": "mi tarea/1",
        "status": "pending",
        "id": task.id,
    }
    assert answered.headers["location"] == "/task_status/mi%20tarea%2F1"


@pytest.mark.parametrize("task_id", ["t1", "a/b//c", "a b?c#d%", "ñandú 🌍", "x" * 255])
async def test_a_text_is_found_again_under_the_id_that_the_caller_chose(here: World, task_id: str) -> None:
    """Callers use the ids of their own systems, whatever those look like."""
    accepted = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": task_id})
    await here.services.registry.ended(accepted.json()["id"])

    answered = await here.caller.get(accepted.headers["location"])

    assert answered.json() == {
        "status": "completed",
        "result": "Texto procesado asíncronamente: 'HOLA'",
        "error": None,
        "id": accepted.json()["id"],
    }


@pytest.mark.parametrize("task_id", ["", "t2", "a/b/c", "ñandú%20%F0%9F%8C%8D", "%00", "x" * 10_000])
async def test_an_unknown_text_is_a_status_and_no_error(here: World, task_id: str) -> None:
    """The tutorial answers 200 here; clients do not expect anything else."""
    answered = await here.caller.get(f"/task_status/{task_id}")

    assert (answered.status_code, answered.json()) == (200, {"status": "not_found", "result": None})


async def test_the_same_text_again_is_the_same_task(here: World) -> None:
    """A caller that lost the answer may simply ask again."""
    request = {"text": "hola", "task_id": "t1"}
    first = await here.caller.post("/process_text_async/", json=request)

    second = await here.caller.post("/process_text_async/", json=request)

    assert second.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await here.tasks()) == 1


async def test_another_text_under_the_same_id_is_refused(here: World) -> None:
    """Overwriting would lose the first text's result."""
    await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "t1"})

    answered = await here.caller.post("/process_text_async/", json={"text": "adiós", "task_id": "t1"})

    assert_problem(answered, 422, "submission_conflict")
    assert len(await here.tasks()) == 1


async def test_a_document_model_answers_a_text_with_its_summary(here: World) -> None:
    """The text paths know one string for a result, whatever the model."""
    accepted = await here.caller.post(
        "/process_text_async/", json={"text": "hola mundo", "task_id": "t1", "model_name": "extractive_v1"}
    )
    await here.services.registry.ended(accepted.json()["id"])

    answered = await here.caller.get("/task_status/t1")

    assert answered.json()["result"] == "hola"


async def test_a_failed_text_says_why(here: World) -> None:
    """A failed task is data: its poll is answered."""
    accepted = await here.caller.post(
        "/process_text_async/", json={"text": "hola", "task_id": "t1", "model_name": "refusing"}
    )
    await here.services.registry.ended(accepted.json()["id"])

    answered = await here.caller.get("/task_status/t1")

    assert (answered.json()["status"], answered.json()["error"]) == ("failed", "This model never works")


async def test_an_unfinished_text_says_when_to_ask_again(here: World) -> None:
    """Without the hint every client polls as fast as it can."""
    here.pool.gate.clear()
    await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "t1"})

    answered = await here.caller.get("/task_status/t1")

    assert (answered.json()["status"], answered.headers["retry-after"]) == ("processing", "1")


@pytest.mark.parametrize(("text", "shouted"), [("hola", "HOLA"), ("", ""), ("a b&c ñ", "A B&C Ñ")])
async def test_the_blocking_call_answers_with_the_result(here: World, text: str, shouted: str) -> None:
    """The tutorial's slow path, in its own words."""
    answered = await here.caller.post("/process_text_blocking/", params={"text": text})

    assert answered.status_code == 200
    assert answered.json() == {
        "message": "Procesamiento completado (bloqueante)",
        "result": f"Texto procesado: '{shouted}'",
    }


async def test_a_blocking_call_that_waits_too_long_names_the_task(tmp_path: Path) -> None:
    """The work is not lost when the patience is."""
    async with world(tmp_path, limits=Limits(blocking=timedelta(milliseconds=1))) as here:
        here.pool.gate.clear()

        answered = await here.caller.post("/process_text_blocking/", params={"text": "hola"})

        (task,) = await here.tasks()
        body = assert_problem(answered, 504, "still_processing")
        assert body["task_url"] == answered.headers["location"] == f"/tasks/{task.id}"
        here.pool.gate.set()
        await here.services.registry.ended(task.id)
        assert (await here.caller.get(body["task_url"])).json()["result"] == "Texto procesado: 'HOLA'"


async def test_a_blocking_call_needs_a_text(here: World) -> None:
    """A missing text is a mistake, an empty one is not."""
    answered = await here.caller.post("/process_text_blocking/")

    assert assert_problem(answered, 422, "validation_error")["errors"][0]["loc"] == ["query", "text"]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [("refuse", 422, "processor_failed_permanently"), ("stumble", 500, "processor_error")],
)
async def test_a_blocking_call_whose_task_fails_says_why(tmp_path: Path, text: str, status: int, code: str) -> None:
    """Nobody polls this task, so its failure has to be the answer."""
    async with world(tmp_path, defaults=Defaults(max_attempts=1)) as here:
        answered = await here.caller.post("/process_text_blocking/", params={"text": text})

        (task,) = await here.tasks()
        body = assert_problem(answered, status, code)
        assert (body["retryable"], body["task_url"]) == (status == 500, f"/tasks/{task.id}")


async def test_a_blocking_call_whose_task_is_cancelled_says_so(tmp_path: Path) -> None:
    """Somebody who saw the task in the listing may have done it."""
    async with world(tmp_path, cpu_slots=1) as here:
        here.pool.gate.clear()
        await here.submit()
        waiting = asyncio.create_task(here.caller.post("/process_text_blocking/", params={"text": "hola"}))
        while len(tasks := await here.tasks()) < 2:
            continue

        await here.caller.post(f"/tasks/{tasks[0].id}/cancel")

        assert_problem(await waiting, 409, "task_cancelled")
