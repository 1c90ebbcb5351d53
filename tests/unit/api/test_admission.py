"""Who asks too often, and who asks while the store is slow: told so at once, and in words that clients understand."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.engine.ports import UnderWay
from app.engine.rate_limit import RateLimit
from tests.unit.api.arrange import World, assert_problem, world
from tests.unit.api.tenants import bearer, guarded, key_of, sent_without_a_body
from tests.unit.api.walk import knock

PATIENCE = 10


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process that lets each owner make one request a second, and two at once."""
    async with guarded(tmp_path, rate_limit=RateLimit(per_second=1)) as process:
        yield process


async def exhausted(here: World, headers: dict[str, str]) -> httpx.Response:
    """Ask until it was too often, and return that answer."""
    async with asyncio.timeout(PATIENCE):
        while (answered := await here.caller.get("/models", headers=headers)).status_code == 200:
            pass
    return answered


async def test_who_asks_too_often_is_told_the_limit_and_when_to_come_again(here: World) -> None:
    """The IETF's draft names these headers; a client that knows them needs to know nothing of this service."""
    answered = await exhausted(here, bearer(await key_of(here)))

    body = assert_problem(answered, 429, "rate_limited")
    assert body["retryable"] is True
    assert answered.headers["ratelimit-policy"] == '"requests";q=1;w=1'
    assert re.fullmatch(r'"requests";r=0;t=[0-9]+', answered.headers["ratelimit"])
    assert answered.headers["ratelimit"].endswith(f"t={answered.headers['retry-after']}")
    assert 1 <= int(answered.headers["retry-after"]) <= 2


async def test_who_waits_as_told_is_let_in_again(tmp_path: Path) -> None:
    """A limit that cannot be kept to is a ban."""
    async with guarded(tmp_path, rate_limit=RateLimit(per_second=4)) as here, asyncio.timeout(PATIENCE):
        headers = bearer(await key_of(here))
        await exhausted(here, headers)

        while (await here.caller.get("/models", headers=headers)).status_code == 429:
            pass


async def test_another_owner_is_not_held_up(here: World) -> None:
    """That is what the limit is for."""
    loud, quiet = bearer(await key_of(here, "loud")), bearer(await key_of(here, "quiet"))
    await exhausted(here, loud)

    assert (await here.caller.get("/models", headers=quiet)).status_code == 200


async def test_the_keys_of_one_owner_share_its_limit(here: World) -> None:
    """Else whoever makes more keys may do more."""
    keys = [bearer(await key_of(here, "acme")) for _ in range(2)]
    await exhausted(here, keys[0])

    answers = await asyncio.gather(*(here.caller.get("/models", headers=keys[1]) for _ in range(5)))

    assert 429 in {answered.status_code for answered in answers}  # one more may come in a moment later


async def test_a_stranger_cannot_use_up_an_owners_requests(here: World) -> None:
    """Only who was let in is counted: a key's id, which is no secret, must not be enough to shut its owner out."""
    key = await key_of(here, "acme")
    wrong = f"{key[:-64]}{'0' * 64}"

    refused = [await here.caller.get("/models", headers=bearer(wrong)) for _ in range(20)]

    assert {answered.status_code for answered in refused} == {401}
    assert (await here.caller.get("/models", headers=bearer(key))).status_code == 200


async def test_every_request_counts_and_is_refused_before_its_body_is_read(here: World) -> None:
    """What is not there and what is not allowed is asked for, too; and a body of megabytes would be the larger part."""
    headers = bearer(await key_of(here))
    async with asyncio.timeout(PATIENCE):
        while (await here.caller.get("/nothing", headers=headers)).status_code == 404:
            pass
    credential = [(b"authorization", headers["Authorization"].encode())]
    answers = await asyncio.gather(
        *(sent_without_a_body(here, credential, declared=100 * 1024 * 1024) for _ in range(5))
    )

    refused = [answered for answered in answers if answered.status_code != 413]  # one more may come a moment later
    assert len(refused) >= 3
    for answered in refused:
        assert_problem(answered, 429, "rate_limited")


async def test_open_paths_are_not_limited(here: World) -> None:
    """A probe that is refused would have a healthy process restarted."""
    headers = bearer(await key_of(here))
    await exhausted(here, headers)

    answers = [await here.caller.get("/health/live", headers=headers) for _ in range(20)]

    assert {answered.status_code for answered in answers} == {200}


async def test_where_nobody_has_a_name_all_share_one_limit(tmp_path: Path) -> None:
    """An operator may set one without keys; then it bounds the process."""
    async with world(tmp_path, rate_limit=RateLimit(per_second=1)) as here:
        assert_problem(await exhausted(here, {}), 429, "rate_limited")


async def test_too_many_open_tasks_are_told_in_the_same_words(tmp_path: Path) -> None:
    """The other limit; nobody can say when a task will end, so there is no time to name."""
    async with guarded(tmp_path, open_tasks=1) as here:
        headers, waits = bearer(await key_of(here)), {"content": "x", "delay_seconds": 600}
        await here.caller.post("/process_document/", json=waits, headers=headers)

        answered = await here.caller.post("/process_document/", json=waits, headers=headers)

    assert_problem(answered, 429, "quota_exceeded")
    assert answered.headers["ratelimit-policy"] == '"open-tasks";q=1'
    assert answered.headers["ratelimit"] == '"open-tasks";r=0'
    assert answered.headers["retry-after"] == "2"


async def test_while_the_store_is_slow_new_requests_are_turned_away_at_once(here: World) -> None:
    """They would only wait longer than all the others that wait; and nothing of theirs is read."""
    key = await key_of(here)
    here.store.waiting = UnderWay(calls=32, oldest=timedelta(seconds=2.1))

    refused = [
        await here.caller.get("/tasks", headers=bearer(key)),
        await sent_without_a_body(here, [(b"x-api-key", key.encode())]),
    ]
    said = await knock(here.app, "/tasks", bearer(key))
    open_to_all = [await here.caller.get(path) for path in ("/health/live", "/version", "/docs", "/openapi.json")]

    for answered in refused:
        assert assert_problem(answered, 503, "store_overloaded")["retryable"] is True
        assert answered.headers["retry-after"] == "2"
    assert said == [{"type": "websocket.close", "code": 1008, "reason": "store_overloaded"}]
    assert {answered.status_code for answered in open_to_all} == {200}


@pytest.mark.parametrize(("calls", "seconds"), [(31, 100.0), (1000, 2.0), (0, 0.0)])
async def test_a_store_that_is_busy_or_slow_but_not_both_is_used(here: World, calls: int, seconds: float) -> None:
    """One call that hangs is no overload, nor are many that are quick."""
    key = await key_of(here)
    here.store.waiting = UnderWay(calls=calls, oldest=timedelta(seconds=seconds))

    assert (await here.caller.get("/tasks", headers=bearer(key))).status_code == 200


async def test_an_overload_is_over_when_the_store_has_caught_up(here: World) -> None:
    """Nothing has to be reset."""
    key = await key_of(here)
    seen = []
    for waiting in (UnderWay(calls=40, oldest=timedelta(seconds=3)), UnderWay(calls=0, oldest=timedelta(0))):
        here.store.waiting = waiting
        seen.append((await here.caller.get("/tasks", headers=bearer(key))).status_code)

    assert seen == [503, 200]
