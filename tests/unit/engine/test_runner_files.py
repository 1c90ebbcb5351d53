"""Files: their text is found first, by a child of the pool, whatever kind of model reads it then."""

from typing import Any

import pytest

from app.domain.processing import Execution, Kind, Processor
from app.domain.task import FILE, Status
from app.engine.submission import Submission
from tests.fakes import MemoryStore
from tests.unit.engine.process import CPU_MODEL, IO_MODEL, Process, stored

FILE_OPTIONS = {FILE: True, "max_keywords": 3}
TEXT = "The library opens on Sundays."


@pytest.mark.parametrize("model", [CPU_MODEL, IO_MODEL], ids=lambda model: model.execution.value)
async def test_a_model_reads_the_text_of_a_file_and_the_result_says_what_file_it_was(model: Processor) -> None:
    """A language model needs no idea of PDFs, and no library of the event loop ever parses one."""
    process = Process(store=MemoryStore(), model=model)

    task = await process.claimed_at_birth(TEXT, options=FILE_OPTIONS)
    await process.quiet()

    done = process.store.peek(task.id)
    assert done.status is Status.COMPLETED
    assert isinstance(done.result, dict)
    assert str(done.result["summary"]).strip() == TEXT
    assert done.result["document"] == {"media_type": "text/plain", "title": None, "pages": None, "headings": []}
    assert process.pool.extractions == 1


async def test_what_is_no_file_is_not_extracted() -> None:
    """JSON documents cost what they always have."""
    process = Process(store=MemoryStore())

    task = await process.claimed_at_birth(TEXT)
    await process.quiet()

    assert process.store.peek(task.id).result == {"summary": TEXT}
    assert process.pool.extractions == 0


async def test_a_file_that_cannot_be_read_fails_at_once_and_no_model_sees_it() -> None:
    """Another attempt would find no text either."""
    process = Process(store=MemoryStore())

    task = await process.claimed_at_birth(" \n ", options=FILE_OPTIONS)
    await process.quiet()

    done = process.store.peek(task.id)
    assert done.status is Status.FAILED
    assert done.failure is not None
    assert (done.failure.code, done.failure.retryable, done.attempt) == ("no_text_found", False, 1)
    assert (process.pool.extractions, process.pool.runs) == (1, 0)


async def test_progress_rises_from_the_file_to_the_summary() -> None:
    """A bar that jumps back to its beginning looks like an attempt that failed."""
    process = Process(store=MemoryStore())

    await process.claimed_at_birth(TEXT, options=FILE_OPTIONS)
    await process.quiet()

    shown = [progress for _, progress in process.shown]
    assert [progress.stage for progress in shown][-1] == "summarising"
    assert {progress.stage for progress in shown} == {"extract", "summarising"}
    assert [progress.fraction for progress in shown] == sorted(progress.fraction for progress in shown)
    assert shown[-1].fraction == 1.0


async def test_the_end_of_the_process_ends_an_extraction() -> None:
    """A parser that hangs must not keep its file from the next process."""
    process = Process(store=MemoryStore())
    extracting = process.pool.hold()

    await process.claimed_at_birth(TEXT, options=FILE_OPTIONS)
    await extracting.reached()
    process.drain.interrupted.set()
    await process.quiet()

    assert (process.pool.killed, process.pool.runs) == (1, 0)
    assert process.all_slots_are_free()


def for_a_language_model(**options: Any) -> Submission:  # noqa: ANN401 - options of a task
    """Return a document for a model that needs no child process."""
    content = TEXT.encode()
    return Submission(kind=Kind.DOCUMENT, owner="acme", content=content, model_name=IO_MODEL.name, options=options)


async def test_a_file_is_not_claimed_before_it_can_be_read_whatever_its_model_is() -> None:
    """Its model waits for others' computers, but its text is found by a child; it would lose its attempts."""
    process = Process(store=MemoryStore())
    process.pool.usable = False

    file = await process.submit(for_a_language_model(**FILE_OPTIONS))
    text = await process.submit(for_a_language_model())
    await process.sweeper.sweep()
    await process.quiet()
    without_children = [process.store.peek(accepted.task.id) for accepted in (file, text)]
    process.pool.usable = True
    await process.sweeper.sweep()
    await process.quiet()

    assert [(task.status, task.attempt) for task in without_children] == [(Status.PENDING, 0), (Status.COMPLETED, 1)]
    assert process.store.peek(file.task.id).status is Status.COMPLETED


async def test_a_file_that_was_found_before_the_children_were_lost_is_not_claimed_either() -> None:
    """What a sweep has no slot for is kept for the next slot that comes free."""
    process = Process(store=MemoryStore(), slots_for_each=1)
    fields = {"model_name": IO_MODEL.name, "execution": Execution.IO, "options": FILE_OPTIONS}
    files = [await stored(process.store, TEXT, **fields) for _ in range(2)]
    extracting = process.pool.hold()
    await process.sweeper.sweep()
    await extracting.reached()

    process.pool.usable = False
    extracting.open()
    await process.quiet()
    await process.sweeper.sweep()
    await process.quiet()

    attempts = [process.store.peek(file.task.id).attempt for file in files]
    assert sorted(attempts) == [0, 1]
