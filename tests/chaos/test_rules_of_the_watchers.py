"""Every rule about what watchers were told is broken by a run made by hand, and by no good one."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.codes import CUT, ENDED, GOES_ON, LEFT, SSE, UNKNOWN, WEBSOCKET
from tests.chaos.history import Asked, Connection, Expected, Heard, History, Seen, Stored, Submitted
from tests.chaos.lives_by_hand import (
    START,
    born_again,
    cancelled,
    claimed,
    completed,
    deleted,
    failed,
    life,
    released,
    renewed,
    retried,
)
from tests.chaos.rules_of_the_callers import Run
from tests.chaos.rules_of_the_watchers import RULES

BORN, CLAIMED, RENEWED, COMPLETED = WAITED = life(claimed(), renewed(), completed())
RETRIED = life(claimed(), failed(), retried(), claimed(2), completed(2))
RELEASED = life(claimed(), renewed(), released(), claimed(2), completed(2))
DELETED = life(claimed(), completed(), deleted())
REBORN = life(claimed(), failed(), deleted(), born_again(), cancelled())
LONG_AGO = 60
"""Seconds after the beginning, when all these lives have long been over."""


def stream(number: int = 1, *, began: float = 2, ended: float = LONG_AGO, **fields: Any) -> Connection:  # noqa: ANN401 - its fields
    """Return a stream, the first one unless its *number* says otherwise."""
    usual: dict[str, Any] = {"client": "w", "task_id": "t", "way": SSE, "code": 200}
    return Connection(number=number, began=began, ended=ended, **usual | fields)


def told(version: Stored, at: float = 3, *, on: int = 1, **fields: Any) -> Heard:  # noqa: ANN401 - its fields
    """Return an event that tells of *version*."""
    said: dict[str, Any] = {"revision": version.revision, "status": version.status, "attempt": version.attempt}
    usual: dict[str, Any] = {"client": "w", "task_id": "t", "id": version.revision, "at": at, "connection": on}
    return Heard(**usual | said | fields)


def all_told(*versions: Stored, **fields: Any) -> list[Heard]:  # noqa: ANN401 - of each event
    """Return events that tell of *versions*, one after another."""
    return [told(version, 3 + number, **fields) for number, version in enumerate(versions)]


def progress(version: Stored, at: float, fraction: float, **fields: Any) -> Heard:  # noqa: ANN401 - of the event
    """Return an event about nothing but progress."""
    return told(version, at, progress=fraction, **{"id": None} | fields)


def watched(
    versions: list[Stored],
    *more: Connection | Heard | Seen | Asked,
    ended: float = 1,
) -> History:
    """Return the history of one task that was accepted, and watched on one stream unless there are *more*."""
    streams = [each for each in more if isinstance(each, Connection)]
    return History(
        stored=versions,
        submitted=[Submitted(label="d", expected=Expected(), began=0, ended=ended, code=202, task_id="t")],
        connections=streams or [stream()],
        heard=[each for each in more if isinstance(each, Heard)],
        seen=[each for each in more if isinstance(each, Seen)],
        asked=[each for each in more if isinstance(each, Asked)],
        clock=START,
    )


def by_websocket(*events: Heard, **fields: Any) -> tuple[Connection | Heard, ...]:  # noqa: ANN401 - of the connection
    """Return a WebSocket that was closed as it should be, and what was told on it."""
    usual: dict[str, Any] = {"way": WEBSOCKET, "code": ENDED}
    return stream(**usual | fields), *(replace(event, id=None) for event in events)


def read(version: Stored, at: float) -> Seen:
    """Return what the watcher reads when it asks for itself."""
    said: dict[str, Any] = {"status": version.status, "attempt": version.attempt, "revision": version.revision}
    return Seen(client="w", task_id="t", began=at, ended=at + 0.5, code=200, **said)


GOOD_RUNS: dict[str, History] = {
    "nothing": History(),
    "told of everything": watched(WAITED, *all_told(*WAITED)),
    "told of the newest only": watched(WAITED, *all_told(BORN, COMPLETED), read(COMPLETED, LONG_AGO)),
    "progress between two changes": watched(
        WAITED, told(CLAIMED), progress(CLAIMED, 4, 0.2), progress(CLAIMED, 5, 0.2), told(COMPLETED, 6)
    ),
    "by a WebSocket": watched(
        WAITED,
        *by_websocket(told(CLAIMED), progress(CLAIMED, 4, 0.2), told(RENEWED, 5, progress=0.2), told(COMPLETED, 6)),
    ),
    "cut, and told elsewhere": watched(
        WAITED,
        stream(ended=4),
        stream(2, began=5, ended=5, code=0, after=2),
        stream(3, began=6, after=2),
        told(CLAIMED),
        progress(CLAIMED, 3.5, 0.7),
        progress(CLAIMED, 6, 0.1, connection=3),
        told(COMPLETED, 7, on=3),
    ),
    "cut after the end": watched(
        WAITED, stream(ended=4), stream(2, began=5, ended=5, code=204), *all_told(BORN, COMPLETED)
    ),
    "a WebSocket that breaks with the end": watched(WAITED, *by_websocket(told(COMPLETED), code=CUT)),
    "another worker begins anew": watched(
        RELEASED, told(RELEASED[1], 3, progress=0.9), told(RELEASED[4], 4, progress=0.1), told(RELEASED[5], 5)
    ),
    "watched again after a retry": watched(
        RETRIED, stream(ended=4), stream(2, began=5, after=3), told(RETRIED[2]), *all_told(*RETRIED[3:], on=2)
    ),
    "ended by one's first life": watched(RETRIED, stream(ended=4), told(RETRIED[2])),
    "deleted, and not found any more": watched(
        DELETED,
        Asked(verb="delete", task_id="t", began=5, ended=6, code=204),
        stream(ended=4),
        stream(2, began=7, code=404),
        told(DELETED[1]),
    ),
    "deleted and made anew": watched(REBORN, told(REBORN[2]), told(REBORN[4], 4), told(REBORN[5], 5)),
    "not known yet": watched(WAITED, stream(began=0, ended=0.5, code=404), stream(2), told(COMPLETED, on=2), ended=1),
    "the task has never ended": watched([BORN, CLAIMED], told(CLAIMED)),
    "given up when it ended": watched(WAITED, stream(way=WEBSOCKET, code=LEFT, ended=6), told(CLAIMED, id=None)),
}

BROKEN_RUNS: dict[str, tuple[set[str], History]] = {
    "the same again": ({"events go forward"}, watched(WAITED, told(CLAIMED), *all_told(CLAIMED, COMPLETED))),
    "the same again after a cut": (
        {"events go forward"},
        watched(WAITED, stream(ended=4), stream(2, after=4), told(COMPLETED), told(COMPLETED, 5, on=2)),
    ),
    "the same again on a WebSocket": (
        {"events go forward"},
        watched(WAITED, *by_websocket(told(BORN), told(BORN, 4), told(COMPLETED, 5))),
    ),
    "an older one": ({"events go forward"}, watched(WAITED, told(RENEWED), *all_told(CLAIMED, COMPLETED))),
    "an older one on another stream": (
        {"events go forward"},
        watched(
            WAITED, stream(ended=4), stream(2, began=5), told(RENEWED), told(CLAIMED, 6, on=2), told(COMPLETED, 7, on=2)
        ),
    ),
    "an older one on a WebSocket, with progress": (
        {"events go forward"},
        watched(WAITED, *by_websocket(told(RENEWED), progress(CLAIMED, 4, 0.5), told(COMPLETED, 5))),
    ),
    "a change without an id": ({"a change has its id"}, watched(WAITED, told(CLAIMED), told(COMPLETED, 4, id=None))),
    "a first event without an id": ({"a change has its id"}, watched(WAITED, told(COMPLETED, id=None))),
    "another id than the revision": ({"a change has its id"}, watched(WAITED, told(COMPLETED, id=7))),
    "a status that never was": (
        {"events tell what was stored"},
        watched(WAITED, told(CLAIMED, status="pending"), told(COMPLETED, 4)),
    ),
    "an attempt that never was": ({"events tell what was stored"}, watched(WAITED, told(COMPLETED, attempt=2))),
    "a revision that never was": ({"events tell what was stored"}, watched(WAITED, told(COMPLETED, revision=9, id=9))),
    "progress of a status that never was": (
        {"events tell what was stored"},
        watched(WAITED, told(CLAIMED), progress(CLAIMED, 4, 0.5, attempt=2), told(COMPLETED, 5)),
    ),
    "progress goes back": (
        {"progress goes forward"},
        watched(WAITED, told(CLAIMED), progress(CLAIMED, 4, 0.5), progress(CLAIMED, 5, 0.4), told(COMPLETED, 6)),
    ),
    "progress goes back with a heartbeat": (
        {"progress goes forward"},
        watched(WAITED, told(CLAIMED, progress=0.5), told(RENEWED, 4, progress=0.4), told(COMPLETED, 5)),
    ),
    "never told how it ended": ({"the end is told"}, watched(WAITED, told(CLAIMED))),
    "never told anything": ({"the end is told"}, watched(WAITED)),
    "told that nothing follows": (
        {"the end is told"},
        watched(WAITED, stream(ended=4), stream(2, began=4, ended=4.1, code=204), told(CLAIMED)),
    ),
    "a WebSocket that ends as if all were said": (
        {"the end is told"},
        watched(WAITED, *by_websocket(told(CLAIMED), ended=4.1)),
    ),
    "never told how the second life ended": (
        {"the end is told"},
        watched(RETRIED, stream(ended=4), stream(2, began=5), told(RETRIED[2]), told(RETRIED[3], 5, on=2)),
    ),
    "sent on for ever": (
        {"the end is told"},
        watched(WAITED, *(stream(number, way=WEBSOCKET, code=GOES_ON) for number in range(1, 9))),
    ),
    "accepted, and not found": (
        {"what exists is watched"},
        watched(WAITED, stream(code=404, ended=3), stream(2, began=4), told(COMPLETED, 5, on=2)),
    ),
    "watched, and not found any more": (
        {"what exists is watched"},
        watched(
            WAITED, *by_websocket(told(CLAIMED), code=UNKNOWN), stream(2, began=4, way=WEBSOCKET, code=UNKNOWN), ended=9
        ),
    ),
    "not found before it was deleted": (
        {"what exists is watched"},
        watched(DELETED, stream(code=404, ended=3), Asked(verb="delete", task_id="t", began=5, ended=6, code=204)),
    ),
    "read as it was before": (
        {"nothing heard is taken back"},
        watched(WAITED, *all_told(CLAIMED, COMPLETED), read(CLAIMED, LONG_AGO)),
    ),
}


def broken(history: History) -> set[str]:
    """Return the names of the rules that *history* breaks."""
    run = Run(history, history.versions())
    return {name for name, rule in RULES.items() if list(rule(run))}


@pytest.mark.parametrize("history", GOOD_RUNS.values(), ids=GOOD_RUNS)
def test_a_good_run_breaks_no_rule(history: History) -> None:
    """A checker that cries wolf is switched off."""
    assert broken(history) == set()


@pytest.mark.parametrize(("rules", "history"), BROKEN_RUNS.values(), ids=BROKEN_RUNS)
def test_a_broken_run_breaks_just_these_rules(rules: set[str], history: History) -> None:
    """A checker that cannot fail proves nothing."""
    assert broken(history) == rules


def test_each_rule_can_be_broken_by_itself() -> None:
    """A rule that only ever breaks with another may be a shadow of it."""
    alone = {next(iter(rules)) for rules, _ in BROKEN_RUNS.values() if len(rules) == 1}

    assert alone == RULES.keys()
