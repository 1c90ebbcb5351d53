"""WebSockets of one process: what they say, why they are closed, and whom they are opened for."""

import json
from pathlib import Path

import pytest

from tests.unit.api.arrange import World, world
from tests.unit.api.lines import connected
from tests.unit.api.tenants import bearer, guarded, key_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_websocket_shows_the_life_of_a_task(busy: World) -> None:
    """The same tasks, in the same shape, for those who prefer it."""
    task_id = await busy.submit()
    async with connected(busy, f"/tasks/{task_id}/ws") as socket:
        accepted, first = await socket.next(), await socket.message()
        busy.pool.gate.set()
        last, code = await socket.message(), await socket.close_code()

    assert accepted["type"] == "websocket.accept"
    assert [(task["revision"], task["status"]) for task in (first, last)] == [(1, "processing"), (2, "completed")]
    assert code == 1000


@pytest.mark.parametrize(
    ("query", "code"), [("?starting_after=2", 1000), ("?starting_after=x", 4422), ("?starting_after=-1", 4422)]
)
async def test_a_websocket_that_has_nothing_to_say_is_closed_with_the_reason(
    here: World, query: str, code: int
) -> None:
    """A page sees the code and nothing else: it has to tell the end from an error."""
    task_id = await here.finish()

    async with connected(here, f"/tasks/{task_id}/ws{query}") as socket:
        assert await socket.close_code() == code


async def test_a_websocket_of_an_unknown_task_is_closed_with_4404(here: World) -> None:
    """Refused before it is accepted, a page could not tell it from a server that is down."""
    async with connected(here, f"/tasks/{UNKNOWN}/ws") as socket:
        assert await socket.close_code() == 4404


async def test_a_websocket_while_the_store_is_out_of_reach_says_so(here: World) -> None:
    """It may be tried again; a missing task may not."""
    task_id = await here.finish()
    here.store.is_reachable = False

    async with connected(here, f"/tasks/{task_id}/ws") as socket:
        assert await socket.close_code() == 4503


async def test_a_client_that_says_anything_is_not_listened_to(busy: World) -> None:
    """Nothing is expected of it, and what is read without end costs as much as what is sent."""
    task_id = await busy.submit()
    async with connected(busy, f"/tasks/{task_id}/ws") as socket:
        socket.heard.put_nowait({"type": "websocket.receive", "text": "hello?"})
        assert await socket.close_code() == 1003


async def test_a_page_sends_its_key_as_a_subprotocol_and_gets_the_other_one_back(tmp_path: Path) -> None:
    """Browsers let a page set no header; the key itself is never sent back."""
    async with guarded(tmp_path) as here:
        key = await key_of(here, "acme")
        posted = await here.caller.post("/process_document/", json={"content": "x"}, headers=bearer(key))
        path = f"/tasks/{posted.json()['task_id']}/ws"
        async with connected(here, path, subprotocols=["afterword", f"bearer.{key}"]) as socket:
            accepted = await socket.next()
            await socket.message()
        async with connected(here, path, subprotocols=["afterword", "bearer.wrong"]) as stranger:
            refused = await stranger.next()

    assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "afterword")
    assert (refused["type"], refused["reason"]) == ("websocket.close", "unauthenticated")


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("http://afterword.test", True),
        ("https://afterword.test", True),
        ("https://app.example.com", True),
        ("https://evil.example.com", False),
        ("http://afterword.test.evil.example.com", False),
        ("null", False),
    ],
)
async def test_a_page_of_another_origin_opens_no_websocket(tmp_path: Path, origin: str, *, is_let_in: bool) -> None:
    """Browsers ask before a page may fetch, and not before it opens a WebSocket."""
    async with world(tmp_path, cors_origins=("https://app.example.com",)) as here:
        task_id = await here.finish()
        headers = {"Host": "afterword.test", "Origin": origin}
        async with connected(here, f"/tasks/{task_id}/ws", headers) as socket:
            answered = await socket.next()

    assert (answered["type"] == "websocket.accept") is is_let_in


async def test_a_refused_websocket_is_a_problem_where_the_server_can_send_one(tmp_path: Path) -> None:
    """A client that is no browser reads why, as everywhere."""
    async with guarded(tmp_path) as here:
        extensions: dict[str, object] = {"websocket.http.response": {}}
        async with connected(here, f"/tasks/{UNKNOWN}/ws", extensions=extensions) as socket:
            start, body = await socket.next(), await socket.next()

    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert json.loads(body["body"])["code"] == "unauthenticated"
    assert b"x-request-id" in dict(start["headers"])
