"""
The shape of a history: a task's steps from version to version, and its lives.

A life begins with a submission, or when a caller retries what has failed; it ends with one final record.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from tests.chaos.history import Stored

PENDING: Final = "pending"
PROCESSING: Final = "processing"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"

FINAL: Final = frozenset({COMPLETED, FAILED, CANCELLED})


def births(versions: Sequence[Stored]) -> Iterator[Stored]:
    """Each version that made the task, or made it anew after it had been deleted."""
    for before, version in zip([None, *versions], versions, strict=False):
        if not version.is_deleted and (before is None or before.is_deleted):
            yield version


def steps(versions: Sequence[Stored]) -> Iterator[tuple[Stored, Stored]]:
    """Each version with the one before, deletions included, births not."""
    return ((before, after) for before, after in pairwise(versions) if not before.is_deleted)


def lives(versions: Sequence[Stored]) -> list[list[Stored]]:
    """The versions of each life, without deletions."""
    found: list[list[Stored]] = []
    before: Stored | None = None
    for version in versions:
        if before is None or before.is_deleted or (before.status, version.status) == (FAILED, PENDING):
            found.append([])
        if not version.is_deleted:
            found[-1].append(version)
        before = version
    return found


def outcome(versions: Sequence[Stored]) -> Stored | None:
    """The last version, if it is a final one; a task that was deleted afterwards has ended, too."""
    return versions[-1] if versions and versions[-1].status in FINAL else None
