"""Whom a token lets in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import NotPermitted, Unauthenticated
from app.domain.identity import CLOCK_SKEW, ExpectedCallers, IdToken
from tests.factories import NOW

HOUR = timedelta(hours=1)
ACCOUNT, AUDIENCE = "sweep@example.com", "https://afterword.internal/sweep"
EXPECTED = ExpectedCallers(
    accounts=frozenset({ACCOUNT, "second@example.com"}), audiences=frozenset({AUDIENCE, "https://second.example"})
)
TOKEN = IdToken(email=ACCOUNT, email_verified=True, audience=AUDIENCE, issued_at=NOW, expires_at=NOW + HOUR)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("passed", [-CLOCK_SKEW, timedelta(0), HOUR, HOUR + CLOCK_SKEW])
def test_the_expected_caller_is_let_in_while_the_token_is_valid(passed: timedelta) -> None:
    """Two machines never agree on the time to the second."""
    assert EXPECTED.admit(TOKEN, now=NOW + passed) == ACCOUNT


def test_each_expected_account_comes_in_under_its_own_name() -> None:
    """The name decides whose documents are shown."""
    second = replace(TOKEN, email="second@example.com", audience="https://second.example")

    assert EXPECTED.admit(second, now=NOW) == "second@example.com"


@pytest.mark.parametrize("passed", [-CLOCK_SKEW - MOMENT, HOUR + CLOCK_SKEW + MOMENT])
def test_a_token_is_worth_nothing_before_and_after_its_time(passed: timedelta) -> None:
    """A token that was copied from somewhere is good for an hour at most."""
    with pytest.raises(Unauthenticated):
        EXPECTED.admit(TOKEN, now=NOW + passed)


@pytest.mark.parametrize("audience", ["", "https://afterword.internal", AUDIENCE + "/"])
def test_a_token_for_somewhere_else_is_refused(audience: str) -> None:
    """Who was handed the account's token for another service must not use it here."""
    with pytest.raises(Unauthenticated):
        EXPECTED.admit(replace(TOKEN, audience=audience), now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        replace(TOKEN, email="SWEEP@example.com"),
        replace(TOKEN, email="other@example.com"),
        replace(TOKEN, email=""),
        replace(TOKEN, email_verified=False),
    ],
)
def test_nobody_else_is_let_in(token: IdToken) -> None:
    """Google signs tokens for everybody."""
    with pytest.raises(NotPermitted):
        EXPECTED.admit(token, now=NOW)


def test_a_token_may_be_valid_to_the_end_of_time() -> None:
    """A claim is any number; none of them may break the service."""
    last = datetime.max.replace(tzinfo=UTC)

    EXPECTED.admit(replace(TOKEN, expires_at=last), now=NOW)
