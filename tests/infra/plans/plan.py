"""What Terraform plans for one environment, as `terraform show -json` writes it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[3]

type Values = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The resources that an *environment* is to have; values that only an apply can know are missing."""

    environment: str
    document: Values

    @classmethod
    def read(cls, folder: Path, environment: str) -> "Plan":
        """Read the plan of *environment* that `make check-infra` has put into *folder*."""
        return cls(environment, json.loads((folder / f"{environment}.json").read_text(encoding="utf-8")))

    def every(self, kind: str, name: str | None = None) -> list[Values]:
        """The planned values of all resources of a *kind*, or of those with that *name*."""
        return [
            resource["values"]
            for resource in self.document["planned_values"]["root_module"]["resources"]
            if resource["type"] == kind and name in (None, resource["name"])
        ]

    def one(self, kind: str, name: str | None = None) -> Values:
        """The planned values of the only resource of a *kind*, or of that *name*."""
        (values,) = self.every(kind, name)
        return values

    @property
    def kinds(self) -> set[str]:
        """The types of all resources."""
        return {resource["type"] for resource in self.document["planned_values"]["root_module"]["resources"]}

    @property
    def configuration(self) -> Values:
        """The module as Terraform has read it: its variables and outputs, among others."""
        module: Values = self.document["configuration"]["root_module"]
        return module

    @property
    def service(self) -> Values:
        """The Cloud Run service."""
        return self.one("google_cloud_run_v2_service")

    @property
    def container(self) -> Values:
        """The service's container."""
        (template,) = self.service["template"]
        (container,) = template["containers"]
        found: Values = container
        return found

    @property
    def variables(self) -> dict[str, str]:
        """
        The container's environment variables.

        The one value that an apply decides is an account's address; Google makes
        it of what is planned.
        """
        known = {each["name"]: each.get("value") for each in self.container["env"]}
        return {name: self.address("sweep") if value is None else value for name, value in known.items()}

    def address(self, account: str) -> str:
        """The address that Google will give a service account."""
        planned = self.one("google_service_account", account)
        return f"{planned['account_id']}@{planned['project']}.iam.gserviceaccount.com"
