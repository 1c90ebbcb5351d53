"""Every rule about what callers were told is broken by a run made by hand, and by no good one."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.history import Asked, Expected, History, Seen, Stored, Submitted
from tests.chaos.lives_by_hand import (
    GOOD_LIVES,
    asked_to_cancel,
    at_birth,
    cancelled,
    claimed,
    completed,
    deleted,
    failed,
    life,
    renewed,
    retried,
)
from tests.chaos.rules_of_the_callers import RULES, Run

WELL = Expected(answer="42")
ANYHOW = Expected(
    statuses=frozenset({"completed", "failed", "cancelled"}),
    failures=frozenset(
        {"processor_failed_permanently", "processor_error", "attempts_exhausted", "deadline_exceeded"},
    ),
)
STOPPED = Expected(statuses=frozenset({"cancelled"}))
REFUSED = Expected(statuses=frozenset({"failed"}), failures=frozenset({"processor_failed_permanently"}))

SHORT = life(completed(), **at_birth())
WAITED = life(claimed(), renewed(), completed())
CANCELLED = life(claimed(), asked_to_cancel(), cancelled())
FAILED = life(claimed(), failed())
RETRIED = life(claimed(), failed(), retried(), claimed(2), completed(2))
DELETED = life(claimed(), completed(), deleted())


def submitted(**fields: Any) -> Submitted:  # noqa: ANN401 - its fields
    """Return a submission that was accepted."""
    usual: dict[str, Any] = {"label": "d", "expected": WELL, "began": 0, "ended": 1, "code": 202, "task_id": "t"}
    return Submitted(**usual | fields)


def seen(at: float, version: Stored | None = None, **fields: Any) -> Seen:  # noqa: ANN401 - its fields
    """Return a read that found *version*, or else no such task."""
    usual: dict[str, Any] = {"client": "c", "task_id": "t", "began": at, "ended": at + 0.5, "code": 404}
    if version is not None:
        said = {"status": version.status, "attempt": version.attempt, "revision": version.revision}
        usual |= {"code": 200, **said}
    return Seen(**usual | fields)


def asked(verb: str, at: float = 3, *, code: int = 200, status: str | None = None) -> Asked:
    """Return what a caller asked for, and was told."""
    return Asked(verb=verb, task_id="t", began=at, ended=at + 0.5, code=code, status=status)


def a_run(versions: list[Stored], *more: Submitted | Seen | Asked, **fields: Any) -> History:  # noqa: ANN401 - its fields
    """Return the history of one task, accepted unless *more* says more of submissions."""
    last = versions[-1]
    content = {} if last.is_deleted else {last.task_id: last.status not in {"completed", "cancelled"}}
    submissions = [each for each in more if isinstance(each, Submitted)]
    usual: dict[str, Any] = {
        "stored": versions,
        "submitted": submissions or [submitted()],
        "seen": [each for each in more if isinstance(each, Seen)],
        "asked": [each for each in more if isinstance(each, Asked)],
        "at_the_end": content,
    }
    return History(**usual | fields)


def two_tasks(*submissions: Submitted) -> History:
    """Return the history of two tasks, *t* and *u*."""
    stored = [*SHORT, *(replace(each, task_id="u") for each in SHORT)]
    return a_run(SHORT, *submissions, stored=stored, at_the_end={"t": False, "u": False})


GOOD_RUNS: dict[str, History] = {
    "nothing": History(),
    "read all along": a_run(WAITED, *(seen(2 + n, version) for n, version in enumerate(WAITED))),
    "read without a revision": a_run(
        RETRIED,
        submitted(expected=replace(REFUSED, statuses=frozenset({"completed"}))),
        seen(2, RETRIED[2], revision=None),
        asked("retry"),
        seen(4, RETRIED[4], revision=None),
    ),
    "submitted again and again": two_tasks(
        submitted(code=503, task_id=None, key="k"),
        submitted(code=0, task_id=None, key="k"),
        submitted(key="k"),
        submitted(key="k", replayed=True),
        submitted(key="l", label="e", task_id="u"),
        submitted(key="l", label="f", task_id=None, code=422),
    ),
    "never answered": a_run(SHORT, submitted(code=0, task_id=None)),
    "never answered by its key": a_run(SHORT, *[submitted(code=503, task_id=None, key="k")] * 3),
    "answered without an id": a_run(SHORT, submitted(code=200, task_id=None)),
    "the caller's own id, twice": a_run(SHORT, submitted(), submitted()),
    "cancelled": a_run(
        CANCELLED,
        submitted(expected=STOPPED),
        asked("cancel", status="processing"),
        seen(4, CANCELLED[2]),
        asked("cancel", 5, status="cancelled"),
        seen(6, CANCELLED[3]),
    ),
    "failed, and its content kept": a_run(FAILED, submitted(expected=REFUSED)),
    "deleted": a_run(DELETED, seen(2, DELETED[2]), asked("delete", code=204), seen(4)),
    "perhaps deleted": a_run(DELETED, seen(2, DELETED[2]), asked("delete", code=0), seen(4)),
    "read while it was deleted": a_run(DELETED, asked("delete", code=204), seen(3.2, DELETED[2])),
    "two clients at different instances": a_run(WAITED, seen(2, WAITED[2]), seen(3, WAITED[1], client="other")),
    "not known yet": a_run(SHORT, seen(0.1)),
    "unreadable for a while": a_run(SHORT, seen(2, SHORT[1]), seen(3, code=503), seen(4, code=0)),
}

BROKEN_RUNS: dict[str, tuple[set[str], History]] = {
    "accepted, never stored": ({"accepted tasks exist"}, History(submitted=[submitted()])),
    "failed, though it can be read": (
        {"right outcome"},
        a_run(FAILED, submitted(expected=replace(WELL, failures=REFUSED.failures))),
    ),
    "completed, though it is poison": ({"right outcome"}, a_run(SHORT, submitted(expected=REFUSED))),
    "somebody else's answer": ({"right answer"}, a_run(SHORT, submitted(expected=Expected(answer="43")))),
    "somebody else's text": (
        {"right answer"},
        a_run([replace(each, result=each.result and "S") for each in SHORT]),
    ),
    "failed for another reason": (
        {"right failure"},
        a_run(FAILED, submitted(expected=replace(REFUSED, failures=frozenset({"memory_limit_exceeded"})))),
    ),
    "failed in its first life for another reason": ({"right failure"}, a_run(RETRIED)),
    "two tasks of one document, beside an unanswered other": (
        {"one document, one task"},
        two_tasks(submitted(), submitted(label="e", expected=Expected(answer="43"), code=503, task_id=None)),
    ),
    "two tasks of one key": (
        {"one key, one task", "one document, one task"},
        two_tasks(submitted(key="k"), submitted(key="k", task_id="u", replayed=True)),
    ),
    "two keys of one task": (
        {"one key, one task"},
        a_run(SHORT, submitted(key="k"), submitted(key="l", replayed=True)),
    ),
    "two documents of one task": ({"one key, one task"}, a_run(SHORT, submitted(), submitted(label="e"))),
    "new twice": ({"a key is new once"}, a_run(SHORT, submitted(key="k"), submitted(key="k"))),
    "a task from nowhere": (
        {"no task without a submission", "one document, one task"},
        two_tasks(submitted()),
    ),
    "two tasks of an unanswered key": (
        {"no task without a submission", "one document, one task"},
        two_tasks(*[submitted(code=503, task_id=None, key="k")] * 3),
    ),
    "a second task of an answered key": (
        {"no task without a submission", "one document, one task"},
        two_tasks(submitted(code=0, task_id=None, key="k"), submitted(key="k")),
    ),
    "a refused submission was stored": (
        {"no task without a submission"},
        a_run(SHORT, submitted(code=422, task_id=None)),
    ),
    "older than before": ({"clients never go back"}, a_run(WAITED, seen(2, WAITED[2]), seen(3, WAITED[1]))),
    "no longer final": (
        {"clients never go back"},
        a_run(WAITED, seen(2, WAITED[3], revision=None), seen(3, WAITED[1], revision=None)),
    ),
    "accepted, and not found": ({"what exists is found"}, a_run(SHORT, seen(2))),
    "read, and not found by another": (
        {"what exists is found"},
        a_run(SHORT, submitted(ended=9), seen(2, SHORT[1]), seen(3, client="other")),
    ),
    "not found before it was deleted": (
        {"what exists is found"},
        a_run(DELETED, seen(2), asked("delete", code=204)),
    ),
    "a status that never was": ({"reads tell what was stored"}, a_run(SHORT, seen(2, SHORT[0], status="pending"))),
    "an attempt that never was": ({"reads tell what was stored"}, a_run(SHORT, seen(2, SHORT[1], attempt=2))),
    "back from being cancelled": (
        {"cancelled stays cancelled"},
        a_run(
            CANCELLED,
            submitted(expected=STOPPED),
            asked("cancel", status="cancelled"),
            seen(4, CANCELLED[2], client="other"),
        ),
    ),
    "back from being deleted": (
        {"deleted stays deleted"},
        a_run(DELETED, asked("delete", code=204), seen(4, DELETED[2])),
    ),
    "a cancellation that was lost": (
        {"what was answered was stored"},
        a_run(SHORT, asked("cancel", status="processing")),
    ),
    "a cancellation that was only promised": (
        {"what was answered was stored"},
        a_run(life(claimed(), asked_to_cancel(), completed()), asked("cancel", status="cancelled")),
    ),
    "a retry that was lost": (
        {"what was answered was stored"},
        a_run(FAILED, submitted(expected=REFUSED), asked("retry", status="pending")),
    ),
    "a deletion that was lost": ({"what was answered was stored"}, a_run(SHORT, asked("delete", code=204))),
    "vanished": ({"the end is as recorded"}, a_run(SHORT, at_the_end={})),
    "still there": ({"the end is as recorded"}, a_run(DELETED, at_the_end={"t": False})),
    "content left over": ({"the end is as recorded"}, a_run(SHORT, at_the_end={"t": True})),
    "content gone": (
        {"the end is as recorded"},
        a_run(FAILED, submitted(expected=REFUSED), at_the_end={"t": False}),
    ),
    "an orphan": ({"nothing is left behind"}, a_run(SHORT, leftovers=["process 7 burns on"])),
}


def broken(history: History) -> set[str]:
    """Return the names of the rules that *history* breaks."""
    run = Run(history, history.versions())
    return {name for name, rule in RULES.items() if list(rule(run))}


@pytest.mark.parametrize("history", GOOD_RUNS.values(), ids=GOOD_RUNS)
def test_a_good_run_breaks_no_rule(history: History) -> None:
    """A checker that cries wolf is switched off."""
    assert broken(history) == set()


@pytest.mark.parametrize("versions", GOOD_LIVES.values(), ids=GOOD_LIVES)
def test_callers_have_nothing_to_say_against_a_good_life(versions: list[Stored]) -> None:
    """Whatever a sound engine does with a task is right for callers who take it as it comes."""
    assert broken(a_run(versions, submitted(expected=ANYHOW))) == set()


@pytest.mark.parametrize(("rules", "history"), BROKEN_RUNS.values(), ids=BROKEN_RUNS)
def test_a_broken_run_breaks_just_these_rules(rules: set[str], history: History) -> None:
    """A checker that cannot fail proves nothing."""
    assert broken(history) == rules


def test_each_rule_can_be_broken_by_itself() -> None:
    """A rule that only ever breaks with another may be a shadow of it."""
    alone = {next(iter(rules)) for rules, _ in BROKEN_RUNS.values() if len(rules) == 1}

    assert alone == RULES.keys()
