"""
What accepted commits have made of each task: folded from requests and replies, not read back.

The order is Firestore's own, by update times; replies may come in any other. Nothing in here does I/O.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from google.cloud.firestore_v1.types import CommitRequest, CommitResponse

from tests.chaos.history import Plain, Stored

REQUEST: Final = CommitRequest.pb()
REPLY: Final = CommitResponse.pb()

KNOWN: Final = frozenset(
    (
        *("status", "revision", "attempt", "max_attempts", "cancel_requested", "lease", "available_at"),
        *("result", "failure", "submission", "content_bytes"),
    )
)
"""The fields of a task that are kept; of the content only whether it is there."""

CONTENT: Final = "content"

type Moment = tuple[int, int]
"""Seconds and nanoseconds: a commit's time to the last digit."""


@dataclass(slots=True)
class Change:
    """
    What one commit did to one task.

    Attributes:
        at: The update time of the task's document, or of the commit if it touched only the parts.
        order: Counts the commits as they came in: a write without effect has the time of the one before.
        fields: The task's new fields, None for absent ones; None if the document was not written.
        is_whole: All other fields are absent from now on.
        parts: Size of each part that was written; None for one that was deleted.

    """

    task_id: str
    at: Moment
    order: int
    fields: dict[str, Any] | None = None
    is_whole: bool = False
    is_deleted: bool = False
    parts: dict[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Document:
    """A task as all commits so far have left it, with the sizes of its parts."""

    fields: dict[str, Any] | None = None
    parts: dict[str, int] = field(default_factory=dict)
    last: Stored | None = None

    @property
    def keeps_content(self) -> bool:
        """Whether all of it is there: inline, or in the parts of this submission."""
        if self.fields is None:
            return False
        sizes = [size for name, size in self.parts.items() if name.startswith(f"{self.fields['submission']}-")]
        return CONTENT in self.fields or (sum(sizes) == self.fields["content_bytes"] and bool(sizes))

    def apply(self, change: Change) -> Iterator[Stored]:
        """Take in *change*; a version of the task comes of it if the task was written, or has lost its content."""
        for name, size in change.parts.items():
            if size is None:
                self.parts.pop(name, None)
            else:
                self.parts[name] = size or self.parts.get(name, 0)
        if change.is_deleted:
            yield from self._delete(change.at)
        elif change.fields is not None:
            kept = {} if change.is_whole or self.fields is None else self.fields
            merged = kept | change.fields
            self.fields = {name: value for name, value in merged.items() if value is not None}
            yield self._version(change.at)
        elif self.last is not None and self.last.keeps_content != self.keeps_content:
            yield self._version(change.at)

    def _delete(self, at: Moment) -> Iterator[Stored]:
        if self.last is not None and self.fields is not None:
            yield _stored(self.last.task_id, at, self.fields, keeps_content=self.last.keeps_content, is_deleted=True)
        self.fields = self.last = None

    def _version(self, at: Moment) -> Stored:
        fields = self.fields or {}
        self.last = _stored(fields["id"], at, fields, keeps_content=self.keeps_content)
        return self.last


class FirestoreRecord:
    """
    All accepted commits of one database, as far as they concern tasks.

    *strange* says in words what this record cannot follow.
    """

    def __init__(self) -> None:
        """Begin with an empty database."""
        self.strange: list[str] = []
        self._changes: list[Change] = []
        self._commits = 0

    def take(self, request: bytes, reply: bytes) -> None:
        """Remember a commit that was accepted with *reply*."""
        self._commits += 1
        committed, answered = REQUEST.FromString(request), REPLY.FromString(reply)
        changes: dict[str, Change] = {}
        at = _moment(answered.commit_time)
        for write, result in zip(committed.writes, answered.write_results, strict=True):
            if write.update_transforms or write.HasField("transform"):
                self.strange.append("A commit computed values in the store; this record cannot follow that")
            _, _, path = (write.update.name or write.delete).partition("/documents/tasks/")
            task_id, _, part = path.partition("/parts/")
            if not task_id:
                continue
            change = changes.setdefault(task_id, Change(task_id, at, self._commits))
            if part:
                change.parts[part] = None if write.delete else len(write.update.fields[CONTENT].bytes_value)
            else:
                _write_task(change, write)
                change.at = _moment(result.update_time) if result.HasField("update_time") else at
        self._changes += changes.values()

    def versions(self) -> list[Stored]:
        """Every version of every task, those of one task in their order."""
        documents: dict[str, _Document] = {}
        return [
            version
            for change in sorted(self._changes, key=lambda change: (change.at, change.order))
            for version in documents.setdefault(change.task_id, _Document()).apply(change)
        ]


def _write_task(change: Change, write: Any) -> None:  # noqa: ANN401 - protobuf's messages have no types
    change.is_deleted = bool(write.delete)
    if change.is_deleted:
        return
    fields, mask = write.update.fields, write.update_mask.field_paths
    change.is_whole = not write.HasField("update_mask")
    named = KNOWN.intersection(fields if change.is_whole else mask)
    change.fields = {name: plain(fields[name]) if name in fields else None for name in named}
    change.fields["id"] = change.task_id
    if CONTENT in fields or CONTENT in mask:
        change.fields[CONTENT] = True if CONTENT in fields else None


def plain(value: Any) -> Any:  # noqa: ANN401 - any of Firestore's values, as whatever it is in Python
    """One of Firestore's values as Python's."""
    member = value.WhichOneof("value_type")
    if member == "timestamp_value":
        return value.timestamp_value.ToDatetime(tzinfo=UTC)
    if member == "map_value":
        return {name: plain(each) for name, each in value.map_value.fields.items()}
    return None if member == "null_value" else getattr(value, member)


def _stored(
    task_id: str, at: Moment, fields: Mapping[str, Any], *, keeps_content: bool, is_deleted: bool = False
) -> Stored:
    lease: Mapping[str, Any] = fields.get("lease", {})
    result: Plain = json.loads(fields["result"]) if "result" in fields else None
    return Stored(
        task_id=task_id,
        written_at=datetime.fromtimestamp(at[0], tz=UTC).replace(microsecond=at[1] // 1000),
        revision=fields["revision"],
        status=fields["status"],
        attempt=fields["attempt"],
        max_attempts=fields["max_attempts"],
        cancel_requested=fields.get("cancel_requested", False),
        token=lease.get("token"),
        holder=lease.get("holder"),
        lease_until=lease.get("expires_at"),
        available_at=fields["available_at"],
        result=result,
        failure=fields.get("failure", {}).get("code"),
        keeps_content=keeps_content,
        is_deleted=is_deleted,
    )


def _moment(stamp: Any) -> Moment:  # noqa: ANN401 - protobuf's messages have no types
    return stamp.seconds, stamp.nanos
