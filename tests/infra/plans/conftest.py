"""
The plans that `make check-infra` has made; without them there is nothing to test here.

`AFTERWORD_PLANS` names their folder, and `TERRAFORM_CHECK` what made them.
"""

import os
import shlex
from pathlib import Path

import pytest

from tests.infra.plans.plan import Plan

collect_ignore_glob = [] if "AFTERWORD_PLANS" in os.environ else ["test_*.py"]


@pytest.fixture(params=["dev", "prod"])
def plan(request: pytest.FixtureRequest) -> Plan:
    """Give the plan of each environment in turn."""
    return Plan.read(Path(os.environ["AFTERWORD_PLANS"]), request.param)


@pytest.fixture
def prod() -> Plan:
    """Give the plan of the production environment."""
    return Plan.read(Path(os.environ["AFTERWORD_PLANS"]), "prod")


@pytest.fixture
def terraform_check() -> list[str]:
    """Give the command that checks a module."""
    return shlex.split(os.environ["TERRAFORM_CHECK"])
