"""
What callers were told must be what the store did, then and for ever after.

Callers' times are one machine's monotonic seconds, so what began after
something else had ended came after it. The store's own times are never mixed in.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tests.chaos.history import Asked, Expected, History, Plain, Seen, Stored, Submitted
from tests.chaos.lives import CANCELLED, COMPLETED, FAILED, FINAL, PENDING, births, outcome, steps

ACCEPTED: Final = frozenset({200, 202})
OK: Final = 200
NO_CONTENT: Final = 204
NOT_FOUND: Final = 404
SERVER_ERROR: Final = 500

NEVER: Final = float("inf")


@dataclass(frozen=True)
class Run:
    """A *history* and the *versions* of each task in it."""

    history: History
    versions: Mapping[str, Sequence[Stored]]

    @cached_property
    def accepted(self) -> Mapping[str, list[Submitted]]:
        """The submissions that were answered with a task, by its id."""
        found: dict[str, list[Submitted]] = {}
        for submitted in self.history.submitted:
            if submitted.code in ACCEPTED and submitted.task_id is not None:
                found.setdefault(submitted.task_id, []).append(submitted)
        return found

    @cached_property
    def read(self) -> Mapping[str, list[Seen]]:
        """The reads that were answered, by task, in the order in which they ended."""
        found: dict[str, list[Seen]] = {}
        for seen in sorted(self.history.seen, key=lambda seen: seen.ended):
            if seen.code in {OK, NOT_FOUND}:
                found.setdefault(seen.task_id, []).append(seen)
        return found

    def asked(self, verb: str, code: int) -> Iterator[Asked]:
        """Return the calls of *verb* that were answered with *code*."""
        return (asked for asked in self.history.asked if (asked.verb, asked.code) == (verb, code))

    @cached_property
    def _first_asked(self) -> Mapping[tuple[str, str], float]:
        first: dict[tuple[str, str], float] = {}
        for asked in self.history.asked:
            place = asked.task_id, asked.verb
            first[place] = min(asked.began, first.get(place, NEVER))
        return first

    def from_when(self, task_id: str, verb: str) -> float:
        """From when on the task may have changed because somebody asked for *verb*, whatever the answer."""
        return self._first_asked.get((task_id, verb), NEVER)


type Rule = Callable[[Run], Iterator[tuple[str, str]]]
"""Yields the id of a task, and what breaks the rule."""


def the_accepted_exist(run: Run) -> Iterator[tuple[str, str]]:
    """A task was durable before its submission was answered."""
    for task_id, submissions in run.accepted.items():
        if task_id not in run.versions:
            yield task_id, f"{submissions[0].label} was accepted, and the store never had it"


def outcomes_are_right(run: Run) -> Iterator[tuple[str, str]]:
    """A task ends as its document demands."""
    for task_id, expected, last in _ended(run):
        if last.status not in expected.statuses:
            yield task_id, f"{last.status} ({last.failure}), not {' or '.join(sorted(expected.statuses))}"


def answers_are_right(run: Run) -> Iterator[tuple[str, str]]:
    """The result is that of this document, and of no other."""
    for task_id, expected, last in _ended(run):
        said = _answer(last.result)
        if last.status == COMPLETED and expected.answer is not None and said != expected.answer:
            yield task_id, f"answered {said!r:.80}, not {expected.answer!r:.80}"


def failures_are_right(run: Run) -> Iterator[tuple[str, str]]:
    """A task fails, in any of its lives, for a reason that its document gives."""
    for task_id, submissions in run.accepted.items():
        right = submissions[0].expected.failures
        for version in run.versions.get(task_id, ()):
            if version.status == FAILED and not version.is_deleted and version.failure not in right:
                yield task_id, f"failed with {version.failure}, not {' or '.join(sorted(right)) or 'at all'}"


def one_key_one_task(run: Run) -> Iterator[tuple[str, str]]:
    """The same key leads to the same task everywhere, and to no other's."""
    ids: dict[str, set[str]] = defaultdict(set)
    for task_id, submissions in run.accepted.items():
        names = {f"key {each.key}" if each.key else each.label for each in submissions}
        if len(names) > 1:
            yield task_id, f"is the task of {' and '.join(sorted(names))}"
        for each in submissions:
            if each.key is not None:
                ids[each.key].add(task_id)
    for key, found in ids.items():
        if len(found) > 1:
            yield min(found), f"key {key} has {len(found)} tasks: {', '.join(sorted(found))}"


