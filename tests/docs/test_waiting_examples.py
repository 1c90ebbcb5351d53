"""The examples of waiting: each runs as it is printed, against a service whose streams end again and again."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.acceptance.instance import QUICK, Instance, environment, make_key, running
from tests.acceptance.terminal import begun

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "docs" / "examples" / "waiting"
PAGE: Final = (EXAMPLES / "README.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^## (.+?)$|```sh\n(.+?)```", PAGE, flags=re.MULTILINE | re.DOTALL)
MODELS: Final = {"AFTERWORD_PROCESSORS": "docs.examples.durable_function,tests.poison"}
LETTER: Final = "uno dos tres cuatro cinco seis siete ocho nueve diez"
BROKEN_LINES: Final = "one\u2028two\u0085three\rfour\n\nfive: six"
"""What some take for the end of a line, and JSON does not."""

NODE: Final = shutil.which("node")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run a service that lets everybody in, as the page's reader does."""
    folder = tmp_path_factory.mktemp("service")
    with running(folder / "log", AFTERWORD_SQLITE_PATH=str(folder / "tasks.db"), **MODELS) as instance:
        yield instance


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run a service that asks for a key and ends each stream within half a second; return what its callers set."""
    folder = tmp_path_factory.mktemp("guarded")
    variables = {"AFTERWORD_SQLITE_PATH": str(folder / "tasks.db"), "AFTERWORD_AUTH": "required"} | MODELS | QUICK
    with running(folder / "log", AFTERWORD_STREAM_SECONDS="0.5", **variables) as instance:
        yield {"AFTERWORD_SERVER": instance.url, "AFTERWORD_KEY": make_key(variables, "acme")}


def script(heading: str) -> str:
    """Return the commands below a *heading* of the page, behind those that post the document."""
    headings = [name for name, _ in BLOCKS]
    return str(BLOCKS[0][1] + BLOCKS[headings.index(heading) + 1][1])


def said_by(commands: str, service: Instance, folder: Path) -> str:
    """Return what *commands* of the page print."""
    commands = commands.replace("http://localhost:8080", service.url).replace(".venv/bin/python", sys.executable)
    here = {"AFTERWORD_SERVER": service.url, "PYTHONPATH": str(ROOT)}
    ran = ["bash", "-euc", commands]
    return subprocess.run(  # noqa: S603 - the page's own commands
        ran, env=environment(here), cwd=folder, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def posted(guarded: dict[str, str], content: str, model: str) -> str:
    """Hand in *content*, and return its task's id."""
    headers = {"Authorization": f"Bearer {guarded['AFTERWORD_KEY']}"}
    document = {"content": content, "model_name": model}
    answer = httpx.post(f"{guarded['AFTERWORD_SERVER']}/process_document/", json=document, headers=headers)
    return str(answer.raise_for_status().json()["task_id"])


def cancel(guarded: dict[str, str], task_id: str) -> None:
    """Have a task end a second later, when the streams that show it have ended once."""
    headers = {"Authorization": f"Bearer {guarded['AFTERWORD_KEY']}"}
    httpx.post(f"{guarded['AFTERWORD_SERVER']}/tasks/{task_id}/cancel", headers=headers).raise_for_status()


