"""What every answer tells a browser: to run, frame, sniff, cache and pass on nothing of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.api.docs_page import ASSETS
from app.engine.rate_limit import RateLimit
from tests.unit.api.arrange import World
from tests.unit.api.tenants import bearer, guarded, key_of
from tests.unit.api.walk import WEBSOCKET, operations

ALWAYS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process that asks for a key."""
    async with guarded(tmp_path) as process:
        yield process


def missing(answered: httpx.Response, *, but: frozenset[str] = frozenset()) -> set[str]:
    """Return the headers that *answered* should have, or has in another form."""
    return {name for name, value in ALWAYS.items() if answered.headers.get_list(name) != [value]} - but


async def test_every_route_sends_them_to_strangers_and_to_owners(here: World) -> None:
    """The one answer without them is the one that a browser is tricked with."""
    key = bearer(await key_of(here))
    requests = [
        (operation, headers)
        for operation in operations(here.app)
        if operation.method != WEBSOCKET and not operation.path.startswith("/docs")
        for headers in ({}, key)
    ]

    answers = [(operation, await operation.ask(here.caller, "x", headers)) for operation, headers in requests]

    assert {answered.status_code for _, answered in answers} >= {200, 202, 307, 401, 403, 404}
    assert [str(operation) for operation, answered in answers if missing(answered)] == []


async def test_every_kind_of_answer_sends_them(tmp_path: Path) -> None:
    """From each place where one is made: endpoints, the entrance, the body's budget, the router, the last resort."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    async with guarded(tmp_path, rate_limit=RateLimit(per_second=50), open_tasks=1) as here:
        here.app.mount("/broken", broken)
        key = bearer(await key_of(here))
        waits = {"json": {"content": "x", "delay_seconds": 3600}, "headers": key}
        accepted = await here.caller.post("/process_document/", **waits)  # type: ignore[arg-type]  # two arguments
        path = f"/tasks/{accepted.json()['task_id']}"
        answers = [
            accepted,
            await here.caller.post("/process_document/", **waits),  # type: ignore[arg-type]  # as above
            await here.caller.delete(path, headers=key),
            await here.caller.post(f"{path}/cancel", headers=key),
            await here.caller.delete(path, headers=key),
            await here.caller.put("/tasks", headers=key),
            await here.caller.post("/process_document/", content=b"{", headers=key),
            await here.caller.post("/process_document/", content=b"{}", headers=key | {"Content-Length": "99999999"}),
            await here.caller.get("/tasks/", headers=key),
            await here.caller.get("/broken/", headers=key),
        ]
        here.store.is_reachable = False
        answers.append(await here.caller.get(path, headers=key))

    assert [answered.status_code for answered in answers] == [202, 429, 409, 200, 204, 405, 415, 413, 307, 500, 503]
    assert [answered.status_code for answered in answers if missing(answered)] == []


async def test_the_reference_may_run_what_it_consists_of(here: World) -> None:
    """Its own policy in the place of the strictest one; all the rest as everywhere."""
    answered = await here.caller.get("/docs")

    policy = dict(part.strip().split(" ", 1) for part in answered.headers["content-security-policy"].split(";"))
    assert missing(answered) == {"content-security-policy"}
    assert len(answered.headers.get_list("content-security-policy")) == 1
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'unsafe-inline'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


@pytest.mark.parametrize("asset", sorted(ASSETS))
async def test_the_references_files_may_be_kept(here: World, asset: str) -> None:
    """A megabyte that never changes need not be fetched for each look at it."""
    answered = await here.caller.get(f"/docs/{asset}")

    assert answered.status_code == 200
    assert missing(answered) == {"cache-control"}
    assert answered.headers["cache-control"] == "public, max-age=86400"


async def test_a_file_that_the_reference_does_not_have_is_not_kept(here: World) -> None:
    """It may be there after the next deployment."""
    answered = await here.caller.get("/docs/nothing.js")

    assert (answered.status_code, missing(answered)) == (404, set())


async def test_a_head_sends_what_the_get_sends(here: World) -> None:
    """Scanners ask so."""
    assert missing(await here.caller.head("/tasks", headers=bearer(await key_of(here)))) == set()


@pytest.mark.parametrize(("scheme", "said"), [("http", None), ("https", "max-age=31536000")])
async def test_only_who_came_by_https_is_told_to_come_by_nothing_else(
    here: World, scheme: str, said: str | None
) -> None:
    """Said on plain HTTP, browsers ignore it; said on a developer's machine, it would shut out its other servers."""
    answers = [await here.caller.get(f"{scheme}://afterword.test{path}") for path in ("/version", "/tasks", "/docs")]

    assert {answered.headers.get("strict-transport-security") for answered in answers} == {said}


@pytest.mark.parametrize("name", ["server", "x-powered-by", "via", "set-cookie"])
async def test_no_answer_says_what_it_was_made_with(here: World, name: str) -> None:
    """Versions are for those who look for old ones; and there is nothing that a browser should keep."""
    answers = [await here.caller.get(path) for path in ("/version", "/tasks", "/docs", "/nothing")]

    assert not any(name in answered.headers for answered in answers)


async def test_what_an_answer_says_itself_counts(here: World) -> None:
    """It is set once: two contradicting headers are read by each browser in its own way."""
    answers = [await here.caller.get(path) for path in ("/docs", "/docs/swagger-ui.css", "/version", "/tasks")]

    for answered in answers:
        assert [name for name in ALWAYS if len(answered.headers.get_list(name)) != 1] == []
