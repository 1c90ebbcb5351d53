"""Kill it, stop it, ask its neighbour: accepted work is finished, whichever store holds it."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.family import model_processes
from tests.acceptance.instance import QUICK, Instance, ended, running
from tests.emulator import Emulator

LONG = "La comisión aprobó el informe sobre la Universidad de Salamanca y fijó otra reunión para el lunes. " * 1000


def submit(client: httpx.Client, count: int, *, content: str = LONG) -> list[str]:
    """Post *count* documents and return their paths."""
    answers = [client.post("/process_document/", json={"content": f"Documento {n}. {content}"}) for n in range(count)]
    return [answer.raise_for_status().headers["location"] for answer in answers]


def test_every_accepted_task_completes_after_kill_nine(store_variables: dict[str, str], tmp_path: Path) -> None:
    """What the tutorial loses, all of it, with its process."""
    variables = store_variables | QUICK
    with running(tmp_path / "log", **variables) as instance, httpx.Client(base_url=instance.url) as client:
        paths = submit(client, 8)
        instance.kill()

        instance.start()
        tasks = [ended(client, path) for path in paths]

    assert [task["status"] for task in tasks] == ["completed"] * 8


def test_work_is_handed_over_on_sigterm(store_variables: dict[str, str], tmp_path: Path) -> None:
    """A deployment ends every process with ten seconds' notice, and must not eat a caller's attempts."""
    variables = store_variables | {"AFTERWORD_CPU_SLOTS": "2"}
    with running(tmp_path / "log", **variables) as instance, httpx.Client(base_url=instance.url) as client:
        paths = submit(client, 8)
        seconds = instance.terminate()

        instance.start()
        tasks = [ended(client, path) for path in paths]

    assert seconds < 8
    assert [task["status"] for task in tasks] == ["completed"] * 8
    assert {task["attempt"] for task in tasks} == {1}


def test_work_is_handed_over_when_the_master_alone_is_interrupted(tmp_path: Path) -> None:
    """It tells its workers in another way, which they once did not understand."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db"), "AFTERWORD_PROCESSORS": "tests.poison"}
    with running(tmp_path / "log", **variables) as instance, httpx.Client(base_url=instance.url) as client:
        accepted = client.post("/process_document/", json={"content": "x", "model_name": "sleeps"})
        seconds = instance.terminate(signal.SIGINT)

        instance.start()
        task = client.get(accepted.headers["location"]).json()

    assert seconds < 8
    assert task["status"] != "failed"
    assert task["attempt"] <= 1


def test_any_instance_answers_for_a_task_of_another(emulator: Emulator, tmp_path: Path) -> None:
    """Behind a load balancer nobody knows which instance took the document."""
    variables = firestore_variables(emulator.host)
    with (
        running(tmp_path / "log-a", **variables) as a,
        running(tmp_path / "log-b", **variables) as b,
        httpx.Client(base_url=a.url) as to_a,
        httpx.Client(base_url=b.url) as to_b,
    ):
        paths = submit(to_a, 10, content="La biblioteca de Zaragoza abre los domingos.")
        seen_at_once = [to_b.get(path).status_code for path in paths]
        tasks = [ended(to_b, path) for path in paths]

    assert seen_at_once == [httpx.codes.OK] * 10
    assert [task["status"] for task in tasks] == ["completed"] * 10


def test_a_living_instance_takes_over_from_a_dead_one(emulator: Emulator, tmp_path: Path) -> None:
    """Nobody has to restart the dead one for its work to be done."""
    variables = firestore_variables(emulator.host) | QUICK
    with (
        running(tmp_path / "log-a", **variables) as a,
        running(tmp_path / "log-b", **variables) as b,
        httpx.Client(base_url=a.url) as to_a,
        httpx.Client(base_url=b.url) as to_b,
    ):
        paths = submit(to_a, 6)
        a.kill()
        tasks = [ended(to_b, path) for path in paths]

    assert [task["status"] for task in tasks] == ["completed"] * 6


def test_a_task_that_was_handed_over_is_taken_up_by_the_instance_that_is_asked(
    emulator: Emulator, tmp_path: Path
) -> None:
    """A caller who polls need not wait for the next sweep, which is an hour away here."""
    variables = firestore_variables(emulator.host) | {"AFTERWORD_SWEEP": "3600", "AFTERWORD_CPU_SLOTS": "1"}
    with (
        running(tmp_path / "log-b", **variables) as b,
        running(tmp_path / "log-a", **variables) as a,
        httpx.Client(base_url=a.url) as to_a,
        httpx.Client(base_url=b.url) as to_b,
    ):
        paths = submit(to_a, 6)
        a.terminate()
        tasks = [ended(to_b, path) for path in paths]

    assert [task["status"] for task in tasks] == ["completed"] * 6
    assert {task["attempt"] for task in tasks} == {1}


@pytest.mark.parametrize("victim", ["master", "children"])
def test_a_killed_part_of_the_server_costs_no_task(victim: str, tmp_path: Path) -> None:
    """An orphaned worker must step down so that a restart finds the address free; a dead child is replaced."""
    database = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")}
    with running(tmp_path / "log", **database, **QUICK) as instance, httpx.Client(base_url=instance.url) as client:
        paths = submit(client, 4)
        kill_part(instance, victim)
        if victim == "master":
            instance.start()
        tasks = [ended(client, path) for path in paths]

    assert [task["status"] for task in tasks] == ["completed"] * 4


def kill_part(instance: Instance, victim: str) -> None:
    """Kill the master alone, or every process that reads documents."""
    assert instance.process is not None
    if victim == "master":
        instance.process.kill()
        instance.process.wait()
        instance.wait_until_silent()
        return
    for pid in model_processes(instance.process.pid):
        os.kill(pid, signal.SIGKILL)
