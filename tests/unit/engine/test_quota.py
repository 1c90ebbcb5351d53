"""Who may open one more task, and what it costs to find out."""

import gc
from weakref import WeakSet

import pytest
from structlog.testing import capture_logs

from app.domain.errors import QuotaExceeded
from app.engine.quota import FRESH, RECOUNT, Quota
from tests.unit.engine.ledger import LIMIT, MOMENT, Ledger, Stopwatch, admitted


class Owner(str):
    """A name that one can see being forgotten."""

    __slots__ = ("__weakref__",)


async def test_a_task_that_starts_at_once_is_not_counted(quota: Quota, ledger: Ledger) -> None:
    """Two writes and no reads is what a short task costs, and nobody crowds out others from a free slot."""
    let_in = await admitted(quota, 100, waits=False)

    assert let_in == 100
    assert ledger.asked == []


async def test_a_task_that_waits_is_counted_first(quota: Quota, ledger: Ledger) -> None:
    """The store is asked for no more than it takes to decide."""
    await quota.admit("me", waits=True)

    assert ledger.asked == [("me", LIMIT)]


async def test_who_has_as_many_as_allowed_is_refused(quota: Quota, ledger: Ledger) -> None:
    """The message helps the caller, and repeats nothing that the caller has sent."""
    ledger.open["somebody"] = LIMIT

    with pytest.raises(QuotaExceeded) as caught:
        await quota.admit("somebody", waits=True)

    assert caught.value.message.startswith("At most 5 tasks may be open; ")
    assert "somebody" not in caught.value.message


@pytest.mark.parametrize(("already_open", "let_in"), [(0, 5), (2, 3), (4, 1), (5, 0), (9, 0)])
async def test_as_many_are_admitted_as_the_count_leaves_room_for(
    quota: Quota, ledger: Ledger, already_open: int, let_in: int
) -> None:
    """Neither one less, which would be unfair, nor one more."""
    ledger.open["me"] = already_open

    assert await admitted(quota, 10) == let_in


async def test_a_count_serves_until_it_is_too_old(quota: Quota, ledger: Ledger, stopwatch: Stopwatch) -> None:
    """Twenty thousand submissions must not be twenty thousand queries."""
    await quota.admit("me", waits=True)
    stopwatch.advance(FRESH)
    await quota.admit("me", waits=True)
    asked_meanwhile = len(ledger.asked)

    stopwatch.advance(MOMENT)
    await quota.admit("me", waits=True)

    assert asked_meanwhile == 1
    assert len(ledger.asked) == 2


async def test_a_new_count_takes_the_place_of_what_was_added_up(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """The store knows better than this process, which has not noticed a single end."""
    before = await admitted(quota, LIMIT)

    stopwatch.advance(FRESH + MOMENT)
    ledger.open["me"] = 2

    assert before == LIMIT
    assert await admitted(quota, 10) == 3


async def test_a_count_at_hand_binds_a_task_that_would_start_at_once(quota: Quota) -> None:
    """Who has filled the queue does not get every slot that comes free as well."""
    await admitted(quota, LIMIT)

    with pytest.raises(QuotaExceeded):
        await quota.admit("me", waits=False)


async def test_an_old_count_does_not_bind_a_task_that_starts_at_once(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """What was so half a minute ago is no reason to ask, and none to refuse."""
    await admitted(quota, LIMIT)

    stopwatch.advance(FRESH + MOMENT)
    await quota.admit("me", waits=False)

    assert len(ledger.asked) == 1


async def test_tasks_that_start_at_once_use_up_a_count_that_is_at_hand(quota: Quota) -> None:
    """They are open like the others; long ones stay so."""
    await quota.admit("me", waits=True)

    let_in = await admitted(quota, 10, waits=False)

    assert let_in == LIMIT - 1


@pytest.mark.parametrize("waits", [True, False])
async def test_nobody_is_refused_on_numbers_of_yesterday(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch, *, waits: bool
) -> None:
    """Short tasks end within a second; a caller with none open must not be told that there are too many."""
    await admitted(quota, LIMIT)

    stopwatch.advance(RECOUNT + MOMENT)
    await quota.admit("me", waits=waits)

    assert len(ledger.asked) == 2


async def test_a_flood_beyond_the_limit_is_counted_once_a_second(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """Being refused must not cost the store more than being admitted."""
    ledger.open["me"] = LIMIT
    for _ in range(3):
        assert await admitted(quota, 100) == 0
        stopwatch.advance(RECOUNT)
        assert await admitted(quota, 100) == 0
        stopwatch.advance(MOMENT)

    assert len(ledger.asked) == 3


async def test_a_flood_beyond_the_limit_is_logged_once_a_second(
    quota: Quota, ledger: Ledger, stopwatch: Stopwatch
) -> None:
    """Log lines are on the owner's bill too."""
    ledger.open["me"] = LIMIT
    with capture_logs() as lines:
        await admitted(quota, 100)
        stopwatch.advance(RECOUNT + MOMENT)
        await admitted(quota, 100)

    assert [(line["event"], line["open_tasks"]) for line in lines] == [("quota exceeded", LIMIT)] * 2


async def test_what_was_withdrawn_makes_room(quota: Quota, ledger: Ledger) -> None:
    """A replay creates nothing: a client that repeats its requests must not use up its quota with them."""
    admissions = [await quota.admit("me", waits=True) for _ in range(LIMIT)]

    for admission in admissions[:2]:
        admission.withdraw()

    assert await admitted(quota, 10) == 2
    assert len(ledger.asked) == 1


async def test_what_is_withdrawn_twice_makes_room_once(quota: Quota) -> None:
    """A handler and its clean-up may both take it back."""
    admissions = [await quota.admit("me", waits=True) for _ in range(LIMIT)]

    admissions[0].withdraw()
    admissions[0].withdraw()

    assert await admitted(quota, 10) == 1


async def test_what_was_admitted_without_a_count_can_be_withdrawn(quota: Quota) -> None:
    """A replay that would have found a free slot is the commonest one."""
    admission = await quota.admit("me", waits=False)

    admission.withdraw()

    assert await admitted(quota, 10) == LIMIT


async def test_what_one_owner_has_open_binds_no_other(quota: Quota, ledger: Ledger) -> None:
    """That is what the quota is for."""
    ledger.open.update(busy=LIMIT, you=LIMIT - 1)

    let_in = {owner: await admitted(quota, 10, owner=owner) for owner in ("busy", "me", "you")}

    assert let_in == {"busy": 0, "me": LIMIT, "you": 1}


async def test_owners_who_have_gone_are_forgotten(quota: Quota, ledger: Ledger, stopwatch: Stopwatch) -> None:
    """A process lives for weeks, and owners are as many as there are people; one who stays must not keep the others."""
    alive: WeakSet[Owner] = WeakSet()
    assert await admitted(quota, 10, owner="always there") == LIMIT
    for number in range(1000):
        owner = Owner(f"owner-{number}")
        alive.add(owner)
        await quota.admit(owner, waits=True)
    del owner
    ledger.asked.clear()
    known = len(alive)
    stopwatch.advance(FRESH)
    await quota.admit("always there", waits=True)

    stopwatch.advance(MOMENT)
    await quota.admit("the last one", waits=True)
    gc.collect()

    assert known == 1000
    assert len(alive) == 0
