"""Rules about a run as a whole: each is broken by one history, and by nothing else in it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.chaos.codes import CUT, ENDED, SSE, WEBSOCKET
from tests.chaos.history import Asked, Connection, Expected, History, Seen, Stored, Submitted
from tests.chaos.logs import UNFORMATTED, Line
from tests.chaos.manners import manners

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TASK = "0b6e1f52-2f0a-4b86-a9f7-0a4f3c6a1d10"


def version(*, status: str = "pending", attempt: int = 0, holder: str | None = None) -> Stored:
    """One version of the task."""
    return Stored(
        task_id=TASK,
        written_at=NOW,
        revision=1,
        status=status,
        attempt=attempt,
        max_attempts=3,
        available_at=NOW,
        holder=holder,
    )


def stream(way: str, code: int) -> Connection:
    """One stream on which the task was watched."""
    return Connection(client="a", task_id=TASK, way=way, number=1, began=0, ended=1, code=code)


def good() -> History:
    """A run in which everything was answered as it should be, outages included."""
    codes = (202, 200, 503, 0)
    return History(
        submitted=[Submitted(label="a", expected=Expected(), began=0, ended=1, code=code) for code in codes],
        seen=[Seen(client="a", task_id=TASK, began=0, ended=1, code=code) for code in (200, 304, 404, 503, 0)],
        asked=[Asked(verb="cancel", task_id=TASK, began=0, ended=1, code=code) for code in (200, 204, 409, 503, 0)],
        connections=[
            *(stream(SSE, code) for code in (200, 204, 404, 503, 0)),
            *(stream(WEBSOCKET, code) for code in (ENDED, CUT, 101, 1012, 4404, 4503, 503, 0)),
        ],
    )


def test_a_good_run_is_not_complained_about() -> None:
    """Rules that nobody can keep are switched off."""
    logged = {Line("WARNING", "heartbeat missed (store_unavailable)"): 3, Line(UNFORMATTED, "Aborted"): 1}

    assert manners(good(), [0.4, 7.9], logged) == []


@pytest.mark.parametrize("code", [400, 404, 422, 429, 500])
def test_a_good_submission_is_not_refused(code: int) -> None:
    """A caller who did nothing wrong is at most told to come again."""
    history = good()
    history.submitted.append(Submitted(label="b", expected=Expected(), began=0, ended=1, code=code))

    found = manners(history, [], {})

    assert [violation.what for violation in found] == [f"POST was answered with {code}"]


def test_a_read_does_not_break() -> None:
    """A 500 tells nobody anything."""
    history = good()
    history.seen.append(Seen(client="b", task_id=TASK, began=0, ended=1, code=500))

    found = manners(history, [], {})

    assert [(violation.task_id, violation.what) for violation in found] == [(TASK, "GET was answered with 500")]


def test_a_change_does_not_break() -> None:
    """Nor here."""
    history = good()
    history.asked.append(Asked(verb="retry", task_id=TASK, began=0, ended=1, code=500))

    found = manners(history, [], {})

    assert [violation.what for violation in found] == ["retry was answered with 500"]


@pytest.mark.parametrize(("way", "code"), [(SSE, 500), (SSE, 304), (WEBSOCKET, 1011), (WEBSOCKET, 4500)])
def test_a_stream_does_not_break_by_itself(way: str, code: int) -> None:
    """A client can go on after a cut, but not after a mistake."""
    history = good()
    history.connections.append(stream(way, code))

    found = manners(history, [], {})

    assert [(violation.task_id, violation.what) for violation in found] == [(TASK, f"{way} was answered with {code}")]


def test_a_drain_that_takes_too_long_is_reported() -> None:
    """The platform kills after ten seconds, whatever is still to be written."""
    found = manners(good(), [0.4, 8.1], {})

    assert [violation.what for violation in found] == ["one took 8.1 s"]


def test_a_revision_that_takes_what_it_does_not_know_is_reported() -> None:
    """It would fail tasks that its successor was deployed for."""
    history = good()
    history.submitted.append(
        Submitted(label="7-lingers-2", expected=Expected(), began=0, ended=1, code=202, task_id=TASK)
    )
    claimed = version(status="processing", attempt=1, holder="tomorrow/1/a")
    history.stored = [version(), claimed, replace(claimed, holder="today/2/b")]

    found = manners(history, [], {})

    assert [(violation.task_id, violation.what) for violation in found] == [(TASK, "it was taken by today/2/b")]


@pytest.mark.parametrize(
    "line",
    [
        Line("ERROR", "run broke"),
        Line("ERROR", "background loop broke"),
        Line(UNFORMATTED, "Traceback (most recent"),
        Line("ERROR", "Task was destroyed but it is pending!"),
    ],
    ids=lambda line: line.message,
)
def test_what_breaks_is_reported(line: Line) -> None:
    """It may have healed by itself this time."""
    found = manners(good(), [], {line: 2})

    assert [violation.what for violation in found] == [f"2 x {line.message}"]
