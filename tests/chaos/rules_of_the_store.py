"""
What the versions of one task must look like, whoever wrote them.

A model of a task's life written from the contract, not from the code: it
imports none of the engine's transitions, or it would share their errors.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from tests.chaos.history import Stored
from tests.chaos.lives import CANCELLED, COMPLETED, FAILED, FINAL, PENDING, PROCESSING, births, lives, outcome, steps

LEADS_TO: Final[Mapping[str, frozenset[str]]] = {
    PENDING: frozenset({PROCESSING, FAILED, CANCELLED}),
    PROCESSING: frozenset({PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED}),
}
"""What may come of a task that has not ended."""

GIVEN_UP: Final = frozenset({"attempts_exhausted", "deadline_exceeded"})
"""Failures that a claim records, in the place of a worker that is gone or never came."""

WORTH_ANOTHER: Final = frozenset({"processor_error", "processor_crashed", "memory_limit_exceeded", "unknown_model"})
"""Failures that end a task only when its attempts are used up."""

CLOCK_TOLERANCE: Final = timedelta(seconds=1)
"""How far a process's estimate of the store's time may be ahead when it starts something."""

LEASE_TOLERANCE: Final = timedelta(milliseconds=50)
"""The same, where it takes something away from somebody."""

type Rule = Callable[[Sequence[Stored]], Iterator[str]]
"""Says of a task's versions, the oldest first, what breaks the rule."""


def it_ends(versions: Sequence[Stored]) -> Iterator[str]:
    """Every task comes to an end, whether its submission was answered or not."""
    if outcome(versions) is None:
        yield f"still {_told(versions[-1])}"


def one_record(versions: Sequence[Stored]) -> Iterator[str]:
    """A life has one final record."""
    for life in lives(versions):
        finals = [version for version in life if version.status in FINAL]
        if len(finals) > 1:
            yield " and then ".join(map(_told, finals))


def final_is_final(versions: Sequence[Stored]) -> Iterator[str]:
    """After the end come a deletion, or a retry of what has failed, and nothing else."""
    for before, after in steps(versions):
        retried = (before.status, after.status) == (FAILED, PENDING)
        if before.status in FINAL and not after.is_deleted and not retried:
            yield f"{_told(before)} became {_told(after)}"


def legal_steps(versions: Sequence[Stored]) -> Iterator[str]:
    """A task that has not ended goes only where the contract leads."""
    for version in births(versions):
        if version.status not in {PENDING, PROCESSING}:
            yield f"born as {_told(version)}"
    for before, after in steps(versions):
        if after.is_deleted and after.status not in FINAL:
            yield f"deleted as {_told(after)}"
        elif not after.is_deleted and after.status not in LEADS_TO.get(before.status, {after.status}):
            yield f"{_told(before)} became {_told(after)}"
        elif (before.status, after.status) == (PROCESSING, CANCELLED) and not before.cancel_requested:
            yield f"{_told(after)}, and nobody had asked for it"


def possible_states(versions: Sequence[Stored]) -> Iterator[str]:
    """A lease belongs to processing, a result to completed, a reason to failed, and a request to cancel to a worker."""
    for version in versions:
        lease = {part is not None for part in (version.token, version.holder, version.lease_until)}
        if lease != {version.status == PROCESSING}:
            yield f"{_told(version)}, lease of {version.holder}"
        if (version.result is not None) != (version.status == COMPLETED):
            yield f"{_told(version)}, result {version.result!r:.80}"
        if version.status == FAILED and version.failure is None:
            yield f"{_told(version)} without a reason"
        if version.failure is not None and version.status in {COMPLETED, CANCELLED}:
            yield f"{_told(version)}, failure {version.failure}"
        if version.cancel_requested and version.status != PROCESSING:
            yield f"{_told(version)}, and still to be cancelled"


def no_write_is_lost(versions: Sequence[Stored]) -> Iterator[str]:
    """Every write counts the revision up by one, so that none lies over another that it has not seen."""
    for version in births(versions):
        if version.revision != 1:
            yield f"born as {_told(version)}"
    for before, after in steps(versions):
        if after.revision != before.revision + (not after.is_deleted):
            yield f"{_told(after)} on top of {_told(before)}"


def attempts_are_counted(versions: Sequence[Stored]) -> Iterator[str]:
    """A claim counts one, a hand-back takes it off again, and a retry begins anew; the budget is never exceeded."""
    for version in births(versions):
        if version.attempt != (version.status == PROCESSING):
            yield f"born in attempt {version.attempt}"
    for version in versions:
        if not 0 <= version.attempt <= version.max_attempts:
            yield f"attempt {version.attempt} of {version.max_attempts}"
    for before, after in steps(versions):
        if after.max_attempts != before.max_attempts:
            yield f"{before.max_attempts} attempts became {after.max_attempts}"
        if after.attempt not in _attempts(before, after):
            yield f"attempt {before.attempt}, {_told(before)}, became attempt {after.attempt}, {_told(after)}"


