"""Waiting for a task without a stream: `?wait=`, `Prefer: wait=`, entity tags."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.transitions import renew
from app.engine import cas
from tests.fakes import PATIENCE
from tests.unit.api.arrange import World, assert_problem
from tests.unit.api.lines import connected
from tests.unit.api.tenants import bearer, guarded, key_of

POLLS = ("/document_status/{}", "/tasks/{}")


async def ask(here: World, path: str, **asked: Any) -> httpx.Response:  # noqa: ANN401 - of a request
    """Ask for *path*, patiently."""
    async with asyncio.timeout(PATIENCE):
        return await here.caller.get(path, **asked)


async def change(here: World, task_id: str) -> None:
    """Have the task's worker renew its lease, as it does every ten seconds."""
    task = (await here.store.get(task_id)).task
    assert task.lease is not None
    token, until = task.lease.token, task.lease.expires_at + timedelta(seconds=1)
    await cas.apply(here.services.store, task_id, lambda seen: renew(seen, token=token, until=until, progress=None))


async def waits_for(here: World, task_id: str) -> None:
    """Return when a request waits for the task."""
    async with asyncio.timeout(PATIENCE):
        while task_id not in here.watched:  # noqa: ASYNC110 - nothing tells of it but looking
            await asyncio.sleep(0)


@pytest.mark.parametrize("path", POLLS)
async def test_a_poll_waits_for_the_end(busy: World, path: str) -> None:
    """One request in place of thirty."""
    task_id = await busy.submit()

    polling = asyncio.create_task(ask(busy, path.format(task_id), params={"wait": 30}))
    await waits_for(busy, task_id)
    busy.pool.gate.set()
    answered = await polling

    assert answered.json()["status"] == "completed"
    assert "retry-after" not in answered.headers


async def test_a_texts_poll_waits_for_the_end_too(busy: World) -> None:
    """The tutorial's other path."""
    accepted = await busy.caller.post("/process_text_async/", json={"text": "hola", "task_id": "mine"})

    polling = asyncio.create_task(ask(busy, "/task_status/mine", params={"wait": 30}))
    await waits_for(busy, accepted.json()["id"])
    busy.pool.gate.set()

    assert (await polling).json()["result"] == "Texto procesado asíncronamente: 'HOLA'"


async def test_a_wait_has_an_end(busy: World) -> None:
    """The caller is shown the task as it is, and asks again."""
    task_id = await busy.submit()

    answered = await ask(busy, f"/document_status/{task_id}", params={"wait": 0.05})

    assert (answered.status_code, answered.json()["status"]) == (200, "processing")
    assert answered.headers["retry-after"] == "1"


async def test_a_wait_ends_with_its_process(busy: World) -> None:
    """The server would cut the connection instead."""
    task_id = await busy.submit(delay_seconds=3600)
    polling = asyncio.create_task(ask(busy, f"/document_status/{task_id}", params={"wait": 30}))
    await waits_for(busy, task_id)

    busy.drain.begin()

    assert (await polling).json()["status"] == "pending"


async def test_a_task_that_is_deleted_meanwhile_is_not_found(busy: World) -> None:
    """Its last state would be a lie."""
    task_id = await busy.submit(delay_seconds=3600)
    tag = (await ask(busy, f"/tasks/{task_id}")).headers["etag"]
    await busy.caller.post(f"/tasks/{task_id}/cancel")
    cancelled = await ask(busy, f"/tasks/{task_id}", params={"wait": 30}, headers={"If-None-Match": tag})

    await busy.caller.delete(f"/tasks/{task_id}")

    assert cancelled.json()["status"] == "cancelled"
    assert_problem(await ask(busy, f"/tasks/{task_id}", params={"wait": 30}), 404, "task_not_found")


@pytest.mark.parametrize("wait", ["-1", "31", "x", "nan", "inf", ""])
async def test_a_wait_out_of_range_is_refused(here: World, wait: str) -> None:
    """Ten minutes would outlast every proxy; and what is no number is a mistake that should be seen."""
    task_id = await here.finish()

    assert_problem(await ask(here, f"/tasks/{task_id}", params={"wait": wait}), 422, "validation_error")


async def test_an_unknown_task_is_not_waited_for(here: World) -> None:
    """It will not come into being by being asked for."""
    unknown = "00000000-0000-4000-8000-000000000000"

    assert_problem(await ask(here, f"/tasks/{unknown}", params={"wait": 30}), 404, "task_not_found")
    assert (await ask(here, "/task_status/nobody", params={"wait": 30})).json()["status"] == "not_found"


