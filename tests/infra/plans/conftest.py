"""
The plans that `make check-infra` has made, and one of a public service; without them there is nothing to test here.

`AFTERWORD_PLANS` names their folder, and `TERRAFORM_CHECK` what made them.
"""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.infra.plans.plan import ROOT, Plan

collect_ignore_glob = [] if "AFTERWORD_PLANS" in os.environ else ["test_*.py"]


PUBLIC: Final = """
invokers  = ["user:ada@example.com", "serviceAccount:caller@elsewhere.iam.gserviceaccount.com"]
deployers = ["user:ada@example.com"]
access = {
  mode                = "public"
  accounts            = ["other@elsewhere.iam.gserviceaccount.com"]
  cors_origins        = ["https://app.example.com", "http://localhost:3000"]
  requests_per_second = 20
}
"""


@pytest.fixture(params=["dev", "prod", "public"])
def plan(request: pytest.FixtureRequest) -> Plan:
    """Give the plan of each environment in turn."""
    found: Plan = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["dev", "prod"])
def private(request: pytest.FixtureRequest) -> Plan:
    """Give the plan of each private service in turn."""
    found: Plan = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def public(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Plan a public service, in which everything is set that concerns access."""
    folder = tmp_path_factory.mktemp("plans")
    variables = folder / "public.tfvars"
    variables.write_text(PUBLIC, encoding="utf-8")
    command = shlex.split(os.environ["TERRAFORM_CHECK"])
    subprocess.run(  # noqa: S603 - the operator's own command
        [*command, "infra", "--var-file", variables, "--plan-json", folder / "public.json", "--steps", "init,plan"],
        cwd=ROOT,
        check=True,
        timeout=600,
    )
    return Plan.read(folder, "public")


@pytest.fixture
def dev() -> Plan:
    """Give the plan of the development environment."""
    return Plan.read(Path(os.environ["AFTERWORD_PLANS"]), "dev")


@pytest.fixture
def prod() -> Plan:
    """Give the plan of the production environment."""
    return Plan.read(Path(os.environ["AFTERWORD_PLANS"]), "prod")


@pytest.fixture
def terraform_check() -> list[str]:
    """Give the command that checks a module."""
    return shlex.split(os.environ["TERRAFORM_CHECK"])
