"""Files: their text is found first, by a child of the pool, whatever kind of model reads it then."""

import pytest

from app.domain.processing import Processor
from app.domain.task import FILE, Status
from tests.fakes import MemoryStore
from tests.unit.engine.process import CPU_MODEL, IO_MODEL, Process

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