def ran(guarded: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run an example until it ends."""
    return subprocess.run(  # noqa: S603 - our own examples
        command, env=environment(guarded), cwd=EXAMPLES, check=False, capture_output=True, text=True, timeout=60
    )


WAYS: Final = [
    pytest.param((sys.executable, "long_poll.py"), id="python-long-poll"),
    pytest.param((sys.executable, "server_sent_events.py"), id="python-events"),
    pytest.param((sys.executable, "web_socket.py"), id="python-web-socket"),
    *(
        pytest.param(
            (NODE or "node", "waiting.mjs", way),
            id=f"node-{way}",
            marks=pytest.mark.skipif(NODE is None, reason="node is not installed"),
        )
        for way in ("longPoll", "events")
    ),
]


@pytest.mark.parametrize("way", WAYS)
def test_a_program_sees_a_task_to_its_end_over_streams_that_break(
    way: tuple[str, ...], guarded: dict[str, str], tmp_path: Path
) -> None:
    """What is copied from here will run where instances come and go."""
    task_id = posted(guarded, LETTER, "sleeps")

    with begun(tmp_path, *way, task_id, variables=guarded, within=EXAMPLES) as shown:
        shown.wait_to_say("processing")
        cancel(guarded, task_id)
        code, _, said = shown.ended()

    assert code == 0, said
    assert said.splitlines()[-1].strip() == "cancelled"
    assert said.count("cancelled") == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_text_that_holds_ends_of_lines_arrives_whole(way: tuple[str, ...], guarded: dict[str, str]) -> None:
    """A reader that breaks lines where Unicode does loses one document in a thousand, and nobody knows why."""
    task_id = posted(guarded, BROKEN_LINES, "well_behaved")

    shown = ran(guarded, *way, task_id)

    assert shown.returncode == 0, shown.stderr
    assert repr(BROKEN_LINES) in shown.stdout or json.dumps(BROKEN_LINES, ensure_ascii=False) in shown.stdout


@pytest.mark.parametrize("way", WAYS)
def test_a_program_ends_where_there_is_nothing_to_wait_for(way: tuple[str, ...], guarded: dict[str, str]) -> None:
    """Trying again is for what passes: neither a wrong key nor a wrong id does."""
    task_id = posted(guarded, LETTER, "well_behaved")

    unknown = ran(guarded, *way, "00000000-0000-4000-8000-000000000000")
    refused = ran(guarded | {"AFTERWORD_KEY": "wrong"}, *way, task_id)

    assert [one.returncode == 0 for one in (unknown, refused)] == [False, False]
    assert re.search("404|not found|task_not_found", unknown.stderr)
    assert re.search("401|API key", refused.stderr)


def test_a_document_is_handed_in_and_waited_for_in_one_request(guarded: dict[str, str], tmp_path: Path) -> None:
    """The shortest program that uses the service."""
    (tmp_path / "letter.txt").write_text("Los bosques cubren un tercio de la isla.")

    shown = ran(guarded, sys.executable, "prefer.py", str(tmp_path / "letter.txt"))

    assert shown.returncode == 0, shown.stderr
    assert "bosques" in shown.stdout


def test_the_command_of_the_page_prints_the_result(service: Instance, tmp_path: Path) -> None:
    """The first row of the table, for whoever reads no further."""
    assert "Poco después se leen" in said_by(script("The command"), service, tmp_path)


def test_the_curl_that_prefers_to_wait_gets_the_result(service: Instance, tmp_path: Path) -> None:
    """One request, and no second one."""
    answer = json.loads(said_by(script("In the same request"), service, tmp_path))

    assert (answer["status"], answer["result"]["language"]) == ("completed", "es")


def test_the_curl_that_polls_long_gets_the_result(service: Instance, tmp_path: Path) -> None:
    """The loop ends with the task, and prints it once."""
    answer = json.loads(said_by(script("Long polls"), service, tmp_path))

    assert (answer["status"], answer["result"]["words"]) == ("completed", 23)


def test_the_curls_that_poll_conditionally_are_told_that_nothing_has_changed(service: Instance, tmp_path: Path) -> None:
    """Without a body: what is known already is in a file."""
    shown = said_by(script("Conditional polls"), service, tmp_path)

    assert shown == "304\n"
    assert json.loads((tmp_path / "task.json").read_text())["status"] == "processing"


def test_the_curls_that_read_events_see_the_end(service: Instance, tmp_path: Path) -> None:
    """The first from the beginning, the second only what was left."""
    shown = said_by(script("Server-sent events"), service, tmp_path)

    # A slow machine renews the lease in between.
    first, *_, end, left = re.findall("^id: (.+)$", shown, flags=re.MULTILINE)
    assert (first, left) == ("1", end)
    assert shown.count('"status":"completed"') == 2
    assert '"stage":"reading"' in shown


def test_every_way_of_the_table_is_explained() -> None:
    """A row that leads nowhere sends its reader away."""
    anchors = re.findall(r"\]\(#([\w-]+)\)", PAGE)
    headings = [re.sub(r"[^\w -]", "", name).replace(" ", "-").lower() for name, _ in BLOCKS if name]

    assert anchors == [heading for heading in anchors if heading in headings]
    assert len(anchors) == 6


def test_every_program_is_on_the_page_and_the_other_way_round() -> None:
    """A file that nobody is told of is not found."""
    linked = set(re.findall(r"\]\(([\w.]+\.(?:py|mjs))\)", PAGE))

    assert linked == {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".mjs"}}