def one_document_one_task(run: Run) -> Iterator[tuple[str, str]]:
    """A document whose answer is known has no more tasks than requests that may have made one."""
    tasks: dict[str, set[str]] = defaultdict(set)
    for task_id, versions in run.versions.items():
        for version in versions:
            if (said := _answer(version.result)) is not None:
                tasks[str(said)].add(task_id)
    asked: dict[str, set[str]] = defaultdict(set)
    for number, submitted in enumerate(run.history.submitted):
        if submitted.expected.answer is not None and _may_have_landed(submitted):
            asked[submitted.expected.answer].add(submitted.key or f"request {number}")
    for answer, ids in tasks.items():
        if len(ids) > len(asked.get(answer, ids)):
            yield min(ids), f"{len(ids)} tasks answer {answer!r:.40}: {', '.join(sorted(ids))}"


def a_key_is_new_once(run: Run) -> Iterator[tuple[str, str]]:
    """Of all answers to one key, one says that it is new; the others replay it."""
    for task_id, submissions in run.accepted.items():
        new = [each for each in submissions if each.key is not None and not each.replayed]
        made = len(list(births(run.versions.get(task_id, ()))))
        if len(new) > max(1, made):
            yield task_id, f"{len(new)} answers to key {new[0].key} were the first"


def no_task_without_a_submission(run: Run) -> Iterator[tuple[str, str]]:
    """A task whose id nobody was told comes of a submission that was answered without one, or not at all."""
    unnamed = sorted(run.versions.keys() - run.accepted.keys())
    answered = {each.key for submissions in run.accepted.values() for each in submissions}
    unanswered = [each for each in run.history.submitted if each.task_id is None and _may_have_landed(each)]
    without_key = sum(each.key is None for each in unanswered)
    keys = {each.key for each in unanswered} - answered - {None}
    if len(unnamed) > without_key + len(keys):
        yield unnamed[0], f"{len(unnamed)} such tasks of {without_key + len(keys)} submissions"


def _may_have_landed(submitted: Submitted) -> bool:
    return submitted.code in ACCEPTED or submitted.code == 0 or submitted.code >= SERVER_ERROR


def clients_never_go_back(run: Run) -> Iterator[tuple[str, str]]:
    """What one client reads of a task, through whatever instance, is never older than what it read before."""
    for task_id, reads in run.read.items():
        last: dict[str, Seen] = {}
        for seen in reads:
            before = last.get(seen.client)
            if before is not None and _is_older(seen, before, run):
                yield task_id, f"{seen.client} read {_told(before)}, then {_told(seen)}"
            if seen.code == OK:
                last[seen.client] = seen


def _is_older(seen: Seen, before: Seen, run: Run) -> bool:
    if seen.code != OK or seen.ended > run.from_when(seen.task_id, "delete"):
        return False
    if seen.revision is not None and before.revision is not None:
        return seen.revision < before.revision
    was_retried = before.status == FAILED and seen.ended > run.from_when(seen.task_id, "retry")
    return before.status in FINAL and seen.status != before.status and not was_retried


def what_exists_is_found(run: Run) -> Iterator[tuple[str, str]]:
    """Once a task was accepted, or read by anybody, it is there until somebody deletes it."""
    for task_id, reads in run.read.items():
        answers = [submitted.ended for submitted in run.accepted.get(task_id, ())]
        answers += [seen.ended for seen in reads if seen.code == OK]
        known_from, deleted_from = min(answers, default=NEVER), run.from_when(task_id, "delete")
        for seen in reads:
            if seen.code == NOT_FOUND and seen.began >= known_from and seen.ended <= deleted_from:
                yield task_id, f"{seen.client} did not find it {seen.began - known_from:.3f} s after it was known"


def reads_tell_what_was_stored(run: Run) -> Iterator[tuple[str, str]]:
    """What a read says is some version that the store has had."""
    for task_id, reads in run.read.items():
        stored = {(each.revision, each.status, each.attempt) for each in run.versions.get(task_id, ())}
        for seen in reads:
            told = {each for each in stored if _agrees(seen, each)}
            if seen.code == OK and not told:
                yield task_id, f"{seen.client} read {_told(seen)}, which was never stored"


