"""Which web pages may call the service from a browser, and what they may see of its answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from app.engine.rate_limit import RateLimit
from tests.unit.api.arrange import World, assert_problem
from tests.unit.api.tenants import bearer, guarded, key_of
from tests.unit.api.walk import WEBSOCKET, operations

PAGE: Final = "https://app.example.com"
OTHERS: Final = [
    "https://example.com",
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://app.example.co",
    "https://APP.example.com",
    f"{PAGE}/",
    f"{PAGE},{PAGE}",
    "null",
    "",
    "*",
]
NAMES: Final = "access-control-"
PATIENCE = 10


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process that one page may call."""
    async with guarded(tmp_path, cors_origins=(PAGE,)) as process:
        yield process


def grants(answered: httpx.Response) -> dict[str, str]:
    """Return what the browser is told that the page may do."""
    return {name: value for name, value in answered.headers.items() if name.startswith(NAMES)}


def preflight(method: str, headers: str = "authorization,content-type") -> dict[str, str]:
    """Return what a browser asks with before it sends a page's request."""
    return {"Origin": PAGE, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


async def test_by_default_no_page_may_call(tmp_path: Path) -> None:
    """A browser sends what it likes; without these headers it shows the answer to nobody."""
    async with guarded(tmp_path) as here:
        headers = bearer(await key_of(here)) | {"Origin": PAGE}
        answers = [
            await here.caller.get("/tasks", headers=headers),
            await here.caller.get("/version", headers={"Origin": PAGE}),
            await here.caller.options("/tasks", headers=preflight("GET")),
        ]

    assert [answered.status_code for answered in answers] == [200, 200, 401]
    assert [grants(answered) for answered in answers] == [{}, {}, {}]


async def test_a_listed_page_sees_the_answer(here: World) -> None:
    """And the headers that it needs to go on; never with a cookie."""
    answered = await here.caller.get("/tasks", headers=bearer(await key_of(here)) | {"Origin": PAGE})

    assert answered.status_code == 200
    assert answered.headers["access-control-allow-origin"] == PAGE
    assert answered.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answered.headers
    exposed = set(answered.headers["access-control-expose-headers"].lower().split(", "))
    assert {"location", "retry-after", "x-request-id", "ratelimit", "ratelimit-policy", "www-authenticate"} <= exposed


@pytest.mark.parametrize("origin", OTHERS)
async def test_any_other_page_does_not(here: World, origin: str) -> None:
    """Also one that looks alike."""
    headers = {"Origin": origin}
    answered = await here.caller.get("/tasks", headers=bearer(await key_of(here)) | headers)
    asked = await here.caller.options("/tasks", headers=preflight("GET") | headers)

    assert "access-control-allow-origin" not in answered.headers
    assert "access-control-allow-origin" not in asked.headers
    assert asked.status_code == 400


async def test_a_preflight_needs_no_credential_on_any_route(here: World) -> None:
    """Browsers ask without one; and a route whose preflight is refused cannot be called by a page at all."""
    refused = [
        str(operation)
        for operation in operations(here.app)
        if operation.method not in {"HEAD", WEBSOCKET}
        and (
            answered := await here.caller.options(
                operation.at("x"), headers=preflight(operation.method, "authorization,content-type,x-api-key")
            )
        )
        and (answered.status_code, answered.headers.get("access-control-allow-origin")) != (200, PAGE)
    ]

    assert refused == []


@pytest.mark.parametrize(
    "name", ["Authorization", "X-API-Key", "Idempotency-Key", "Content-Type", "X-Request-Id", "traceparent"]
)
async def test_a_page_may_send_what_the_service_reads(here: World, name: str) -> None:
    """One that it may not send, it cannot use."""
    assert (await here.caller.options("/tasks", headers=preflight("POST", name.lower()))).status_code == 200


@pytest.mark.parametrize(("method", "name"), [("PUT", "authorization"), ("GET", "x-serverless-authorization")])
async def test_a_page_may_do_nothing_else(here: World, method: str, name: str) -> None:
    """What the service does not read or take is refused before it is sent."""
    answered = await here.caller.options("/tasks", headers=preflight(method, name))

    assert answered.status_code == 400
    assert answered.headers["x-content-type-options"] == "nosniff"


async def test_an_options_that_is_no_preflight_is_like_any_other_request(here: World) -> None:
    """Else it would be a way around the entrance."""
    assert_problem(await here.caller.options("/tasks", headers={"Origin": PAGE}), 401, "unauthenticated")


async def test_a_page_can_read_every_error(tmp_path: Path) -> None:
    """Without the headers it would see that the network failed, and nothing of why."""
    async with guarded(tmp_path, cors_origins=(PAGE,), rate_limit=RateLimit(per_second=1)) as here:
        headers = bearer(await key_of(here)) | {"Origin": PAGE}
        nobody = await here.caller.get("/tasks", headers={"Origin": PAGE})
        missing = await here.caller.get("/nothing", headers=headers)
        large = await here.caller.post(
            "/process_document/", content=b"{}", headers=headers | {"Content-Length": "104857600"}
        )
        async with asyncio.timeout(PATIENCE):
            while (too_often := await here.caller.get("/models", headers=headers)).status_code == 200:
                pass

    answers = [nobody, missing, large, too_often]
    assert [answered.status_code for answered in answers] == [401, 404, 413, 429]
    assert [answered.headers.get("access-control-allow-origin") for answered in answers] == [PAGE] * 4


async def test_a_page_can_read_that_the_service_broke(here: World) -> None:
    """The answer of last resort is given outside the application, but inside this."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    here.app.mount("/broken", broken)

    answered = await here.caller.get("/broken/", headers=bearer(await key_of(here)) | {"Origin": PAGE})

    assert_problem(answered, 500, "internal_error")
    assert answered.headers["access-control-allow-origin"] == PAGE


async def test_any_page_may_call_where_an_operator_says_so(tmp_path: Path) -> None:
    """With a key of its own: the browser adds nothing that a stranger's page does not have."""
    async with guarded(tmp_path, cors_origins=("*",)) as here:
        with_key = bearer(await key_of(here))
        answers = [
            await here.caller.get("/tasks", headers=headers | {"Origin": "https://any.example"})
            for headers in (with_key, {})
        ]

    assert [answered.status_code for answered in answers] == [200, 401]
    assert {answered.headers["access-control-allow-origin"] for answered in answers} == {"*"}
    assert not any("access-control-allow-credentials" in answered.headers for answered in answers)
