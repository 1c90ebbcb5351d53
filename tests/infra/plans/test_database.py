"""The planned database can answer the code's queries, forgets what it should, and keeps what it must."""

from app.adapters.firestore_queries import INDEXES
from tests.infra.plans.plan import Plan, Values


def order(index: Values) -> tuple[tuple[str, str], ...]:
    """The fields of *index* with their directions."""
    return tuple((field["field_path"], field["order"]) for field in index["fields"])


def test_the_indexes_are_those_that_the_queries_need(plan: Plan) -> None:
    """Without its index a query fails, in production only: the emulator needs none."""
    indexes = plan.every("google_firestore_index")

    assert sorted(map(order, indexes)) == sorted(INDEXES)
    assert {(index["collection"], index["query_scope"]) for index in indexes} == {("tasks", "COLLECTION")}


def test_no_single_field_is_indexed(plan: Plan) -> None:
    """Each would be written with every task, and one ordered by time caps all writes."""
    fields = plan.every("google_firestore_field")
    configurations = [(field["collection"], field["field"], field["index_config"]) for field in fields]

    assert all(indexes == [{"indexes": []}] for _, _, indexes in configurations)
    assert {(collection, name) for collection, name, _ in configurations if name == "*"} == {
        ("tasks", "*"),
        ("parts", "*"),
    }


def test_tasks_and_their_parts_expire(plan: Plan) -> None:
    """What was promised to be erased would stay for ever; and the TTL of tasks does not reach their parts."""
    expiring = {
        (field["collection"], field["field"]) for field in plan.every("google_firestore_field") if field["ttl_config"]
    }

    assert expiring == {("tasks", "expires_at"), ("parts", "expires_at")}


def test_the_database_is_of_the_kind_the_code_was_written_for(plan: Plan) -> None:
    """Neither can be changed afterwards."""
    database = plan.one("google_firestore_database")

    assert (database["type"], database["database_edition"]) == ("FIRESTORE_NATIVE", "STANDARD")


def test_the_service_reaches_no_other_database(plan: Plan) -> None:
    """Roles on Firestore hold for every database of a project unless a condition says otherwise."""
    grant = plan.one("google_project_iam_member", "service_reads_and_writes")
    database = plan.one("google_firestore_database")
    (condition,) = grant["condition"]

    assert grant["role"] == "roles/datastore.user"
    assert condition["expression"] == (
        f'resource.name == "projects/{plan.service["project"]}/databases/{database["name"]}"'
    )


def test_production_data_survives_a_mistake(prod: Plan) -> None:
    """Somebody will delete the wrong thing: by hand, by Terraform, or by a bug that writes."""
    database = prod.one("google_firestore_database")

    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["deletion_policy"] == "ABANDON"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert len(prod.every("google_firestore_backup_schedule")) == 1
