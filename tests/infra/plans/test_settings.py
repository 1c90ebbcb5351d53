"""The application accepts the environment that Terraform gives it: seen by starting it with that and nothing else."""

import json
import subprocess
import sys
from typing import Any, Final

import pytest
from pydantic import AliasChoices

from app.settings import Settings
from tests.infra.plans.plan import ROOT, Plan

READ: Final = "from app.settings import Settings; print(Settings().model_dump_json())"
GIVEN_BY_CLOUD_RUN: Final = {"K_SERVICE": "afterword", "K_REVISION": "afterword-00001-abc", "PORT": "8080"}


def read(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Let a process with no other environment read its settings."""
    return subprocess.run(  # noqa: S603 - no shell, and the words are ours
        [sys.executable, "-c", READ], cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def settings_of(plan: Plan) -> dict[str, Any]:
    """The settings of the application on Cloud Run."""
    ended = read(plan.variables | GIVEN_BY_CLOUD_RUN)
    assert ended.returncode == 0, ended.stderr
    settings: dict[str, Any] = json.loads(ended.stdout)
    return settings


def names() -> set[str]:
    """The environment variables that the application knows."""
    aliases = {name: field.validation_alias for name, field in Settings.model_fields.items()}
    return {
        str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"AFTERWORD_{name.upper()}"
        for name, alias in aliases.items()
    }


def test_every_variable_is_a_setting(plan: Plan) -> None:
    """A misspelt variable is ignored, and its default lives on in production."""
    assert set(plan.variables) - names() == set()


def test_the_application_starts_with_what_it_is_given(plan: Plan) -> None:
    """A value that is missing or out of bounds stops every instance at its start."""
    settings = settings_of(plan)

    assert settings["store"] == "firestore"
    assert settings["google_cloud_project"] == plan.service["project"]
    assert settings["firestore_database"] == plan.one("google_firestore_database")["name"]
    assert settings["sweep_account"] == plan.address("sweep")
    assert settings["auth"] == "required"
    assert plan.address("build") in settings["google_accounts"]


@pytest.mark.parametrize(
    "name",
    [
        "GOOGLE_CLOUD_PROJECT",
        "AFTERWORD_GOOGLE_AUDIENCES",
        "AFTERWORD_GOOGLE_ACCOUNTS",
        "AFTERWORD_SWEEP_AUDIENCE",
        "AFTERWORD_SWEEP_ACCOUNT",
    ],
)
def test_the_application_does_not_start_without_what_it_requires(plan: Plan, name: str) -> None:
    """Otherwise the test above would prove nothing."""
    variables = plan.variables | GIVEN_BY_CLOUD_RUN
    del variables[name]

    ended = read(variables)

    assert ended.returncode != 0
    assert name in ended.stderr


def test_the_address_is_the_only_value_that_is_filled_in(plan: Plan) -> None:
    """What the plan does not know is not compared with anything, so it must not grow."""
    unknown = {each["name"] for each in plan.container["env"] if each.get("value") is None}

    assert unknown <= {"AFTERWORD_SWEEP_ACCOUNT"}
