"""
API keys: what one looks like, what is kept of it, and whom it lets in.

Kept is a plain SHA-256 of the key. Slow, salted hashes are for passwords, which
people choose and others can guess; a key has 256 random bits, so that nobody
finds it by guessing, however fast a guess is checked.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Self

from app.domain.errors import Unauthenticated

PREFIX: Final = "afterword_"
"""Begins every key, so that people and secret scanners know one when they see it."""

_KEY: Final = re.compile(PREFIX + "([0-9a-f]{16})_[0-9a-f]{64}")
_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}")


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """
    What is kept of a key.

    Attributes:
        id: Names the key; a part of it, and no secret.
        owner: Whose tasks it opens: 1 to 128 letters, digits and `._@:-`.
        digest: The SHA-256 of the whole key, in hexadecimal digits.
        expires_at: None if it never does.

    """

    id: str
    owner: str
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse an owner that no key may have."""
        if not _OWNER.fullmatch(self.owner):
            raise ValueError("an owner has 1 to 128 letters, digits and . _ @ : -, and begins with a letter or digit")

    def admit(self, presented: str, *, now: datetime) -> str:
        """
        Return the owner, if *presented* is this key and still valid.

        Raises:
            Unauthenticated: If it is not.

        """
        if not compare_digest(self.digest, _digest(presented)):
            raise Unauthenticated("The API key is not valid")
        if self.revoked_at is not None:
            raise Unauthenticated("The API key was revoked")
        if self.expires_at is not None and self.expires_at <= now:
            raise Unauthenticated("The API key has expired")
        return self.owner

    def revoked(self, now: datetime) -> Self:
        """Return it as it is once it was revoked; the first time counts."""
        return self if self.revoked_at is not None else replace(self, revoked_at=now)


def make_key(key_id: str, secret: str, *, owner: str, now: datetime, expires_at: datetime | None) -> tuple[str, ApiKey]:
    """
    Return a new key, to be shown once, and what is kept of it.

    *key_id* and *secret* are random: 16 and 64 hexadecimal digits.
    """
    key = f"{PREFIX}{key_id}_{secret}"
    return key, ApiKey(id=id_of(key), owner=owner, digest=_digest(key), created_at=now, expires_at=expires_at)


def id_of(key: str) -> str:
    """
    Return the id that *key* carries.

    Raises:
        Unauthenticated: If it does not look like a key.

    """
    match = _KEY.fullmatch(key)
    if match is None:
        raise Unauthenticated(f"An API key is {PREFIX}, 16 digits, _ and 64 digits, all of them hexadecimal")
    return match[1]


def _digest(key: str) -> str:
    return sha256(key.encode(errors="surrogatepass")).hexdigest()
