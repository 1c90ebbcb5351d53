"""Processes are known by the part they play, and by the run that they belong to."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos import family
from tests.chaos.cluster import Cluster

WAITS = "import sys; sys.stdout.write('up\\n'); sys.stdout.flush(); sys.stdin.read()"


@contextmanager
def marked_process(mark: str) -> Iterator[int]:
    """Run a process that carries *mark* and waits."""
    command = [sys.executable, "-c", WAITS]
    environment = os.environ | {family.MARK: mark}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid


def test_a_process_is_found_by_the_mark_it_has_inherited() -> None:
    """Whatever a server has started, and forgotten, carries it."""
    with marked_process("run-1") as pid:
        found = family.marked("run-1")

        assert list(found) == [pid]
        assert family.marked("run-2") == {}
        assert pid in family.started_by(os.getpid())
        assert family.resident_mib(pid) > 1


async def test_a_process_that_outlives_its_server_is_reported_and_ended() -> None:
    """An orphan burns CPU until somebody looks."""
    with marked_process("run-3") as pid:
        orphans = await Cluster([], "run-3").orphans(within=0.0)

    assert [str(pid) in said for said in orphans] == [True]
    assert family.marked("run-3") == {}


def test_a_process_that_is_gone_has_no_children() -> None:
    """Faults are aimed while processes die."""
    with marked_process("run-4") as pid:
        pass

    assert family.started_by(pid) == []
    assert family.resident_mib(pid) == 0
