"""`check.sh` runs Terraform's own checks where nothing of the real thing can be touched."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.infra.stand_in import StandIn

SCRIPT: Final = Path(__file__).parents[2] / "infra" / "check.sh"
STEPS: Final = ("fmt", "init", "validate", "test", "plan", "show")


@pytest.fixture
def terraform(tmp_path: Path) -> StandIn:
    """Stand in for terraform."""
    stand_in = StandIn(tmp_path / "programs")
    stand_in.install("terraform")
    return stand_in


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Make a root module that has been used: with a state, and with what `init` leaves behind."""
    folder = tmp_path / "module"
    (folder / ".terraform").mkdir(parents=True)
    for name in ("main.tf", "prod.tfvars", "terraform.tfstate", ".terraform.lock.hcl"):
        (folder / name).touch()
    return folder


def check(terraform: StandIn, *arguments: str | Path, failing: str = "-") -> subprocess.CompletedProcess[str]:
    """Run the script; the call that begins like *failing* fails."""
    return terraform.run(SCRIPT, *arguments, failing=[failing])


def test_every_step_is_taken_in_order_and_the_plan_written_down(terraform: StandIn, module: Path) -> None:
    """The tests of the plan read what is written here."""
    plan = module.parent / "plan.json"

    ended = check(terraform, module, "--var-file", module / "prod.tfvars", "--plan-json", plan)

    assert ended.returncode == 0, ended.stderr
    assert tuple(call.words[1] for call in terraform.calls()) == STEPS
    assert f"-var-file={module / 'prod.tfvars'}" in terraform.calls()[4].words
    assert plan.read_text(encoding="utf-8") == "said by terraform show -json plan\n"


def test_only_the_steps_that_are_asked_for_are_taken(terraform: StandIn, module: Path) -> None:
    """A second environment needs no second run of the same tests."""
    plan = module.parent / "plan.json"

    planned = check(terraform, module, "--plan-json", plan, "--steps", "init,plan")
    tested = check(terraform, module, "--steps", "fmt,init,validate,test")

    assert (planned.returncode, tested.returncode) == (0, 0)
    taken = [call.words[1] for call in terraform.calls()]
    assert taken == ["init", "plan", "show", "fmt", "init", "validate", "test"]


def test_it_works_in_a_copy_with_a_state_of_its_own(terraform: StandIn, module: Path) -> None:
    """A check that used the backend would plan, and lock, the real thing."""
    before = sorted(module.iterdir())

    check(terraform, module)

    initialised = terraform.calls()[1]
    assert initialised.folder != module
    assert initialised.files == ("check_override.tf", "main.tf", "prod.tfvars")
    assert sorted(module.iterdir()) == before
    assert not initialised.folder.exists()


@pytest.mark.parametrize("step", STEPS[:-1])
def test_the_first_step_that_fails_is_the_last(terraform: StandIn, module: Path, step: str) -> None:
    """A plan after a failed test would look like a success."""
    ended = check(terraform, module, failing=f"terraform {step}")

    assert ended.returncode == 1
    assert terraform.calls()[-1].words[1] == step


@pytest.mark.parametrize(
    ("step", "advice"),
    [
        ("fmt", "terraform fmt -recursive"),
        ("init", "Is the network there?"),
        ("plan", "gcloud auth application-default login"),
    ],
)
def test_what_may_be_missing_is_said(terraform: StandIn, module: Path, step: str, advice: str) -> None:
    """Terraform's own words for missing credentials have sent many people the wrong way."""
    ended = check(terraform, module, failing=f"terraform {step}")

    assert advice in ended.stderr


@pytest.mark.parametrize("arguments", [[], ["nowhere"], [".", "--var-file"], [".", "--destroy", "yes"]])
def test_what_it_does_not_understand_it_does_not_begin(terraform: StandIn, arguments: list[str]) -> None:
    """A misspelt option must not turn into a check of something else."""
    ended = check(terraform, *arguments)

    assert ended.returncode == 2
    assert "usage: check.sh DIR" in ended.stderr
    assert terraform.calls() == []
