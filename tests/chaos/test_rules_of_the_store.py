"""Every rule of the store's is broken by a life made by hand, and by no good one."""

import pytest

from tests.chaos.history import Stored
from tests.chaos.lives_by_hand import (
    EXPIRED,
    GOOD_LIVES,
    LEASE,
    NO_LEASE,
    SECOND,
    START,
    asked_to_cancel,
    at_birth,
    cancelled,
    changed,
    claimed,
    completed,
    deleted,
    failed,
    lease_of,
    life,
    released,
    renewed,
    retried,
    tried_again,
)
from tests.chaos.rules_of_the_store import RULES

BROKEN_LIVES: dict[str, tuple[set[str], list[Stored]]] = {
    "left waiting": ({"every task ends"}, life()),
    "left at work": ({"every task ends"}, life(claimed(), renewed())),
    "left after a retry": ({"every task ends"}, life(claimed(), failed(), retried())),
    "completed twice": (
        {"one record per life", "final is final"},
        life(claimed(), completed(), completed(2)),
    ),
    "failed, then completed": (
        {"one record per life", "final is final"},
        life(claimed(), failed(), completed()),
    ),
    "completed again by a write without effect": (
        {"one record per life", "final is final", "no write is lost"},
        life(claimed(), completed(), completed(revision=3)),
    ),
    "raised from the dead": (
        {"final is final", "every task ends", "attempts are counted"},
        life(cancelled(), changed(keeps_content=True, **at_birth())),
    ),
    "completed and tried again": (
        {"final is final", "one record per life"},
        life(claimed(), completed(), changed(status="pending", keeps_content=True, result=None), cancelled()),
    ),
    "completed by nobody": ({"legal steps"}, life(completed())),
    "waiting again though nobody had it": ({"legal steps"}, life(changed(), cancelled())),
    "born completed": ({"legal steps"}, life(status="completed", result={}, keeps_content=False)),
    "deleted at work": ({"legal steps", "every task ends"}, life(claimed(), deleted())),
    "cancelled though nobody asked": ({"legal steps"}, life(claimed(), cancelled())),
    "waiting with a lease": (
        {"possible states"},
        life(claimed(), released(**lease_of(1, START)), changed(**NO_LEASE, status="cancelled", keeps_content=False)),
    ),
    "waiting with the rest of a lease": (
        {"possible states"},
        life(claimed(), released(holder="host/1/ab"), cancelled(holder=None)),
    ),
    "worked on without a lease": ({"possible states"}, life(claimed(lease_until=None), completed())),
    "completed without a result": (
        {"possible states"},
        life(claimed(), changed(**NO_LEASE, status="completed", keeps_content=False)),
    ),
    "failed with a result": ({"possible states"}, life(claimed(), failed(result={}))),
    "failed for no reason": ({"possible states"}, life(claimed(), failed(None))),
    "cancelled for a reason": ({"possible states"}, life(cancelled(failure="processor_error"))),
    "waiting to be cancelled": ({"possible states"}, life(cancelled(), cancel_requested=True)),
    "a write in between is missing": ({"no write is lost"}, life(claimed(), renewed(revision=4), completed())),
    "a write lies over another": ({"no write is lost"}, life(claimed(), renewed(revision=2), completed(revision=3))),
    "born in its second version": ({"no write is lost"}, life(cancelled(), revision=2)),
    "a claim that does not count": ({"attempts are counted"}, life(claimed(attempt=0), completed())),
    "a take-over that does not count": (
        {"attempts are counted"},
        life(claimed(), claimed(2, after=EXPIRED, attempt=1), completed(2)),
    ),
    "a release that counts": ({"attempts are counted"}, life(claimed(), released(attempt=1), claimed(2), completed(2))),
    "a failure that does not count": (
        {"attempts are counted"},
        life(claimed(), tried_again(attempt=0), claimed(2, after=2 * SECOND), completed(2)),
    ),
    "one attempt too many": (
        {"attempts are counted"},
        life(claimed(), claimed(2, after=EXPIRED), completed(2), max_attempts=1),
    ),
    "tried again after the last attempt": (
        {"attempts are counted"},
        life(claimed(), tried_again(), cancelled(), max_attempts=1),
    ),
    "a retry that keeps the attempts": (
        {"attempts are counted"},
        life(claimed(), failed(), retried(attempt=1), claimed(2), completed(2)),
    ),
    "a budget that grows": ({"attempts are counted"}, life(claimed(max_attempts=4), completed())),
    "born in an attempt": ({"attempts are counted"}, life(cancelled(), attempt=1)),
    "given up early": ({"attempts are used up"}, life(claimed(), failed("processor_crashed"))),
    "out of attempts that were left": (
        {"attempts are used up"},
        life(claimed(), failed("attempts_exhausted", after=EXPIRED)),
    ),
    "started early": (
        {"not before its time"},
        life(claimed(), completed(), available_at=START + 3 * SECOND),
    ),
    "tried again early": (
        {"not before its time"},
        life(claimed(), tried_again(available_at=START + 5 * SECOND), claimed(2), completed(2)),
    ),
    "given up before it was due": (
        {"not before its time"},
        life(failed("deadline_exceeded"), available_at=START + 3 * SECOND),
    ),
    "taken over alive": ({"live leases are kept"}, life(claimed(), claimed(2, after=LEASE - SECOND), completed(2))),
    "declared dead alive": (
        {"live leases are kept"},
        life(claimed(), failed("attempts_exhausted"), max_attempts=1),
    ),
    "a lost lease comes back": (
        {"tokens fence"},
        life(claimed(), claimed(2, after=EXPIRED), claimed(after=EXPIRED), completed()),
    ),
    "the zombie's heartbeat lands": (
        {"tokens fence", "live leases are kept", "attempts are counted"},
        life(claimed(), claimed(2, after=EXPIRED), changed(attempt=1, **lease_of(1, START)), completed()),
    ),
    "a token changes hands": ({"tokens fence"}, life(claimed(), renewed(holder="host/2/ab"), completed(2))),
    "taken over though it was to be cancelled": (
        {"cancellations are kept"},
        life(claimed(), asked_to_cancel(), claimed(2, after=EXPIRED, cancel_requested=False), completed(2)),
    ),
    "the wish is forgotten by a heartbeat": (
        {"cancellations are kept"},
        life(claimed(), asked_to_cancel(), renewed(cancel_requested=False), completed()),
    ),
    "handed back though it was to be cancelled": (
        {"cancellations are kept"},
        life(claimed(), asked_to_cancel(), released(cancel_requested=False), claimed(2), completed(2)),
    ),
    "failed though it was to be cancelled": (
        {"cancellations are kept"},
        life(claimed(), asked_to_cancel(), failed()),
    ),
    "the zombie's result lands": (
        {"no result of a lost lease"},
        life(claimed(), claimed(2, after=EXPIRED), completed(1)),
    ),
    "erased while it waits": ({"content is kept while needed"}, life(cancelled(), keeps_content=False)),
    "erased at work": ({"content is kept while needed"}, life(claimed(keeps_content=False), completed())),
    "erased by a failure": ({"content is kept while needed"}, life(claimed(), failed(keeps_content=False))),
    "completed and kept": ({"content is erased"}, life(claimed(), changed(**NO_LEASE, status="completed", result={}))),
    "cancelled and kept": ({"content is erased"}, life(cancelled(keeps_content=True))),
}


