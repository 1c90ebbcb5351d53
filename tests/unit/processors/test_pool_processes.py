"""The pool's processes: whatever becomes of one, only its own attempt suffers, and none is left behind."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest

from app.domain.errors import MemoryLimitExceeded, ProcessorCrashed, TimeLimitExceeded
from app.domain.processing import Document, Kind
from app.processors.limits import NICENESS
from app.processors.pool import ForkserverPool
from tests.pooled import CATALOGUE, LONG, MEBIBYTE, MODULES, Progress, assert_works, make_pool, pids, run
from tests.processes import children, successor, vanishes

pytestmark = pytest.mark.asyncio(loop_scope="module")


NICEST = 19
"""Linux knows no lower priority."""


@pytest.mark.parametrize("name", ["exits", "segfaults", "closes_everything", "writes_garbage"])
async def test_a_child_that_breaks_costs_one_attempt_and_is_replaced(pool: ForkserverPool, name: str) -> None:
    """One poisonous document does not take a slot away."""
    with pytest.raises(ProcessorCrashed):
        await run(pool, name)

    await assert_works(pool)


async def test_a_model_within_its_memory_is_left_alone(pool: ForkserverPool) -> None:
    """The allowance counts from the child's size at birth, models included."""
    assert await run(pool, "eats_memory", "64") == {"summary": "64"}


async def test_a_model_that_wants_too_much_memory_ends_alone(pool: ForkserverPool) -> None:
    """The child fails before the container's limit makes the kernel choose a victim."""
    with pytest.raises(MemoryLimitExceeded):
        await run(pool, "eats_memory", "512")

    await assert_works(pool)


async def test_cancelling_kills_a_child_that_holds_the_interpreter(pool: ForkserverPool) -> None:
    """A time limit works even where no Python code runs any more."""
    progress = Progress()
    running = asyncio.create_task(run(pool, "hangs", progress=progress))
    pid = int(await progress.begun)

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(vanishes, pid)
    await assert_works(pool)


async def test_a_job_cancelled_while_it_waits_for_a_child_takes_none_away(pool: ForkserverPool) -> None:
    """A drain cancels waiting jobs too."""
    progress = Progress()
    running = asyncio.create_task(run(pool, "sleeps", progress=progress))
    await progress.begun
    waiting = asyncio.create_task(run(pool, "well_behaved"))

    waiting.cancel()
    running.cancel()

    await asyncio.wait([waiting, running])
    await assert_works(pool)


async def test_what_a_model_has_started_dies_with_it(pool: ForkserverPool) -> None:
    """A process left behind would hold the socket, and memory, for ever."""
    progress = Progress()

    with pytest.raises(ProcessorCrashed):
        await run(pool, "forks", progress=progress)

    assert await asyncio.to_thread(vanishes, int(await progress.begun))


async def test_signals_for_the_whole_machine_do_not_reach_the_children(pool: ForkserverPool) -> None:
    """On SIGTERM the web worker drains; work in progress has its three seconds."""
    assert await run(pool, "is_terminated") == {"summary": "alive"}


async def test_a_job_that_overruns_ends_with_its_child(pool: ForkserverPool) -> None:
    """The next attempt would compute as long; the slot is free at once for the next document."""
    progress = Progress()

    with pytest.raises(TimeLimitExceeded) as raised:
        await run(pool, "hangs", progress=progress, limit=timedelta(seconds=1))

    assert not raised.value.retryable
    assert await asyncio.to_thread(vanishes, int(await progress.begun))
    await assert_works(pool)


async def test_a_job_that_has_used_up_its_cpu_time_is_not_tried_again() -> None:
    """The kernel's limit is the belt for a web worker that is too busy to cancel."""
    pool = ForkserverPool(slots=1, modules=MODULES, memory=128 * MEBIBYTE, cpu_time=timedelta(seconds=0.1))

    async with pool.open():
        with pytest.raises(TimeLimitExceeded) as raised:
            await run(pool, "hangs")

    assert not raised.value.retryable


async def test_a_child_that_does_not_read_does_not_stop_the_loop(pool: ForkserverPool) -> None:
    """The signal that lets the child go on is sent by the loop that is sending to it."""
    child, _ = await pids(pool)
    os.kill(child, signal.SIGSTOP)

    job = asyncio.create_task(run(pool, "eats_memory", "1".rjust(8 * MEBIBYTE)))
    asyncio.get_running_loop().call_soon(os.kill, child, signal.SIGCONT)

    assert await job == {"summary": "1"}


async def test_children_leave_the_cpu_to_the_web_worker(pool: ForkserverPool) -> None:
    """Requests are answered while every slot computes."""
    answer = await pool.run(CATALOGUE.find("tells_pids", Kind.DOCUMENT), Document(text=""), Progress(), limit=LONG)

    assert isinstance(answer, dict)
    assert answer["niceness"] == min(NICEST, os.nice(0) + NICENESS)


async def test_dead_children_are_reaped_and_replaced_one_for_one(pool: ForkserverPool) -> None:
    """A crash in every task must not fill the process table."""
    _, forkserver = await pids(pool)

    for _ in range(3):
        with pytest.raises(ProcessorCrashed):
            await run(pool, "exits")
    child, _ = await pids(pool)

    assert children(forkserver) == [child]


async def test_a_child_that_dies_idle_is_not_given_work(pool: ForkserverPool) -> None:
    """The kernel may choose an idle child when memory is short."""
    child, forkserver = await pids(pool)

    os.kill(child, signal.SIGKILL)
    await asyncio.to_thread(successor, forkserver, child)

    await assert_works(pool)


async def test_the_death_of_the_forkserver_costs_one_attempt(pool: ForkserverPool) -> None:
    """Its children die with it, and the pool starts another."""
    progress = Progress()
    _, forkserver = await pids(pool)
    running = asyncio.create_task(run(pool, "hangs", progress=progress))
    child = int(await progress.begun)

    os.kill(forkserver, signal.SIGKILL)

    with pytest.raises(ProcessorCrashed):
        await running
    assert await asyncio.to_thread(vanishes, child)
    await assert_works(pool)


async def test_closing_leaves_nobody_behind() -> None:
    """A deployment ends with the web worker, not with a hung model."""
    pool = make_pool(slots=2)
    progress = Progress()

    async with pool.open():
        _, forkserver = await pids(pool)
        running = asyncio.create_task(run(pool, "hangs", progress=progress))
        child = int(await progress.begun)

    with pytest.raises(ProcessorCrashed):
        await running
    assert await asyncio.to_thread(vanishes, child)
    assert await asyncio.to_thread(vanishes, forkserver)


async def test_a_web_worker_that_is_killed_leaves_nobody_behind() -> None:
    """An orphan in a tight loop would take a CPU from the next worker for ever."""
    host = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.pool_host", stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert host.stdout is not None
    hung = int(await host.stdout.readline())
    (forkserver,) = children(host.pid)
    family = [forkserver, *children(forkserver)]

    host.kill()
    await host.wait()

    assert hung in family
    assert [pid for pid in family if not await asyncio.to_thread(vanishes, pid)] == []


async def test_a_model_that_cannot_load_its_files_is_noticed_at_start() -> None:
    """A revision without its models must not pass for a healthy one."""
    pool = ForkserverPool(slots=1, modules=["tests.models.does_not_load"], memory=128 * MEBIBYTE)

    with pytest.raises(ProcessorCrashed, match="models could not be loaded"):
        await pool.open().__aenter__()
