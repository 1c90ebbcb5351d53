"""What runs in a child, taken by itself: rationed progress, and answers that may be stored."""

import json

import pytest

from app.domain.errors import ProcessorCrashed
from app.domain.processing import RESULT_BYTES, Document, Json, Kind, Report
from app.processors import processor
from app.processors.child import Reporter, attempt
from app.processors.frames import HEADER, Tag, announced, header


class Wire:
    """Keeps the frames that were sent."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.sent: list[tuple[Tag, Json]] = []

    def send(self, tag: Tag, payload: bytes) -> None:
        """Keep one frame."""
        self.sent.append((tag, json.loads(payload)))


class Clock:
    """Stands still until it is moved."""

    seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


def test_progress_is_sent_at_most_every_tenth_of_a_second() -> None:
    """A model that reports for every word must not keep the event loop busy."""
    wire, clock = Wire(), Clock()
    report = Reporter(wire.send, clock)

    for milliseconds in range(0, 1000, 10):
        clock.seconds = milliseconds / 1000
        report("reading", milliseconds / 1000)

    assert len(wire.sent) == 10


def test_what_came_too_soon_is_kept_for_the_end() -> None:
    """The last stage is the one a caller wants to see."""
    wire = Wire()
    report = Reporter(wire.send, Clock())
    report("reading", 0.1)
    report("reading", 0.2)
    report("writing", 0.9)

    report.flush()
    report.flush()

    assert wire.sent == [(Tag.PROGRESS, ["reading", 0.1]), (Tag.PROGRESS, ["writing", 0.9])]


@pytest.mark.parametrize(("told", "understood"), [(-0.1, 0.0), (1.0000001, 1.0), (float("nan"), 0.0), (1, 1.0)])
def test_a_fraction_that_is_none_is_mended(told: float, understood: float) -> None:
    """A rounding error in a progress bar must not fail a document."""
    wire = Wire()

    Reporter(wire.send, Clock())("reading", told)

    assert wire.sent == [(Tag.PROGRESS, ["reading", understood])]


def test_the_last_progress_precedes_the_answer() -> None:
    """After the answer nobody listens any more."""
    wire = Wire()

    @processor("hasty")
    def hasty(_document: Document, report: Report) -> Json:
        report("begun", 0.0)
        report("done", 1.0)
        return "x"

    answer = attempt(hasty, Document(text=""), Reporter(wire.send, Clock()))

    assert wire.sent[-1] == (Tag.PROGRESS, ["done", 1.0])
    assert answer == (Tag.RESULT, b'{"summary":"x"}')


def test_an_answer_out_of_memory_is_ready_before_it_is_needed() -> None:
    """Where there is no memory, none can be had to say so."""

    @processor("greedy")
    def greedy(_document: Document, _report: Report) -> Json:
        raise MemoryError

    tag, payload = attempt(greedy, Document(text="", kind=Kind.TEXT), Reporter(Wire().send, Clock()))

    assert tag is Tag.RAISED
    assert json.loads(payload)[0] == "MemoryLimitExceeded"


def test_a_frame_announces_its_tag_and_its_length() -> None:
    """Both ends agree on the same five bytes."""
    assert announced(header(Tag.RESULT, b"{}")) == (Tag.RESULT, 2)


@pytest.mark.parametrize("head", [HEADER.pack(0, 1), HEADER.pack(255, 1), HEADER.pack(Tag.RESULT, RESULT_BYTES + 1)])
def test_what_is_no_frame_is_told_apart_at_once(head: bytes) -> None:
    """A child gone mad must not make the web worker wait for four gigabytes."""
    with pytest.raises(ProcessorCrashed):
        announced(head)
