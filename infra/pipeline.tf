# Builds run as this account, whether a push starts them or a person does. What it may do to a resource stands
# beside that resource: push (registry.tf), deploy and call (service.tf), read its source and log (here).
resource "google_service_account" "build" {
  account_id   = "${var.service_name}-build"
  display_name = "What ${var.service_name} is built and deployed as"
}

resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# A build has no identity token of its own: its metadata server gives access tokens only, so IAM makes it one.
resource "google_service_account_iam_member" "build_identifies_itself" {
  service_account_id = google_service_account.build.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.build.member
}

# The service lets in the build account, and no person by name, so a release from a laptop tries its revision as that
# account too. Not even an owner of the project may do so unasked.
resource "google_service_account_iam_member" "deployer_identifies_as_build" {
  for_each = var.deployers

  service_account_id = google_service_account.build.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = each.value
}

# What `gcloud builds submit` sends: a bucket of our own, so that the account can be let into it before the first
# build, and into no other.
resource "google_storage_bucket" "source" {
  name                        = "${var.project_id}-${var.service_name}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  # Every source is a commit, so what was sent may go without trace.
  soft_delete_policy {
    retention_duration_seconds = 0
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 7
    }
  }
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_cloudbuild_trigger" "push" {
  count = var.repository == null ? 0 : 1

  name            = "${var.service_name}-push"
  description     = "Checks, builds and releases every push."
  location        = var.region
  service_account = google_service_account.build.id
  filename        = "cloudbuild.yaml"

  repository_event_config {
    repository = var.repository.id
    push {
      branch = var.repository.branch
    }
  }

  substitutions = {
    _REGION  = var.region
    _SERVICE = var.service_name
  }

  depends_on = [google_project_service.api]
}
