"""
The writes that a change of a task is made of, in the plain form of `firestore_values`.

The first of a commit is always the task's own: it carries the condition, and
its update time is the new version. Nothing in here does I/O.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final, NamedTuple

from app.adapters.firestore_codec import CONTENT, fields_of
from app.adapters.firestore_values import Fields, fields_to
from app.domain.extraction import TEXT_BYTES
from app.domain.processing import KeptText
from app.domain.task import Status, Task

INLINE_BYTES: Final = 16 * 1024
"""Larger content lies in documents of its own, so that no heartbeat carries it along."""

PART_BYTES: Final = 900 * 1024
"""A document takes 1 MiB, names and all."""

PARTS_PER_COMMIT: Final = 3
"""Under 3 MB: Firestore takes 10 MiB in a request, its emulator 4 MiB."""

ORPHANS_KEPT: Final = timedelta(days=1)
"""How much longer than its task may last the text of a run that wrote it after its lease had ended."""

PARTS_KEPT: Final = timedelta(days=100)
"""Longer than any task can wait, run and be kept; it removes what a lost submission left behind."""

type Write = dict[str, Any]


class Version(NamedTuple):
    """The update time of a document, to the nanosecond."""

    seconds: int
    nanos: int


class Names(NamedTuple):
    """The documents of one database; *root* is `projects/…/databases/…/documents`."""

    root: str

    def task(self, task_id: str) -> str:
        """The document of a task."""
        return f"{self.root}/tasks/{task_id}"

    def api_key(self, key_id: str) -> str:
        """The document of an API key."""
        return f"{self.root}/api_keys/{key_id}"

    def parts(self, task: Task) -> list[str]:
        """The documents that hold the content of *task*, in order; none if it is inline."""
        if task.content_bytes <= INLINE_BYTES:
            return []
        return self._parts(task, task.submission, task.content_bytes)

    def text_parts(self, task: Task, text: KeptText | None) -> list[str]:
        """The documents that hold a *text* of *task*, in order; none if it is empty, or there is none."""
        return [] if text is None else self._parts(task, text.token, text.size)

    def _parts(self, task: Task, token: str, size: int) -> list[str]:
        count = -(-size // PART_BYTES)
        return [f"{self.task(task.id)}/parts/{token}-{number}" for number in range(count)]


ABSENT: Final[Write] = {"exists": False}


def unchanged(version: Version) -> Write:
    """The condition that a document is still the one that was read or written as *version*."""
    return {"update_time": {"seconds": version.seconds, "nanos": version.nanos}}


def create(names: Names, task: Task, content: bytes, condition: Write) -> Write:
    """All of *task*, and nothing of whatever had its id before."""
    inline = None if names.parts(task) else content if task.is_file else content.decode()
    fields = {**fields_of(task), CONTENT: inline}
    return {"update": _document(names.task(task.id), fields), "current_document": condition}


def replace(names: Names, seen: Task, new: Task, version: Version) -> list[Write]:
    """
    The change from *seen*, stored as *version*, to *new*; erases the content if the task no longer keeps it.

    Only what differs is sent: the condition says that the rest is as it was seen.
    """
    before = fields_of(seen)
    fields = {name: value for name, value in fields_of(new).items() if value != before[name]}
    erased = [] if new.keeps_content else [CONTENT]
    change = {
        "update": _document(names.task(new.id), fields),
        "update_mask": {"field_paths": [*fields, *erased]},
        "current_document": unchanged(version),
    }
    return [change, *_parts_of_change(names, seen, new), *_erase_lost_text(names, seen, new)]


def erase(names: Names, task: Task, version: Version) -> list[Write]:
    """The removal of a task and of all that belongs to it."""
    text = [{"delete": name} for name in names.text_parts(task, task.text)]
    return [{"delete": names.task(task.id), "current_document": unchanged(version)}, *erase_parts(names, task), *text]


def erase_parts(names: Names, task: Task) -> list[Write]:
    """The removal of the content of *task*, as far as it has documents of its own."""
    return [{"delete": name} for name in names.parts(task)]


def create_parts(names: Names, task: Task, content: bytes) -> list[Write]:
    """The content of *task* in documents of its own; none if it is inline."""
    documents = names.parts(task)
    return _cut(documents, content, expires_at=task.created_at + PARTS_KEPT) if documents else []


def create_text_parts(names: Names, task: Task, kept: KeptText, text: bytes, now: datetime) -> list[Write]:
    """The *text* of a run of *task* that is about to end, as it is *kept*."""
    return _cut(names.text_parts(task, kept), text, expires_at=now + task.time_to_live + ORPHANS_KEPT)


def in_commits(parts: Sequence[Write]) -> Iterator[list[Write]]:
    """*parts* in as many commits as they need."""
    return (list(group) for group in batched(parts, PARTS_PER_COMMIT))


def _cut(documents: Sequence[str], whole: bytes, *, expires_at: datetime) -> list[Write]:
    return [
        {"update": _document(name, {CONTENT: whole[start : start + PART_BYTES], "expires_at": expires_at})}
        for name, start in zip(documents, range(0, len(whole), PART_BYTES), strict=True)
    ]


def _parts_of_change(names: Names, seen: Task, new: Task) -> list[Write]:
    if not new.keeps_content:
        return erase_parts(names, new)
    if new.expires_at:
        return _keep_parts(names, new, new.expires_at)
    if seen.status is Status.FAILED:
        return _keep_parts(names, new, new.available_at + PARTS_KEPT)
    return []


def _erase_lost_text(names: Names, seen: Task, new: Task) -> list[Write]:
    """The removal of a text that nobody will ask for: of a run whose lease ends here, unless the task ends with it."""
    goes_on = new.lease or new.text
    if not seen.keeps_text or seen.lease is None or (goes_on and goes_on.token == seen.lease.token):
        return []
    largest = TEXT_BYTES if seen.is_file else seen.content_bytes
    return [{"delete": name} for name in names.text_parts(seen, KeptText(token=seen.lease.token, size=largest))]


def _keep_parts(names: Names, task: Task, expires_at: datetime) -> list[Write]:
    fields: Fields = {"expires_at": expires_at}
    return [
        {"update": _document(name, fields), "update_mask": {"field_paths": ["expires_at"]}}
        for name in names.parts(task)
    ]


def _document(name: str, fields: Fields) -> dict[str, Any]:
    return {"name": name, "fields": fields_to(fields)}
