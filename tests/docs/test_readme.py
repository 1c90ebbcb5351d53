"""The README's commands answer what the README prints."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.acceptance.instance import environment, running

ROOT: Final = Path(__file__).parents[2]
CURL: Final = re.compile(r"```sh\n(curl [^`]+)\n```\n\n```(?:json)?\n(.+?)\n```", re.DOTALL)
CHANGING: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
)
WAITING: Final = re.compile(r"```sh\n(\.venv/bin/python -m app submit FILE --wait)\n(?:curl -F .+\n)?(curl -N .+)\n```")
UPLOAD: Final = re.compile(r"\n(curl -F file=@FILE .+)\n")
EXAMPLE: Final = "docs/examples/documents/informe-es.txt"
KEYS: Final = re.compile(r"```sh\nAFTERWORD_AUTH=required make run .+\n(key=[^`]+)```")
HEADERS_SHOWN: Final = ("http/", "location:", "retry-after:")
LIMIT: Final = 150


def test_the_curls_give_what_the_readme_prints(tmp_path: Path) -> None:
    """The first thing that a new user does, and compares."""
    shown = CURL.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    given = []

    with running(tmp_path / "log", AFTERWORD_SQLITE_PATH=str(tmp_path / "tasks.db")) as instance:
        task_id = ""
        for command, _ in shown:
            if "TASK_ID" in command:
                instance.wait_for_line("task completed")
            answer = call(command.replace("http://localhost:8080", instance.url).replace("TASK_ID", task_id))
            task_id = task_id or CHANGING[0][0].findall(answer)[0]
            given.append(answer)

    assert len(shown) == 2
    assert [without_what_changes(answer) for answer in given] == [without_what_changes(print_) for _, print_ in shown]


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_first_command_prints_a_result_and_its_task_can_be_watched(name: str, tmp_path: Path) -> None:
    """Whoever reads one screen of it should see the service work."""
    page = (ROOT / name).read_text(encoding="utf-8").replace("ARCHIVO", "FILE")
    submit, watch = WAITING.findall(page)[0]
    submit = submit.replace(".venv/bin/python", sys.executable).replace("FILE", EXAMPLE)

    with running(tmp_path / "log", AFTERWORD_SQLITE_PATH=str(tmp_path / "tasks.db")) as instance:
        variables = environment({"AFTERWORD_SERVER": instance.url})
        printed = subprocess.run(  # noqa: S603 - ours
            submit.split(), env=variables, cwd=ROOT, check=True, capture_output=True, text=True
        )
        task_id = printed.stderr.split()[-1]
        seen = call(watch.replace("http://localhost:8080", instance.url).replace("TASK_ID", task_id))

    assert "Universidad de Zaragoza" in printed.stdout
    assert '"status":"completed"' in seen


def test_a_file_can_be_handed_in_with_curl(tmp_path: Path) -> None:
    """A form is what every tool can send, each in its own way."""
    command = UPLOAD.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]

    with running(tmp_path / "log", AFTERWORD_SQLITE_PATH=str(tmp_path / "tasks.db")) as instance:
        accepted = json.loads(call(command.replace("http://localhost:8080", instance.url).replace("FILE", EXAMPLE)))
        task = httpx.get(f"{instance.url}/tasks/{accepted['task_id']}", params={"wait": 30}, timeout=40).json()

    assert (accepted["status"], task["status"]) == ("pending", "completed")
    assert len(task["result"]["keywords"]) == 5
    assert task["result"]["document"]["media_type"] == "text/plain"


def test_the_key_that_the_readme_makes_lets_in(tmp_path: Path) -> None:
    """The second thing that a new user does, before anybody else may."""
    block = KEYS.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")}

    with running(tmp_path / "log", AFTERWORD_AUTH="required", **variables) as instance:
        script = block.replace(".venv/bin/python", sys.executable).replace("http://localhost:8080", instance.url)
        known = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True, env=variables)  # noqa: S603, S607 - ours
        unknown = httpx.get(f"{instance.url}/tasks")

    assert json.loads(known.stdout) == {"tasks": [], "next_page_token": None}
    assert (unknown.status_code, unknown.json()["code"]) == (401, "unauthenticated")


def call(command: str) -> str:
    """Run one command as a shell would; return its body, and of the headers those that are worth printing."""
    silent = command.replace("curl ", "curl --silent --show-error ", 1)
    printed = subprocess.run(["bash", "-c", silent], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607 - ours
    lines = printed.replace("\r", "").splitlines()
    if "-i " not in command:
        return "\n".join(lines)
    end = lines.index("")
    return "\n".join([line for line in lines[:end] if line.lower().startswith(HEADERS_SHOWN)] + lines[end:])


def without_what_changes(answer: str) -> str:
    """Put words in the place of ids and times."""
    for pattern, word in CHANGING:
        answer = pattern.sub(word, answer)
    return answer


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_a_readme_is_short(name: str) -> None:
    """Nobody reads a long one."""
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= LIMIT


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*.md")))
def test_links_and_tests_that_are_named_exist(page: str) -> None:
    """A promise that names its test is worth something only if the test is there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = {link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link}
    named = set(re.findall(r"`((?:app|tests|docs)/[\w./]+)`", text))
    tests = set(re.findall(r"`(test_\w+)`", text))

    missing = sorted(path for path in linked | named if not (ROOT / path).exists())
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert missing == []
    assert sorted(name for name in tests if f"def {name}" not in code) == []
