"""Rules about a run as a whole: what callers are answered, how servers end, and what must never be logged."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from tests.chaos.codes import CUT, ENDED, GOES_ON, LEFT, SSE, UNANSWERED, UNAVAILABLE, UNKNOWN, WEBSOCKET
from tests.chaos.history import History
from tests.chaos.logs import UNFORMATTED, Line
from tests.chaos.violation import Violation
from tests.chaos.wishes import NEW_MODELS, NEWEST

LONGEST_DRAIN: Final = 8.0
TO_A_SUBMISSION: Final = {UNANSWERED, HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.SERVICE_UNAVAILABLE}
TO_A_LOOK: Final = {UNANSWERED, HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE}
TO_A_READ: Final = TO_A_LOOK | {HTTPStatus.NOT_MODIFIED}
TO_A_CHANGE: Final = TO_A_LOOK | {HTTPStatus.NO_CONTENT, HTTPStatus.CONFLICT}
TO_WATCHERS: Final = {
    SSE: TO_A_LOOK | {HTTPStatus.NO_CONTENT},
    WEBSOCKET: {UNANSWERED, HTTPStatus.SERVICE_UNAVAILABLE, LEFT, CUT, ENDED, GOES_ON, UNKNOWN, UNAVAILABLE},
}
BROKEN: Final = (
    "run broke",
    "background loop broke",
    "processor child broke",
    "request failed",
    "task unreadable",
    "Exception in ASGI",
    "ASGI callable",
    "Task was destroyed",
    "Task exception was never retrieved",
)
"""Lines that tell of a mistake in the service, whatever was done to it."""


def manners(history: History, drains: Sequence[float], logged: Mapping[Line, int]) -> list[Violation]:
    """Every violation of these rules in a run."""
    return [*_answers(history), *_drains(drains), *_lines(logged), *_models(history)]


def _answers(history: History) -> list[Violation]:
    answers = [(TO_A_SUBMISSION, "POST", submitted.task_id, submitted.code) for submitted in history.submitted]
    answers += [(TO_A_READ, "GET", seen.task_id, seen.code) for seen in history.seen]
    answers += [(TO_A_CHANGE, asked.verb, asked.task_id, asked.code) for asked in history.asked]
    answers += [(TO_WATCHERS[each.way], each.way, each.task_id, each.code) for each in history.connections]
    return [
        Violation("answers are those that the contract knows", task_id or "", f"{verb} was answered with {code}")
        for right, verb, task_id, code in answers
        if code not in right
    ]


def _drains(drains: Sequence[float]) -> list[Violation]:
    return [
        Violation("a drain ends within eight seconds", "", f"one took {seconds:.1f} s")
        for seconds in drains
        if seconds > LONGEST_DRAIN
    ]


def _models(history: History) -> list[Violation]:
    new = {submitted.task_id for submitted in history.submitted if submitted.label.endswith(tuple(NEW_MODELS))}
    return [
        Violation("a revision takes only what it knows", stored.task_id, f"it was taken by {stored.holder}")
        for stored in history.stored
        if stored.task_id in new and stored.holder and not stored.holder.startswith(f"{NEWEST}/")
    ]


def _lines(logged: Mapping[Line, int]) -> list[Violation]:
    return [
        Violation("nothing breaks", "", f"{times} x {line.message}")
        for line, times in logged.items()
        if line.message.startswith(BROKEN) or (line.severity == UNFORMATTED and line.message.startswith("Traceback"))
    ]
