"""What the page on infrastructure says of variables and outputs is what Terraform has read."""

import json
from typing import Any

from tests.docs.infra_page import INFRA, Variable, outputs, variables
from tests.infra.plans.plan import Plan

PAGE = list(variables((INFRA / "variables.tf").read_text(encoding="utf-8")))


def default_of(variable: Variable) -> dict[str, Any]:
    """The default of *variable*, with those of its attributes, as Terraform's plan says it."""
    if variable.default is None:
        return {}
    attributes = [each for each in PAGE if each.name.startswith(f"{variable.name}.")]
    own = json.loads(variable.default)
    if attributes and own is not None:
        own = {each.name.split(".")[1]: json.loads(each.default or "") for each in attributes}
    return {"default": own}


def test_the_page_knows_every_variable_as_terraform_does(plan: Plan) -> None:
    """The page's reader is a simple one; Terraform's is the one that counts."""
    known = {each.name: {"description": each.meaning, **default_of(each)} for each in PAGE if "." not in each.name}

    assert known == plan.configuration["variables"]


def test_the_page_knows_every_output_as_terraform_does(plan: Plan) -> None:
    """As above."""
    known = dict(outputs((INFRA / "outputs.tf").read_text(encoding="utf-8")))

    assert known == {name: output["description"] for name, output in plan.configuration["outputs"].items()}
