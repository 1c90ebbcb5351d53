"""Which tokens are taken for Google's, in each of the two modes."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from app.adapters.google_identity import PlatformTokens, VerifiedTokens
from app.domain.errors import KeysUnavailable, Unauthenticated
from app.domain.identity import IdTokens
from tests.google_tokens import ACCOUNT, AUDIENCE, claims, key_server, signed, signing_key, stripped

NOW = int(datetime.now(UTC).timestamp())
LATER = 3600


def unsigned(header: dict[str, object], payload: object) -> str:
    """Return a token that nobody has signed."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, ""])


async def test_a_signed_token_says_whose_it_is() -> None:
    """All that is decided later goes by these five values."""
    with key_server(signing_key()) as keys:
        read = await VerifiedTokens(certificates=keys.url).read(signed(iat=NOW, exp=NOW + LATER))

    assert (read.email, read.email_verified, read.audience) == (ACCOUNT, True, AUDIENCE)
    assert read.expires_at - read.issued_at == timedelta(seconds=LATER)


async def test_certificates_are_fetched_once() -> None:
    """Google's server is asked as often as it wishes to be, not with each request."""
    with key_server(signing_key()) as keys:
        tokens = VerifiedTokens(certificates=keys.url)
        await asyncio.gather(*(tokens.read(signed()) for _ in range(5)))

    assert keys.fetched == 1


async def test_what_was_found_out_a_moment_ago_is_not_found_out_again() -> None:
    """Neither who comes with each request nor who tries a thousand forged tokens makes much work."""
    token, other, forged = signed(), signed(email="other@example.com"), signed(signing_key("somebody-elses"))
    with key_server(signing_key(), max_age=0) as keys:
        tokens = VerifiedTokens(certificates=keys.url)
        await tokens.read(token)
        keys.status = HTTPStatus.SERVICE_UNAVAILABLE

        assert await tokens.read(token) == await tokens.read(token)
        assert (await tokens.read(other)).email == "other@example.com"
        for _ in range(3):
            with pytest.raises(Unauthenticated):
                await tokens.read(forged)

    assert keys.fetched == 1


async def test_one_thread_waits_for_a_key_server_that_stands_still() -> None:
    """A forged token each would otherwise take a thread, until large bodies find none."""
    with key_server(signing_key()) as keys:
        keys.open.clear()
        tokens = VerifiedTokens(certificates=keys.url, call_limit=timedelta(milliseconds=50))
        for _ in range(3):
            with pytest.raises(KeysUnavailable):
                await tokens.read(signed())
        asked = keys.fetched
        keys.open.set()

    assert asked == 1


async def test_a_key_server_that_fails_is_not_asked_for_each_token() -> None:
    """It has enough to do with itself."""
    with key_server(signing_key()) as keys:
        keys.status = HTTPStatus.SERVICE_UNAVAILABLE
        tokens = VerifiedTokens(certificates=keys.url, pause=timedelta(hours=1))
        for _ in range(5):
            with pytest.raises(KeysUnavailable):
                await tokens.read(signed())

    assert keys.fetched == 1


async def test_certificates_that_may_not_be_kept_are_fetched_again() -> None:
    """A key that Google takes back must not be trusted for ever."""
    with key_server(signing_key(), max_age=0) as keys:
        tokens = VerifiedTokens(certificates=keys.url, remembered=timedelta(0))
        await tokens.read(signed())
        keys.keys = [signing_key("key-2")]
        with pytest.raises(Unauthenticated):
            await tokens.read(signed())
        await tokens.read(signed(signing_key("key-2")))

    assert keys.fetched == 3


@pytest.mark.parametrize(
    "token",
    [
        signed(signing_key("somebody-elses")),
        stripped(),
        unsigned({"alg": "none", "typ": "JWT"}, claims()),
        unsigned({"alg": "HS256", "typ": "JWT", "kid": "key-1"}, claims()),
        unsigned({"typ": "JWT"}, claims()),
        signed(exp=NOW - LATER),
        signed(iat=NOW + LATER),
        signed(iss="https://accounts.example.com"),
        signed(email=None),
        signed(exp=None),
        signed(exp="tomorrow"),
        signed(exp=float("nan")),
        signed(exp=10**30),
        signed(aud=[AUDIENCE, "another"]),
        signed(email_verified="true"),
        unsigned({"alg": "RS256"}, []),
        "",
        "a.b",
        "a.b.c.d",
        "\N{SNOWMAN}.b.c",
        "a." * 4000,
        f"{base64.urlsafe_b64encode(b'[' * 100_000).decode()}.e30.",
    ],
)
async def test_what_google_has_not_signed_is_refused(token: str) -> None:
    """Whatever a stranger thinks of, the answer is the same, and nothing breaks."""
    with key_server(signing_key()) as keys:
        tokens = VerifiedTokens(certificates=keys.url)

        with pytest.raises(Unauthenticated):
            await tokens.read(token)


