resource "google_service_account" "sweep" {
  account_id   = "${var.service_name}-sweep"
  display_name = "What Cloud Scheduler calls ${var.service_name} as"
}

# Google grants Cloud Scheduler's own agent what it takes to make tokens for this account, with the API.
resource "google_cloud_scheduler_job" "sweep" {
  name             = "${var.service_name}-sweep"
  region           = var.region
  description      = "Takes up work that waits or was left behind, and wakes the service for it."
  schedule         = var.sweep_schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "120s" # The call is held for 45 s, behind a cold start.

  # A sweep that was not taken in, since no instance was there in time, is worth another try.
  retry_config {
    retry_count          = 3
    min_backoff_duration = "10s"
    max_backoff_duration = "60s"
    max_doublings        = 2
  }

  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.afterword.uri}/internal/sweep"
    oidc_token {
      service_account_email = google_service_account.sweep.email
      audience              = local.sweep_audience
    }
  }

  depends_on = [google_project_service.api]
}
