output "service_url" {
  description = "Where the service answers."
  value       = google_cloud_run_v2_service.afterword.uri
}

output "image_repository" {
  description = "What the images are named, before the tag or digest."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.afterword.repository_id}/afterword"
}

output "build_account" {
  description = "The service account that builds run as."
  value       = google_service_account.build.email
}

output "source_bucket" {
  description = "Where `gcloud builds submit --gcs-source-staging-dir` puts the source."
  value       = google_storage_bucket.source.url
}

output "audience" {
  description = "The audience of callers' identity tokens; the service takes no other."
  value       = local.audience
}

output "sweep_audience" {
  description = "The audience of the scheduler's tokens; the service takes no other for a sweep."
  value       = local.sweep_audience
}
