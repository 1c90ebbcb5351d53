"""Who is let in, and who is told why not, before anything else of the request is looked at."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from token_bucket import Limiter, MemoryStorage

from app.api.services import Callers, Limits
from app.domain.keys import PREFIX
from app.engine.known_keys import KnownKeys
from tests.fakes import MemoryApiKeys
from tests.unit.api.arrange import World, assert_problem, calling, logged, world
from tests.unit.api.tenants import bearer, guarded, key_of, new_key, now, sent_without_a_body
from tests.unit.api.walk import knock

PATIENCE = 10
ID, SECRET = "0123456789abcdef", "fedcba98" * 8
UNKNOWN = f"{PREFIX}{ID}_{SECRET}"

NO_KEYS = {
    "nothing": "",
    "only a prefix": PREFIX,
    "a key without its prefix": UNKNOWN.removeprefix(PREFIX),
    "a key in capitals": UNKNOWN.upper(),
    "half a key": UNKNOWN[:60],
    "a key and more": f"{UNKNOWN}0",
    "two keys": f"{UNKNOWN} {UNKNOWN}",
    "two keys with a comma": f"{UNKNOWN},{UNKNOWN}",
    "a key that nobody has made": UNKNOWN,
    "a digit of another script": UNKNOWN.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}"),
    "letters beyond ASCII": "clé",
    "NUL": "\0",
    "a hundred kilobytes": f"{UNKNOWN}{'0' * 100_000}",
    "a hundred kilobytes of prefixes": PREFIX * 10_000,
    "a token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
}

NO_AUTHORIZATIONS = {
    "nothing": "",
    "blanks": "   ",
    "a scheme alone": "Bearer",
    "a scheme and blanks": "Bearer   ",
    "a scheme, a comma and a key": f"Bearer,{UNKNOWN}",
    "a key alone": UNKNOWN,
    "Basic": "Basic dXNlcjpwYXNz",
    "Basic with a key": f"Basic {UNKNOWN}",
    "ApiKey": f"ApiKey {UNKNOWN}",
    "a scheme beyond ASCII": f"Béarer {UNKNOWN}",
    "a hundred kilobytes of scheme": f"{'Bearer' * 20_000} {UNKNOWN}",
}

CLOSED = [
    "/tasks",
    "/tasks/",
    "/nothing",
    "/internal",
    "/health",
    "/health/live/",
    "/health/livez",
    "/DOCS",
    "/docsx",
    "//docs",
    "/openapi.json/",
    "/openapi",
    "/version/1",
    "/favicon.ico",
]


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process that asks for a key."""
    async with guarded(tmp_path) as process:
        yield process


def assert_stays_outside(answered: httpx.Response) -> None:
    """Check that *answered* asks for a credential, in the one shape of all such answers."""
    body = assert_problem(answered, 401, "unauthenticated")
    assert body["retryable"] is False
    assert answered.headers["www-authenticate"] == "Bearer"
    assert SECRET not in answered.text


async def test_a_key_is_taken_in_either_header(here: World) -> None:
    """Clients and gateways differ in which one they can set."""
    key = await key_of(here)

    answers = [await here.caller.get("/tasks", headers=headers) for headers in (bearer(key), {"X-API-Key": key})]

    assert [answered.status_code for answered in answers] == [200, 200]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
async def test_a_scheme_may_be_written_in_any_case(here: World, scheme: str) -> None:
    """RFC 9110 says so, and some clients do."""
    key = await key_of(here)

    assert (await here.caller.get("/tasks", headers={"Authorization": f"{scheme} {key}"})).status_code == 200


async def test_without_a_credential_nobody_comes_in(here: World) -> None:
    """Whoever finds the address has nothing yet."""
    assert_stays_outside(await here.caller.get("/tasks"))


@pytest.mark.parametrize("key", NO_KEYS.values(), ids=NO_KEYS)
@pytest.mark.parametrize("header", [b"authorization", b"x-api-key"])
async def test_what_is_no_key_is_refused_before_the_body_is_read(here: World, header: bytes, key: str) -> None:
    """Whatever a stranger thinks of: the same answer, nothing breaks, and it costs nothing."""
    value = key.encode() if header == b"x-api-key" else b"Bearer " + key.encode()

    assert_stays_outside(await sent_without_a_body(here, [(header, value)]))


@pytest.mark.parametrize("value", NO_AUTHORIZATIONS.values(), ids=NO_AUTHORIZATIONS)
async def test_what_is_no_bearer_token_is_refused(here: World, value: str) -> None:
    """A header that is nearly right is not right."""
    assert_stays_outside(await sent_without_a_body(here, [(b"authorization", value.encode())]))


@pytest.mark.parametrize("header", [b"authorization", b"x-api-key"])
@pytest.mark.parametrize("value", [b"\xff\xfe\x00", b"Bearer \xe9\x80", b"Bearer \xc3\x28", b"\x80" * 5000])
async def test_bytes_that_are_no_text_are_refused(here: World, header: bytes, value: bytes) -> None:
    """HTTP lets them through; a decoder that fails would be a 500."""
    assert_stays_outside(await sent_without_a_body(here, [(header, value)]))