def _attempts(before: Stored, after: Stored) -> set[int]:
    """The attempts that a step may lead to."""
    if _is_claim(before, after):
        return {before.attempt + 1}
    if (before.status, after.status) == (FAILED, PENDING):
        return {0}
    if (before.status, after.status) == (PROCESSING, PENDING):
        failed = {before.attempt} if after.failure and before.attempt < before.max_attempts else set()
        released = {before.attempt - 1} if after.failure == before.failure else set()
        return failed | released
    return {before.attempt}


def attempts_are_used_up(versions: Sequence[Stored]) -> Iterator[str]:
    """A failure that may pass ends a task only after its last attempt, and only then is it out of attempts."""
    for before, after in steps(versions):
        was_ended = before.status == PROCESSING and after.status == FAILED
        is_early = after.failure in WORTH_ANOTHER | {"attempts_exhausted"} and after.attempt < after.max_attempts
        if was_ended and is_early:
            yield f"{after.failure} in attempt {after.attempt} of {after.max_attempts}"


def not_before_its_time(versions: Sequence[Stored]) -> Iterator[str]:
    """What waits is started, or given up, only when it is due."""
    for before, after in steps(versions):
        early = before.available_at - after.written_at
        if before.status == PENDING and after.status in {PROCESSING, FAILED} and early > CLOCK_TOLERANCE:
            yield f"{_told(after)} {early} too early"


def live_leases_are_kept(versions: Sequence[Stored]) -> Iterator[str]:
    """Nobody takes work from a worker whose lease runs, nor declares it dead."""
    for before, after in steps(versions):
        is_declared_dead = after.status == FAILED and after.failure in GIVEN_UP
        if before.lease_until is None or not (_is_claim(before, after) or is_declared_dead):
            continue
        remaining = before.lease_until - after.written_at
        if remaining > LEASE_TOLERANCE:
            yield f"{_told(after)} by {after.holder}, {remaining} before the lease of {before.holder} ended"


def tokens_fence(versions: Sequence[Stored]) -> Iterator[str]:
    """A token is one holder's for one claim; a write under a lost one does not land."""
    holders: dict[str, str | None] = {}
    current: str | None = None
    for version in versions:
        if version.token is not None and version.token != current and version.token in holders:
            yield f"{_told(version)} under the lost lease of {version.holder}"
        elif version.token is not None and holders.setdefault(version.token, version.holder) != version.holder:
            yield f"the lease of {holders[version.token]} became that of {version.holder}"
        current = version.token


def cancellations_are_kept(versions: Sequence[Stored]) -> Iterator[str]:
    """Once a cancellation is asked for, only a result that came first may end the task otherwise."""
    for before, after in steps(versions):
        goes_on = after.status == PROCESSING and after.token == before.token and after.cancel_requested
        if before.cancel_requested and not goes_on and after.status not in {COMPLETED, CANCELLED}:
            yield f"was to be cancelled, and became {_told(after)}"


def results_are_the_holders(versions: Sequence[Stored]) -> Iterator[str]:
    """A result is written by the process that holds the lease; models of the suite say which process they ran in."""
    for before, after in steps(versions):
        if (before.status, after.status) != (PROCESSING, COMPLETED):
            continue
        worker = after.result.get("worker") if isinstance(after.result, dict) else None
        parts = (before.holder or "").rsplit("/", 2)
        if worker is not None and str(worker) not in parts[1:2]:
            yield f"the result of process {worker} under the lease of {before.holder}"


def content_is_kept(versions: Sequence[Stored]) -> Iterator[str]:
    """What was handed in stays as long as somebody may need it: a failed task can be retried."""
    for version in versions:
        if version.status in {PENDING, PROCESSING, FAILED} and not version.keeps_content:
            yield f"{_told(version)} without its content"


def content_is_erased(versions: Sequence[Stored]) -> Iterator[str]:
    """The write that completes or cancels a task erases what was handed in."""
    for version in versions:
        if version.status in {COMPLETED, CANCELLED} and version.keeps_content:
            yield f"{_told(version)} and its content is still there"


RULES: Final[Mapping[str, Rule]] = {
    "every task ends": it_ends,
    "one record per life": one_record,
    "final is final": final_is_final,
    "legal steps": legal_steps,
    "possible states": possible_states,
    "no write is lost": no_write_is_lost,
    "attempts are counted": attempts_are_counted,
    "attempts are used up": attempts_are_used_up,
    "not before its time": not_before_its_time,
    "live leases are kept": live_leases_are_kept,
    "tokens fence": tokens_fence,
    "cancellations are kept": cancellations_are_kept,
    "no result of a lost lease": results_are_the_holders,
    "content is kept while needed": content_is_kept,
    "content is erased": content_is_erased,
}


def _is_claim(before: Stored, after: Stored) -> bool:
    return after.status == PROCESSING and before.status in {PENDING, PROCESSING} and after.token != before.token


def _told(version: Stored) -> str:
    return f"{version.status} (revision {version.revision})"
