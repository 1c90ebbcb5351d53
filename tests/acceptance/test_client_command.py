"""`python -m app submit` and `watch`, as a person or a script calls a service that runs elsewhere."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.instance import QUICK, READY_SECONDS, Instance, command, environment, make_key, running
from tests.acceptance.terminal import Begun, begun

MODELS: Final = {"AFTERWORD_PROCESSORS": "docs.examples.durable_function,tests.poison"}
LETTER: Final = "uno dos tres cuatro cinco seis siete ocho nueve diez"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one service for all tests that do not end it."""
    folder = tmp_path_factory.mktemp("service")
    with running(folder / "log", AFTERWORD_SQLITE_PATH=str(folder / "tasks.db"), **MODELS) as instance:
        yield instance


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """Return a file whose words the slow model reads in two seconds."""
    file = tmp_path / "letter.txt"
    file.write_text(LETTER)
    return file


def calling(service: Instance, folder: Path, *arguments: str) -> AbstractContextManager[Begun]:
    """Run a command that calls the *service*, in a terminal."""
    return begun(folder, sys.executable, "-m", "app", *arguments, variables={"AFTERWORD_SERVER": service.url})


def handed_in(service: Instance, file: Path, model: str) -> str:
    """Hand in a document by the command, and return its task's id."""
    submitted = command({"AFTERWORD_SERVER": service.url}, "submit", str(file), "--model", model)
    assert submitted.returncode == 0, submitted.stderr
    return submitted.stdout.removesuffix("\n")


def test_a_document_is_handed_in_and_its_result_printed(service: Instance, letter: Path, tmp_path: Path) -> None:
    """One command from a file to what is in it, with something to look at meanwhile."""
    with calling(service, tmp_path, "submit", str(letter), "--model", "slow_model", "--wait") as shown:
        code, printed, said = shown.ended()

    assert code == 0
    assert printed.split() == ["summary", *LETTER.split(), "words", "10", "document", "text/plain"]
    assert "Handed in as task " in said
    assert "reading" in said
    assert " 60 %" in said


def test_the_id_is_all_that_is_printed_where_nobody_waits(service: Instance, letter: Path) -> None:
    """A script keeps it; a person is told what to do with it."""
    submitted = command({}, "submit", str(letter), "--server", service.url + "/")

    task = httpx.get(f"{service.url}/tasks/{submitted.stdout.strip()}").json()
    assert task["model_name"] == "default_ai_model"
    assert f"python -m app watch {task['task_id']} --server {service.url}" in submitted.stderr


def test_machines_get_json_and_nothing_else(service: Instance, letter: Path) -> None:
    """Standard output is piped into other programs."""
    task_id = handed_in(service, letter, "well_behaved")

    watched = command({"AFTERWORD_SERVER": service.url}, "watch", task_id, "--json")

    assert json.loads(watched.stdout)["summary"] == LETTER
    assert watched.returncode == 0


def test_any_file_can_be_handed_in(service: Instance, tmp_path: Path) -> None:
    """Which type it is, the service finds out; its name does not count."""
    file = tmp_path / "carta.pdf"
    file.write_text("Mañana llueve.", encoding="utf-8")

    submitted = command(
        {"AFTERWORD_SERVER": service.url}, "submit", str(file), "--model", "well_behaved", "--wait", "--json"
    )

    result = json.loads(submitted.stdout)
    assert "Mañana llueve." in result["summary"]
    assert result["document"]["media_type"] == "text/plain"


def test_a_text_can_come_from_standard_input(service: Instance) -> None:
    """A dash means what it means everywhere."""
    submitted = subprocess.run(
        [sys.executable, "-m", "app", "submit", "-", "--model", "well_behaved", "--wait", "--json"],
        env=environment({"AFTERWORD_SERVER": service.url}),
        input="¡Hola!",
        capture_output=True,
        text=True,
        check=True,
        timeout=READY_SECONDS,
    )

    assert json.loads(submitted.stdout)["summary"] == "¡Hola!"


