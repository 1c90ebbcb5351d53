"""Files in the pool: whatever one does to its reader, only its own task pays. Every test runs real processes."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from time import thread_time

import pytest
import pytest_asyncio

from app.domain.errors import (
    DocumentEncrypted,
    DocumentTooLarge,
    DocumentUnreadable,
    NoTextFound,
    ProcessorCrashed,
    ProcessorError,
)
from app.domain.extraction import TEXT_BYTES, Extraction
from app.domain.processing import RESULT_BYTES, size
from app.processors.pool import ForkserverPool
from tests.poisonous_files import REPLY
from tests.pooled import LONG, MEBIBYTE, Progress, assert_works, make_pool, pids, run
from tests.processes import vanishes

LARGEST_FILE = 10 * MEBIBYTE
SHORT = timedelta(seconds=0.5)
STALL = 0.05
"""Seconds for which the event loop may stand still."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ForkserverPool]:
    """One child with 128 MiB, shared, that reads poisonous files."""
    opened = make_pool(reader="tests.poisonous_files")
    async with opened.open():
        yield opened


async def extract(
    pool: ForkserverPool, file: str | bytes, progress: Progress | None = None, *, limit: timedelta = LONG
) -> Extraction:
    """Have *file* read."""
    content = file.encode() if isinstance(file, str) else file
    return await pool.extract(content, progress or Progress(), limit=limit)


class Beats:
    """Looks, as often as it can, for how long the event loop has computed since."""

    def __init__(self) -> None:
        """Begin with no pause seen."""
        self.longest = 0.0

    async def beat(self) -> None:
        """Look until it is cancelled."""
        last = thread_time()
        while True:
            await asyncio.sleep(0)
            self.longest = max(self.longest, thread_time() - last)
            last = thread_time()


async def test_a_file_comes_back_as_text_with_its_structure(pool: ForkserverPool) -> None:
    """Nothing is lost between the processes, whatever the alphabet."""
    assert await extract(pool, "read") == REPLY


@pytest.mark.parametrize("error", [DocumentEncrypted, DocumentTooLarge, DocumentUnreadable, NoTextFound])
async def test_why_a_file_cannot_be_read_crosses(pool: ForkserverPool, error: type[ProcessorError]) -> None:
    """Each has a code of its own that tells the caller what to do about it."""
    with pytest.raises(ProcessorError) as raised:
        await extract(pool, f"raise {error.code}")

    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("break it", DocumentUnreadable),
        ("die SIGABRT", DocumentUnreadable),
        ("die SIGSEGV", DocumentUnreadable),
        ("die SIGBUS", DocumentUnreadable),
        ("die SIGILL", DocumentUnreadable),
        ("die SIGTRAP", DocumentUnreadable),
        ("die SIGXCPU", DocumentTooLarge),
        ("die SIGKILL", ProcessorCrashed),
        ("eat 512", DocumentTooLarge),
    ],
)
async def test_what_a_file_does_to_its_reader_says_whether_another_attempt_may_help(
    pool: ForkserverPool, file: str, error: type[ProcessorError]
) -> None:
    """A parser that breaks will break again; a child that somebody has killed may have been unlucky."""
    with pytest.raises(ProcessorError) as raised:
        await extract(pool, file)

    assert type(raised.value) is error
    assert raised.value.retryable is (error is ProcessorCrashed)
    await assert_works(pool)


async def test_a_file_that_takes_too_long_is_too_large(pool: ForkserverPool) -> None:
    """A small file may unfold without an end; the slot is free in time all the same."""
    progress = Progress()

    with pytest.raises(DocumentTooLarge):
        await extract(pool, "compute", progress, limit=timedelta(seconds=0.5))

    assert await asyncio.to_thread(vanishes, int(await progress.begun))


async def test_the_kernel_ends_what_the_web_worker_fails_to_end(pool: ForkserverPool) -> None:
    """The limit of CPU time is the one of the extraction, and holds also if nobody is left to look at a clock."""
    child, _ = await pids(pool)
    extracting = asyncio.create_task(extract(pool, "compute", progress := Progress(), limit=LONG))
    assert int(await progress.begun) == child

    limit = await asyncio.to_thread(_cpu_limit, child)

    extracting.cancel()
    await asyncio.wait([extracting])
    assert 0 <= limit - LONG.total_seconds() <= 2


def _cpu_limit(pid: int) -> int:
    lines = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    return next(int(line.split()[3]) for line in lines if line.startswith("Max cpu time"))


async def test_a_child_that_has_read_a_file_reads_nothing_else(pool: ForkserverPool) -> None:
    """A file that has got the better of a parser must not meet the next caller's document."""
    readers = []
    for _ in range(3):
        await extract(pool, "read", progress := Progress())
        readers.append(int(await progress.begun))
    readers.append((await pids(pool))[0])

    assert len(set(readers)) == len(readers)
    assert [pid for pid in readers[:-1] if not await asyncio.to_thread(vanishes, pid)] == []


async def test_cancelling_an_extraction_kills_the_child(pool: ForkserverPool) -> None:
    """A caller who cancels, or a drain, does not wait for a parser."""
    extracting = asyncio.create_task(extract(pool, "compute", progress := Progress()))
    pid = int(await progress.begun)

    extracting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await extracting
    assert await asyncio.to_thread(vanishes, pid)
    await assert_works(pool)


async def test_the_largest_file_and_the_longest_text_do_not_stop_the_loop(pool: ForkserverPool) -> None:
    """Other callers' requests are answered while megabytes go to a child and come back."""
    beats = Beats()
    beating = asyncio.create_task(beats.beat())
    await extract(pool, "read")

    weighed = await extract(pool, b"weigh".ljust(LARGEST_FILE))
    written = await extract(pool, f"write {TEXT_BYTES // MEBIBYTE}")

    beating.cancel()
    assert weighed.text == str(LARGEST_FILE)
    assert written.text == "ñ" * (TEXT_BYTES // 2)
    assert beats.longest < STALL


async def test_more_text_than_is_read_of_any_file_is_too_large(pool: ForkserverPool) -> None:
    """What a reader overlooks must not pass for a crash, which would be tried again."""
    with pytest.raises(DocumentTooLarge):
        await extract(pool, f"write {TEXT_BYTES // MEBIBYTE + 1}")


async def test_headings_beyond_what_a_result_may_hold_are_left_out(pool: ForkserverPool) -> None:
    """A file full of headings is still read."""
    extraction = await extract(pool, "list 500")

    assert 0 < len(extraction.headings) < 500
    assert size(extraction.as_json()) <= RESULT_BYTES


async def test_a_file_waits_for_a_child_as_long_as_the_others_work() -> None:
    """Files of io tasks have no slot of their own; a busy pool is not a broken one."""
    pool = make_pool(reader="tests.poisonous_files", patience=SHORT)

    async with pool.open():
        running = asyncio.create_task(run(pool, "sleeps", progress=(progress := Progress())))
        await progress.begun
        extracting = asyncio.create_task(extract(pool, "read"))
        waiting = await asyncio.wait([extracting], timeout=3 * SHORT.total_seconds())
        running.cancel()
        extraction = await extracting

    assert waiting[0] == set()
    assert extraction == REPLY


async def test_a_child_that_dies_of_a_stranger_s_signal_is_no_fault_of_the_file(pool: ForkserverPool) -> None:
    """The kernel chooses its victims; another attempt may be luckier."""
    extracting = asyncio.create_task(extract(pool, "compute", progress := Progress()))

    os.kill(int(await progress.begun), signal.SIGKILL)

    with pytest.raises(ProcessorCrashed):
        await extracting
