"""What a change of a task writes, and that it stays within Firestore's limits."""

from dataclasses import replace
from typing import Any

import pytest

from app.adapters import firestore_writes as writes
from app.adapters.firestore_writes import ABSENT, INLINE_BYTES, PART_BYTES, PARTS_PER_COMMIT, Names, Version
from app.domain.processing import Progress
from app.domain.task import Status
from app.domain.transitions import complete, renew
from tests.factories import NOW, make_lease, make_task

NAMES = Names("projects/p/databases/(default)/documents")
VERSION = Version(1_800_000_000, 123_456_000)
MEBIBYTE = 1024 * 1024


def part_sizes(size: int) -> list[int]:
    """Return the sizes of the parts of a content of *size* bytes."""
    parts = writes.create_parts(NAMES, make_task(content_bytes=size), b"x" * size)
    return [len(part["update"]["fields"]["content"]["bytes_value"]) for part in parts]


def test_a_heartbeat_sends_what_it_changes_and_no_more() -> None:
    """It is the write that comes most often, for the longest tasks."""
    seen = make_task(Status.PROCESSING, options={"summary_sentences": 3})
    progress = Progress(stage="reading", fraction=0.5)
    new = renew(seen, token=make_lease().token, until=NOW.replace(hour=13), progress=progress)

    (write,) = writes.replace(NAMES, seen, new, VERSION)

    assert set(write["update_mask"]["field_paths"]) == {"lease", "progress", "due_at", "revision"}
    assert set(write["update"]["fields"]) == {"lease", "progress", "due_at", "revision"}


def test_completing_removes_what_a_finished_task_no_longer_has() -> None:
    """A name in the mask without a value is erased; one in neither stays for ever."""
    seen = make_task(Status.PROCESSING)
    new = complete(seen, token=make_lease().token, result="done", now=NOW)

    (write,) = writes.replace(NAMES, seen, new, VERSION)

    erased = set(write["update_mask"]["field_paths"]) - set(write["update"]["fields"])
    assert erased == {"content", "lease", "due_at"}


def test_every_change_of_a_task_is_conditional() -> None:
    """A write without a condition would undo somebody else's."""
    seen = make_task(content_bytes=3 * PART_BYTES)
    new = replace(seen, revision=2)

    first_writes: list[dict[str, Any]] = [
        writes.create(NAMES, seen, b"hello", ABSENT),
        writes.replace(NAMES, seen, new, VERSION)[0],
        writes.erase(NAMES, seen, VERSION)[0],
    ]

    unchanged = {"update_time": {"seconds": 1_800_000_000, "nanos": 123_456_000}}
    assert [write["current_document"] for write in first_writes] == [{"exists": False}, unchanged, unchanged]


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (0, []),
        (INLINE_BYTES, []),
        (INLINE_BYTES + 1, [INLINE_BYTES + 1]),
        (PART_BYTES, [PART_BYTES]),
        (PART_BYTES + 1, [PART_BYTES, 1]),
        (4 * PART_BYTES, [PART_BYTES] * 4),
    ],
)
def test_content_is_cut_at_the_edges(size: int, parts: list[int]) -> None:
    """One byte too many makes a part more, and no part is empty."""
    sizes = part_sizes(size)

    assert sizes == parts


@pytest.mark.parametrize(("size", "inline"), [(0, True), (INLINE_BYTES, True), (INLINE_BYTES + 1, False)])
def test_content_is_either_inline_or_in_parts(size: int, *, inline: bool) -> None:
    """Twice would be twice to erase, and never would be lost."""
    task = make_task(content_bytes=size)

    write = writes.create(NAMES, task, b"x" * size, ABSENT)

    assert ("content" in write["update"]["fields"]) is inline
    assert bool(NAMES.parts(task)) is not inline


def test_parts_and_commits_stay_within_the_limits() -> None:
    """Firestore takes 1 MiB in a document, and the emulator 4 MiB in a request; a task's own fields need room too."""
    commit_bytes = PARTS_PER_COMMIT * PART_BYTES

    assert PART_BYTES < MEBIBYTE - 10_000
    assert commit_bytes + MEBIBYTE < 4 * MEBIBYTE


def test_parts_are_grouped_into_commits_in_order() -> None:
    """None is left out and none is sent twice."""
    parts = writes.create_parts(NAMES, make_task(content_bytes=7 * PART_BYTES), b"x" * 7 * PART_BYTES)

    commits = list(writes.in_commits(parts))

    assert [len(commit) for commit in commits] == [3, 3, 1]
    assert [part for commit in commits for part in commit] == parts