def broken(versions: list[Stored]) -> set[str]:
    """Return the names of the rules that *versions* break."""
    return {name for name, rule in RULES.items() if list(rule(versions))}


@pytest.mark.parametrize("versions", GOOD_LIVES.values(), ids=GOOD_LIVES)
def test_a_good_life_breaks_no_rule(versions: list[Stored]) -> None:
    """A checker that cries wolf is switched off."""
    assert broken(versions) == set()


@pytest.mark.parametrize(("rules", "versions"), BROKEN_LIVES.values(), ids=BROKEN_LIVES)
def test_a_broken_life_breaks_just_these_rules(rules: set[str], versions: list[Stored]) -> None:
    """A checker that cannot fail proves nothing."""
    assert broken(versions) == rules


def test_each_rule_can_be_broken_by_itself() -> None:
    """A rule that only ever breaks with another may be a shadow of it."""
    alone = {next(iter(rules)) for rules, _ in BROKEN_LIVES.values() if len(rules) == 1}

    # A second record, and whatever else comes after the end, cannot come alone.
    assert alone == RULES.keys() - {"one record per life", "final is final"}


@pytest.mark.parametrize(("late", "rules"), [(30, set[str]()), (70, {"live leases are kept"})])
def test_a_lease_may_be_taken_at_its_end_give_or_take_the_clocks(late: int, rules: set[str]) -> None:
    """Estimates of the store's time differ by some milliseconds; nobody's work is stolen for that."""
    after = LEASE - late * SECOND / 1000

    assert broken(life(claimed(), claimed(2, after=after), completed(2))) == rules
