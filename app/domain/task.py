"""
What a task is. An immutable value that refuses impossible combinations.

Nothing in here changes a task; only `transitions` makes a new one from an old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.domain.processing import Execution, Failure, Json, KeptText, Kind, Progress, Result

LANES: Final = 8
"""Lanes for each kind of execution: an index range ordered by time takes about 500 writes a second."""

FILE: Final = "file"
KEEP_TEXT: Final = "keep_text"
"""Options that say how a task is run; no processor is told of them."""

RESULT_LEFT_OUT: Final[Json] = {}
"""Stands for the result of a completed task in listings, which do not read results."""


class Status(StrEnum):
    """The five statuses a task can have; the last three are final."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True if no worker will touch the task again."""
        return self in {Status.COMPLETED, Status.FAILED, Status.CANCELLED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """
    The right to work on a task, until *expires_at* by the store's clock.

    Attributes:
        token: Random, one for each claim: a write with another token is fenced off.
        holder: Which process has it, for people who read logs.

    """

    token: str
    holder: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """
    One document or text on its way to a result.

    Attributes:
        submission: Random, one for each submission, never changed: tells a
            create that landed from somebody else's.
        fingerprint: What the caller asked for, as a hash; tells a repetition from a new request.
        reference: The id the caller chose for a text, if any.
        content_bytes: Size of what the caller handed in.
        available_at: Not to be started before.
        deadline_at: Not to be started after.
        attempt: How many attempts have begun.
        text: The text that was worked on, if the caller wants to read it.
        failure: Why the last attempt failed; kept while the next one is waited for.
        revision: Counts the writes, so that no write is without effect.

    """

    id: str
    kind: Kind
    owner: str
    model_name: str
    execution: Execution
    submission: str
    fingerprint: str
    content_bytes: int
    status: Status
    created_at: datetime
    available_at: datetime
    deadline_at: datetime
    time_to_live: timedelta
    max_attempts: int
    reference: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    attempt: int = 0
    cancel_requested: bool = False
    lease: Lease | None = None
    progress: Progress | None = None
    result: Result = None
    text: KeptText | None = None
    failure: Failure | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    revision: int = 1

    def __post_init__(self) -> None:
        """Refuse what no task can be."""
        impossible = {
            "a lease belongs to processing, and only to it": (self.lease is not None)
            != (self.status is Status.PROCESSING),
            "a result belongs to completed, and only to it": (self.result is not None)
            != (self.status is Status.COMPLETED),
            "a text is kept of a completed task, and only if it was asked for": self.text is not None
            and not (self.keeps_text and self.status is Status.COMPLETED),
            "a failed task says why": self.status is Status.FAILED and self.failure is None,
            "finished_at belongs to a final status, and only to it": (self.finished_at is not None)
            != self.status.is_final,
            "only a task that is being processed can await its cancellation": self.cancel_requested
            and self.status is not Status.PROCESSING,
            "attempts are counted from 0 to max_attempts": not 0 <= self.attempt <= self.max_attempts,
        }
        for rule, broken in impossible.items():
            if broken:
                raise ValueError(f"task {self.id} is {self.status.value}, but {rule}")

    @property
    def lane(self) -> str:
        """Which of the queue's lanes it waits in, such as `cpu-3`."""
        return f"{self.execution.value}-{int(self.id.replace('-', ''), 16) % LANES}"

    @property
    def due_at(self) -> datetime | None:
        """When somebody should look after it: the one field that recovery, retries and delays look at."""
        return self.lease.expires_at if self.lease else self.available_at if self.status is Status.PENDING else None

    @property
    def expires_at(self) -> datetime | None:
        """When a finished task is forgotten."""
        return self.finished_at + self.time_to_live if self.finished_at else None

    @property
    def is_file(self) -> bool:
        """Whether the content is a file, whose text has yet to be found; else it is the text, in UTF-8."""
        return self.options.get(FILE) is True

    @property
    def keeps_text(self) -> bool:
        """Whether the caller wants to read the text that was worked on."""
        return self.options.get(KEEP_TEXT) is True

    @property
    def processor_options(self) -> Mapping[str, Json]:
        """Those options that a processor is told of."""
        return {name: value for name, value in self.options.items() if name not in {FILE, KEEP_TEXT}}

    @property
    def keeps_content(self) -> bool:
        """False once the write that completed or cancelled the task has erased its input."""
        return self.status not in {Status.COMPLETED, Status.CANCELLED}


def lanes(execution: Execution) -> tuple[str, ...]:
    """All lanes of one kind of execution."""
    return tuple(f"{execution.value}-{number}" for number in range(LANES))
