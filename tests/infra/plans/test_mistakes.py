"""The check can fail: mistakes that somebody could make in the module are found before anything is applied."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.infra.plans.plan import ROOT


class Mistake(NamedTuple):
    """In *file*, *old* becomes *new*; Terraform calls that *error*."""

    file: str
    old: str
    new: str
    error: str


MISTAKES = {
    "an argument misspelt": Mistake(
        file="service.tf", old="startup_cpu_boost", new="startup_cpu_boots", error="Unsupported argument"
    ),
    "an argument left out": Mistake(
        file="firestore.tf",
        old="  location_id      = coalesce(var.firestore.location, var.region)\n",
        new="",
        error="Missing required argument",
    ),
    "a value that does not exist": Mistake(
        file="service.tf", old="EXECUTION_ENVIRONMENT_GEN2", new="EXECUTION_ENVIRONMENT_GEN3", error="to be one of"
    ),
    "a public service that takes the platform's word": Mistake(
        file="service.tf",
        old='token_check = var.access.mode == "private" ? "platform" : "verified"',
        new='token_check = var.access.mode == "switching" ? "verified" : "platform"',
        error="Resource precondition failed",
    ),
    "a service that lets everybody in": Mistake(
        file="service.tf",
        old='AFTERWORD_AUTH                = "required"',
        new='AFTERWORD_AUTH                = "none"',
        error="not yet let in",
    ),
    "a name that does not exist": Mistake(
        file="sweeper.tf",
        old="audience              = local.sweep_audience",
        new="audience              = local.sweeper_audience",
        error="Reference to undeclared local value",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found(terraform_check: list[str], tmp_path: Path, mistake: Mistake) -> None:
    """A check that accepts anything is worse than none."""
    module = shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns(".terraform"))
    (module / "tests" / "refusals.tftest.hcl").unlink()  # refuses values, and finds no mistake that the others do not
    text = (module / mistake.file).read_text(encoding="utf-8")
    assert text.count(mistake.old) == 1
    (module / mistake.file).write_text(text.replace(mistake.old, mistake.new), encoding="utf-8")

    ended = subprocess.run(  # noqa: S603 - the operator's own command
        [*terraform_check, module, "--steps", "init,validate,test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )

    assert ended.returncode != 0
    assert mistake.error in ended.stdout + ended.stderr
