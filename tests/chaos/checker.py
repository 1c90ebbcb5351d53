"""
Judges a recorded history by the service's promises, and by nothing that the service itself consists of.

Pure: the same history gets the same verdict, in the run and whenever it is read again.
"""

from collections.abc import Iterator

from tests.chaos import rules_of_the_callers, rules_of_the_store, rules_of_the_watchers
from tests.chaos.history import History
from tests.chaos.rules_of_the_callers import Run
from tests.chaos.violation import Violation

__all__ = ["Violation", "check"]


def check(history: History) -> list[Violation]:
    """Every violation of the promises in *history*, by rule; none if all was well."""
    run = Run(history, history.versions())
    return [*_of_the_store(run), *_of_the_callers(run)]


def _of_the_store(run: Run) -> Iterator[Violation]:
    for name, rule in rules_of_the_store.RULES.items():
        for task_id, versions in run.versions.items():
            yield from (Violation(name, task_id, what) for what in rule(versions))


def _of_the_callers(run: Run) -> Iterator[Violation]:
    for name, rule in {**rules_of_the_callers.RULES, **rules_of_the_watchers.RULES}.items():
        yield from (Violation(name, task_id, what) for task_id, what in rule(run))
