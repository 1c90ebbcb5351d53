"""What two tenants share by chance, and what each may use up, is no business of the other's."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from app.adapters.google_identity import PlatformTokens
from app.domain.identity import ExpectedCallers, Identities
from app.engine.rate_limit import RateLimit
from tests.google_tokens import ACCOUNT, AUDIENCE, stripped
from tests.unit.api.arrange import World, assert_problem
from tests.unit.api.tenants import Headers, bearer, guarded, key_of, now

KEY: Final = {"Idempotency-Key": "order-17"}
LATER: Final = {"delay_seconds": 3600}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process in which each tenant may have three open tasks."""
    async with guarded(tmp_path, open_tasks=3) as process:
        yield process


@pytest.fixture
async def acme(here: World) -> Headers:
    """Return the credential of one tenant."""
    return bearer(await key_of(here, "acme"))


@pytest.fixture
async def globex(here: World) -> Headers:
    """Return the credential of the other."""
    return bearer(await key_of(here, "globex"))


async def submit(here: World, headers: Headers, **members: Any) -> str:  # noqa: ANN401 - any member of a request
    """Hand in a document and return its task's id."""
    body = {"content": "Hola mundo."} | members
    answered = await here.caller.post("/process_document/", json=body, headers=headers)
    return str(answered.raise_for_status().json()["task_id"])


def handed_in(path: str, content: str) -> dict[str, Any]:
    """Return what a document with this *content* is sent as, to be worked on later."""
    if "upload" in path:
        return {"files": {"file": ("letter.txt", content.encode())}, "data": LATER}
    return {"json": {"content": content} | LATER}


async def listed(here: World, headers: Headers, **parameters: str) -> tuple[list[str], str | None]:
    """Return the ids on one page of a listing, and what leads to the next."""
    answered = await here.caller.get("/tasks", params={"page_size": "1"} | parameters, headers=headers)
    page = answered.raise_for_status().json()
    return [task["task_id"] for task in page["tasks"]], page["next_page_token"]


@pytest.mark.parametrize("status", [None, "pending", "processing", "completed", "failed", "cancelled"])
async def test_a_listing_holds_ones_own_tasks_only(
    here: World, acme: Headers, globex: Headers, status: str | None
) -> None:
    """Whatever is asked for, and however much there is of somebody else's."""
    theirs = [await submit(here, acme), await submit(here, acme, model_name="refusing")]
    for task_id in theirs:
        await here.services.registry.ended(task_id)
    await submit(here, acme, **LATER)
    await here.caller.post(f"/tasks/{await submit(here, acme, **LATER)}/cancel", headers=acme)
    here.pool.gate.clear()
    await submit(here, acme)
    asked = {"page_size": "100"} | ({"status": status} if status else {})

    seen = [await listed(here, headers, **asked) for headers in (acme, globex)]
    here.pool.gate.set()

    assert len(seen[0][0]) == (5 if status is None else 1)
    assert seen[1] == ([], None)


async def test_a_page_token_leads_to_ones_own_tasks_only(here: World, acme: Headers, globex: Headers) -> None:
    """It is a place in time, which any two tenants share; tokens are seen in addresses, and copied."""
    mine, theirs = [], []
    for _ in range(3):
        theirs.append(await submit(here, acme, **LATER))
        mine.append(await submit(here, globex, **LATER))
    _, token = await listed(here, acme)
    assert token

    seen, _ = await listed(here, globex, page_size="100", page_token=token)

    assert seen
    assert set(seen) <= set(mine)


@pytest.mark.parametrize(
    "path",
    ["/process_document", "/process_document/", "/process_document/upload", "/process_document/upload/"],
)
async def test_the_same_key_of_two_tenants_is_two_tasks(here: World, acme: Headers, globex: Headers, path: str) -> None:
    """Everybody numbers orders from 1; neither may get the other's answer, nor learn that the key was used."""
    answers = [
        await here.caller.post(path, **handed_in(path, f"De {name}."), headers=headers | KEY)
        for name, headers in (("acme", acme), ("globex", globex), ("acme", acme))
    ]

    ids = [answered.json()["task_id"] for answered in answers]
    assert [answered.status_code for answered in answers] == [202, 202, 202]
    assert (ids[0] == ids[2], ids[0] == ids[1]) == (True, False)
    assert [answered.headers.get("idempotency-replayed") for answered in answers] == [None, None, "true"]


