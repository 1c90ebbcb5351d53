"""While no child can be had: it is no document's fault, it is said, and it ends. Every test runs real processes."""

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from app.domain.errors import ProcessorCrashed
from app.processors.pool import ForkserverPool
from tests.pooled import Progress, assert_works, make_pool, pids, run
from tests.processes import vanishes

SHORT = timedelta(seconds=1)


@contextmanager
def no_more_files() -> Iterator[None]:
    """Let this process open nothing more, neither a file nor a socket to another forkserver."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def lose_all(pool: ForkserverPool) -> None:
    """Kill the forkserver of *pool*, and with it the child, which is at work; wait until the pool has noticed."""
    _, forkserver = await pids(pool)
    progress = Progress()
    running = asyncio.create_task(run(pool, "sleeps", progress=progress))
    await progress.begun
    os.kill(forkserver, signal.SIGKILL)
    await asyncio.wait([running])
    assert isinstance(running.exception(), ProcessorCrashed)


async def is_found_unusable(pool: ForkserverPool) -> bool:
    """Whether *pool* finds out, in good time, that it is of no use."""
    async with asyncio.timeout(20):
        while pool.is_usable:  # noqa: ASYNC110 - nothing tells of it but asking
            await asyncio.sleep(0.01)
    return True


async def test_a_pool_is_usable_while_it_is_open() -> None:
    """An instance that is starting, or has ended, must not be sent documents."""
    pool = make_pool()
    before = pool.is_usable

    async with pool.open():
        meanwhile = pool.is_usable

    assert (before, meanwhile, pool.is_usable) == (False, True, False)


async def test_a_pool_whose_children_are_busy_or_dying_is_usable() -> None:
    """Poisonous documents must not make an instance pass for a sick one."""
    pool = make_pool()
    progress = Progress()

    async with pool.open():
        running = asyncio.create_task(run(pool, "sleeps", progress=progress))
        child = int(await progress.begun)
        busy = pool.is_usable
        os.kill(child, signal.SIGKILL)
        await asyncio.wait([running])
        bereft = pool.is_usable

    assert isinstance(running.exception(), ProcessorCrashed)
    assert (busy, bereft) == (True, True)


async def test_a_pool_that_can_fork_nothing_says_so_until_it_can_again() -> None:
    """Whoever would hand it documents learns that they had better go elsewhere, and when to come back."""
    pool = make_pool()

    async with pool.open():
        with no_more_files():
            await lose_all(pool)
            found = await is_found_unusable(pool)
        await assert_works(pool)
        recovered = pool.is_usable

    assert (found, recovered) == (True, True)


async def test_the_time_limit_does_not_run_while_no_child_can_be_had() -> None:
    """A limit shorter than the start of a forkserver would fail a good document for good."""
    pool = make_pool()

    async with pool.open():
        with no_more_files():
            await lose_all(pool)
            job = asyncio.create_task(run(pool, "well_behaved", "hola", limit=SHORT))
            failed, _ = await asyncio.wait([job], timeout=1.5 * SHORT.total_seconds())
        answer = await job

    assert failed == set()
    assert isinstance(answer, dict)
    assert answer["summary"] == "hola"


async def test_a_job_that_no_child_takes_up_may_be_tried_again() -> None:
    """Another instance may have a child for it; waiting for ever would hold the slot and the lease."""
    pool = make_pool(queueing=timedelta(seconds=0.1))

    async with pool.open():
        running = asyncio.create_task(run(pool, "sleeps", progress=(progress := Progress())))
        await progress.begun

        with pytest.raises(ProcessorCrashed, match="No process was free") as raised:
            await run(pool, "well_behaved")

        running.cancel()
        await asyncio.wait([running])

    assert raised.value.retryable


async def test_a_stuck_forkserver_keeps_no_job() -> None:
    """Nobody tells the pool that the child has died; the attempt ends all the same."""
    pool = make_pool()

    async with pool.open():
        child, forkserver = await pids(pool)
        os.kill(forkserver, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)

        async with asyncio.timeout(20):
            with pytest.raises(ProcessorCrashed):
                await run(pool, "well_behaved")


async def test_a_stuck_forkserver_does_not_hold_up_the_end() -> None:
    """Of the eight seconds that a shutdown may take, other things need the most."""
    pool = make_pool()

    async with asyncio.timeout(20) as budget, pool.open():
        family = await pids(pool)
        os.kill(family[1], signal.SIGSTOP)
        budget.reschedule(asyncio.get_running_loop().time() + 4)

    assert [pid for pid in family if not await asyncio.to_thread(vanishes, pid)] == []
