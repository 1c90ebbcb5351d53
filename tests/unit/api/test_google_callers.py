"""Services that call with their Google identity: which tokens open whose tasks, in each of the two modes."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from app.adapters.google_identity import PlatformTokens, VerifiedTokens
from app.domain.identity import ExpectedCallers, Identities, IdTokens
from tests.google_tokens import KeyServer, claims, key_server, signed, signing_key, stripped
from tests.unit.api.arrange import World, assert_problem, logged
from tests.unit.api.tenants import bearer, guarded, key_of, now
from tests.unit.api.walk import knock

HERE: Final = "https://afterword.example"
BATCH: Final = "batch@a-project.iam.gserviceaccount.com"
OTHER: Final = "web@a-project.iam.gserviceaccount.com"
NOW: Final = int(datetime.now(UTC).timestamp())
FOR_HERE: Final[dict[str, Any]] = {"aud": HERE, "email": BATCH}
HOUR: Final = 3600


def part(content: object) -> str:
    """Return *content* as a part of a token."""
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def unsigned(header: dict[str, str], signature: str = "") -> str:
    """Return a token with the right claims that Google has not signed."""
    return f"{part(header)}.{part(claims(**FOR_HERE))}.{signature}"


def signed_with_the_certificate() -> str:
    """Return a token whose secret is what everybody can read: the certificate, taken for an HMAC's key."""
    key = signing_key()
    head = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.name})}.{part(claims(**FOR_HERE))}"
    digest = hmac.new(key.certificate.encode(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def with_changed_claims(**changed: Any) -> str:  # noqa: ANN401 - claims of any type
    """Return a token with a genuine signature, of other claims."""
    head, _, signature = signed(**FOR_HERE).split(".")
    return f"{head}.{part(claims(**FOR_HERE | changed))}.{signature}"


def with_claims_twice() -> str:
    """Return a token without a valid signature that says twice, and differently, whose it is."""
    head, _, signature = signed(**FOR_HERE).split(".")
    once = json.dumps(claims(**FOR_HERE | {"email": OTHER}))
    return f"{head}.{part(once[:-1] + f', "email": "{BATCH}"}}')}.{signature}"


FORGED: Final = {
    "signed by somebody else": signed(signing_key("somebody-elses"), **FOR_HERE),
    "signed by somebody else, in Google's name": signed(
        type(signing_key())(signing_key().name, signing_key("somebody-elses").private, ""), **FOR_HERE
    ),
    "alg none": unsigned({"alg": "none", "typ": "JWT"}),
    "alg None": unsigned({"alg": "None", "typ": "JWT", "kid": "key-1"}),
    "alg none with a signature": unsigned({"alg": "none", "kid": "key-1"}, signed().rpartition(".")[2]),
    "no alg": unsigned({"typ": "JWT", "kid": "key-1"}, signed().rpartition(".")[2]),
    "the certificate for a secret": signed_with_the_certificate(),
    "another token's signature": unsigned({"alg": "RS256", "kid": "key-1"}, signed().rpartition(".")[2]),
    "no signature": signed(**FOR_HERE).rpartition(".")[0] + ".",
    "no third part": signed(**FOR_HERE).rpartition(".")[0],
    "the platform's mark": stripped(**FOR_HERE),
    "no kid": unsigned({"alg": "RS256", "typ": "JWT"}, signed().rpartition(".")[2]),
    "a kid that leads elsewhere": unsigned({"alg": "RS256", "kid": "../../etc/passwd"}, "c2ln"),
    "a key to check it with": unsigned({"alg": "RS256", "jku": "http://127.0.0.1:1/", "kid": "x"}, "c2ln"),
    "changed claims": with_changed_claims(email=OTHER),
    "claims twice": with_claims_twice(),
    "five thousand characters": signed(**FOR_HERE, padding="x" * 4000),
    "a hundred kilobytes": "a." * 50_000,
    "deeply nested": f"{part('[' * 900)}.{part('{' * 900)}.c2ln",
    "no token at all": "ya29.a0AfB_byC-1234567890",
}

NOT_FOR_HERE_AND_NOW: Final[dict[str, dict[str, Any]]] = {
    "expired": {"iat": NOW - 2 * HOUR, "exp": NOW - HOUR},
    "expired a minute ago": {"iat": NOW - HOUR, "exp": NOW - 60},
    "not valid yet": {"iat": NOW + HOUR, "exp": NOW + 2 * HOUR},
    "valid for ever": {"exp": None},
    "of no time": {"iat": None},
    "for somewhere else": {"aud": "https://other.example"},
    "for somewhere that looks alike": {"aud": f"{HERE}/"},
    "for two places": {"aud": [HERE, "https://other.example"]},
    "for nowhere": {"aud": None},
    "of another issuer": {"iss": "https://accounts.example.com"},
    "of an issuer that looks alike": {"iss": "https://accounts.google.com.example.com"},
    "of nobody": {"email": None},
    "of an address that may be verified": {"email_verified": "true"},
}

OF_SOMEBODY_ELSE: Final[dict[str, dict[str, Any]]] = {
    "another account": {"email": OTHER},
    "an account that looks alike": {"email": BATCH.upper()},
    "an account with a blank": {"email": f" {BATCH}"},
    "an address that nobody has verified": {"email_verified": False},
    "no address": {"email": ""},
}


@pytest.fixture
def google() -> Iterator[KeyServer]:
    """Serve the certificate of the one key that stands for Google's."""
    with key_server(signing_key()) as serving:
        yield serving


@pytest.fixture
async def verified(google: KeyServer, tmp_path: Path) -> AsyncIterator[World]:
    """Start a process that checks the tokens of one account itself."""
    async with guarded(
        tmp_path, google=expecting(VerifiedTokens(certificates=google.url, pause=timedelta(0)))
    ) as process:
        yield process


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process behind a platform that has checked them."""
    async with guarded(tmp_path, google=expecting(PlatformTokens())) as process:
        yield process


def expecting(tokens: IdTokens) -> Identities:
    """Return whom both processes let in."""
    expected = ExpectedCallers(accounts=frozenset({BATCH}), audiences=frozenset({HERE}))
    return Identities(tokens=tokens, expected=expected, now=now)


async def asked(here: World, token: str) -> httpx.Response:
    """Ask for a listing with *token*."""
    return await here.caller.get("/tasks", headers=bearer(token))


def assert_nobody(answered: httpx.Response, token: str) -> None:
    """Check that the caller was taken for nobody, and its token repeated nowhere."""
    assert_problem(answered, 401, "unauthenticated")
    assert answered.headers["www-authenticate"] == "Bearer"
    assert token not in answered.text
    assert BATCH not in answered.text


async def test_an_expected_account_comes_in(verified: World) -> None:
    """No key has to be made, kept or exchanged for it."""
    assert (await asked(verified, signed(**FOR_HERE))).status_code == 200


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
async def test_a_forged_token_is_nobodys(verified: World, token: str) -> None:
    """Everybody knows the claims; only Google can sign them."""
    assert_nobody(await asked(verified, token), token)


@pytest.mark.parametrize("changed", NOT_FOR_HERE_AND_NOW.values(), ids=NOT_FOR_HERE_AND_NOW)
async def test_a_token_for_another_place_or_time_is_nobodys(verified: World, changed: dict[str, Any]) -> None:
    """Google signs tokens for everybody's services; one that another service was sent must not open this one."""
    token = signed(**FOR_HERE | changed)

    assert_nobody(await asked(verified, token), token)


@pytest.mark.parametrize("changed", OF_SOMEBODY_ELSE.values(), ids=OF_SOMEBODY_ELSE)
async def test_an_account_that_is_not_expected_is_refused(verified: World, changed: dict[str, Any]) -> None:
    """Anybody can have a Google account."""
    answered = await asked(verified, signed(**FOR_HERE | changed))

    assert_problem(answered, 403, "not_permitted")
    assert "www-authenticate" not in answered.headers


async def test_a_refused_token_is_in_no_log(verified: World) -> None:
    """Valid elsewhere, it would be as good as stolen."""
    tokens = [signed(**FOR_HERE | {"aud": "https://other.example"}), signed(**FOR_HERE | {"email": OTHER})]
    with logged() as log:
        for token in tokens:
            await asked(verified, token)
            await knock(verified.app, "/tasks", bearer(token))

    assert [token for token in tokens if token.rpartition(".")[2] in log.getvalue()] == []


@pytest.mark.parametrize(("token", "code"), [(signed(), "unauthenticated"), (signed(aud=HERE), "not_permitted")])
async def test_a_websocket_of_somebody_else_is_closed_before_it_is_accepted(
    verified: World, token: str, code: str
) -> None:
    """It has no status to say more with."""
    said = await knock(verified.app, "/tasks/1/ws", bearer(token))

    assert said == [{"type": "websocket.close", "code": 1008, "reason": code}]


@pytest.mark.parametrize("status", [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.NOT_FOUND])
async def test_without_certificates_nobody_comes_in_by_a_token(
    google: KeyServer, verified: World, status: HTTPStatus
) -> None:
    """Nobody can tell a genuine one then; whoever has a key is not concerned."""
    google.status = status
    key = await key_of(verified)

    answers = [await asked(verified, token) for token in (signed(**FOR_HERE), stripped(**FOR_HERE))]
    with_key = await asked(verified, key)
    google.status = HTTPStatus.OK
    later = await asked(verified, signed(**FOR_HERE))

    for answered in answers:
        assert assert_problem(answered, 503, "keys_unavailable")["retryable"] is True
        assert answered.headers["retry-after"] == "2"
    assert (with_key.status_code, later.status_code) == (200, 200)


async def test_a_server_of_certificates_that_is_not_there_lets_nobody_in(tmp_path: Path) -> None:
    """The address refuses the connection."""
    nowhere = expecting(VerifiedTokens(certificates="http://127.0.0.1:1/"))
    async with guarded(tmp_path, google=nowhere) as here:
        assert_problem(await asked(here, signed(**FOR_HERE)), 503, "keys_unavailable")


async def test_behind_the_platform_a_checked_token_is_taken(behind: World) -> None:
    """Cloud Run has checked the signature, and removed it."""
    assert (await asked(behind, stripped(**FOR_HERE))).status_code == 200


@pytest.mark.parametrize(
    "token", [signed(**FOR_HERE), unsigned({"alg": "none"}), signed(**FOR_HERE).rpartition(".")[0] + "."]
)
async def test_behind_the_platform_a_token_that_it_has_not_checked_is_nobodys(behind: World, token: str) -> None:
    """Its signature is still there, or never was: the service lets everybody in, and nobody has looked."""
    assert_nobody(await asked(behind, token), token)


@pytest.mark.parametrize("changed", [*NOT_FOR_HERE_AND_NOW.values()], ids=NOT_FOR_HERE_AND_NOW)
async def test_behind_the_platform_place_and_time_are_looked_at_all_the_same(
    behind: World, changed: dict[str, Any]
) -> None:
    """The platform lets in tokens for each of its audiences."""
    token = stripped(**FOR_HERE | changed)

    assert_nobody(await asked(behind, token), token)


async def test_behind_the_platform_the_account_is_looked_at_all_the_same(behind: World) -> None:
    """Whoever may invoke the service, such as the scheduler, is not a tenant by that."""
    assert_problem(await asked(behind, stripped(**FOR_HERE | {"email": OTHER})), 403, "not_permitted")


@pytest.mark.parametrize("second", ["", "Bearer x", f"Bearer {stripped(**FOR_HERE)}"])
async def test_behind_the_platform_a_second_token_makes_the_first_worthless(behind: World, second: str) -> None:
    """Cloud Run checks that one then, and lets `Authorization` pass as the caller wrote it."""
    headers = bearer(stripped(**FOR_HERE)) | {"X-Serverless-Authorization": second}

    answered = await behind.caller.get("/tasks", headers=headers)

    assert_nobody(answered, headers["Authorization"])


async def test_behind_the_platform_two_tokens_in_one_kind_of_header_are_refused(behind: World) -> None:
    """Nobody could say which one was checked."""
    headers = [("Authorization", f"Bearer {stripped(**FOR_HERE)}")] * 2

    assert_nobody(await behind.caller.get("/tasks", headers=headers), headers[0][1])


async def test_behind_the_platform_a_key_goes_into_its_own_header(behind: World) -> None:
    """The platform's token is in `Authorization`, whoever it is for: the key says whose tasks these are."""
    key = await key_of(behind, "acme")
    both = bearer(stripped(**FOR_HERE | {"email": OTHER})) | {
        "X-API-Key": key,
        "X-Serverless-Authorization": "Bearer x",
    }

    assert (await behind.caller.get("/tasks", headers=both)).status_code == 200


async def test_an_accounts_tasks_are_its_own(verified: World) -> None:
    """It is a tenant by its e-mail; a key that was made for that name is another way to the same tasks."""
    account = bearer(signed(**FOR_HERE))
    made = await verified.caller.post("/process_document/", json={"content": "x"}, headers=account)
    key, another = await key_of(verified, BATCH), await key_of(verified, OTHER)

    seen = [
        (await verified.caller.get(made.headers["location"], headers=headers)).status_code
        for headers in (account, bearer(key), bearer(another))
    ]

    assert seen == [200, 200, 404]


async def test_where_google_is_not_asked_a_token_is_just_no_key(google: KeyServer, tmp_path: Path) -> None:
    """Who has not set it up has not opened it; and Google's server is left alone."""
    async with guarded(tmp_path) as here:
        for token in (signed(**FOR_HERE), stripped(**FOR_HERE)):
            assert_nobody(await asked(here, token), token)

    assert google.fetched == 0


async def test_a_key_is_never_shown_to_google(google: KeyServer, verified: World) -> None:
    """Nor does one depend on it: what begins as a key does is a key, valid or not."""
    answers = [await asked(verified, key) for key in (await key_of(verified), "afterword_", "afterword_a.b.c")]

    assert [answered.status_code for answered in answers] == [200, 401, 401]
    assert google.fetched == 0


async def test_a_token_is_no_api_key(verified: World) -> None:
    """In that header it is looked up as one, and found nowhere."""
    token = signed(**FOR_HERE)

    assert_nobody(await verified.caller.get("/tasks", headers={"X-API-Key": token}), token)
