"""API keys for the contract's tests: everything that a test does not care about is filled."""

from datetime import datetime
from uuid import uuid4

from app.domain.keys import ApiKey, make_key
from tests.factories import NOW


def kept_key(
    *, key_id: str | None = None, owner: str = "acme", created_at: datetime = NOW, expires_at: datetime | None = None
) -> ApiKey:
    """Return what is kept of a new key."""
    _, kept = make_key(key_id or uuid4().hex[:16], uuid4().hex * 2, owner=owner, now=created_at, expires_at=expires_at)
    return kept
