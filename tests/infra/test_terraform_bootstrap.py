"""Before the first `terraform init` somebody has to make the bucket it needs; `bootstrap.sh` does."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.infra.stand_in import StandIn

SCRIPT: Final = Path(__file__).parents[2] / "infra" / "bootstrap.sh"
BUCKET: Final = "gs://demo-project-terraform-state"
NO_BUCKET: Final = "gcloud storage buckets describe"


@pytest.fixture
def gcloud(tmp_path: Path) -> StandIn:
    """Stand in for gcloud."""
    stand_in = StandIn(tmp_path / "programs")
    stand_in.install("gcloud")
    return stand_in


def bootstrap(gcloud: StandIn, *arguments: str, failing: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    return gcloud.run(SCRIPT, *arguments, failing=failing)


def verbs(gcloud: StandIn) -> list[str]:
    """What gcloud was asked to do, without how."""
    return [re.split(r" (?:gs:|--)", call.line)[0] for call in gcloud.calls()]


def test_the_first_run_makes_a_bucket_that_keeps_every_state(gcloud: StandIn) -> None:
    """A state that is lost or public costs more than anything that it describes."""
    ended = bootstrap(gcloud, "demo-project", "europe-west1", failing=(NO_BUCKET,))

    assert ended.returncode == 0, ended.stderr
    assert verbs(gcloud) == [
        "gcloud services enable",
        "gcloud storage buckets describe",
        "gcloud storage buckets create",
        "gcloud storage buckets update",
    ]
    enabled, _, created, updated = gcloud.calls()
    assert {"--project=demo-project", "cloudresourcemanager.googleapis.com"} <= set(enabled.words)
    assert {BUCKET, "--project=demo-project", "--location=europe-west1"} <= set(created.words)
    private = {"--uniform-bucket-level-access", "--public-access-prevention"}
    assert private <= set(created.words)
    assert {BUCKET, "--versioning", "--soft-delete-duration=30d"} | private <= set(updated.words)


def test_a_second_run_makes_nothing_but_mends_the_settings(gcloud: StandIn) -> None:
    """A run that broke off between the two is finished by repeating it."""
    ended = bootstrap(gcloud, "demo-project", "europe-west1")

    assert ended.returncode == 0, ended.stderr
    assert f"{BUCKET} is there already" in ended.stdout
    assert "gcloud storage buckets create" not in verbs(gcloud)
    assert verbs(gcloud)[-1] == "gcloud storage buckets update"


def test_it_ends_with_the_command_to_run_next(gcloud: StandIn) -> None:
    """The bucket's name is needed once, in that command; nobody should have to compose it."""
    ended = bootstrap(gcloud, "demo-project", "europe-west1")

    assert ended.stdout.splitlines()[-1].strip() == (
        "terraform -chdir=infra init -reconfigure -backend-config=bucket=demo-project-terraform-state "
        "-backend-config=prefix=afterword"
    )


@pytest.mark.parametrize(
    ("failing", "advice"),
    [
        (("gcloud services enable",), "gcloud auth login"),
        ((NO_BUCKET, "gcloud storage buckets create"), "taken in another project"),
        (("gcloud storage buckets update",), "a bucket of demo-project?"),
    ],
)
def test_what_fails_stops_it_and_says_what_to_do(gcloud: StandIn, failing: tuple[str, ...], advice: str) -> None:
    """After an error nobody should be told that it is done, or be left with gcloud's words alone."""
    ended = bootstrap(gcloud, "demo-project", "europe-west1", failing=failing)

    assert ended.returncode == 1
    assert advice in ended.stderr
    assert gcloud.calls()[-1].line.startswith(failing[-1])
    assert "Done." not in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [(), ("demo-project",), ("demo-project", "europe-west1", "more"), ("", ""), ("Demo Project", "europe-west1")],
)
def test_without_project_and_region_it_does_nothing(gcloud: StandIn, arguments: tuple[str, ...]) -> None:
    """A bucket's place cannot be changed afterwards, so none is guessed."""
    ended = bootstrap(gcloud, *arguments)

    assert ended.returncode == 2
    assert "usage: infra/bootstrap.sh PROJECT REGION" in ended.stderr
    assert gcloud.calls() == []


def test_it_says_when_gcloud_is_missing(tmp_path: Path) -> None:
    """It is the first command of all, so it is run where nothing is installed yet."""
    nothing = StandIn(tmp_path / "programs")

    ended = bootstrap(nothing, "demo-project", "europe-west1")

    assert ended.returncode == 1
    assert "gcloud is not installed" in ended.stderr