async def test_a_revoked_key_is_refused(here: World) -> None:
    """It may be in the wrong hands by now."""
    key = await key_of(here)
    await here.store.api_keys.revoke(key[len(PREFIX) : len(PREFIX) + 16], now=now())

    assert_stays_outside(await here.caller.get("/tasks", headers=bearer(key)))


async def test_an_expired_key_is_refused(here: World) -> None:
    """Its owner was promised that it would end."""
    key = await key_of(here, lasts=timedelta(days=1))

    assert_stays_outside(await here.caller.get("/tasks", headers=bearer(key)))


async def test_a_key_that_expires_later_is_taken(here: World) -> None:
    """The other side of it."""
    key = await key_of(here, lasts=timedelta(days=3))

    assert (await here.caller.get("/tasks", headers=bearer(key))).status_code == 200


async def test_who_knows_a_keys_id_learns_nothing_about_it(here: World) -> None:
    """An id is no secret: it stands in lists and logs."""
    valid, expired = await key_of(here), await key_of(here, lasts=timedelta(days=1))
    guesses = [f"{key[: len(PREFIX) + 17]}{SECRET}" for key in (valid, expired)]

    answers = [await here.caller.get("/tasks", headers=bearer(key)) for key in (*guesses, UNKNOWN)]

    assert {answered.status_code for answered in answers} == {401}
    assert len({answered.json()["detail"] for answered in answers}) == 1


async def test_an_api_key_header_decides_by_itself(here: World) -> None:
    """`Authorization` may be for a platform in front; a wrong key is not made good by it."""
    key = await key_of(here)
    pairs = [(key, "Bearer junk"), (key, "Basic dXNlcjpwYXNz"), (UNKNOWN, f"Bearer {key}"), ("", f"Bearer {key}")]

    answers = [
        await here.caller.get("/tasks", headers={"X-API-Key": in_one, "Authorization": in_other})
        for in_one, in_other in pairs
    ]

    assert [answered.status_code for answered in answers] == [200, 200, 401, 401]


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
@pytest.mark.parametrize("valid", [(True, True), (True, False), (False, True)])
async def test_a_header_that_comes_twice_is_refused(here: World, header: str, valid: tuple[bool, bool]) -> None:
    """A proxy may have looked at one of them, and the service at the other."""
    key = await key_of(here)
    values = [key if is_valid else UNKNOWN for is_valid in valid]
    headers = [(header, f"Bearer {value}" if header == "Authorization" else value) for value in values]

    assert_stays_outside(await here.caller.get("/tasks", headers=headers))


async def test_a_key_in_any_other_place_is_none(here: World) -> None:
    """Addresses and cookies end up in histories and logs, and are sent by pages that nobody asked."""
    key = await key_of(here)
    places: list[dict[str, dict[str, str]]] = [
        {"params": {"api_key": key}},
        {"params": {"X-API-Key": key}},
        {"params": {"access_token": key}},
        {"headers": {"Cookie": f"X-API-Key={key}; Authorization=Bearer {key}"}},
        {"headers": {"Proxy-Authorization": f"Bearer {key}"}},
        {"headers": {"X-Serverless-Authorization": f"Bearer {key}"}},
    ]

    for place in places:
        assert_stays_outside(await here.caller.get("/tasks", **place))  # type: ignore[arg-type]  # each is one argument


@pytest.mark.parametrize("declared", [100 * 1024 * 1024, 10**30])
async def test_a_huge_body_is_not_what_a_stranger_is_told_about(here: World, declared: int) -> None:
    """413 would be the second question."""
    assert_stays_outside(await sent_without_a_body(here, [], declared=declared))


async def test_a_strangers_body_takes_no_room(tmp_path: Path) -> None:
    """Not even where there is none left: strangers neither wait for it nor use it up."""
    limits = Limits(json_body_bytes=1000, body_budget_bytes=1000)
    async with guarded(tmp_path, limits=limits) as here, asyncio.timeout(PATIENCE):
        stalls, goes_on = asyncio.Event(), asyncio.Event()
        key = await key_of(here)

        async def slowly() -> AsyncIterator[bytes]:
            yield b'{"content": "'
            stalls.set()
            await goes_on.wait()
            yield b'x"}'

        headers = bearer(key) | {"Content-Type": "application/json", "Content-Length": "16"}
        sending = asyncio.create_task(here.caller.post("/process_document/", content=slowly(), headers=headers))
        await stalls.wait()
        refused = [await sent_without_a_body(here, [], declared=1000) for _ in range(50)]
        beside = await here.caller.post("/process_document/", json={"content": "y" * 900}, headers=bearer(key))
        goes_on.set()

        assert {answered.status_code for answered in refused} == {401}
        assert (beside.status_code, (await sending).status_code) == (202, 202)


@pytest.mark.parametrize("path", CLOSED)
async def test_a_path_that_is_not_known_to_be_open_is_closed(here: World, path: str) -> None:
    """What is not there is nobody's business either; and an endpoint of tomorrow is closed today."""
    assert_stays_outside(await sent_raw(here, "GET", path))


