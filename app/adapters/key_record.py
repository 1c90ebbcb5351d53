"""
What is kept of an API key, checked as it comes back from a store.

Whatever is not exactly what was written is refused: a broken record must never
let anybody in, nor lose the time at which its key ends.
"""

import re
from datetime import datetime
from typing import Final

from app.domain.keys import ApiKey

_ID: Final = re.compile("[0-9a-f]{16}")
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def is_key_id(text: str) -> bool:
    """Tell whether a key can have the id *text*; any other is in no store."""
    return _ID.fullmatch(text) is not None


def read_key(  # noqa: PLR0913 - the fields of a record
    key_id: str, *, owner: object, digest: object, created_at: object, expires_at: object, revoked_at: object
) -> ApiKey:
    """
    Return the key that these fields of a record describe.

    Raises:
        ValueError: If they describe none.

    """
    if not (isinstance(owner, str) and isinstance(digest, str) and _DIGEST.fullmatch(digest) and is_key_id(key_id)):
        raise ValueError("no record of a key")
    created, expires, revoked = _instant(created_at), _instant_or_none(expires_at), _instant_or_none(revoked_at)
    return ApiKey(id=key_id, owner=owner, digest=digest, created_at=created, expires_at=expires, revoked_at=revoked)


def _instant_or_none(value: object) -> datetime | None:
    return None if value is None else _instant(value)


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise ValueError("no instant")  # noqa: TRY004 - whoever reads a record wants one error for all that is wrong
    return value
