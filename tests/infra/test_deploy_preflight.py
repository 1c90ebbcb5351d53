"""What `make deploy` looks at before it spends ten minutes."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.infra.rehearsal import ROOT, Rehearsal, rehearsal

GIT: Final = shutil.which("git") or "git"
SOMEBODY: Final = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")
SCRIPTS: Final = sorted((ROOT / "infra").glob("*.py"))


def git(folder: Path, *words: str) -> str:
    """Run git in *folder*, as somebody whose own settings do not matter."""
    alone = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(  # noqa: S603 - git, with words of ours
        [GIT, *SOMEBODY, *words], cwd=folder, env=alone, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A platform that is kept in a git repository with one commit, and ignored by it."""
    (tmp_path / ".gitignore").write_text("*\n!README\n")
    (tmp_path / "README").write_text("Hello\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "README")
    git(tmp_path, "commit", "--quiet", "--message=Begin")
    with rehearsal(tmp_path) as made:
        yield made


def head(platform: Rehearsal) -> str:
    """Return the commit of the work tree."""
    return git(platform.folder, "rev-parse", "HEAD").strip()


def test_another_commit_than_the_work_trees_is_refused(platform: Rehearsal) -> None:
    """What is built is what lies there, whatever it is called."""
    done = platform.run("preflight", f"--commit={'d' * 40}")

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{'d' * 40} is to be released" in done.stderr


def test_a_clean_work_tree_is_named_by_its_commit(platform: Rehearsal) -> None:
    """It goes into the image's name, so it is all that is printed."""
    done = platform.run("preflight", f"--commit={head(platform)}")

    assert (done.returncode, done.stdout) == (0, f"ready to release {head(platform)}\n")


@pytest.mark.parametrize("change", ["edited", "added", "new"])
def test_what_no_commit_holds_is_not_released(platform: Rehearsal, change: str) -> None:
    """Nobody could ever say again what was running; an unknown file gets into the image too."""
    file = platform.folder / "README"
    if change == "new":
        file = platform.folder / "notes"
        (platform.folder / ".gitignore").write_text("*\n!README\n!notes\n")
    file.write_text("Hello again\n")
    if change == "added":
        git(platform.folder, "add", "README")

    done = platform.run("preflight", f"--commit={head(platform)}")

    assert (done.returncode, done.stdout) == (1, "")
    assert "Only a commit can be released" in done.stderr
    assert file.name in done.stderr


def test_a_service_that_is_not_there_is_noticed_first(platform: Rehearsal) -> None:
    """Not after all tests have run and an image has been pushed."""
    platform.change(service=None)

    done = platform.run("preflight", f"--commit={head(platform)}")

    assert (done.returncode, done.stdout) == (1, "")
    assert "`terraform apply`" in done.stderr


def test_who_may_not_try_a_revision_out_is_told_first(platform: Rehearsal) -> None:
    """An owner of the project may do everything but this, and learns of it after ten minutes otherwise."""
    platform.cloud.makes_no_tokens = True

    done = platform.run("preflight", f"--commit={head(platform)}")

    assert (done.returncode, done.stdout) == (1, "")
    assert "IAM makes no identity token for afterword-build@a-project.iam.gserviceaccount.com: 403" in done.stderr
    assert "`deployers`" in done.stderr


@pytest.mark.parametrize("missing", ["--project=", "--region="])
def test_a_place_that_is_not_named_is_asked_for(platform: Rehearsal, missing: str) -> None:
    """It is an empty variable of make."""
    done = platform.run("preflight", f"--commit={head(platform)}", missing)

    assert done.returncode == 2
    assert f"argument {missing.removesuffix('=')}: it is empty" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_runs_with_the_python_of_googles_image(script: Path) -> None:
    """It is Debian's, and older than this project's."""
    options = ["--isolated", "--no-cache", "--target-version=py311", "--select=F"]
    command = [sys.executable, "-m", "ruff", "check", *options, str(script)]

    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our linter

    assert (done.returncode, done.stdout.strip()) == (0, "All checks passed!")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_needs_nothing_but_python(script: Path) -> None:
    """Nothing is installed where it runs."""
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(script.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported - sys.stdlib_module_names <= {"infra"}