def test_a_watched_task_is_seen_to_its_end_though_its_service_is_killed(letter: Path, tmp_path: Path) -> None:
    """That is what the service promises, and who watches should see it kept."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")} | MODELS | QUICK
    with (
        running(tmp_path / "log", **variables) as service,
        calling(service, tmp_path, "submit", str(letter), "--model", "slow_model", "--wait", "--patience=120") as shown,
    ):
        shown.wait_to_say("reading")
        service.kill()
        shown.wait_to_say("does not answer")
        service.start()
        code, printed, said = shown.ended()

    assert (code, LETTER in printed) == (0, True), said


def test_a_stream_that_ends_in_good_time_is_taken_up_again(letter: Path, tmp_path: Path) -> None:
    """No stream lasts for longer than the platform lets it; nobody has to know."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db"), "AFTERWORD_STREAM_SECONDS": "0.3"}
    with (
        running(tmp_path / "log", **variables, **MODELS) as service,
        calling(service, tmp_path, "submit", str(letter), "--model", "slow_model", "--wait") as shown,
    ):
        code, printed, said = shown.ended()

    assert (code, LETTER in printed) == (0, True), said
    assert "trying again" not in said


def test_a_failed_task_is_an_error_with_its_reason(service: Instance, letter: Path) -> None:
    """A script must not go on as if there were a result."""
    submitted = command(
        {"AFTERWORD_SERVER": service.url}, "submit", str(letter), "--model", "fails_for_good", "--wait", "--json"
    )

    assert (submitted.returncode, submitted.stdout) == (1, "")
    assert "The task has failed: The document is empty" in submitted.stderr


def test_a_cancelled_task_is_an_error(service: Instance, letter: Path, tmp_path: Path) -> None:
    """There is no result; somebody has wanted none."""
    task_id = handed_in(service, letter, "sleeps")

    with calling(service, tmp_path, "watch", task_id) as shown:
        shown.wait_to_say("28 %")
        httpx.post(f"{service.url}/tasks/{task_id}/cancel").raise_for_status()
        code, printed, said = shown.ended()

    assert (code, printed) == (1, "")
    assert "The task was cancelled" in said


def test_who_stops_watching_is_told_that_the_task_goes_on(service: Instance, letter: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the watching, and leaves somebody who wonders what they have done."""
    task_id = handed_in(service, letter, "sleeps")

    with calling(service, tmp_path, "watch", task_id) as shown:
        shown.wait_to_say("28 %")
        shown.process.send_signal(signal.SIGINT)
        code, printed, said = shown.ended()

    assert (code, printed) == (130, "")
    assert f"The task goes on. To watch it again: python -m app watch {task_id} --server {service.url}" in said
    assert "Traceback" not in said


def test_an_id_that_no_task_has_is_said(service: Instance) -> None:
    """Somebody has mistyped it, or it has expired."""
    watched = command({"AFTERWORD_SERVER": service.url}, "watch", str(uuid4()))

    assert (watched.returncode, watched.stdout, watched.stderr) == (1, "", "There is no such task\n")


def test_a_model_that_is_not_there_is_said(service: Instance, letter: Path) -> None:
    """In the service's own words."""
    submitted = command({}, "submit", str(letter), "--model", "oracle", "--server", service.url)

    assert (submitted.returncode, submitted.stdout) == (1, "")
    assert "has this name; known are" in submitted.stderr


def test_keys_are_asked_for_checked_and_taken(letter: Path, tmp_path: Path) -> None:
    """Each of the three needs something else from whoever reads it; and one owner may wait only so often."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db"), "AFTERWORD_AUTH": "required"} | MODELS
    with running(tmp_path / "log", AFTERWORD_WAITS="1", **variables) as service:
        key, there = make_key(variables, "acme"), {"AFTERWORD_SERVER": service.url}
        wrong = key[:-8] + "00000000"
        taken = command(there | {"AFTERWORD_KEY": key + "\n"}, "submit", str(letter), "--model", "sleeps")
        task_id = taken.stdout.strip()
        none = command(there, "submit", str(letter))
        false = command(there, "watch", task_id, "--key", wrong)
        with httpx.stream("GET", f"{service.url}/tasks/{task_id}/events", headers={"X-API-Key": key}):
            crowded = command(there, "watch", task_id, "--key", key, "--patience", "0.5")

    refused = [none, false, crowded]
    assert [(one.returncode, one.stdout) for one in refused] == [(1, "")] * 3
    assert none.stderr == f"{service.url} asks for a key: set AFTERWORD_KEY\n"
    assert false.stderr == "The API key is not valid\n"
    assert crowded.stderr.splitlines()[-1] == "The server takes no more requests of this caller at the moment"
    assert not any(secret in one.stderr for one in refused for secret in (key, wrong))
