"""Who gets a slot: the next request, or the oldest waiting task."""

import pytest

from app.domain.processing import Execution
from app.engine.slots import Slots

CPU, IO = Execution.CPU, Execution.IO


@pytest.fixture
def slots() -> Slots:
    """Return two slots of each kind, in a process that sweeps."""
    slots = Slots({CPU: 2, IO: 2})
    slots.swept = True
    return slots


def test_no_more_slots_are_handed_out_than_there_are(slots: Slots) -> None:
    """More work than processors is what the store is for."""
    taken = [slots.reserve(CPU) for _ in range(3)]

    assert taken == [True, True, False]
    assert slots.free(CPU) == 0


def test_the_kinds_do_not_take_each_others_slots(slots: Slots) -> None:
    """A language model that waits for the network keeps no processor busy."""
    for _ in range(2):
        slots.reserve(CPU)

    assert slots.reserve_for_request(IO)


def test_a_slot_that_was_given_back_is_free_again(slots: Slots) -> None:
    """Otherwise a process stops working after its first few tasks."""
    slots.reserve(CPU)

    slots.release(CPU)

    assert slots.free(CPU) == 2
    assert not slots.freed.is_set()


def test_while_work_waits_a_free_slot_is_not_for_the_next_request(slots: Slots) -> None:
    """Under overload the oldest task comes first, not the luckiest."""
    slots.note_long_backlog(CPU)

    assert not slots.reserve_for_request(CPU)
    assert slots.reserve_for_request(IO)
    assert slots.reserve(CPU)


def test_where_nobody_sweeps_a_request_takes_any_free_slot(slots: Slots) -> None:
    """A revision without traffic has no sweeper: a slot kept for it would stay empty for ever."""
    slots.swept = False
    slots.note_long_backlog(CPU)

    assert slots.reserve_for_request(CPU)


def test_the_sweeper_hears_of_a_slot_that_comes_free_while_work_waits(slots: Slots) -> None:
    """The backlog moves on at once, not at the next interval."""
    for _ in range(2):
        slots.reserve(CPU)
    slots.note_backlog(CPU)
    heard_before = slots.freed.is_set()

    slots.release(CPU)

    assert not heard_before
    assert slots.freed.is_set()


def test_the_sweeper_hears_of_work_that_comes_while_a_slot_is_free(slots: Slots) -> None:
    """A retry that is due need not wait for the next interval."""
    slots.note_backlog(CPU)

    assert slots.freed.is_set()


def test_a_backlog_is_forgotten_once_nothing_was_found(slots: Slots) -> None:
    """Then the next request is served at once again."""
    slots.note_long_backlog(CPU)
    notes = slots.notes(CPU)

    slots.forget_backlog(CPU, notes=notes)

    assert slots.reserve_for_request(CPU)


def test_work_that_came_while_the_sweeper_looked_is_not_forgotten(slots: Slots) -> None:
    """The sweeper's query began before that work was stored and cannot have found it."""
    notes = slots.notes(CPU)
    for _ in range(2):
        slots.note_backlog(CPU)

    slots.forget_backlog(CPU, notes=notes)

    assert slots.has_backlog(CPU)
    assert not slots.reserve_for_request(CPU)


def test_slots_beyond_what_waits_are_for_requests(slots: Slots) -> None:
    """One task that waits must not send every request after it into the queue, with slots to spare."""
    slots.note_backlog(CPU)

    assert slots.reserve_for_request(CPU)
    assert not slots.reserve_for_request(CPU)


def test_a_draining_process_hands_out_no_slot(slots: Slots) -> None:
    """What it claimed now it would have to give back in seconds."""
    slots.reserve(CPU)

    slots.close()
    slots.release(CPU)
    slots.note_backlog(CPU)

    assert slots.free(CPU) == 0
    assert not slots.reserve(CPU)
    assert not slots.reserve_for_request(IO)