@pytest.mark.parametrize("path", ["/process_text_async", "/process_text_async/"])
async def test_the_same_task_id_of_two_tenants_is_two_tasks(
    here: World, acme: Headers, globex: Headers, path: str
) -> None:
    """The tutorial's readers all begin with `mi-tarea-1`."""
    ids = {}
    for name, headers in (("acme", acme), ("globex", globex)):
        body = {"text": f"de {name}", "task_id": "mi-tarea-1"}
        ids[name] = (await here.caller.post(path, json=body, headers=headers)).json()["id"]
        await here.services.registry.ended(ids[name])

    seen = [(await here.caller.get("/task_status/mi-tarea-1", headers=headers)).json() for headers in (acme, globex)]

    assert ids["acme"] != ids["globex"]
    assert [task["result"].rpartition(": ")[2] for task in seen] == ["'DE ACME'", "'DE GLOBEX'"]
    assert [task["id"] for task in seen] == list(ids.values())


@pytest.mark.parametrize("path", ["/process_text_blocking", "/process_text_blocking/"])
async def test_the_same_key_of_two_blocking_calls_is_two_tasks(
    here: World, acme: Headers, globex: Headers, path: str
) -> None:
    """The caller waits for its own text, whoever has used the key before."""
    answers = [
        await here.caller.post(path, params={"text": name}, headers=headers | KEY)
        for name, headers in (("acme", acme), ("globex", globex))
    ]

    assert [answered.json()["result"] for answered in answers] == [
        "Texto procesado: 'ACME'",
        "Texto procesado: 'GLOBEX'",
    ]


async def test_an_owner_whose_name_looks_like_the_others_key_is_somebody_else(here: World) -> None:
    """An id is made of owner and key together; where one ends and the other begins must not be a matter of luck."""
    pairs = [("acme", "1-a"), ("acme-1", "a"), ("acme-1-a", "-"), ("acme:1", "a"), ("acme", ":1a")]
    ids = [
        await submit(here, bearer(await key_of(here, owner)) | {"Idempotency-Key": key}, **LATER)
        for owner, key in pairs
    ]

    assert len(set(ids)) == len(pairs)


async def test_names_that_differ_in_case_only_are_two_owners(here: World, acme: Headers) -> None:
    """A store that compared them loosely would mix up their tasks."""
    await submit(here, acme, **LATER)

    assert await listed(here, bearer(await key_of(here, "ACME"))) == ([], None)


async def test_an_owner_called_anonymous_is_an_owner_like_any_other(here: World, acme: Headers) -> None:
    """It is the name of everybody's tasks where nobody has to say who they are, and opens nobody else's."""
    await submit(here, acme, **LATER)

    assert await listed(here, bearer(await key_of(here, "anonymous"))) == ([], None)


async def test_who_has_too_many_open_tasks_keeps_nobody_else_out(here: World, acme: Headers, globex: Headers) -> None:
    """Each has a limit of its own."""
    for _ in range(3):
        await submit(here, acme, **LATER)
    refused = await here.caller.post("/process_document/", json={"content": "x"} | LATER, headers=acme)

    accepted = [await submit(here, globex, **LATER) for _ in range(3)]

    assert_problem(refused, 429, "quota_exceeded")
    assert len(accepted) == 3


async def test_two_keys_of_one_owner_open_the_same_tasks(here: World, acme: Headers) -> None:
    """A key is exchanged by making a new one before the old one ends."""
    task_id = await submit(here, acme, **LATER)

    answered = await here.caller.get(f"/tasks/{task_id}", headers=bearer(await key_of(here, "acme")))

    assert answered.status_code == 200


async def test_the_schedulers_identity_opens_no_tenants_tasks(tmp_path: Path) -> None:
    """Who may wake the service is not one of those whom it works for."""
    expected = ExpectedCallers(accounts=frozenset({ACCOUNT}), audiences=frozenset({AUDIENCE}))
    scheduler = Identities(tokens=PlatformTokens(), expected=expected, now=now)
    async with guarded(tmp_path, scheduler=scheduler) as here:
        answers = [
            await here.caller.request(method, path, headers=bearer(stripped()))
            for method, path in (("POST", "/internal/sweep"), ("GET", "/tasks"))
        ]

    assert [answered.status_code for answered in answers] == [200, 401]


async def test_a_tenants_key_makes_no_sweep(tmp_path: Path) -> None:
    """It would cost the operator's money; nor does it work where no limit of requests is kept."""
    expected = ExpectedCallers(accounts=frozenset({ACCOUNT}), audiences=frozenset({AUDIENCE}))
    scheduler = Identities(tokens=PlatformTokens(), expected=expected, now=now)
    async with guarded(tmp_path, scheduler=scheduler, rate_limit=RateLimit(per_second=1)) as here:
        key = await key_of(here, lasts=timedelta(days=3))
        answers = [
            await here.caller.post("/internal/sweep", headers=headers)
            for headers in (bearer(key), {"X-API-Key": key}, bearer(key) | {"X-API-Key": key})
        ]

    for answered in answers:
        assert_problem(answered, 401, "unauthenticated")
