"""Whom an API key lets in, and for how long."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import Unauthenticated
from app.domain.keys import PREFIX, ApiKey, id_of, make_key
from tests.factories import NOW

MOMENT = timedelta(microseconds=1)
YEAR = timedelta(days=365)
KEY, KEPT = make_key("0123456789abcdef", "fedcba98" * 8, owner="acme", now=NOW, expires_at=None)

MALFORMED = {
    "nothing": "",
    "only the prefix": PREFIX,
    "another prefix": KEY.replace(PREFIX, "afterward_"),
    "no prefix": KEY.removeprefix(PREFIX),
    "truncated": KEY[:-1],
    "too long": KEY + "0",
    "twice": KEY + KEY,
    "upper case": KEY.upper(),
    "one upper-case digit": KEY.replace("abcdef", "abcdeF"),
    "no digit": KEY.replace("abcdef", "abcdeg"),
    "digits of another script": KEY.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}"),
    "a full-width digit": KEY.replace("0", "\N{FULLWIDTH DIGIT ZERO}"),
    "a letter that looks like one": KEY.replace("a", "\N{CYRILLIC SMALL LETTER A}"),
    "a blank before": " " + KEY,
    "a blank behind": KEY + " ",
    "a line's end behind": KEY + "\n",
    "a second line": KEY + "\nX-Admin: yes",
    "a line's end within": KEY.replace("f_f", "f_\nf"),
    "a zero byte": KEY + "\x00",
    "half a surrogate pair": KEY + "\ud800",
    "ten megabytes": KEY + "0" * 10_000_000,
    "ten megabytes of prefixes": PREFIX * 1_000_000,
    "a token": "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
}

owners = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}", fullmatch=True)
secrets = st.text("0123456789abcdef", min_size=64, max_size=64)
ids = st.text("0123456789abcdef", min_size=16, max_size=16)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so
spans = st.timedeltas(MOMENT, YEAR)


@given(key_id=ids, secret=secrets, owner=owners, now=moments)
def test_a_key_admits_its_owner(key_id: str, secret: str, owner: str, now: datetime) -> None:
    """Whatever is made can be used, and is found by the id that it carries."""
    key, kept = make_key(key_id, secret, owner=owner, now=now, expires_at=None)

    assert (id_of(key), kept.id) == (key_id, key_id)
    assert kept.admit(key, now=now) == owner


@given(presented=st.text(st.characters(exclude_categories=())))
def test_no_other_text_is_the_key(presented: str) -> None:
    """Neither parts of a key nor anything else that can be sent opens somebody's tasks, or breaks the service."""
    assume(presented != KEY)

    with pytest.raises(Unauthenticated, match="not valid"):
        KEPT.admit(presented, now=NOW)


@given(place=st.integers(0, len(KEY) - 1), other=st.characters(exclude_categories=()))
def test_one_wrong_character_is_too_many(place: int, other: str) -> None:
    """A key is compared as a whole: nobody finds it piece by piece."""
    assume(other != KEY[place])

    with pytest.raises(Unauthenticated, match="not valid"):
        KEPT.admit(KEY[:place] + other + KEY[place + 1 :], now=NOW)


@given(secret=secrets, other=secrets)
def test_a_key_with_the_same_id_and_another_secret_is_refused(secret: str, other: str) -> None:
    """The id is no secret: it stands in listings and logs."""
    assume(secret != other)
    key_id = KEPT.id
    _, kept = make_key(key_id, secret, owner="acme", now=NOW, expires_at=None)
    wrong, _ = make_key(key_id, other, owner="acme", now=NOW, expires_at=None)

    with pytest.raises(Unauthenticated, match="not valid"):
        kept.admit(wrong, now=NOW)


@given(lasting=spans, early=spans, late=st.timedeltas(timedelta(0), YEAR))
def test_a_key_is_valid_until_the_instant_at_which_it_expires(
    lasting: timedelta, early: timedelta, late: timedelta
) -> None:
    """The owner was told a time; from then on a copy of the key is worth nothing."""
    end = NOW + lasting
    key, kept = make_key(KEPT.id, "0" * 64, owner="acme", now=NOW, expires_at=end)

    assert kept.admit(key, now=end - early) == "acme"
    with pytest.raises(Unauthenticated, match="has expired"):
        kept.admit(key, now=end + late)


def test_a_key_without_an_end_does_not_expire() -> None:
    """Nobody has to be there in ten years to renew it."""
    last = datetime.max.replace(tzinfo=UTC)

    assert KEPT.admit(KEY, now=last) == "acme"


@given(first=moments, later=moments, asked=moments)
def test_a_revoked_key_stays_revoked_since_the_first_time(first: datetime, later: datetime, asked: datetime) -> None:
    """Revoking it again, or a clock that was set back, must not open it, nor change what the operator reads."""
    revoked = KEPT.revoked(first)
    again = revoked.revoked(later)

    assert again == revoked == replace(KEPT, revoked_at=first)
    with pytest.raises(Unauthenticated, match="was revoked"):
        again.admit(KEY, now=asked)


def test_only_who_has_the_key_learns_what_became_of_it() -> None:
    """The id alone must not tell a stranger whether there is such a key."""
    revoked = replace(KEPT, revoked_at=NOW, expires_at=NOW)

    with pytest.raises(Unauthenticated, match="not valid"):
        revoked.admit(KEY[:-1], now=NOW)


@pytest.mark.parametrize("presented", MALFORMED.values(), ids=MALFORMED)
def test_what_does_not_look_like_a_key_has_no_id(presented: str) -> None:
    """It costs neither a look into the store nor more than a moment, however long it is."""
    with pytest.raises(Unauthenticated, match="16 digits") as caught:
        id_of(presented)

    assert len(caught.value.message) < 100


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_has_the_id_of_a_key_or_none(text: str) -> None:
    """Whatever comes in a header is answered, and never with a crash."""
    with pytest.raises(Unauthenticated):
        id_of(text)


def test_what_is_kept_does_not_tell_the_key() -> None:
    """A copy of the database opens nothing."""
    secret = KEY.rpartition("_")[2]

    assert secret not in repr(KEPT)
    assert re.fullmatch("[0-9a-f]{64}", KEPT.digest)


@pytest.mark.parametrize(("key_id", "secret"), [("0" * 15, "0" * 64), ("0" * 16, "0" * 63), ("G" * 16, "0" * 64)])
def test_a_key_is_made_of_enough_digits(key_id: str, secret: str) -> None:
    """A mistake in where they come from must not make keys that can be guessed."""
    with pytest.raises(Unauthenticated):
        make_key(key_id, secret, owner="acme", now=NOW, expires_at=None)


@given(owners)
def test_an_owner_is_a_name_that_fits_anywhere(owner: str) -> None:
    """It becomes part of listings, logs and queries."""
    assert ApiKey(id=KEPT.id, owner=owner, digest=KEPT.digest, created_at=NOW).owner == owner


@pytest.mark.parametrize(
    "owner", ["", "a" * 129, " acme", "acme ", "acme\n", "ac me", "añil", ".acme", "-acme", "a/b", "a\x00", "\ud800"]
)
def test_no_key_has_an_owner_that_could_be_taken_for_another(owner: str) -> None:
    """Blanks at an end and letters that look alike would make two owners of one."""
    with pytest.raises(ValueError, match="an owner has"):
        replace(KEPT, owner=owner)
