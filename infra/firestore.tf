locals {
  # The same list as INDEXES in app/adapters/firestore_queries.py; a test compares them.
  task_indexes = {
    due               = [["lane", "ASCENDING"], ["due_at", "ASCENDING"]]
    listing           = [["owner", "ASCENDING"], ["created_at", "DESCENDING"]]
    listing_by_status = [["owner", "ASCENDING"], ["status", "ASCENDING"], ["created_at", "DESCENDING"]]
  }
  # Parts are documents below a task's, and the TTL does not reach them through it.
  collections = toset(["tasks", "parts"])
  # What is protected is at most forgotten by Terraform, never taken away: the database's own settings neither.
  firestore_deletion_policy = var.deletion_protection ? "ABANDON" : "DELETE"
}

# A change of the database's id makes all of this anew, in the other database, and moves the service there. Nothing is
# taken from the old one before that has succeeded (create_before_destroy); its data stays, if it is protected. Another
# location for the same id is refused by Firestore: the id is taken.
resource "google_firestore_database" "tasks" {
  name             = var.firestore.database
  location_id      = coalesce(var.firestore.location, var.region)
  type             = "FIRESTORE_NATIVE"
  database_edition = "STANDARD"
  # What this edition takes anyhow. The service runs no transactions; its writes are conditional.
  concurrency_mode = "PESSIMISTIC"

  point_in_time_recovery_enablement = (
    var.firestore.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  )
  delete_protection_state = (
    var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  )
  deletion_policy = local.firestore_deletion_policy

  depends_on = [google_project_service.api]

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_firestore_index" "tasks" {
  for_each = local.task_indexes

  database    = google_firestore_database.tasks.name
  collection  = "tasks"
  query_scope = "COLLECTION"

  deletion_policy = local.firestore_deletion_policy

  dynamic "fields" {
    for_each = each.value
    content {
      field_path = fields.value[0]
      order      = fields.value[1]
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# No query needs a single field's index, and each would cost a write's time; those of times also cap the writes.
resource "google_firestore_field" "unindexed" {
  for_each = local.collections

  database   = google_firestore_database.tasks.name
  collection = each.key
  field      = "*"

  deletion_policy = local.firestore_deletion_policy

  index_config {}

  lifecycle {
    create_before_destroy = true
  }
}

# A field of its own takes nothing over from "*", so its indexes are switched off once more.
resource "google_firestore_field" "expiry" {
  for_each = local.collections

  database   = google_firestore_database.tasks.name
  collection = each.key
  field      = "expires_at"

  deletion_policy = local.firestore_deletion_policy

  index_config {}
  ttl_config {}

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_firestore_backup_schedule" "daily" {
  count = var.firestore.backup_days > 0 ? 1 : 0

  database  = google_firestore_database.tasks.name
  retention = "${var.firestore.backup_days * 24 * 3600}s"

  deletion_policy = local.firestore_deletion_policy

  daily_recurrence {}

  lifecycle {
    create_before_destroy = true
  }
}

# Roles on Firestore are granted on the project; the condition is what keeps this one to its database.
resource "google_project_iam_member" "service_reads_and_writes" {
  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.run.member

  condition {
    title      = "one-database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.tasks.name}\""
  }

  lifecycle {
    create_before_destroy = true
  }
}
