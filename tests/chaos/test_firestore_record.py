"""How the record makes versions of commits: by Firestore's own times, and by nothing that it does not know."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.firestore_record import REPLY, REQUEST, FirestoreRecord
from tests.factories import NOW

DOCUMENTS = "projects/p/databases/(default)/documents"
FIRST = {
    "status": {"string_value": "pending"},
    "revision": {"integer_value": 1},
    "attempt": {"integer_value": 0},
    "max_attempts": {"integer_value": 3},
    "available_at": {"timestamp_value": NOW},
    "submission": {"string_value": "s"},
    "content_bytes": {"integer_value": 5},
    "content": {"string_value": "hello"},
}


def update(fields: dict[str, Any], *, mask: list[str] | None = None, path: str = "tasks/t") -> dict[str, Any]:
    """Return the write of a document at *path*."""
    write: dict[str, Any] = {"update": {"name": f"{DOCUMENTS}/{path}", "fields": fields}}
    return write if mask is None else write | {"update_mask": {"field_paths": mask}}


def committed(second: int, *writes: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the request and the reply of a commit that landed so many seconds after `NOW`."""
    at = NOW + timedelta(seconds=second)
    reply = REPLY(write_results=[{"update_time": at}] * len(writes), commit_time=at)
    return REQUEST(writes=writes).SerializeToString(), reply.SerializeToString()


def test_the_order_is_the_stores_and_not_that_of_the_replies() -> None:
    """Replies overtake each other; in their order, a history shows revisions going backwards."""
    born = committed(0, update(FIRST))
    changes = [committed(n, update({"revision": {"integer_value": n + 1}}, mask=["revision"])) for n in (1, 2, 3)]
    record = FirestoreRecord()

    for commit in reversed([born, *changes]):
        record.take(*commit)

    assert [each.revision for each in record.versions()] == [1, 2, 3, 4]


def test_a_write_without_a_mask_leaves_nothing_of_what_was_there() -> None:
    """A task may take the place of one that has expired; it must not inherit from it."""
    record = FirestoreRecord()
    record.take(*committed(0, update(FIRST | {"cancel_requested": {"boolean_value": True}})))
    record.take(*committed(1, update({name: FIRST[name] for name in FIRST if name != "content"})))

    before, after = record.versions()

    assert (before.cancel_requested, before.keeps_content) == (True, True)
    assert (after.cancel_requested, after.keeps_content) == (False, False)


def test_times_are_exact() -> None:
    """Fifty milliseconds decide whether a lease was taken over alive."""
    at = datetime(2026, 1, 1, 12, 0, 0, 123_457, tzinfo=UTC)
    reply = REPLY(write_results=[{"update_time": at}], commit_time=at)
    record = FirestoreRecord()

    record.take(REQUEST(writes=[update(FIRST)]).SerializeToString(), reply.SerializeToString())

    assert [each.written_at for each in record.versions()] == [at]


def test_what_is_no_task_is_left_alone() -> None:
    """Other documents may come to lie beside the tasks."""
    record = FirestoreRecord()
    record.take(*committed(0, update({"count": {"integer_value": 1}}, path="statistics/today")))

    assert record.versions() == []
    assert record.strange == []


def test_what_the_record_cannot_follow_is_said() -> None:
    """A value that the store computes is in no request; a silent record would be wrong from then on."""
    stamp = {"field_path": "revision", "increment": {"integer_value": 1}}
    record = FirestoreRecord()

    record.take(*committed(0, update(FIRST) | {"update_transforms": [stamp]}))

    assert len(record.strange) == 1