async def test_with_a_key_an_unknown_path_is_just_not_there(here: World) -> None:
    """Its owner has made a typing error."""
    answered = await here.caller.get("/nothing", headers=bearer(await key_of(here)))

    assert_problem(answered, 404, "not_found")


@pytest.mark.parametrize("path", ["/docs/../tasks", "/docs/%2e%2e/tasks", "/internal/..%2ftasks", "/docs//tasks"])
async def test_no_detour_leads_from_an_open_path_to_a_closed_one(here: World, path: str) -> None:
    """The entrance and the router must mean the same path."""
    answered = await sent_raw(here, "GET", path)

    assert answered.status_code in {401, 404}


async def test_open_paths_need_nothing_and_look_at_nothing(here: World) -> None:
    """A probe has no key; and a wrong one, which a browser remembers, does no harm there."""
    paths = ["/", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/version", "/health/live", "/health/ready"]

    answers = [
        await here.caller.get(path, headers=headers)
        for path in paths
        for headers in ({}, bearer("junk"), {"X-API-Key": ""})
    ]

    assert [answered.status_code for answered in answers] == [307] * 3 + [200] * 18


async def test_head_is_refused_as_get_is(here: World) -> None:
    """It tells whether something is there, too."""
    answered = await here.caller.head("/tasks")

    assert (answered.status_code, answered.content) == (401, b"")
    assert answered.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "TRACE", "CONNECT", "QUERY", "get", "X"])
async def test_every_other_method_is_refused(here: World, method: str) -> None:
    """A check that knows the usual methods only is one that the others walk past."""
    assert_stays_outside(await sent_raw(here, method, "/tasks"))


async def test_a_websocket_is_closed_before_it_is_accepted(here: World) -> None:
    """Nothing may be said on it, to nobody."""
    closed = [await knock(here.app, path, {}) for path in ("/tasks/1/ws", "/tasks", "/nothing")]

    assert closed == [[{"type": "websocket.close", "code": 1008, "reason": "unauthenticated"}]] * 3


async def test_a_websocket_with_a_key_is_let_through(here: World) -> None:
    """What becomes of it is for its endpoint to say; where there is none, it is closed as such."""
    (closed,) = await knock(here.app, "/nothing", {"X-API-Key": await key_of(here)})

    assert (closed["type"], closed["code"]) == ("websocket.close", 1000)


async def test_log_lines_of_a_request_name_its_owner(here: World) -> None:
    """An operator has to see whose requests fail; the key is for nobody's eyes."""
    key = await key_of(here, "acme")

    with logged() as log:
        await here.caller.post("/process_document/", json={"content": "x"}, headers=bearer(key))

    assert '"owner": "acme"' in log.getvalue()
    assert key[len(PREFIX) + 17 :] not in log.getvalue()


async def test_a_store_out_of_reach_lets_nobody_in_whom_nobody_knows(tmp_path: Path) -> None:
    """Neither a valid key nor another one: nobody can tell them apart. Who was in lately is still known."""
    (warm, kept), (cold, other) = new_key(), new_key()
    keys = MemoryApiKeys(kept, other)
    callers = Callers(keys=KnownKeys(keys, now=now), google=None)
    async with world(tmp_path, callers=lambda _store: callers) as here:
        await here.caller.get("/models", headers=bearer(warm))
        keys.reachable = False

        answers = [await here.caller.get("/models", headers=bearer(key)) for key in (cold, UNKNOWN)]
        known = await here.caller.get("/models", headers=bearer(warm))
        said = await knock(here.app, "/tasks", bearer(cold))

    for answered in answers:
        assert assert_problem(answered, 503, "store_unavailable")["retryable"] is True
        assert answered.headers["retry-after"] == "2"
    assert known.status_code == 200
    assert said == [{"type": "websocket.close", "code": 1008, "reason": "store_unavailable"}]


async def test_too_many_unknown_keys_are_told_to_come_again(tmp_path: Path) -> None:
    """Whoever tries keys at random costs the store nothing, and keeps no owner out, known to this process or not."""
    (warm, kept), (cold, other) = new_key(), new_key()
    one_stranger = Limiter(1e-6, 1, MemoryStorage())
    callers = Callers(keys=KnownKeys(MemoryApiKeys(kept, other), now=now, strangers=one_stranger), google=None)
    async with world(tmp_path, callers=lambda _store: callers) as here:
        first = await here.caller.get("/models", headers=bearer(warm))
        refused = await sent_without_a_body(here, [(b"x-api-key", UNKNOWN.encode())])
        beside = [await here.caller.get("/models", headers=bearer(key)) for key in (warm, cold)]

    assert [answered.status_code for answered in (first, *beside)] == [200, 200, 200]
    assert assert_problem(refused, 503, "keys_unavailable")["retryable"] is True
    assert refused.headers["retry-after"] == "2"


async def sent_raw(here: World, method: str, target: str) -> httpx.Response:
    """Send a request whose method and target nobody has tidied up."""
    async with calling(here.app) as caller:
        request = caller.build_request(method, "/")
        request.method = method
        request.url = request.url.copy_with(raw_path=target.encode())
        return await caller.send(request)