async def test_a_changed_token_is_refused() -> None:
    """The signature is over every claim."""
    head, _, signature = signed().split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(email="other@example.com")).encode()).rstrip(b"=").decode()
    with key_server(signing_key()) as keys, pytest.raises(Unauthenticated):
        await VerifiedTokens(certificates=keys.url).read(f"{head}.{changed}.{signature}")


@pytest.mark.parametrize("status", [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.NOT_FOUND])
async def test_without_certificates_nobody_is_let_in(status: HTTPStatus) -> None:
    """That the keys are out of reach is no reason to trust anybody; and it is not the caller's fault."""
    with key_server(signing_key()) as keys:
        keys.status = status
        tokens = VerifiedTokens(certificates=keys.url, pause=timedelta(0))
        with pytest.raises(KeysUnavailable):
            await tokens.read(signed())
        keys.status = HTTPStatus.OK

        assert (await tokens.read(signed())).email == ACCOUNT


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"<html>",
        b"\xff",
        b"null",
        b"7",
        b"{}",
        b'{"keys": []}',
        b'{"key-1": null}',
        b'{"key-1": "x"}',
        b"[" * 99999,
    ],
)
async def test_junk_in_place_of_certificates_is_nobodys_fault_but_theirs(junk: bytes) -> None:
    """The scheduler is told to come again, and nothing of it is kept."""
    with key_server(signing_key()) as keys:
        keys.junk = junk
        tokens = VerifiedTokens(certificates=keys.url, pause=timedelta(0))
        with pytest.raises(KeysUnavailable):
            await tokens.read(signed())
        keys.junk = None

        assert (await tokens.read(signed())).email == ACCOUNT


async def test_a_key_server_that_stands_still_is_not_waited_for() -> None:
    """The scheduler tries again; a request must not hang on somebody else's server."""
    with key_server(signing_key()) as keys:
        keys.open.clear()
        with pytest.raises(KeysUnavailable):
            await VerifiedTokens(certificates=keys.url, call_limit=timedelta(milliseconds=50)).read(signed())


async def test_the_event_loop_turns_while_certificates_are_fetched() -> None:
    """google-auth waits for them, and everybody else would wait with it."""
    with key_server(signing_key()) as keys:
        keys.open.clear()
        reading = asyncio.create_task(VerifiedTokens(certificates=keys.url).read(signed()))
        await asyncio.to_thread(keys.asked.wait)
        keys.open.set()

        assert (await reading).email == ACCOUNT


async def test_the_platforms_word_is_taken_for_a_signature() -> None:
    """Cloud Run has checked it and removed it, so that nobody can use the token elsewhere."""
    assert (await PlatformTokens().read(stripped())).email == ACCOUNT


@pytest.mark.parametrize(
    "token", [signed(), unsigned({"alg": "none"}, claims()), "", "a.b.SIGNATURE_REMOVED_BY_GOOGLE"]
)
async def test_what_the_platform_has_not_checked_is_refused(token: str) -> None:
    """A signature that is still there means that the service lets everybody in."""
    with pytest.raises(Unauthenticated):
        await PlatformTokens().read(token)


@pytest.mark.parametrize("tokens", [PlatformTokens(), VerifiedTokens(certificates="http://127.0.0.1:1/")])
async def test_refusals_do_not_repeat_the_token(tokens: IdTokens) -> None:
    """An error's message reaches the caller and the logs; a token belongs in neither."""
    token = unsigned({"alg": "none"}, {"email": "somebody@example.com"})

    with pytest.raises(Unauthenticated) as refused:
        await tokens.read(token)

    assert "somebody" not in refused.value.message
    assert token not in refused.value.message
