"""The watch on an event loop sees what blocks it."""

import asyncio
from pathlib import Path
from time import thread_time

from tests.chaos.cluster import until
from tests.chaos.served import Stall, Watch, longest_stall

BLOCKED = 0.06


async def test_work_on_the_loop_is_seen_as_a_stall(tmp_path: Path) -> None:
    """Promise P5 is about the loop's own work, which no other process can be blamed for."""
    watch = Watch(tmp_path / "stall-1.json")
    watch.begin()
    await asyncio.sleep(0)

    enough = thread_time() + BLOCKED
    while thread_time() < enough:
        pass
    await until(lambda: longest_stall(tmp_path).busy >= BLOCKED, within=10)
    watch.end()

    stall = longest_stall(tmp_path)
    assert stall.busy >= BLOCKED
    assert stall.late >= BLOCKED / 2


def test_the_longest_of_all_processes_counts(tmp_path: Path) -> None:
    """One web worker that stalls is enough for a caller to wait."""
    (tmp_path / "stall-1.json").write_text('{"busy": 0.01, "late": 0.5}')
    (tmp_path / "stall-2.json").write_text('{"busy": 0.02, "late": 0.1}')
    (tmp_path / "stall-3.json").write_text("")

    assert longest_stall(tmp_path) == Stall(busy=0.02, late=0.5)
