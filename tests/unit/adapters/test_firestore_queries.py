"""Where queries begin, and that the indexes they need are the ones that are declared."""

from datetime import timedelta

import pytest

from app.adapters.firestore_queries import (
    INDEXES,
    DueRange,
    Place,
    Query,
    Stretch,
    due_query,
    list_query,
    open_query,
)
from app.domain.processing import Execution
from app.domain.task import Status
from tests.factories import NOW

FIVE_MINUTES = timedelta(minutes=5)
ROOT = "projects/p/databases/d/documents"
BEGINNING = Stretch(None, 10)
BEHIND = Stretch(Place(NOW, "1b4e28ba-2fa1-41d2-883f-0016d3cca427"), 10)


def needed_index(query: Query) -> tuple[tuple[str, str], ...]:
    """Return the index that Firestore will demand: what is compared for equality, then what the order goes by."""
    filters = [each["field_filter"] for each in query["where"]["composite_filter"]["filters"]]
    equal = [each["field"]["field_path"] for each in filters if each["op"] in {"EQUAL", "IN"}]
    ranges = {each["field"]["field_path"] for each in filters} - set(equal)
    ordered, name = query["order_by"]
    assert ranges <= {ordered["field"]["field_path"]}
    assert name == {"field": {"field_path": "__name__"}, "direction": ordered["direction"]}
    return (*((field, "ASCENDING") for field in equal), (ordered["field"]["field_path"], ordered["direction"]))


@pytest.mark.parametrize("stretch", [BEGINNING, BEHIND])
def test_every_query_has_its_index_and_every_index_its_query(stretch: Stretch) -> None:
    """The emulator answers without indexes; in production a missing one would stop the queue."""
    queries = [
        due_query(ROOT, Execution.CPU, start=None, now=NOW, stretch=stretch),
        due_query(ROOT, Execution.IO, start=NOW - FIVE_MINUTES, now=NOW, stretch=stretch),
        list_query(ROOT, "me", status=None, stretch=stretch),
        list_query(ROOT, "me", status=Status.FAILED, stretch=stretch),
    ]

    needed = {needed_index(query) for query in queries}

    assert needed == set(INDEXES)


def test_a_count_needs_no_index_of_its_own() -> None:
    """Each index costs every write some time; a count goes over the one that the listing has anyway."""
    count = open_query("me", at_most=20_000)
    listing = list_query(ROOT, "me", status=Status.PENDING, stretch=BEGINNING)

    assert needed_index(count["structured_query"]) == needed_index(listing)


def test_queries_do_not_read_content() -> None:
    """A page of waiting documents could weigh megabytes."""
    queries = [
        due_query(ROOT, Execution.CPU, start=None, now=NOW, stretch=BEGINNING),
        list_query(ROOT, "me", status=None, stretch=BEGINNING),
    ]

    read = [{field["field_path"] for field in query["select"]["fields"]} for query in queries]

    assert all("content" not in fields for fields in read)
    assert ["result" in fields for fields in read] == [True, False]


def test_the_first_scan_starts_at_the_very_beginning() -> None:
    """A new process knows nothing about the queue."""
    due_range = DueRange()

    start = due_range.start(NOW)

    assert start is None


def test_the_next_scan_starts_five_minutes_before_the_oldest_live_task() -> None:
    """Whoever scans the removed head of an index again and again gets slower with every task."""
    due_range = DueRange()
    due_range.finished(oldest=NOW - timedelta(hours=1), now=NOW)

    start = due_range.start(NOW)

    assert start == NOW - timedelta(hours=1) - FIVE_MINUTES


def test_a_scan_that_found_nothing_moves_the_start_to_five_minutes_ago() -> None:
    """Nothing was due up to now, so only what came late can be due before."""
    due_range = DueRange()
    due_range.finished(oldest=None, now=NOW)

    start = due_range.start(NOW + timedelta(seconds=15))

    assert start == NOW - FIVE_MINUTES


def test_a_scan_for_an_earlier_time_starts_early_enough() -> None:
    """The estimate of the store's time may be corrected backwards."""
    due_range = DueRange()
    due_range.finished(oldest=None, now=NOW)

    start = due_range.start(NOW - timedelta(hours=1))

    assert start == NOW - timedelta(hours=1) - FIVE_MINUTES


def test_every_twentieth_scan_starts_at_the_very_beginning() -> None:
    """Whatever the short scans could miss is found in the end."""
    due_range = DueRange()

    starts = []
    for _ in range(41):
        starts.append(due_range.start(NOW))
        due_range.finished(oldest=None, now=NOW)

    assert [number for number, start in enumerate(starts) if start is None] == [0, 20, 40]


def test_a_scan_that_failed_is_asked_for_again() -> None:
    """Twenty failures in an outage must not use up the full scan that a restart needs."""
    due_range = DueRange()

    due_range.start(NOW)
    start = due_range.start(NOW)

    assert start is None
