locals {
  # Cloud Run runs the copy that it has imported, but a roll-back may ask for an image again. What serves or served
  # lately is among the newest, unless fifty pushes in more than three months have not become a release.
  images_kept       = 50
  images_kept_for_s = 90 * 24 * 3600
}

resource "google_artifact_registry_repository" "afterword" {
  repository_id = "afterword"
  location      = var.region
  format        = "DOCKER"
  description   = "The service's images, tagged by commit."

  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  # An image goes when both hold: it is old, and it is not one of the newest. Keeping beats deleting.
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "${local.images_kept_for_s}s"
    }
  }
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = local.images_kept
    }
  }

  vulnerability_scanning_config {
    enablement_config = var.image_scanning ? "INHERITED" : "DISABLED"
  }

  depends_on = [google_project_service.api]
}

resource "google_artifact_registry_repository_iam_member" "build_pushes" {
  repository = google_artifact_registry_repository.afterword.name
  location   = google_artifact_registry_repository.afterword.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}
