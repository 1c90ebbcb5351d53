"""Watch here what is done there: every way to wait, at an instance that does not work on the task."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import QUICK, Instance, ended, running
from tests.acceptance.watching import WAYS, Task, events, events_until_cut
from tests.conftest import warm_up
from tests.emulator import Emulator, start_emulator

CURL: Final = shutil.which("curl") or "curl"
SLOW: Final = {"AFTERWORD_PROCESSORS": "docs.examples.durable_function"}
"""A model that takes a fifth of a second for each word, and says so."""


@contextmanager
def two_instances(variables: dict[str, str], folder: Path) -> Iterator[tuple[Instance, Instance]]:
    """Run two servers on one store."""
    with running(folder / "log-a", **variables) as a, running(folder / "log-b", **variables) as b:
        yield a, b


def hand_in(instance: Instance, words: int, *, delay: int = 0) -> str:
    """Hand in a document that takes a fifth of a second for each word, after a *delay*; return its task's id."""
    body = {"content": "palabra " * words, "model_name": "slow_model", "delay_seconds": delay}
    answered = httpx.post(f"{instance.url}/process_document/", json=body)
    return str(answered.raise_for_status().json()["task_id"])


def test_whoever_waits_at_another_instance_sees_how_it_ends(store_variables: dict[str, str], tmp_path: Path) -> None:
    """Behind a load balancer nobody knows which instance does the work; every way to wait must bear that."""
    with two_instances(store_variables | SLOW, tmp_path) as (a, b):
        task_id = hand_in(b, 8)

        async def by_all_ways() -> list[list[Task]]:
            """Wait in every way at once."""
            return await asyncio.gather(*(way(a.url, task_id) for way in WAYS.values()))

        for way, seen in zip(WAYS, asyncio.run(by_all_ways()), strict=True):
            revisions = [task["revision"] for task in seen]
            assert (seen[-1]["status"], seen[-1]["result"]["words"]) == ("completed", 8), way
            assert revisions == sorted(set(revisions)), way


def test_progress_reaches_other_instances_with_the_heartbeat(emulator: Emulator, tmp_path: Path) -> None:
    """Not with a write for each step; at the instance that works on it, each step is seen."""
    variables = firestore_variables(emulator.host) | SLOW | QUICK
    with two_instances(variables, tmp_path) as (a, b):
        task_id = hand_in(b, 20, delay=2)  # so that both watch when it begins

        async def both() -> tuple[list[float], list[float]]:
            """Watch at both."""
            return await asyncio.gather(_fractions(b, task_id), _fractions(a, task_id))

        few, many = sorted(asyncio.run(both()), key=len)  # either may have taken it up

    assert (few, many) == (sorted(few), sorted(many))
    assert 1 <= len(few) < len(many)
    assert set(few) <= {number / 20 for number in range(20)}


async def _fractions(instance: Instance, task_id: str) -> list[float]:
    tasks = [task async for _, task in events(instance.url, task_id)]
    return [task["progress"]["fraction"] for task in tasks if task["progress"]]


def test_a_client_whose_instance_is_killed_goes_on_at_another_and_misses_nothing(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Kill -9 is what a platform does to an instance that takes too much memory."""
    variables = firestore_variables(emulator.host) | SLOW | QUICK
    with two_instances(variables, tmp_path) as (a, b):
        task_id = hand_in(b, 20)

        async def watch() -> list[str]:
            """Watch at one until it is killed, and then at the other."""
            ids: list[str] = []
            async for number, task in events_until_cut(a.url, task_id):
                ids += [] if number is None else [number]
                if task["progress"]:
                    a.kill()
            return ids + [number async for number, _ in events(b.url, task_id, after=ids[-1]) if number is not None]

        ids = asyncio.run(watch())
        task = httpx.get(f"{b.url}/tasks/{task_id}").json()

    assert (task["status"], task["attempt"]) == ("completed", 1)
    revisions = [int(number) for number in ids]
    assert revisions == sorted(set(revisions))
    assert (revisions[0], revisions[-1]) == (1, task["revision"])


def test_a_task_whose_worker_dies_is_watched_to_its_end(emulator: Emulator, tmp_path: Path) -> None:
    """The instance where somebody watches takes it up as soon as the lease is over, though no sweep is near."""
    variables = firestore_variables(emulator.host) | SLOW | QUICK | {"AFTERWORD_SWEEP": "3600"}
    with two_instances(variables, tmp_path) as (a, b):
        task_id = hand_in(b, 10)

        async def watch() -> list[tuple[str, int]]:
            """Watch, and kill the worker as soon as it is seen to work."""
            seen: list[tuple[str, int]] = []
            async for _, task in events(a.url, task_id):
                if not seen:
                    b.kill()
                seen.append((task["status"], task["attempt"]))
            return seen

        seen = asyncio.run(watch())

    assert seen[0] == ("processing", 1)
    assert seen[-1] == ("completed", 2)


def test_streams_end_with_their_instance_and_say_so(emulator: Emulator, tmp_path: Path) -> None:
    """A deployment ends every instance; a clean end with a time to come again is no error."""
    variables = firestore_variables(emulator.host) | SLOW
    with two_instances(variables, tmp_path) as (a, b):
        task_id = hand_in(b, 30)
        asked = [CURL, "--silent", "--no-buffer", "--fail", f"{a.url}/tasks/{task_id}/events"]
        with subprocess.Popen(asked, stdout=subprocess.PIPE) as curl:  # noqa: S603 - a client as others use it
            assert curl.stdout is not None
            beginning = [curl.stdout.readline() for _ in range(3)]
            seconds = a.terminate()
            rest, code = curl.stdout.read(), curl.wait()
        answered = httpx.post(f"{b.url}/tasks/{task_id}/cancel")

    assert beginning[0].startswith(b"retry: ")
    assert beginning[2].startswith(b"data: {")
    assert code == 0, "the connection was cut"
    assert rest.rstrip().rpartition(b"\n")[2].startswith(b"retry: ")
    assert seconds < 8
    assert answered.status_code == httpx.codes.OK


@pytest.fixture
def own_emulator() -> Iterator[Emulator]:
    """Run an emulator that may be frozen: the tests of other processes need theirs."""
    with start_emulator(heap="256m") as running:
        asyncio.run(warm_up(running))
        yield running


def test_a_frozen_store_loses_no_news(own_emulator: Emulator, tmp_path: Path) -> None:
    """It stands still in the middle of a run, and goes on; nobody has to connect again."""
    variables = firestore_variables(own_emulator.host) | SLOW
    with two_instances(variables, tmp_path) as (a, b):
        task_id = hand_in(b, 15)

        async def watch() -> list[str | None]:
            """Freeze the store at the first event, and have it go on after a while."""
            ids: list[str | None] = []
            loop = asyncio.get_running_loop()
            try:
                async for number, _ in events(a.url, task_id):
                    if not ids:
                        os.kill(own_emulator.pid, signal.SIGSTOP)
                        loop.call_later(2.5, os.kill, own_emulator.pid, signal.SIGCONT)
                    ids.append(number)
            finally:
                os.kill(own_emulator.pid, signal.SIGCONT)
            return ids

        ids = asyncio.run(watch())
        with httpx.Client(base_url=a.url) as client:
            task = ended(client, f"/tasks/{task_id}")

    assert task["status"] == "completed"
    assert ids[-1] == str(task["revision"])
    assert len(ids) == len(set(ids))
