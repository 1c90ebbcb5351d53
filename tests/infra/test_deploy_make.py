"""`make deploy` and `make rollback`, from a laptop to a platform of stand-ins."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.infra.rehearsal import NEW, REPOSITORY, ROOT, Rehearsal, finished, rehearsal

AFTER: Final = "afterword-00003-abc"
PLACES: Final = ("PROJECT=a-project", "REGION=europe-west1")
PROGRAM: Final = """#!/bin/sh
echo "$(basename $0) $*" >>{log}
case "$(basename $0) $1" in
"git status") cat {changes} ;;
"git rev-parse") echo {commit} ;;
esac
"""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A service that runs the old commit, and a clean work tree that holds the new one."""
    with rehearsal(tmp_path) as made:
        log, changes = tmp_path / "log", tmp_path / "changes"
        changes.touch()
        for name in ("git", "docker", "submake"):
            program = tmp_path / "bin" / name
            program.write_text(PROGRAM.format(log=log, changes=changes, commit=NEW))
            program.chmod(0o755)
        made.variables["MAKEFLAGS"] = ""  # those of the make that runs the tests
        yield made


def make(platform: Rehearsal, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person does, but without the ten minutes of its own checks."""
    return finished(platform.execute(["make", "MAKE=submake", *words], cwd=ROOT))


def said(platform: Rehearsal) -> list[str]:
    """What was built and pushed, in order."""
    lines = (platform.folder / "log").read_text().splitlines()
    return [line for line in lines if not line.startswith("git")]


def test_a_laptop_does_what_the_pipeline_does(platform: Rehearsal) -> None:
    """Checked, built, pushed and released: the commit, under its name."""
    done = make(platform, "deploy", *PLACES)

    assert (done.returncode, done.stderr) == (0, "")
    assert said(platform) == [f"submake check image IMAGE={REPOSITORY}:{NEW}", f"docker push {REPOSITORY}:{NEW}"]
    assert platform.serving == {AFTER: 100}


def test_a_work_tree_with_changes_is_not_deployed(platform: Rehearsal) -> None:
    """It is said at once, and nothing is built."""
    (platform.folder / "changes").write_text(" M app/main.py\n")

    done = make(platform, "deploy", *PLACES)

    assert done.returncode == 2
    assert "Only a commit can be released" in done.stderr
    assert " M app/main.py" in done.stderr
    assert said(platform) == []


def test_a_commit_that_was_made_during_the_checks_is_not_released(platform: Rehearsal) -> None:
    """It would be built under the other one's name, and nobody would know."""
    submake = platform.folder / "bin" / "submake"
    submake.write_text(f"{submake.read_text()}sed -i s/{NEW}/{'d' * 40}/ {platform.folder / 'bin' / 'git'}\n")

    done = make(platform, "deploy", *PLACES)

    assert done.returncode == 2
    assert f"The work tree is at {'d' * 40}, and {NEW} is to be released" in done.stderr
    assert [line for line in said(platform) if line.startswith("docker")] == []
    assert platform.serving == {"afterword-00002-abc": 100}


def test_a_dry_run_releases_nothing(platform: Rehearsal) -> None:
    """A line that calls make is run by make even then, and all of what else stands in it."""
    done = make(platform, "--dry-run", "deploy", *PLACES)

    assert done.returncode == 0
    assert [line for line in said(platform) if line.startswith("docker")] == []
    assert platform.serving == {"afterword-00002-abc": 100}


@pytest.mark.parametrize("target", ["deploy", "rollback"])
@pytest.mark.parametrize("place", PLACES)
def test_both_want_to_know_where(platform: Rehearsal, target: str, place: str) -> None:
    """There is no default that would not be somebody's mistake one day."""
    done = make(platform, target, place)

    missing = ({"PROJECT", "REGION"} - {place.partition("=")[0]}).pop()
    assert done.returncode == 2
    assert f"argument --{missing.lower()}: it is empty" in done.stderr
    assert said(platform) == []


def test_a_laptop_goes_back(platform: Rehearsal) -> None:
    """And needs nothing built for it."""
    make(platform, "deploy", *PLACES)

    done = make(platform, "rollback", *PLACES)

    assert (done.returncode, done.stderr) == (0, "")
    assert platform.serving == {"afterword-00002-abc": 100}
