"""The same submission again: an id of the caller's choice and an `Idempotency-Key` make it one task."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import SubmissionConflict, UnknownModel
from app.domain.processing import Execution, Kind
from app.domain.task import Status
from app.engine.submission import Defaults, Submission
from tests.fakes import MemoryStore
from tests.unit.engine.process import IO_MODEL, Process, cpu_model, document, summarise

HOUR = timedelta(hours=1)


def text(**fields: Any) -> Submission:  # noqa: ANN401 - any field of a submission
    """Return a text that its caller has given the name `mine`."""
    return document(**{"kind": Kind.TEXT, "reference": "mine"} | fields)


async def test_the_same_submission_twice_is_one_task() -> None:
    """A client that repeats itself after a time-out pays once."""
    process = Process(store=MemoryStore())

    first = await process.submit(text())
    await process.quiet()
    second = await process.submit(text())

    assert second.replayed
    assert second.task == process.store.peek(first.task.id)
    assert second.task.status is Status.COMPLETED
    assert process.pool.runs == 1


async def test_a_repeated_submission_holds_no_slot_while_its_caller_waits() -> None:
    """A caller may wait half a minute for the first run to end; that run may need the slot."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    await process.submit(text())
    await process.quiet()

    async with process.intake.reservation() as reservation:
        await process.intake.accept(text(), reservation)
        free_meanwhile = process.slots.free(Execution.CPU)

    assert free_meanwhile == 1
    assert process.all_slots_are_free()


@pytest.mark.parametrize(
    "other",
    [
        {"content": "Another document."},
        {"model_name": IO_MODEL.name},
        {"options": {"language": "de"}},
        {"max_attempts": 1},
        {"time_to_live": HOUR},
        {"delay": HOUR},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_an_id_used_for_something_else_is_a_conflict(other: dict[str, Any]) -> None:
    """Neither task may silently stand for the other."""
    process = Process(store=MemoryStore())
    first = await process.submit(text())
    await process.quiet()

    with pytest.raises(SubmissionConflict):
        await process.submit(text(**other))

    assert process.store.peek(first.task.id).status is Status.COMPLETED
    assert process.all_slots_are_free()


async def test_a_key_makes_one_task_of_all_its_repetitions() -> None:
    """The caller that lost the answer does not know the task's id, but it knows its key."""
    process = Process(store=MemoryStore())

    accepted = [await process.submit(document(key="k1")) for _ in range(3)]
    await process.quiet()

    assert [one.replayed for one in accepted] == [False, True, True]
    assert len({one.task.id for one in accepted}) == 1
    assert process.pool.runs == 1


@pytest.mark.parametrize(
    "other",
    [{"key": "k2"}, {"owner": "another"}, {"kind": Kind.TEXT}, {"key": None, "reference": "k1"}],
    ids=["key", "owner", "kind", "reference"],
)
async def test_keys_collide_only_with_their_own_likes(other: dict[str, Any]) -> None:
    """Nobody's key stands for anybody else's task, nor for an id chosen for a text."""
    process = Process(store=MemoryStore())

    accepted = [await process.submit(document(**{"key": "k1"} | fields)) for fields in ({}, other)]
    await process.quiet()

    assert [one.replayed for one in accepted] == [False, False]
    assert len({one.task.id for one in accepted}) == 2


async def test_the_id_of_a_text_decides_and_a_key_is_only_compared() -> None:
    """Two ids are two texts, whatever the key; one id with two keys is two requests."""
    process = Process(store=MemoryStore())

    accepted = [await process.submit(text(reference=name, key="k1")) for name in ("mine", "other", "mine")]
    await process.quiet()
    with pytest.raises(SubmissionConflict):
        await process.submit(text(key="k2"))

    assert [one.replayed for one in accepted] == [False, False, True]


async def test_a_repetition_is_one_although_the_defaults_have_changed() -> None:
    """Two revisions with different settings run side by side during a deployment."""
    store = MemoryStore()
    changed = Defaults(max_attempts=5, time_to_live=HOUR)
    before, after = Process(store=store), Process(store=store, name="worker-b", defaults=changed)

    first = await before.submit(document(key="k1"))
    await before.quiet()
    second = await after.submit(document(key="k1"))

    assert second.replayed
    assert second.task.max_attempts == first.task.max_attempts == 3


async def test_a_repetition_is_one_although_the_model_is_not_offered_here() -> None:
    """Of two revisions that run side by side, the older one does not know the newer one's models."""
    store = MemoryStore()
    newer = Process(store=store, model=cpu_model(summarise, name="tomorrow"))
    older = Process(store=store, name="worker-b")
    asked = document(key="k1", model_name="tomorrow")
    first = await newer.submit(asked)
    await newer.quiet()

    second = await older.submit(asked)
    with pytest.raises(UnknownModel):
        await older.submit(document(key="k2", model_name="tomorrow"))

    assert second.replayed
    assert second.task.id == first.task.id
    assert older.all_slots_are_free()


async def test_a_task_whose_caller_does_not_say_gets_the_defaults() -> None:
    """They are settings, so they must arrive."""
    process = Process(store=MemoryStore(), defaults=Defaults(max_attempts=5, time_to_live=HOUR))

    accepted = await process.submit(document())
    await process.quiet()

    assert (accepted.task.max_attempts, accepted.task.time_to_live) == (5, HOUR)


async def test_ids_of_different_callers_do_not_meet() -> None:
    """Nobody can take another's name, nor find out that it is taken."""
    process = Process(store=MemoryStore())

    accepted = [await process.submit(text(owner=owner, content=owner)) for owner in ("one", "another")]
    await process.quiet()

    assert len({one.task.id for one in accepted}) == 2


async def test_two_submissions_of_one_id_at_once_are_one_task() -> None:
    """Whoever comes second is shown the first one's task, and gives its slot back."""
    process = Process(store=MemoryStore())

    accepted = await asyncio.gather(process.submit(text()), process.submit(text()))
    await process.quiet()

    assert sorted(one.replayed for one in accepted) == [False, True]
    assert process.pool.runs == 1
    assert process.all_slots_are_free()
