"""What callers will ask for is decided by the seed, and each wish knows what must come of it."""

from tests.chaos.chance import chance
from tests.chaos.models import answer_to
from tests.chaos.wishes import POISON, TEXT, Mix, plan


def test_the_same_seed_gives_the_same_wishes() -> None:
    """A run that has found something can be repeated."""
    wishes = [plan(chance("7"), Mix()) for _ in range(2)]

    assert wishes[0] == wishes[1]
    assert wishes[0] != plan(chance("8"), Mix())


def test_no_two_documents_are_the_same() -> None:
    """An answer that belongs to another document is recognised."""
    wishes = plan(chance("7"), Mix(count=200, burst=50))

    assert len({wish.text for wish in wishes}) == 250
    assert len({wish.key for wish in wishes if wish.key}) == sum(wish.key is not None for wish in wishes)


def test_poison_may_only_fail() -> None:
    """A checker that lets a crash pass for a completion would see nothing."""
    wishes = plan(chance("7"), Mix(models=dict.fromkeys(POISON, 1), cancelled=0.0))

    assert {wish.expected.statuses for wish in wishes} == {frozenset({"failed"})}
    assert all(wish.expected.failures == POISON[wish.model] for wish in wishes)


def test_a_document_has_a_known_answer_unless_its_model_gives_none() -> None:
    """A completed task with a wrong answer is a lost one."""
    wishes = plan(chance("7"), Mix(cancelled=0.0))
    known = [wish for wish in wishes if wish.expected.answer is not None]

    assert all(wish.expected.answer == answer_to(wish.text) for wish in known)
    assert {"instant", "burns", "lingers", "waits", "falters"} == {wish.model for wish in known}


def test_a_cancelled_document_may_end_either_way() -> None:
    """A result that comes before the cancellation wins."""
    wishes = plan(chance("7"), Mix(models={"waits": 1}, cancelled=1.0))

    assert {wish.expected.statuses for wish in wishes} == {frozenset({"completed", "cancelled"})}


def test_whoever_is_doubled_has_a_key() -> None:
    """Two callers without one would rightly be given two tasks."""
    wishes = plan(chance("7"), Mix(doubled=1.0, keyed=0.3))

    assert {wish.copies for wish in wishes if wish.key} == {2}
    assert {wish.copies for wish in wishes if not wish.key} == {1}
    assert all(wish.key for wish in wishes if wish.model == TEXT)


def test_a_burst_comes_at_once_and_unwatched() -> None:
    """Ten thousand pollers would measure the pollers."""
    wishes = plan(chance("7"), Mix(count=1, burst=3))

    assert [(wish.at, wish.watchers) for wish in wishes[:3]] == [(0.0, 0)] * 3
    assert len(wishes) == 4
