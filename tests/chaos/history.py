"""
What happened in one run: every change that the store carried out, and all that callers asked and were told.

The two sides are recorded apart and share nothing but the ids of tasks: the
store's by a tap on the wire or in the file, the callers' by the load. Nothing
in here judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

type Plain = str | int | float | bool | list[Plain] | dict[str, Plain] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """
    One version of a task, as a write that the store accepted has left it.

    Attributes:
        written_at: By the store's clock.
        token: Of the lease, if there is one; likewise *holder* and *lease_until*.
        failure: The code of the last attempt's failure.
        keeps_content: Whether the input was still there after this write.
        is_deleted: The write removed the task; the other members are those of the version before.

    """

    task_id: str
    written_at: datetime
    revision: int
    status: str
    attempt: int
    max_attempts: int
    cancel_requested: bool = False
    token: str | None = None
    holder: str | None = None
    lease_until: datetime | None = None
    available_at: datetime
    result: Plain = None
    failure: str | None = None
    keeps_content: bool = True
    is_deleted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """
    What a submission must come to.

    Attributes:
        statuses: The final statuses that are right for it.
        answer: What the result must say under `answer`; None if it will have none.
        failures: The failure codes that are right if it fails.

    """

    statuses: frozenset[str] = frozenset({"completed"})
    answer: str | None = None
    failures: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Submitted:
    """
    One POST that creates; *began* and *ended* are the caller's monotonic seconds.

    Attributes:
        label: Which document it was; a repetition has the same one.
        code: The HTTP status; 0 if there was no answer.
        task_id: What the answer named.
        key: Its `Idempotency-Key`, if it had one.

    """

    label: str
    expected: Expected
    began: float
    ended: float
    code: int
    task_id: str | None = None
    key: str | None = None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """
    One read of a task by one *client*, who asks for the next one only when it has the answer.

    *code* is the HTTP status, 0 without an answer; the rest is what the answer said.
    """

    client: str
    task_id: str
    began: float
    ended: float
    code: int
    status: str | None = None
    attempt: int | None = None
    revision: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """
    One stream on which a *client* was told of a task, from the request to the end; those of one client do not overlap.

    Attributes:
        way: What kind of stream it was.
        number: How many the client has asked for, this one included.
        opened: When the server let the client in; None if it did not.
        code: The HTTP status; of a WebSocket that was closed, why; 0 if there was no answer.
        after: The revision behind which the client wanted to be told, if any.

    """

    client: str
    task_id: str
    way: str
    number: int
    began: float
    opened: float | None = None
    ended: float
    code: int
    after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """
    One event of a stream, and what it said of the task.

    Attributes:
        connection: The number of the stream.
        at: When it came, in the client's monotonic seconds.
        id: The event's own, if it had one; the messages of a WebSocket have none.
        progress: The fraction, if there was any progress.

    """

    client: str
    task_id: str
    connection: int
    at: float
    id: int | None
    revision: int
    status: str
    attempt: int
    progress: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A `cancel`, `retry` or `delete` (*verb*) and its answer; *status* is what the answer said of the task."""

    verb: str
    task_id: str
    began: float
    ended: float
    code: int
    status: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Injected:
    """A fault, when it was injected (monotonic seconds), and what it hit, for people."""

    fault: str
    at: float
    what: str = ""


def _clock_at_zero() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=monotonic())


@dataclass
class History:
    """
    One run.

    Attributes:
        clock: What the machine's clock, which is the store's, says when the monotonic one says 0.
        stored: Every accepted write, in any order; of one task, `revision` orders them.
        at_the_end: Of each task that still exists, whether its input is still stored, looked up when all was over.
        leftovers: Content that belongs to no task any more, and processes that outlived their instance, in words.

    """

    stored: list[Stored] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    injected: list[Injected] = field(default_factory=list)
    at_the_end: Mapping[str, bool] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)
    clock: datetime = field(default_factory=_clock_at_zero)

    def date(self, at: float) -> datetime:
        """Return the time of what happened *at* so many monotonic seconds."""
        return self.clock + timedelta(seconds=at)

    def versions(self) -> dict[str, list[Stored]]:
        """All versions of each task, the oldest first."""
        found: dict[str, list[Stored]] = {}
        for version in sorted(self.stored, key=lambda stored: (stored.written_at, stored.revision)):
            found.setdefault(version.task_id, []).append(version)
        return found
