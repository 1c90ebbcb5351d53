# bootstrap.sh has enabled what Terraform itself calls.
resource "google_project_service" "api" {
  for_each = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudscheduler.googleapis.com",
      "firestore.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "run.googleapis.com",
    ],
    var.image_scanning ? ["containerscanning.googleapis.com"] : [],
  ))

  service            = each.key
  disable_on_destroy = false
}
