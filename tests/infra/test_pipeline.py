"""The pipeline of `cloudbuild.yaml`: what can be known of it without running it at Google's."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from infra.deploy import parser
from tests.infra.rehearsal import NEW, REPOSITORY, ROOT, SCRIPT, Rehearsal, finished, rehearsal

FILE: Final = ROOT / "cloudbuild.yaml"
BUILD: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text())
STEPS: Final[dict[str, dict[str, Any]]] = {step["id"]: step for step in BUILD["steps"]}

BUILT_IN: Final = {"PROJECT_ID": "a-project", "COMMIT_SHA": NEW}
"""Of Cloud Build's own, those that a build by hand has too; the commit it is given."""
REFERENCE: Final = re.compile(r"\$\$|\$\{(\w+)\}|\$([A-Z_][A-Z0-9_]*)")
MADE_FOR_CLOUD_BUILD: Final = "gcr.io/cloud-builders/"
"""Kept in step with the platform by those who run it, and published without versions."""


def substituted(text: str) -> str:
    """Return *text* as Cloud Build hands it to a step."""
    values = BUILT_IN | BUILD["substitutions"]
    return REFERENCE.sub(lambda found: "$" if found[0] == "$$" else values[found[1] or found[2]], text)


def texts(part: object) -> Iterator[str]:
    """All the texts in a *part* of the file."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list | dict):
        for member in part.values() if isinstance(part, dict) else part:
            yield from texts(member)


def needed_by(step: str) -> set[str]:
    """All the steps that have succeeded before *step* begins."""
    direct = set(STEPS[step]["waitFor"]) - {"-"}
    return direct.union(*(needed_by(name) for name in direct))


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A service that runs the old commit."""
    with rehearsal(tmp_path) as made:
        yield made


def test_it_is_what_cloud_build_takes() -> None:
    """A mistake is else found after the push, by nobody who looks."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild", str(FILE)]

    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our checker

    assert (done.returncode, done.stderr) == (0, "")


def test_every_step_says_what_it_waits_for() -> None:
    """Without it, a step waits for all before it; and for a misspelt name nobody waits."""
    earlier = {"-"}
    for name, step in STEPS.items():
        assert set(step["waitFor"]) <= earlier, name
        earlier.add(name)


def test_nothing_is_pushed_that_was_not_checked() -> None:
    """And nothing is released that was not pushed."""
    assert needed_by("push") == {"emulator", "check", "audit", "build"}
    assert needed_by("release") == {*STEPS} - {"release"}


def test_checks_and_build_run_side_by_side() -> None:
    """Each takes minutes, and none needs another."""
    assert needed_by("check") == {"emulator"}
    assert needed_by("audit") == needed_by("build") == set()


def test_every_image_is_named_by_a_version() -> None:
    """What is latest today is not what it was when somebody tried it."""
    names = {step["name"] for step in STEPS.values()}

    unversioned = {name for name in names if not re.search(r":(?!latest$)[\w.-]+$", name)}
    assert {name for name in unversioned if not name.startswith(MADE_FOR_CLOUD_BUILD)} == set()


def test_what_is_substituted_is_declared_and_the_reverse() -> None:
    """Cloud Build refuses what it does not know; what nobody uses misleads whoever sets it."""
    used = {found[1] or found[2] for text in texts(BUILD) for found in REFERENCE.finditer(text) if found[0] != "$$"}

    assert used - BUILT_IN.keys() == BUILD["substitutions"].keys()


def test_terraforms_trigger_and_account_are_the_ones_meant_here() -> None:
    """Each side knows the other by name only."""
    terraform = (ROOT / "infra" / "pipeline.tf").read_text()

    set_there = re.search(r"substitutions = \{(.*?)\}", terraform, flags=re.DOTALL)
    assert set_there is not None
    assert set(re.findall(r"\b_[A-Z]+\b", set_there[1])) == BUILD["substitutions"].keys()
    assert re.search(r'account_id\s+= "\$\{var\.service_name}-build"', terraform)
    assert substituted(BUILD["serviceAccount"]) == (
        "projects/a-project/serviceAccounts/afterword-build@a-project.iam.gserviceaccount.com"
    )


def test_an_account_of_its_own_logs_where_it_may() -> None:
    """Cloud Build refuses a build of such an account that would log to the default bucket."""
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"


def test_there_are_no_secrets() -> None:
    """Whatever a step may do, its account may do; there is no key to lose."""
    assert not {"availableSecrets", "secrets"} & BUILD.keys()
    assert [name for name, step in STEPS.items() if "secretEnv" in step] == []


def test_the_gate_is_the_one_of_everybody() -> None:
    """Two gates would soon be two."""
    script = STEPS["check"]["args"][-1]

    assert script.rstrip().endswith("exec make check")
    assert "AFTERWORD_FIRESTORE_EMULATOR_JAR=/workspace/.emulator/cloud-firestore-emulator.jar" in STEPS["check"]["env"]
    assert "/workspace/.emulator/" in STEPS["emulator"]["args"][-1]


def test_what_is_served_is_audited_in_an_environment_apart() -> None:
    """The check makes the one in the source at the same time; and of what only tests, nothing holds a release back."""
    script = STEPS["audit"]["args"][-1]

    assert script.rstrip().endswith("exec make audit VENV=/opt/venv LOCKS=requirements.lock")


@pytest.mark.parametrize("step", ["emulator", "check", "audit"])
def test_a_script_stops_at_its_first_error(step: str) -> None:
    """A shell goes on by default, and ends as its last line does."""
    first, script = STEPS[step]["args"]

    assert first == "-ceu"
    assert subprocess.run(["/bin/bash", "-n", "-c", substituted(script)], check=False).returncode == 0  # noqa: S603 - only read


def test_the_image_is_named_and_marked_by_its_commit() -> None:
    """What `/version` says is what was built, and what is released is what was pushed."""
    build = [substituted(word) for word in STEPS["build"]["args"]]
    release = [substituted(word) for word in STEPS["release"]["args"]]

    assert f"--build-arg=COMMIT={NEW}" in build
    assert f"{REPOSITORY}:{NEW}" in build
    assert f"--image={REPOSITORY}:{NEW}" in release
    assert [substituted(word) for word in STEPS["push"]["args"]] == ["push", "--all-tags", REPOSITORY]


def test_the_release_is_one_that_the_script_understands() -> None:
    """An option that was renamed would be found when everything else has been done."""
    script, *words = (substituted(word) for word in STEPS["release"]["args"])

    options = parser().parse_args(words)

    assert ROOT / script == SCRIPT
    assert (options.project, options.region, options.service) == ("a-project", "europe-west1", "afterword")
    assert options.commit == NEW


def test_the_release_releases(platform: Rehearsal) -> None:
    """The step as it stands there, on a platform of stand-ins."""
    words = [substituted(word) for word in STEPS["release"]["args"]]

    done = finished(platform.execute([sys.executable, *words], cwd=ROOT))

    assert (done.returncode, done.stderr) == (0, "")
    assert platform.serving == {"afterword-00003-abc": 100}
