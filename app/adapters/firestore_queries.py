"""
The queries on tasks, the indexes they need, and where they begin.

Firestore answers a query without its index with an error, the emulator answers
every query: whoever changes one here changes `INDEXES` with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from app.adapters.firestore_codec import SUMMARY_FIELDS, TASK_FIELDS
from app.adapters.firestore_values import Value, value_to
from app.domain.processing import Execution
from app.domain.task import Status, lanes

INDEXES: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (("lane", "ASCENDING"), ("due_at", "ASCENDING")),
    (("owner", "ASCENDING"), ("created_at", "DESCENDING")),
    (("owner", "ASCENDING"), ("status", "ASCENDING"), ("created_at", "DESCENDING")),
)
"""The composite indexes on the collection group `tasks`, as fields and directions; no other field is indexed."""

COUNTED: Final = "open"
"""What the answer to a count is called in it."""

type Query = dict[str, Any]
type Aggregation = dict[str, Any]


class Place(NamedTuple):
    """A place in the order of a query: the time it is ordered by, and the id of the task there."""

    at: datetime
    task_id: str


class Stretch(NamedTuple):
    """How much of a query's answer is wanted: *limit* tasks, from the beginning or behind a place."""

    after: Place | None
    limit: int


@dataclass(slots=True)
class DueRange:
    """
    From where on a process looks for due tasks of one kind of execution.

    Entries that were removed from the head of an index make a queue's queries
    slow, so a scan starts where the last one found the first live task, less a
    margin. Clocks differ and writes come late: now and then it starts at the
    very beginning.
    """

    margin: timedelta = timedelta(minutes=5)
    every: int = 20
    _scans: int = field(default=0, init=False)
    _oldest: datetime | None = field(default=None, init=False)

    def start(self, now: datetime) -> datetime | None:
        """Where the next scan begins; None at the very beginning."""
        if self._oldest is None or self._scans % self.every == 0:
            return None
        return min(self._oldest, now) - self.margin

    def finished(self, *, oldest: datetime | None, now: datetime) -> None:
        """A scan up to *now* has succeeded; *oldest* is the due time of the first task it found."""
        self._scans += 1
        self._oldest = oldest or now


def due_query(root: str, execution: Execution, *, start: datetime | None, now: datetime, stretch: Stretch) -> Query:
    """Tasks that are due at *now*, over all lanes of *execution*, oldest first."""
    filters = [_where("lane", "IN", list(lanes(execution))), _where("due_at", "LESS_THAN_OR_EQUAL", now)]
    if start is not None and stretch.after is None:
        filters.append(_where("due_at", "GREATER_THAN_OR_EQUAL", start))
    return _query(root, TASK_FIELDS, filters, ("due_at", "ASCENDING"), stretch)


def list_query(root: str, owner: str, *, status: Status | None, stretch: Stretch) -> Query:
    """The tasks of *owner*, newest first, without their results."""
    filters = [_where("owner", "EQUAL", owner)]
    if status is not None:
        filters.append(_where("status", "EQUAL", status.value))
    return _query(root, SUMMARY_FIELDS, filters, ("created_at", "DESCENDING"), stretch)


def open_query(owner: str, *, at_most: int) -> Aggregation:
    """
    How many tasks of *owner* are not final, counted no further than *at_most*.

    It has an order only so that the index of the listing serves it: without
    one it would need an index of its own.
    """
    unfinished = [status.value for status in Status if not status.is_final]
    filters = [_where("owner", "EQUAL", owner), _where("status", "IN", unfinished)]
    return {
        "structured_query": _matching(filters, ("created_at", "DESCENDING")),
        "aggregations": [{"alias": COUNTED, "count": {"up_to": {"value": at_most}}}],
    }


def _where(name: str, operator: str, value: Value) -> dict[str, Any]:
    return {"field_filter": {"field": {"field_path": name}, "op": operator, "value": value_to(value)}}


def _query(
    root: str,
    mask: Sequence[str],
    filters: Sequence[dict[str, Any]],
    order: tuple[str, str],
    stretch: Stretch,
) -> Query:
    query = _matching(filters, order)
    query["select"] = {"fields": [{"field_path": field} for field in mask]}
    query["limit"] = {"value": stretch.limit}
    if stretch.after is not None:
        document = {"reference_value": f"{root}/tasks/{stretch.after.task_id}"}
        query["start_at"] = {"values": [value_to(stretch.after.at), document], "before": False}
    return query


def _matching(filters: Sequence[dict[str, Any]], order: tuple[str, str]) -> Query:
    name, direction = order
    return {
        "from_": [{"collection_id": "tasks"}],
        "where": {"composite_filter": {"op": "AND", "filters": list(filters)}},
        "order_by": [
            {"field": {"field_path": name}, "direction": direction},
            {"field": {"field_path": "__name__"}, "direction": direction},
        ],
    }