def cancelled_stays_cancelled(run: Run) -> Iterator[tuple[str, str]]:
    """Whoever was told that the task is cancelled never sees it otherwise."""
    for asked in run.asked("cancel", OK):
        if asked.status != CANCELLED:
            continue
        deleted_from = run.from_when(asked.task_id, "delete")
        for seen in run.read.get(asked.task_id, ()):
            if seen.code == OK and seen.began >= asked.ended and seen.status != CANCELLED and seen.ended < deleted_from:
                yield asked.task_id, f"{seen.client} read {_told(seen)} after it was said to be cancelled"


def deleted_stays_deleted(run: Run) -> Iterator[tuple[str, str]]:
    """Whoever was told that the task is deleted never finds it again, unless it is made anew."""
    for asked in run.asked("delete", NO_CONTENT):
        is_made_anew = len(list(births(run.versions.get(asked.task_id, ())))) > 1
        for seen in run.read.get(asked.task_id, ()):
            if seen.code == OK and seen.began >= asked.ended and not is_made_anew:
                yield asked.task_id, f"{seen.client} read {_told(seen)} after it was said to be deleted"


def what_was_answered_was_stored(run: Run) -> Iterator[tuple[str, str]]:
    """A cancellation, a retry or a deletion that was answered is durable."""
    for asked in run.asked("cancel", OK):
        versions = run.versions.get(asked.task_id, ())
        wanted = {CANCELLED} if asked.status == CANCELLED else {CANCELLED, "asked for"}
        if not wanted & {"asked for" if each.cancel_requested else each.status for each in versions}:
            yield asked.task_id, "was to be cancelled, and the store never heard of it"
    for asked in run.asked("retry", OK):
        versions = run.versions.get(asked.task_id, ())
        if not any((before.status, after.status) == (FAILED, PENDING) for before, after in steps(versions)):
            yield asked.task_id, "was to be retried, and the store never heard of it"
    for asked in run.asked("delete", NO_CONTENT):
        if not any(each.is_deleted for each in run.versions.get(asked.task_id, ())):
            yield asked.task_id, "was to be deleted, and the store never heard of it"


def the_end_is_as_recorded(run: Run) -> Iterator[tuple[str, str]]:
    """When all is over, the store holds the tasks that were recorded, with content where it is still needed."""
    left = run.history.at_the_end
    recorded = {task_id for task_id, versions in run.versions.items() if not versions[-1].is_deleted}
    for task_id in sorted(recorded ^ left.keys()):
        yield task_id, "is still there" if task_id in left else "has vanished"
    for task_id in sorted(recorded & left.keys()):
        status = run.versions[task_id][-1].status
        if left[task_id] != (status not in {COMPLETED, CANCELLED}):
            yield task_id, f"is {status}, and its content is {'still there' if left[task_id] else 'gone'}"


def nothing_is_left_behind(run: Run) -> Iterator[tuple[str, str]]:
    """No content without a task, and no process without an instance."""
    return (("", leftover) for leftover in run.history.leftovers)


RULES: Final[Mapping[str, Rule]] = {
    "accepted tasks exist": the_accepted_exist,
    "right outcome": outcomes_are_right,
    "right answer": answers_are_right,
    "right failure": failures_are_right,
    "one key, one task": one_key_one_task,
    "one document, one task": one_document_one_task,
    "a key is new once": a_key_is_new_once,
    "no task without a submission": no_task_without_a_submission,
    "clients never go back": clients_never_go_back,
    "what exists is found": what_exists_is_found,
    "reads tell what was stored": reads_tell_what_was_stored,
    "cancelled stays cancelled": cancelled_stays_cancelled,
    "deleted stays deleted": deleted_stays_deleted,
    "what was answered was stored": what_was_answered_was_stored,
    "the end is as recorded": the_end_is_as_recorded,
    "nothing is left behind": nothing_is_left_behind,
}


def _ended(run: Run) -> Iterator[tuple[str, Expected, Stored]]:
    for task_id, submissions in run.accepted.items():
        last = outcome(run.versions.get(task_id, ()))
        if last is not None:
            yield task_id, submissions[0].expected, last


def _answer(result: Plain) -> Plain:
    """What a result says: a text's is the answer itself."""
    return result.get("answer") if isinstance(result, dict) else result


def _agrees(seen: Seen, stored: tuple[int, str, int]) -> bool:
    pairs = zip((seen.revision, seen.status, seen.attempt), stored, strict=True)
    return all(told is None or told == kept for told, kept in pairs)


def _told(seen: Seen) -> str:
    return f"{seen.status or seen.code} (revision {seen.revision})"
