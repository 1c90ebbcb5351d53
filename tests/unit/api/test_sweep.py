"""The request with which the scheduler wakes the service: who may send it, and what it does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.google_identity import PlatformTokens, VerifiedTokens
from app.api.services import Limits
from app.domain.identity import ExpectedCallers, Identities
from app.domain.processing import Execution
from tests.google_tokens import ACCOUNT, AUDIENCE, key_server, signed, signing_key, stripped
from tests.unit.api.arrange import World, assert_problem, calling, world

EXPECTED = ExpectedCallers(accounts=frozenset({ACCOUNT}), audiences=frozenset({AUDIENCE}))
PLATFORM = Identities(tokens=PlatformTokens(), expected=EXPECTED, now=lambda: datetime.now(UTC))


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries *token*."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def swept(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process behind Cloud Run, whose scheduler may ask for sweeps."""
    async with world(tmp_path, scheduler=PLATFORM) as started:
        yield started


async def waiting(process: World, tasks: int) -> None:
    """Leave *tasks* in the store that nobody works on."""
    held = 0
    while process.slots.reserve(Execution.CPU):
        held += 1
    for _ in range(tasks):
        await process.submit()
    for _ in range(held):
        process.slots.release(Execution.CPU)


async def test_the_scheduler_has_waiting_work_done(swept: World) -> None:
    """From zero instances on, this request is all that gets a waiting task done."""
    await waiting(swept, tasks=2)

    answered = await swept.caller.post("/internal/sweep", headers=bearer(stripped()))

    assert (answered.status_code, answered.json()) == (200, {"taken": 2, "running": 0})
    assert {task.status for task in await swept.tasks()} == {"completed"}


async def test_the_scheduler_wakes_the_sweeper(swept: World) -> None:
    """What waits behind the first tasks is taken up by the process itself."""
    await swept.caller.post("/internal/sweep", headers=bearer(stripped()))

    assert swept.traffic == ["noticed"]


async def test_the_request_is_held_while_there_is_work(swept: World) -> None:
    """An instance with an open request is one that the platform keeps."""
    swept.pool.gate.clear()
    await waiting(swept, tasks=1)

    asking = asyncio.create_task(swept.caller.post("/internal/sweep", headers=bearer(stripped())))
    await swept.pool.asked.wait()
    assert not asking.done()
    swept.pool.gate.set()

    assert (await asking).json() == {"taken": 1, "running": 0}


async def test_the_request_is_not_held_for_ever(tmp_path: Path) -> None:
    """The scheduler gives up on a request; long work goes on under its lease."""
    limits = Limits(sweep=timedelta(seconds=1))
    async with world(tmp_path, scheduler=PLATFORM, limits=limits) as process:
        process.pool.gate.clear()
        await waiting(process, tasks=1)

        answered = await process.caller.post("/internal/sweep", headers=bearer(stripped()))
        process.pool.gate.set()

        assert answered.json() == {"taken": 1, "running": 1}


async def test_a_draining_process_sends_the_scheduler_away(swept: World) -> None:
    """What it has not done is handed over; "all is well" would leave that until the next schedule."""
    swept.pool.gate.clear()
    await waiting(swept, tasks=1)

    asking = asyncio.create_task(swept.caller.post("/internal/sweep", headers=bearer(stripped())))
    await swept.pool.asked.wait()
    swept.drain.begin()
    answers = [await asking, await swept.caller.post("/internal/sweep", headers=bearer(stripped()))]
    swept.pool.gate.set()

    for answered in answers:
        assert_problem(answered, 503, "draining")
        assert answered.headers["retry-after"]


async def test_two_sweeps_at_once_take_each_task_once(swept: World) -> None:
    """The scheduler delivers at least once, and the process sweeps by itself too."""
    await waiting(swept, tasks=2)

    answers = await asyncio.gather(
        *(swept.caller.post("/internal/sweep", headers=bearer(stripped())) for _ in range(3))
    )

    assert sum(answered.json()["taken"] for answered in answers) == 2
    assert {task.attempt for task in await swept.tasks()} == {1}


async def test_a_store_out_of_reach_is_said(swept: World) -> None:
    """The scheduler's own log shows a failed sweep, and it tries again."""
    swept.store.is_reachable = False

    answered = await swept.caller.post("/internal/sweep", headers=bearer(stripped()))

    assert_problem(answered, 503, "store_unavailable")
    assert answered.headers["retry-after"]


