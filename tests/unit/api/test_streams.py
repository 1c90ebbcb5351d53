"""Streams of one process: server-sent events and WebSockets, from their first word to their last."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.api.services import Limits
from app.domain.processing import Document, Processor, Report, Result
from app.domain.task import Status
from tests.fakes import PATIENCE
from tests.unit.api.arrange import MODELS, World, assert_problem, world
from tests.unit.api.lines import connected
from tests.unit.api.tenants import bearer, guarded, key_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def tell(_document: Document, report: Report) -> Result:
    """Say twice how far it has come."""
    report("reading", 0.25)
    report("reading", 0.75)
    return {"summary": "done"}


def repeat(document: Document, _report: Report) -> Result:
    """Say what was said."""
    return {"summary": document.text}


FURTHER = (Processor(name="telling", run=tell), Processor(name="repeating", run=repeat))


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process in which no run begins before the gate is opened."""
    async with world(tmp_path, models=[*MODELS, *FURTHER]) as here:
        here.pool.gate.clear()
        try:
            yield here
        finally:
            here.pool.gate.set()


async def test_a_stream_shows_the_task_as_it_is_and_then_each_change(busy: World) -> None:
    """The whole point: nobody has to ask again."""
    task_id = await busy.submit()
    async with connected(busy, f"/tasks/{task_id}/events") as line:
        first = await line.task()
        busy.pool.gate.set()
        last = await line.task()
        end = await line.next()

    assert (line.status, line.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert [(number, task["status"]) for number, task in (first, last)] == [("1", "processing"), ("2", "completed")]
    assert last[1]["result"]["summary"] == "Hola"
    assert (end["body"], end["more_body"]) == (b"", False)


async def test_a_stream_shows_what_the_task_is_shown_as_elsewhere(here: World) -> None:
    """One shape for all: who reads one can read the other."""
    task_id = await here.finish()

    async with connected(here, f"/tasks/{task_id}/events") as line:
        _, shown = await line.task()

    assert shown == (await here.caller.get(f"/tasks/{task_id}")).json()


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
async def test_no_character_of_a_document_ends_an_event(busy: World, character: str) -> None:
    """Clients that split lines as Python does would read half of it."""
    busy.pool.gate.set()
    task_id = await busy.finish(content=f"uno{character}dos", model_name="repeating")

    answered = await busy.caller.get(f"/tasks/{task_id}/events")
    (data,) = [line for line in answered.text.splitlines() if line.startswith("data: ")]

    assert json.loads(data.removeprefix("data: "))["result"]["summary"] == f"uno{character}dos"


async def test_a_stream_begins_with_when_to_come_again(busy: World) -> None:
    """A browser that is cut off would else wait as long as it likes; and a proxy sees at once that something comes."""
    task_id = await busy.submit()

    async with connected(busy, f"/tasks/{task_id}/events?starting_after=1") as line:
        event = await line.event()

    assert list(event) == ["retry"]
    assert 500 <= int(event["retry"]) <= 1500


async def test_progress_comes_between_the_changes_and_has_no_id(busy: World) -> None:
    """It is not stored: whoever comes again after it must not be told that it is known."""
    task_id = await busy.submit(model_name="telling")
    async with connected(busy, f"/tasks/{task_id}/events") as line:
        await line.task()
        busy.pool.gate.set()
        seen = [await line.task()]
        while seen[-1][1]["status"] != "completed":
            seen.append(await line.task())

    assert [number for number, _ in seen] == [None] * (len(seen) - 1) + ["2"]
    assert seen[0][1]["progress"] == {"stage": "reading", "fraction": 0.25}


@pytest.mark.parametrize("known", ["?starting_after=1", "header"])
async def test_a_stream_goes_on_behind_what_is_known(busy: World, known: str) -> None:
    """A client that was cut off is told nothing twice."""
    task_id = await busy.submit()
    headers, query = ({"Last-Event-ID": "1"}, "?starting_after=0") if known == "header" else ({}, known)
    async with connected(busy, f"/tasks/{task_id}/events{query}", headers) as line:
        await line.event()
        busy.pool.gate.set()
        number, _ = await line.task()

    assert number == "2"


@pytest.mark.parametrize("after", ["0", "7"])
async def test_what_was_missed_comes_at_once(busy: World, after: str) -> None:
    """Also if the id that is known was another task's, of the same name, that is gone."""
    task_id = await busy.submit()

    async with connected(busy, f"/tasks/{task_id}/events?starting_after={after}") as line:
        number, _ = await line.task()

    assert number == "1"


async def test_behind_the_final_event_there_is_nothing(here: World) -> None:
    """204 is what makes a browser's EventSource stop asking."""
    task_id = await here.finish()

    answered = await here.caller.get(f"/tasks/{task_id}/events", headers={"Last-Event-ID": "2"})

    assert (answered.status_code, answered.content) == (204, b"")


@pytest.mark.parametrize("name", [UNKNOWN, "nobody"])
async def test_an_unknown_task_has_no_stream(here: World, name: str) -> None:
    """It is said before the stream opens, where clients look for it."""
    assert_problem(await here.caller.get(f"/tasks/{name}/events"), 404, "task_not_found")


@pytest.mark.parametrize("headers", [{"Last-Event-ID": "x"}, {"Last-Event-ID": "-1"}])
async def test_an_id_that_is_none_is_refused(here: World, headers: dict[str, str]) -> None:
    """Taken for 0 it would repeat everything, taken for the last it would hide everything."""
    task_id = await here.finish()

    assert_problem(await here.caller.get(f"/tasks/{task_id}/events", headers=headers), 422, "validation_error")


async def test_head_of_a_stream_is_answered_at_once(busy: World) -> None:
    """A stream without a body would be a request that never ends."""
    task_id = await busy.submit()

    async with asyncio.timeout(PATIENCE):
        answered = await busy.caller.head(f"/tasks/{task_id}/events")

    assert (answered.status_code, answered.content) == (200, b"")
    assert answered.headers["content-type"].startswith("text/event-stream")


async def test_a_stream_ends_by_itself_before_somebody_cuts_it(tmp_path: Path) -> None:
    """A clean end with a time to come again is no error for anybody."""
    async with world(tmp_path, limits=Limits(stream=timedelta(milliseconds=50))) as here:
        task_id = await here.submit(delay_seconds=3600)
        async with connected(here, f"/tasks/{task_id}/events") as line:
            await line.task()
            goodbye, end = await line.event(), await line.next()
        async with connected(here, f"/tasks/{task_id}/ws") as socket:
            code = await socket.close_code()

    assert 500 <= int(goodbye["retry"]) <= 1500
    assert end["more_body"] is False
    assert code == 1012


async def test_a_stream_ends_when_its_process_does(busy: World) -> None:
    """Its client goes on with another instance instead of waiting for a connection that is dead."""
    task_id = await busy.submit(delay_seconds=3600)
    async with connected(busy, f"/tasks/{task_id}/events") as line, connected(busy, f"/tasks/{task_id}/ws") as socket:
        await line.task()
        busy.drain.begin()
        goodbye, code = await line.event(), await socket.close_code()

    assert "retry" in goodbye
    assert code == 1012


async def test_a_task_that_is_deleted_ends_its_streams(here: World) -> None:
    """There is nothing left to be told; who comes again is told that it is gone."""
    task_id = await here.submit(delay_seconds=3600)
    async with connected(here, f"/tasks/{task_id}/events") as line, connected(here, f"/tasks/{task_id}/ws") as socket:
        await line.task()
        await socket.next()
        await socket.message()
        here.services.feed.tell(task_id, None)
        goodbye, code = await line.event(), await socket.close_code()

    assert "retry" in goodbye
    assert code == 4404


async def test_a_task_that_is_cancelled_ends_its_streams(here: World) -> None:
    """It is as final as any other end."""
    task_id = await here.submit(delay_seconds=3600)
    async with connected(here, f"/tasks/{task_id}/ws") as socket:
        await socket.next()
        await socket.message()
        await here.caller.post(f"/tasks/{task_id}/cancel")
        cancelled, code = await socket.message(), await socket.close_code()

    assert (cancelled["status"], code) == (Status.CANCELLED, 1000)


async def test_who_hangs_up_is_no_longer_told_anything(tmp_path: Path) -> None:
    """Clients go without a word; what was held for them must come free."""
    async with world(tmp_path, waits=1) as here:
        task_id = await here.submit(delay_seconds=3600)
        for path in (f"/tasks/{task_id}/events", f"/tasks/{task_id}/ws") * 2:
            async with connected(here, path) as line:
                first = await line.next()
                line.hang_up()

            assert first["type"] in {"http.response.start", "websocket.accept"}
            assert first.get("status", 200) == 200


async def test_a_stream_of_a_waiting_task_has_somebody_look_after_it(busy: World) -> None:
    """Who watches should not wait for the next sweep as well."""
    task_id = await busy.submit(delay_seconds=3600)

    async with connected(busy, f"/tasks/{task_id}/events") as line:
        await line.task()

    assert task_id in {task.id for task in busy.polled}


@pytest.mark.parametrize("accepts", ["text/event-stream", "text/html, text/event-stream;q=0.9"])
async def test_a_browser_that_may_come_again_is_not_told_an_error(here: World, accepts: str) -> None:
    """Its EventSource takes any error for final, and the page would wait for ever."""
    task_id = await here.finish()
    here.store.is_reachable = False

    answered = await here.caller.get(f"/tasks/{task_id}/events", headers={"Accept": accepts})
    plainly = await here.caller.get(f"/tasks/{task_id}/events")

    assert (answered.status_code, answered.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert 2000 <= int(answered.text.removeprefix("retry: ")) <= 4000
    assert_problem(plainly, 503, "store_unavailable")


@pytest.mark.parametrize("path", ["/tasks/{}", "/document_status/{}", "/tasks/{}/cancel"])
async def test_whoever_asks_for_no_stream_is_told_the_error(here: World, path: str) -> None:
    """Clients of many protocols accept event streams with every request; 200 would mean that it was done."""
    task_id = await here.finish()
    here.store.is_reachable = False
    method = "POST" if path.endswith("cancel") else "GET"

    answered = await here.caller.request(
        method, path.format(task_id), headers={"Accept": "application/json, text/event-stream"}
    )

    assert_problem(answered, 503, "store_unavailable")


async def test_a_browser_is_told_that_there_is_no_such_task(here: World) -> None:
    """To come again would not help."""
    answered = await here.caller.get(f"/tasks/{UNKNOWN}/events", headers={"Accept": "text/event-stream"})

    assert_problem(answered, 404, "task_not_found")


async def test_streams_of_one_owner_are_limited_and_those_of_others_are_not_touched(tmp_path: Path) -> None:
    """One who watches all of its tasks must not take up the process."""
    async with guarded(tmp_path, waits=1) as here:
        acme, globex = bearer(await key_of(here, "acme")), bearer(await key_of(here, "globex"))
        posted = [
            await here.caller.post("/process_document/", json={"content": "x", "delay_seconds": 60}, headers=headers)
            for headers in (acme, globex)
        ]
        ours, theirs = (answered.json()["task_id"] for answered in posted)
        async with connected(here, f"/tasks/{ours}/events", acme) as line:
            await line.task()
            refused = await here.caller.get(f"/tasks/{ours}/events", headers=acme)
            async with connected(here, f"/tasks/{ours}/ws", acme) as socket:
                code = await socket.close_code()
            async with connected(here, f"/tasks/{theirs}/ws", globex) as other:
                await other.next()
                shown = await other.message()
        async with connected(here, f"/tasks/{ours}/events", acme) as again:
            await again.task()

    assert_problem(refused, 429, "too_many_waits")
    assert refused.headers["ratelimit-policy"] == '"waits";q=1'
    assert code == 4429
    assert shown["task_id"] == theirs