@pytest.mark.parametrize("path", [*POLLS, "/task_status/mine"])
async def test_a_task_that_is_known_is_not_sent_again(here: World, path: str) -> None:
    """Half a megabyte, every second, to say that nothing is new."""
    task_id = await here.finish()
    mine = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "mine"})
    await here.services.registry.ended(mine.json()["id"])

    first = await ask(here, path.format(task_id))
    again = await ask(here, path.format(task_id), headers={"If-None-Match": first.headers["etag"]})

    assert first.status_code == 200
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("known", ['"x"', 'W/"2-00000000"', "2", ""])
async def test_a_task_that_is_not_the_known_one_is_sent(here: World, known: str) -> None:
    """Also one that was made again under the same id, and has come as far."""
    task_id = await here.finish()

    assert (await ask(here, f"/tasks/{task_id}", headers={"If-None-Match": known})).status_code == 200


@pytest.mark.parametrize("known", ["*", '"x", {}', '{}, W/"y"', "{strong}"])
async def test_all_ways_to_say_what_is_known_are_understood(here: World, known: str) -> None:
    """A list, anything at all, with or without the mark of weakness: RFC 9110."""
    task_id = await here.finish()
    tag = (await ask(here, f"/tasks/{task_id}")).headers["etag"]

    named = known.replace("{strong}", tag.removeprefix("W/")).replace("{}", tag)

    assert (await ask(here, f"/tasks/{task_id}", headers={"If-None-Match": named})).status_code == 304


async def test_a_poll_of_a_known_task_waits_for_any_change(busy: World) -> None:
    """A long-poll that shows each change, for those who have no streams."""
    task_id = await busy.submit()
    tag = (await ask(busy, f"/tasks/{task_id}")).headers["etag"]

    polling = asyncio.create_task(ask(busy, f"/tasks/{task_id}", params={"wait": 30}, headers={"If-None-Match": tag}))
    await waits_for(busy, task_id)
    await change(busy, task_id)
    answered = await polling

    assert (answered.status_code, answered.json()["revision"]) == (200, 2)
    assert answered.headers["etag"] != tag


async def test_a_poll_of_a_task_that_has_changed_does_not_wait(busy: World) -> None:
    """There is news already."""
    task_id = await busy.submit()
    tag = (await ask(busy, f"/tasks/{task_id}")).headers["etag"]
    await change(busy, task_id)

    answered = await ask(busy, f"/tasks/{task_id}", params={"wait": 30}, headers={"If-None-Match": tag})

    assert answered.json()["revision"] == 2


async def test_a_wait_for_a_change_that_does_not_come_is_answered_with_304(busy: World) -> None:
    """And with when to ask again."""
    task_id = await busy.submit()
    tag = (await ask(busy, f"/tasks/{task_id}")).headers["etag"]

    answered = await ask(busy, f"/tasks/{task_id}", params={"wait": 0.05}, headers={"If-None-Match": tag})

    assert (answered.status_code, answered.headers["retry-after"]) == (304, "1")


async def test_a_poll_may_prefer_to_wait(busy: World) -> None:
    """The standard's way to say the same."""
    task_id = await busy.submit()
    polling = asyncio.create_task(ask(busy, f"/tasks/{task_id}", headers={"Prefer": "wait=30"}))
    await waits_for(busy, task_id)

    busy.pool.gate.set()
    answered = await polling

    assert answered.json()["status"] == "completed"
    assert answered.headers["preference-applied"] == "wait=30"


@pytest.mark.parametrize("prefer", ["wait=20", "respond-async, wait=20", 'return=minimal;x=y, Wait = "20" ; a=b'])
async def test_who_hands_in_a_document_may_prefer_to_wait(here: World, prefer: str) -> None:
    """Small documents are read before a poll would have been sent."""
    answered = await here.caller.post("/process_document/", json={"content": "Hola mundo."}, headers={"Prefer": prefer})

    assert (answered.status_code, answered.json()["status"]) == (200, "completed")
    assert answered.json()["result"]["summary"] == "Hola"
    assert answered.headers["preference-applied"] == "wait=20"
    assert answered.headers["location"] == f"/document_status/{answered.json()['task_id']}"


async def test_a_preference_for_more_than_can_be_waited_is_cut(here: World) -> None:
    """A preference is no demand; the answer says what was made of it."""
    answered = await here.caller.post("/process_document/", json={"content": "x"}, headers={"Prefer": "wait=100000"})

    assert answered.headers["preference-applied"] == "wait=30"


@pytest.mark.parametrize("prefer", ["wait=0", "wait=-1", "wait=x", "wait", "xwait=5", "await=5", "wait=5s"])
async def test_a_preference_that_cannot_be_read_is_none(here: World, prefer: str) -> None:
    """RFC 7240 has it so: whoever prefers what nobody understands is served as everybody."""
    answered = await here.caller.post("/process_document/", json={"content": "x"}, headers={"Prefer": prefer})

    assert answered.status_code == 202
    assert "preference-applied" not in answered.headers


