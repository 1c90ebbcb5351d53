"""The planned service lets in who is meant to come in, and nobody else."""

from typing import Final

import pytest

from infra.cloud_run import Cloud
from tests.infra.plans.plan import Plan

BUILD: Final = "afterword-build@afterword-check.iam.gserviceaccount.com"
CHECKS: Final = ("AFTERWORD_GOOGLE_AUTH", "AFTERWORD_SWEEP_AUTH")


def pipeline(plan: Plan) -> Cloud:
    """What a release takes the planned service for."""
    return Cloud(plan.service["project"], plan.service["location"], plan.service["name"])


def test_who_reaches_the_service_is_not_yet_let_in(plan: Plan) -> None:
    """With the default, or by one variable, everybody would be one owner and see everything."""
    assert plan.variables["AFTERWORD_AUTH"] == "required"
    assert "AFTERWORD_ALLOW_ANONYMOUS" not in plan.variables


def test_a_private_service_takes_the_word_of_iam_which_checks(private: Plan) -> None:
    """It takes the signature off what it has checked, so nothing else is possible; and it must really be on."""
    assert private.service["invoker_iam_disabled"] is False
    assert {private.variables[name] for name in CHECKS} == {"platform"}


def test_a_public_service_takes_nobodys_word(public: Plan) -> None:
    """Nobody has looked at a token before it, so anybody could write one."""
    assert public.service["invoker_iam_disabled"] is True
    assert {public.variables[name] for name in CHECKS} == {"verified"}


def test_nothing_is_granted_to_everybody(plan: Plan) -> None:
    """An organisation may forbid it, and it would outlive the setting that it was made for."""
    grants = [grant for kind in plan.kinds if "_iam_" in kind for grant in plan.every(kind)]

    assert not {grant.get("member") for grant in grants} & {"allUsers", "allAuthenticatedUsers"}
    # Bindings and policies replace what others were granted, and hold their members in lists.
    assert {kind for kind in plan.kinds if "_iam_" in kind and not kind.endswith("_iam_member")} == set()


def test_the_pipeline_can_try_what_it_releases(plan: Plan) -> None:
    """It comes in as an account that the service expects, with an audience that Cloud Run takes too, or never."""
    assert pipeline(plan).build_account == plan.address("build")
    assert plan.address("build") in plan.variables["AFTERWORD_GOOGLE_ACCOUNTS"].split(",")
    assert plan.variables["AFTERWORD_GOOGLE_AUDIENCES"] == pipeline(plan).audience
    assert pipeline(plan).audience in plan.service["custom_audiences"]


def test_a_callers_token_is_none_for_a_sweep(plan: Plan) -> None:
    """Nor the reverse: each was made for one purpose."""
    assert plan.variables["AFTERWORD_SWEEP_AUDIENCE"] not in plan.variables["AFTERWORD_GOOGLE_AUDIENCES"].split(",")
    assert plan.address("sweep") not in plan.variables["AFTERWORD_GOOGLE_ACCOUNTS"].split(",")


def test_no_identity_but_the_pipelines_comes_in_unasked(private: Plan) -> None:
    """Whoever is named somewhere else, as the service's own account is, is no caller."""
    assert private.variables["AFTERWORD_GOOGLE_ACCOUNTS"] == private.address("build")
    assert "AFTERWORD_CORS_ORIGINS" not in private.variables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "AFTERWORD_GOOGLE_ACCOUNTS",
            f"{BUILD},caller@elsewhere.iam.gserviceaccount.com,other@elsewhere.iam.gserviceaccount.com",
        ),
        ("AFTERWORD_CORS_ORIGINS", "http://localhost:3000,https://app.example.com"),
        ("AFTERWORD_REQUESTS_PER_SECOND", "20"),
    ],
)
def test_what_was_asked_for_gets_to_the_application(public: Plan, name: str, value: str) -> None:
    """A service account among the invokers comes in by its identity too; a person needs a key."""
    assert public.variables[name] == value
