"""A request with an `Idempotency-Key` can be sent as often as its caller likes."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.api.services import Limits
from app.engine.submission import Defaults
from tests.unit.api.arrange import World, assert_problem, world

KEY = {"Idempotency-Key": "order-17"}
DOCUMENT = {"content": "Hola mundo."}


def asked_with(key: str) -> dict[str, str]:
    """Return the header that carries *key*."""
    return {"Idempotency-Key": key}


async def test_the_same_document_again_gets_the_first_answer(here: World) -> None:
    """Byte for byte, although the task has ended meanwhile."""
    first = await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)
    await here.services.registry.ended(first.json()["task_id"])

    second = await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.content == first.content
    assert second.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await here.tasks()) == 1


@pytest.mark.parametrize("other", [{"content": "Adiós."}, {"max_keywords": 3}, {"model_name": "stumbling"}])
async def test_another_document_with_the_same_key_is_refused(here: World, other: dict[str, Any]) -> None:
    """Neither may silently stand for the other."""
    await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)

    answered = await here.caller.post("/process_document/", json=DOCUMENT | other, headers=KEY)

    assert_problem(answered, 422, "submission_conflict")
    assert len(await here.tasks()) == 1


async def test_what_is_spelt_out_is_the_same_as_what_is_left_out(here: World) -> None:
    """Clients differ in whether they send a default."""
    await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)

    answered = await here.caller.post(
        "/process_document/",
        json=DOCUMENT | {"model_name": "default_ai_model", "delay_seconds": 0, "language": None},
        headers=KEY,
    )

    assert answered.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["x", " !~", "x" * 255, "8e03978e-40d5-43dd-bc93-6894a57f9324", '"quoted"'])
async def test_any_printable_key_will_do(here: World, key: str) -> None:
    """Callers use the ids of their own systems."""
    answered = [await here.caller.post("/process_document/", json=DOCUMENT, headers=asked_with(key)) for _ in range(2)]

    assert [one.status_code for one in answered] == [202, 202]
    assert len(await here.tasks()) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ñ", "a\tb", "a\x7f"])
async def test_a_key_that_is_none_is_refused(here: World, key: str) -> None:
    """Taken for no key at all, it would not keep its promise."""
    headers = {b"Idempotency-Key": key.encode("latin-1")}

    answered = await here.caller.post("/process_document/", json=DOCUMENT, headers=headers)

    assert assert_problem(answered, 422, "validation_error")["errors"][0]["loc"] == ["header", "Idempotency-Key"]
    assert await here.tasks() == ()


async def test_two_keys_are_refused(here: World) -> None:
    """Nobody could say which one counts."""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    answered = await here.caller.post("/process_document/", json=DOCUMENT, headers=headers)

    assert_problem(answered, 422, "validation_error")
    assert await here.tasks() == ()


async def test_a_text_is_replayed_only_with_the_key_it_came_with(here: World) -> None:
    """Its `task_id` says which text; the key belongs to the request."""
    text = {"text": "hola", "task_id": "t1"}
    first = await here.caller.post("/process_text_async/", json=text, headers=KEY)

    again = await here.caller.post("/process_text_async/", json=text, headers=KEY)
    without = await here.caller.post("/process_text_async/", json=text)

    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert_problem(without, 422, "submission_conflict")


async def test_the_same_blocking_call_again_gets_the_same_result(here: World) -> None:
    """The caller that lost the connection does not pay twice."""
    answered = [
        await here.caller.post("/process_text_blocking/", params={"text": "hola"}, headers=KEY) for _ in range(2)
    ]

    assert answered[0].json() == answered[1].json()
    assert [one.headers.get("idempotency-replayed") for one in answered] == [None, "true"]
    assert len(await here.tasks()) == 1


async def test_a_blocking_call_that_waited_too_long_can_wait_again(tmp_path: Path) -> None:
    """With a key the same request leads to the same task; without one it would begin another."""
    async with world(tmp_path, limits=Limits(blocking=timedelta(milliseconds=300))) as here:
        here.pool.gate.clear()
        first = await here.caller.post("/process_text_blocking/", params={"text": "hola"}, headers=KEY)

        here.pool.gate.set()
        (task,) = await here.tasks()
        await here.services.registry.ended(task.id)
        second = await here.caller.post("/process_text_blocking/", params={"text": "hola"}, headers=KEY)

        assert assert_problem(first, 504, "still_processing")["retryable"] is True
        assert second.json()["result"] == "Texto procesado: 'HOLA'"


@pytest.mark.parametrize(("text", "status"), [("refuse", 422), ("stumble", 500)])
async def test_a_failed_blocking_call_is_replayed_as_failed(tmp_path: Path, text: str, status: int) -> None:
    """Nothing was tried again, and nothing will be: a client that goes on repeating it would do so for days."""
    async with world(tmp_path, defaults=Defaults(max_attempts=1)) as here:
        answered = [
            await here.caller.post("/process_text_blocking/", params={"text": text}, headers=KEY) for _ in range(2)
        ]

        assert [one.status_code for one in answered] == [status, status]
        assert [one.json()["retryable"] for one in answered] == [False, False]
        assert answered[1].headers["idempotency-replayed"] == "true"


async def test_whoever_waits_for_an_unfinished_task_again_polls_it(tmp_path: Path) -> None:
    """Its worker may be another instance's, and dead."""
    async with world(tmp_path, cpu_slots=0, limits=Limits(blocking=timedelta(milliseconds=300))) as here:
        await here.caller.post("/process_text_blocking/", params={"text": "hola"}, headers=KEY)

        (task,) = await here.tasks()
        assert task in here.polled


async def test_keys_of_documents_and_texts_do_not_meet(here: World) -> None:
    """A client may number its requests to each path."""
    answers = await asyncio.gather(
        here.caller.post("/process_document/", json=DOCUMENT, headers=KEY),
        here.caller.post("/process_text_blocking/", params={"text": "hola"}, headers=KEY),
        here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "order-17"}, headers=KEY),
    )

    assert [answered.status_code for answered in answers] == [202, 200, 200]
    assert len(await here.tasks()) == 3


async def test_a_key_is_free_again_when_its_task_has_been_deleted(here: World) -> None:
    """Nothing is left of it, so nothing can be replayed."""
    task_id = await here.finish()
    first = await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)
    await here.services.registry.ended(first.json()["task_id"])
    await here.caller.delete(f"/tasks/{first.json()['task_id']}")

    second = await here.caller.post("/process_document/", json=DOCUMENT, headers=KEY)

    assert "idempotency-replayed" not in second.headers
    assert {task.id for task in await here.tasks()} == {task_id, second.json()["task_id"]}


async def test_a_key_on_a_retry_is_refused(here: World) -> None:
    """A second retry is a second retry; a key could not make it the first one."""
    answered = await here.caller.post("/tasks/8006fd3b-6c98-43df-a7f2-0612cf768e1e/retry", headers=KEY)

    assert_problem(answered, 422, "not_supported")


async def test_a_poll_of_an_unfinished_task_is_told_to_the_engine(here: World) -> None:
    """A task that waits for a worker finds one through whoever asks after it."""
    here.pool.gate.clear()
    task_id = await here.submit()
    text = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "t1"})

    for path in (f"/document_status/{task_id}", f"/tasks/{task_id}", text.headers["location"]):
        await here.caller.get(path)
    here.pool.gate.set()
    await here.services.registry.ended(task_id)
    await here.caller.get(f"/tasks/{task_id}")

    assert [task.id for task in here.polled] == [task_id, task_id, text.json()["id"]]