async def test_what_does_not_end_in_time_is_accepted_as_ever(busy: World) -> None:
    """And goes on."""
    answered = await busy.caller.post("/process_document/", json={"content": "x"}, headers={"Prefer": "wait=1"})
    busy.pool.gate.set()
    task_id = answered.json()["task_id"]
    await busy.services.registry.ended(task_id)

    assert (answered.status_code, answered.json()["status"]) == (202, "pending")
    assert (answered.headers["preference-applied"], answered.headers["retry-after"]) == ("wait=1", "1")
    assert (await ask(busy, f"/tasks/{task_id}")).json()["status"] == "completed"


async def test_a_document_that_fails_meanwhile_is_shown_so(here: World) -> None:
    """A failed task is data: the request has succeeded."""
    body = {"content": "x", "model_name": "refusing"}

    answered = await here.caller.post("/process_document/", json=body, headers={"Prefer": "wait=5"})

    assert (answered.status_code, answered.json()["status"]) == (200, "failed")
    assert answered.json()["error"]


async def test_who_hands_in_a_text_may_prefer_to_wait(here: World) -> None:
    """Its answer has always been 200; now it holds the result."""
    body = {"text": "hola", "task_id": "mine"}

    answered = await here.caller.post("/process_text_async/", json=body, headers={"Prefer": "wait=5"})

    assert answered.json()["status"] == "completed"
    assert answered.json()["result"] == "Texto procesado asíncronamente: 'HOLA'"
    assert answered.json()["message"] == "Procesamiento iniciado en segundo plano"


async def test_a_text_that_was_not_waited_for_is_answered_as_in_the_tutorial(here: World) -> None:
    """Not one member more."""
    answered = await here.caller.post("/process_text_async/", json={"text": "hola", "task_id": "mine"})

    assert set(answered.json()) == {"message", "task_id", "status", "id"}


async def test_the_same_request_again_waits_for_the_same_task(busy: World) -> None:
    """Its caller has lost the answer and comes again."""
    headers = {"Idempotency-Key": "one", "Prefer": "wait=10"}
    first = await busy.caller.post("/process_document/", json={"content": "x"}, headers={"Idempotency-Key": "one"})
    task_id = first.json()["task_id"]
    again = asyncio.create_task(busy.caller.post("/process_document/", json={"content": "x"}, headers=headers))
    await waits_for(busy, task_id)

    busy.pool.gate.set()
    answered = await again

    assert (answered.status_code, answered.json()["task_id"]) == (200, task_id)
    assert answered.headers["idempotency-replayed"] == "true"


async def test_who_may_not_wait_hands_in_all_the_same(tmp_path: Path) -> None:
    """A preference must not cost the document; a poll that asks to wait is told that it cannot."""
    async with guarded(tmp_path, waits=1) as here:
        here.pool.gate.clear()
        headers = bearer(await key_of(here))
        first = await here.caller.post("/process_document/", json={"content": "x"}, headers=headers)
        task_id = first.json()["task_id"]
        async with connected(here, f"/tasks/{task_id}/events", headers) as line:
            await line.task()
            accepted = await here.caller.post(
                "/process_document/", json={"content": "y"}, headers=headers | {"Prefer": "wait=5"}
            )
            refused = await ask(here, f"/tasks/{task_id}", params={"wait": 5}, headers=headers)
            polled = await ask(here, f"/tasks/{task_id}", headers=headers | {"Prefer": "wait=5"})
            blocked = await here.caller.post("/process_text_blocking/", params={"text": "x"}, headers=headers)
        here.pool.gate.set()

    assert (accepted.status_code, polled.status_code) == (202, 200)
    assert not {"preference-applied"} & {*accepted.headers, *polled.headers}
    assert_problem(refused, 429, "too_many_waits")
    assert_problem(blocked, 429, "too_many_waits")


async def test_who_hangs_up_waits_no_longer(tmp_path: Path) -> None:
    """Its place is another's; nobody would read the answer."""
    async with guarded(tmp_path, waits=1) as here:
        here.pool.gate.clear()
        headers = bearer(await key_of(here))
        posted = await here.caller.post("/process_document/", json={"content": "x"}, headers=headers)
        path = f"/tasks/{posted.json()['task_id']}"
        async with connected(here, f"{path}?wait=30", headers):
            await waits_for(here, posted.json()["task_id"])

        answered = await ask(here, path, params={"wait": 0.05}, headers=headers)
        here.pool.gate.set()

    assert answered.status_code == 200


async def test_a_short_task_that_is_waited_for_is_read_by_nobody(here: World) -> None:
    """The process that works on it knows how it ended: waiting costs the store nothing."""
    before = here.store.reads

    await here.caller.post("/process_document/", json={"content": "Hola."}, headers={"Prefer": "wait=5"})

    assert here.store.reads == before
