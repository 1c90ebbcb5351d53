"""The checker applies every rule there is, to the whole history and in whatever order it was recorded."""

from dataclasses import replace

from tests.chaos import rules_of_the_callers, rules_of_the_store, rules_of_the_watchers
from tests.chaos.checker import Violation, check
from tests.chaos.history import Expected, History, Submitted
from tests.chaos.lives_by_hand import GOOD_LIVES, at_birth, claimed, completed, life

EXPECTED = Expected(
    statuses=frozenset({"completed", "failed", "cancelled"}),
    failures=frozenset({"processor_failed_permanently", "processor_error", "attempts_exhausted", "deadline_exceeded"}),
)


def all_good_lives() -> History:
    """Return a run of many tasks that all went well, the last writes first."""
    lives = {name: [replace(each, task_id=name) for each in versions] for name, versions in GOOD_LIVES.items()}
    last = {name: versions[-1] for name, versions in lives.items() if not versions[-1].is_deleted}
    return History(
        stored=[version for versions in lives.values() for version in reversed(versions)],
        submitted=[
            Submitted(label=name, expected=EXPECTED, began=0, ended=1, code=202, task_id=name) for name in lives
        ],
        at_the_end={name: version.status == "failed" for name, version in last.items()},
    )


def test_a_good_history_passes() -> None:
    """A checker that cries wolf is switched off."""
    assert check(all_good_lives()) == []


def test_rules_about_the_store_and_about_callers_are_both_applied() -> None:
    """Half of a checker passes half of all broken engines."""
    history = all_good_lives()
    history.stored += life(claimed(attempt=0), completed(), task_id="broken")
    history.leftovers.append("process 7 burns on")

    violations = check(history)

    assert {(violation.rule, violation.task_id) for violation in violations} == {
        ("attempts are counted", "broken"),
        ("no task without a submission", "broken"),
        ("the end is as recorded", "broken"),
        ("nothing is left behind", ""),
    }


def test_a_violation_says_what_was_recorded() -> None:
    """Somebody has to find out what went wrong, from this and the saved history."""
    history = History(
        stored=life(**at_birth()),
        submitted=[Submitted(label="d", expected=EXPECTED, began=0, ended=1, code=202, task_id="t")],
        at_the_end={"t": True},
    )

    assert check(history) == [Violation("every task ends", "t", "still processing (revision 1)")]


def test_no_two_rules_have_one_name() -> None:
    """The name in the table must lead to the rule."""
    every = [*rules_of_the_store.RULES, *rules_of_the_callers.RULES, *rules_of_the_watchers.RULES]

    assert len(every) == len(set(every))
