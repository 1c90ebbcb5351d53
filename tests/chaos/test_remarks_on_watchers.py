"""What is said of watchers beneath the table is what was recorded."""

from dataclasses import replace

from tests.chaos.codes import SSE, WEBSOCKET
from tests.chaos.history import Connection, Heard, History
from tests.chaos.lives_by_hand import START, claimed, completed, life
from tests.chaos.remarks_on_watchers import watched

TASK = life(claimed(), completed())


def stream(client: str, began: float, *, number: int = 1, way: str = SSE) -> Connection:
    """Return a stream."""
    return Connection(
        client=client, task_id="t", way=way, number=number, began=began - 1, opened=began, ended=began + 9, code=200
    )


def event(client: str, revision: int, at: float, *, on: int = 1) -> Heard:
    """Return an event."""
    told = {version.revision: version for version in TASK}[revision]
    return Heard(
        client=client,
        task_id="t",
        connection=on,
        at=at,
        id=revision,
        revision=revision,
        status=told.status,
        attempt=told.attempt,
    )


def test_an_event_is_timed_from_its_write() -> None:
    """It is what a stream is there for."""
    history = History(
        stored=TASK,
        connections=[stream("a", -0.5), stream("b", 0.5, way=WEBSOCKET)],
        heard=[
            event("a", 1, 0.25),
            event("a", 2, 1.5),
            replace(event("a", 2, 1.75), id=None),
            event("a", 3, 2.5),
            event("b", 1, 0.75),
            event("b", 3, 5.0),
        ],
        clock=START,
    )

    (said,) = watched(history)
    assert said.startswith("2 watchers, 1 by SSE and 1 by WebSocket, came again 0 times; ")
    assert said.endswith("; told of 4 writes after 0.50 s (p99 3.00 s, 3.00 s at most, 1 after more than 2 s)")


def test_what_was_written_between_two_streams_is_timed_apart() -> None:
    """The client's own pause is in it."""
    history = History(
        stored=TASK,
        connections=[stream("a", 0.5), stream("a", 3, number=2)],
        heard=[event("a", 1, 0.75), event("a", 2, 1.25), event("a", 3, 3.5, on=2)],
        clock=START,
    )

    (said,) = watched(history)
    assert "came again 1 times; told of 1 writes after 0.25 s (p99 0.25 s, 0.25 s at most); " in said
    assert said.endswith("; on a new stream, of 1 writes after 1.50 s (p99 1.50 s, 1.50 s at most)")


def test_nothing_is_said_where_nobody_watched() -> None:
    """The line would be about nothing."""
    assert watched(History(stored=TASK)) == []


def test_watchers_who_heard_nothing_are_counted() -> None:
    """They are those whom something has gone wrong for."""
    history = History(stored=TASK, connections=[stream("a", 0.5)], clock=START)

    assert watched(history) == ["1 watchers, 1 by SSE, came again 0 times; told of no write"]
