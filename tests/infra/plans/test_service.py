"""The planned service is one in which the application can keep its promises."""

import re

from app.api.services import Limits
from app.server import timeout as longest_stall
from tests.infra.plans.plan import ROOT, Plan, Values

SERVICE_TF = (ROOT / "infra" / "service.tf").read_text(encoding="utf-8")
SERVER_MIB = 208
"""What a server without work takes."""
PER_BODY = 10
"""How often a body in flight is there in memory, at the most; `make image-check` fills both."""


def budget(probe: Values) -> int:
    """Seconds after which *probe* has failed for good."""
    return int(probe["period_seconds"] * probe["failure_threshold"])


def seconds(duration: str) -> float:
    """Read a duration as Google writes it."""
    return float(duration.removesuffix("s"))


def test_the_cpu_is_there_between_requests(plan: Plan) -> None:
    """Work goes on after the 202; without a CPU it would stand still until its lease expires."""
    (resources,) = plan.container["resources"]

    assert resources["cpu_idle"] is False


def test_memory_is_enough_for_all_that_may_be_taken_at_once(plan: Plan) -> None:
    """An instance that runs out of memory is killed with all its work, and without the ten seconds."""
    (resources,) = plan.container["resources"]
    memory = int(resources["limits"]["memory"].removesuffix("Mi"))
    children = int(resources["limits"]["cpu"]) * int(plan.variables["AFTERWORD_CHILD_MEMORY_MIB"])
    bodies = int(plan.variables["AFTERWORD_BODY_BUDGET_BYTES"]) / 2**20

    assert memory >= SERVER_MIB + children + PER_BODY * bodies


def test_as_many_tasks_run_at_once_as_there_are_cpus(plan: Plan) -> None:
    """A container sees the CPUs of the whole machine, so it has to be told."""
    (resources,) = plan.container["resources"]

    assert plan.variables["AFTERWORD_CPU_SLOTS"] == resources["limits"]["cpu"]


def test_probes_ask_the_application_and_nothing_behind_it(plan: Plan) -> None:
    """A probe that asked Firestore would have every instance killed by a moment's outage."""
    (startup,), (liveness,) = plan.container["startup_probe"], plan.container["liveness_probe"]

    assert [probe["http_get"][0]["path"] for probe in (startup, liveness)] == ["/health/live"] * 2
    assert budget(startup) <= 240
    assert budget(liveness) > longest_stall


def test_no_request_is_cut_off_before_its_own_limit(plan: Plan) -> None:
    """The longest calls are the sweep, which is held on purpose, and the tutorial's, which waits for a result."""
    (template,) = plan.service["template"]
    limits = Limits()

    assert seconds(template["timeout"]) > max(limits.sweep, limits.blocking, limits.stream).total_seconds()


def test_scheduler_cloud_run_and_the_application_mean_the_same_sweep(plan: Plan) -> None:
    """If one of the three disagrees, every sweep is refused, and work waits for ever at zero instances."""
    job = plan.one("google_cloud_scheduler_job")
    (target,) = job["http_target"]
    (token,) = target["oidc_token"]

    assert token["audience"] == plan.variables["AFTERWORD_SWEEP_AUDIENCE"]
    assert token["audience"] in plan.service["custom_audiences"]
    assert plan.variables["AFTERWORD_SWEEP_ACCOUNT"] == plan.address("sweep")
    assert seconds(job["attempt_deadline"]) > Limits().sweep.total_seconds()


def test_the_pipeline_owns_image_and_traffic(plan: Plan) -> None:
    """An apply in the middle of a roll-back must not move traffic, nor put the sample back into service."""
    (template,) = plan.service["template"]

    for owned in ("client", "client_version", "template[0].containers[0].image", "template[0].labels", "traffic"):
        assert f"      {owned},\n" in SERVICE_TF.partition("ignore_changes = [")[2].partition("]\n")[0]
    assert template["revision"] is None
    assert plan.service["traffic"] == []
    assert plan.container["image"] == "us-docker.pkg.dev/cloudrun/container/hello"


def test_every_identity_is_the_services_own(plan: Plan) -> None:
    """Google's default accounts may do nearly everything in a project."""
    accounts = {account["account_id"] for account in plan.every("google_service_account")}
    roles = {grant["role"] for kind in plan.kinds if "_iam_" in kind for grant in plan.every(kind)}

    assert accounts == {"afterword-run", "afterword-sweep", "afterword-build"}
    assert not roles & {"roles/owner", "roles/editor", "roles/viewer"}
    assert not {role for role in roles if re.search("[aA]dmin", role)}


def test_nobody_is_granted_anything_else(plan: Plan) -> None:
    """A role that nobody remembers to have granted is one that an intruder finds."""
    grants = {
        (kind.removeprefix("google_").removesuffix("_iam_member"), grant["role"].removeprefix("roles/"))
        for kind in plan.kinds
        if kind.endswith("_iam_member")
        for grant in plan.every(kind)
    }

    assert grants == {
        ("artifact_registry_repository", "artifactregistry.writer"),
        ("cloud_run_v2_service", "run.developer"),
        ("cloud_run_v2_service", "run.invoker"),
        ("project", "datastore.user"),
        ("project", "logging.logWriter"),
        ("project", "run.viewer"),
        ("service_account", "iam.serviceAccountOpenIdTokenCreator"),
        ("service_account", "iam.serviceAccountUser"),
        ("storage_bucket", "storage.objectViewer"),
    }


def test_an_instance_is_a_whole_machine_and_starts_with_a_boost(plan: Plan) -> None:
    """The first generation has no process 1 of ours; and a start takes CPU that a caller is waiting for."""
    (template,) = plan.service["template"]
    (resources,) = plan.container["resources"]

    assert template["execution_environment"] == "EXECUTION_ENVIRONMENT_GEN2"
    assert resources["startup_cpu_boost"] is True


def test_a_sweep_that_was_not_taken_in_is_tried_again(plan: Plan) -> None:
    """In a draining instance it is sent away, and the next schedule may be hours off."""
    (retry,) = plan.one("google_cloud_scheduler_job")["retry_config"]

    assert retry["retry_count"] >= 1


def test_production_is_always_there_and_cannot_be_deleted_by_mistake(prod: Plan) -> None:
    """Work goes on between requests only while an instance is there, and nobody restores a deleted service."""
    (scaling,) = prod.service["scaling"]

    assert scaling["min_instance_count"] >= 1
    assert prod.service["deletion_protection"] is True
    assert prod.one("google_cloud_scheduler_job")["schedule"] == "* * * * *"
