"""The text that a task was about, for callers who asked for it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.task import Status
from tests.unit.api.arrange import World, assert_problem
from tests.unit.api.tenants import bearer, guarded, key_of

TEXT = "Año 2026:\r\nel «texto» entero, 👩‍💻 y todo."


async def ask(here: World, task_id: str) -> httpx.Response:
    """Ask for a task's text."""
    return await here.caller.get(f"/tasks/{task_id}/text")


def assert_not_found(answered: httpx.Response) -> None:
    """Check that nothing is said but that there is none."""
    assert assert_problem(answered, 404, "task_not_found")["detail"] == "Task not found"


async def test_a_text_that_was_asked_for_is_there_word_for_word(here: World) -> None:
    """The positions of entities count in it."""
    task_id = await here.finish(content=TEXT, keep_text=True)

    answered = await ask(here, task_id)

    assert (answered.status_code, answered.content) == (200, TEXT.encode())
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_model_is_not_told_that_the_text_is_kept(here: World) -> None:
    """It is no option of the model's, and one that is strict about its options would fail."""
    task_id = await here.finish(content=TEXT, keep_text=True, language="es")

    answered = await here.caller.get(f"/tasks/{task_id}")

    assert answered.json()["result"]["options"] == {"language": "es"}


@pytest.mark.parametrize("members", [{}, {"keep_text": False}], ids=["unsaid", "not"])
async def test_a_text_that_was_not_asked_for_is_not_kept(here: World, members: dict[str, Any]) -> None:
    """Input is erased as soon as it is no longer needed, unless its owner says otherwise."""
    task_id = await here.finish(content=TEXT, **members)

    assert_not_found(await ask(here, task_id))


async def test_the_text_of_an_unfinished_task_is_not_there_yet(here: World) -> None:
    """It belongs to the result, and nobody knows yet which attempt will bring that."""
    here.pool.gate.clear()
    task_id = await here.submit(content=TEXT, keep_text=True)

    answered = await ask(here, task_id)

    assert_not_found(answered)
    assert (await here.store.get(task_id)).task.status is Status.PROCESSING


async def test_the_text_of_a_failed_task_is_not_kept(here: World) -> None:
    """There is no result that it could explain."""
    task_id = await here.finish(content=TEXT, keep_text=True, model_name="refusing")

    assert_not_found(await ask(here, task_id))


async def test_the_text_is_erased_with_its_task(here: World) -> None:
    """Whoever erases a task wants nothing of it to be left."""
    task_id = await here.finish(content=TEXT, keep_text=True)

    await here.caller.delete(f"/tasks/{task_id}")

    assert_not_found(await ask(here, task_id))


async def test_a_text_is_its_owners_only(tmp_path: Path) -> None:
    """The text is the very document: of all answers, this one must not go to somebody else."""
    async with guarded(tmp_path) as here:
        mine, theirs = [bearer(await key_of(here, owner)) for owner in ("acme", "globex")]
        body = {"content": TEXT, "keep_text": True}
        task_id = (await here.caller.post("/process_document/", json=body, headers=mine)).json()["task_id"]
        await here.services.registry.ended(task_id)

        own, foreign = [await here.caller.get(f"/tasks/{task_id}/text", headers=headers) for headers in (mine, theirs)]

    assert own.text == TEXT
    assert_not_found(foreign)


@pytest.mark.parametrize("keep_text", ["yes", 1, None])
async def test_whether_a_text_is_kept_is_said_in_plain_words(here: World, keep_text: object) -> None:
    """A string taken for a yes would keep what somebody wanted to be erased."""
    answered = await here.caller.post("/process_document/", json={"content": TEXT, "keep_text": keep_text})

    assert_problem(answered, 422, "validation_error")
