"""Where a listing goes on: the last task of a page, as a token that callers hand back and need not understand."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.domain.errors import InvalidCursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def encode_cursor(created_at: datetime, task_id: str) -> str:
    """The position behind the task *task_id* of *created_at*, fit for a URL as it is."""
    position = f"{(created_at - _EPOCH) // _MICROSECOND}:{task_id}"
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """
    What `encode_cursor` was given: the instant in UTC, and a task id that is a UUID.

    Raises:
        InvalidCursor: If *cursor* is anything but such a token.

    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        microseconds, _, task_id = urlsafe_b64decode(padded).decode().partition(":")
        created_at = _EPOCH + int(microseconds) * _MICROSECOND
        spelled_out = encode_cursor(created_at, str(UUID(task_id)))
    except (ValueError, OverflowError) as error:
        raise InvalidCursor from error
    if spelled_out != cursor:  # decoders are lenient: many strings would mean the same position
        raise InvalidCursor
    return created_at, task_id