async def test_a_tagged_revision_takes_up_nothing(swept: World) -> None:
    """It serves no traffic: work that waits is not for a revision that is still being tried out."""
    await waiting(swept, tasks=1)
    headers = bearer(stripped()) | {"Host": "c-1234567---afterword-abc-ew.a.run.app"}

    answered = await swept.caller.post("/internal/sweep", headers=headers)

    assert_problem(answered, 409, "not_serving")
    assert [task.status for task in await swept.tasks()] == ["pending"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Basic dXNlcjpwYXNz", stripped(), "Bearer geheimnis"])
async def test_without_a_token_nobody_comes_in(swept: World, authorization: str | None) -> None:
    """A sweep costs queries; and who may wake the service is a matter of money."""
    headers = {} if authorization is None else {"Authorization": authorization}

    answered = await swept.caller.post("/internal/sweep", headers=headers)

    assert_problem(answered, 401, "unauthenticated")
    assert answered.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("changed", [{"aud": "https://afterword.example"}, {"exp": 1}, {"iss": "https://example.com"}])
async def test_a_token_for_another_place_or_time_is_refused(swept: World, changed: dict[str, object]) -> None:
    """Google makes tokens for everybody's services."""
    answered = await swept.caller.post("/internal/sweep", headers=bearer(stripped(**changed)))

    assert_problem(answered, 401, "unauthenticated")


@pytest.mark.parametrize(
    "second", [("Authorization", f"Bearer {stripped()}"), ("X-Serverless-Authorization", "Bearer any.other.token")]
)
async def test_a_request_with_two_tokens_is_refused(swept: World, second: tuple[str, str]) -> None:
    """Cloud Run checks only one of them, and lets the other pass as the caller wrote it."""
    headers = [("Authorization", f"Bearer {stripped()}"), second]

    answered = await swept.caller.post("/internal/sweep", headers=headers)

    assert_problem(answered, 401, "unauthenticated")


async def test_somebody_elses_token_is_refused(swept: World) -> None:
    """Whoever may call the service may not make it sweep."""
    answered = await swept.caller.post("/internal/sweep", headers=bearer(stripped(email="caller@example.com")))

    assert_problem(answered, 403, "not_permitted")


async def test_without_a_scheduler_the_path_refuses_everybody(here: World) -> None:
    """An operator who sets nothing has opened nothing."""
    answered = await here.caller.post("/internal/sweep", headers=bearer(stripped()))

    assert_problem(answered, 403, "not_permitted")


async def test_the_modes_are_no_fall_back_for_each_other(tmp_path: Path) -> None:
    """On a service that lets everybody in, anybody can write a token without a signature."""
    with key_server(signing_key()) as keys:
        verified = replace(PLATFORM, tokens=VerifiedTokens(certificates=keys.url))
        async with world(tmp_path, scheduler=verified) as process:
            answers = [
                await process.caller.post("/internal/sweep", headers=bearer(token)) for token in (signed(), stripped())
            ]

    assert [answered.status_code for answered in answers] == [200, 401]


async def test_keys_out_of_reach_let_nobody_in(tmp_path: Path) -> None:
    """Not even the scheduler, and it is told to come again."""
    verified = replace(PLATFORM, tokens=VerifiedTokens(certificates="http://127.0.0.1:1/"))
    async with world(tmp_path, scheduler=verified) as process:
        answered = await process.caller.post("/internal/sweep", headers=bearer(signed()))

    assert assert_problem(answered, 503, "keys_unavailable")["retryable"] is True


async def test_the_path_is_not_for_the_reference(swept: World) -> None:
    """Users would take it for something that they have to call."""
    async with calling(swept.app) as caller:
        assert "/internal/sweep" not in (await caller.get("/openapi.json")).json()["paths"]


async def test_a_full_process_takes_nothing_and_still_answers(tmp_path: Path) -> None:
    """The scheduler's request must not wait for a slot."""
    limits = Limits(sweep=timedelta(seconds=1))
    async with world(tmp_path, scheduler=PLATFORM, limits=limits, cpu_slots=1) as process:
        process.pool.gate.clear()
        await process.submit()
        assert process.slots.free(Execution.CPU) == 0

        answered = await process.caller.post("/internal/sweep", headers=bearer(stripped()))
        process.pool.gate.set()

        assert answered.json() == {"taken": 0, "running": 1}
