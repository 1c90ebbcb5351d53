"""What is said on a stream, and what it means: also what only the real Firestore says."""

from itertools import islice
from typing import Any, override

import pytest
from google.cloud.firestore_v1.types import ListenResponse
from grpc import StatusCode  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters import firestore_targets
from app.adapters.firestore_targets import Target, Targets, numbers
from app.adapters.firestore_wire import Found


class Noted(Target):
    """A target that writes down what it learns."""

    def __init__(self, task_id: str) -> None:
        """Begin with nothing."""
        super().__init__(task_id)
        self.learnt: list[object] = []

    @override
    def seen(self, found: Found | None) -> None:
        self.learnt.append(found and found.fields["revision"])

    @override
    def current(self) -> None:
        self.learnt.append("current")

    @override
    def lost(self) -> None:
        self.learnt.append("lost")


class Stream:
    """Targets `a`, `b`, … under the numbers 1, 2, …, and what is to be added anew."""

    def __init__(self, *names: str, sent: bool = True) -> None:
        """Add them; *sent* tells whether the server knows."""
        self.again: list[tuple[str, StatusCode]] = []
        self.targets = Targets(numbers(), lambda target, code: self.again.append((target.task_id, code)))
        self.noted = {name: Noted(name) for name in names}
        for noted in self.noted.values():
            self.targets.add(noted)
        if sent:
            self.requests()

    def requests(self) -> list[dict[str, Any]]:
        """Return what is to be sent."""
        requests = []
        while request := self.targets.next_request(str.upper):
            requests.append(request)
        return requests

    def say(self, **answer: Any) -> None:  # noqa: ANN401 - the fields of a ListenResponse
        """Let the server say something."""
        self.targets.take(ListenResponse.pb()(**answer))

    def change(self, kind: str, *numbers: int, **more: Any) -> None:  # noqa: ANN401 - the fields of a TargetChange
        """Let it say something of targets."""
        self.say(target_change={"target_change_type": kind, "target_ids": numbers, **more})

    def document(self, revision: int, *numbers: int) -> None:
        """Let it say how a document is."""
        document = {"name": "x", "fields": {"revision": {"integer_value": revision}}}
        self.say(document_change={"document": document, "target_ids": numbers})


def test_a_number_is_never_used_twice() -> None:
    """Adding a number that is in use ends the stream, for a hundred tasks."""
    stream = Stream("a")
    noted = stream.noted["a"]

    stream.targets.remove(noted)
    stream.targets.add(noted)

    assert stream.requests() == [
        {"remove_target": 1},
        {"add_target": {"target_id": 2, "documents": {"documents": ["A"]}}},
    ]


def test_numbers_stay_within_what_the_protocol_can_say() -> None:
    """A process that lives long enough would not be able to follow anything."""
    assert list(islice(numbers(), 3)) == [1, 2, 3]
    assert firestore_targets.LARGEST_NUMBER == 2_147_483_647


def test_what_is_left_before_it_was_asked_for_costs_nothing() -> None:
    """A store that stands still must not be flooded with what nobody wants any more."""
    stream = Stream("a", "b", sent=False)

    stream.targets.remove(stream.noted["a"])
    stream.targets.remove(stream.noted["a"])

    assert [request["add_target"]["target_id"] for request in stream.requests()] == [2]


def test_a_document_is_seen_by_the_targets_that_it_is_meant_for() -> None:
    """One stream carries the tasks of many callers."""
    stream = Stream("a", "b")

    stream.document(3, 1)
    stream.say(document_delete={"document": "x", "removed_target_ids": [2]})
    stream.document(4, 1, 77)

    assert stream.noted["a"].learnt == [3, 4]
    assert stream.noted["b"].learnt == [None]


def test_a_target_that_is_current_without_a_document_has_none() -> None:
    """Firestore need not say that something is not there."""
    stream = Stream("a")

    stream.change("ADD", 1)
    stream.change("CURRENT", 1)

    assert stream.noted["a"].learnt == [None, "current"]


def test_what_is_said_of_all_targets_is_not_meant_for_those_still_on_their_way() -> None:
    """A task that was followed a moment ago would be told as gone, although nobody has looked for it."""
    stream = Stream("a", "b")

    stream.change("ADD", 1)
    stream.change("CURRENT")
    stream.change("NO_CHANGE")

    assert stream.noted["a"].learnt == [None, "current"]
    assert stream.noted["b"].learnt == []


def test_a_reset_target_begins_anew() -> None:
    """What was said before may be wrong; a document that is not said again is not there."""
    stream = Stream("a")
    stream.document(1, 1)
    stream.change("CURRENT", 1)

    stream.change("RESET", 1)
    stream.change("CURRENT", 1)

    assert stream.noted["a"].learnt == [1, "current", "lost", None, "current"]


def test_a_target_that_the_server_removes_is_added_anew() -> None:
    """Its watcher would wait for ever; and to remove what is not there any more may be an error."""
    stream = Stream("a", "b")

    stream.change("REMOVE", 1, cause={"code": StatusCode.RESOURCE_EXHAUSTED.value[0]})
    stream.change("REMOVE", 2, cause={"code": 99})

    assert stream.again == [("a", StatusCode.RESOURCE_EXHAUSTED), ("b", StatusCode.UNKNOWN)]
    assert stream.noted["a"].learnt == ["lost"]
    assert stream.requests() == []


def test_a_target_that_was_left_is_not_added_anew() -> None:
    """The server confirms every removal."""
    stream = Stream("a")
    stream.targets.remove(stream.noted["a"])

    stream.change("REMOVE", 1)

    assert stream.again == []


@pytest.mark.parametrize(
    ("has_document", "count", "is_doubted"), [(True, 0, True), (False, 1, True), (True, 1, False), (False, 0, False)]
)
def test_a_target_is_asked_for_anew_if_the_server_counts_other_documents(
    *, has_document: bool, count: int, is_doubted: bool
) -> None:
    """It counts instead of saying what has gone."""
    stream = Stream("a")
    if has_document:
        stream.document(1, 1)

    stream.say(filter={"target_id": 1, "count": count})

    assert stream.again == [("a", StatusCode.OK)] * is_doubted
    assert stream.requests() == [{"remove_target": 1}] * is_doubted


@pytest.mark.parametrize(
    "said",
    [
        {"document_remove": {"document": "x", "removed_target_ids": [1]}},
        {"document_change": {"document": {"name": "x"}, "removed_target_ids": [1]}},
    ],
)
def test_a_document_that_only_went_out_of_view_is_not_told_as_gone(said: dict[str, Any]) -> None:
    """It may be there, and just not be sent: whoever tells a caller that a living task is gone has lost it."""
    stream = Stream("a")
    stream.document(1, 1)

    stream.say(**said)

    assert stream.noted["a"].learnt == [1, "lost"]
    assert stream.again == [("a", StatusCode.OK)]


def test_an_answer_of_a_kind_that_nobody_knows_is_let_pass() -> None:
    """The protocol may grow."""
    stream = Stream("a")

    stream.say()

    assert stream.noted["a"].learnt == []
