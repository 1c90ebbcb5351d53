locals {
  # What a server without work takes: gunicorn, one web worker, and the process that children are forked from. Up to
  # 193 MiB were measured.
  base_memory_mib = 208

  # A body in flight is there several times: as bytes, as text of up to four bytes a letter, and on its way to the store.
  memory_per_body = 10

  # Runs until the first release: it answers 200 on every path, so it passes the probes.
  placeholder_image = "us-docker.pkg.dev/cloudrun/container/hello"

  # Fixed, since the service's own URL is known only once the service, which needs them, is there.
  audience       = "https://${var.service_name}.internal"
  sweep_audience = "${local.audience}/sweep"

  # Whether Cloud Run lets in only `run.invoker`. Where it does, it takes the signature off the token that it checked.
  checked_by_iam = var.access.mode != "public"
  # Who has checked a token. A revision that takes the platform's word must be gone before everybody reaches it, so
  # there is a mode between the two: IAM checks still, and the application takes nobody's word any more.
  token_check = var.access.mode == "private" ? "platform" : "verified"

  # Who may come in with an identity token: the pipeline tries a new revision with one. Its address is made here as
  # Google makes it, so that the plan says who is let in.
  accounts = sort(distinct(concat(
    ["${google_service_account.build.account_id}@${var.project_id}.iam.gserviceaccount.com"],
    tolist(var.access.accounts),
    [
      for member in var.invokers : trimprefix(member, "serviceAccount:")
      if can(regex("^serviceAccount:[^@]+@[^@]+[.]gserviceaccount[.]com$", member))
    ],
  )))

  environment = merge({
    GOOGLE_CLOUD_PROJECT         = var.project_id
    AFTERWORD_FIRESTORE_DATABASE = google_firestore_database.tasks.name
    AFTERWORD_CPU_SLOTS          = var.service.cpu
    AFTERWORD_CHILD_MEMORY_MIB   = var.service.child_memory_mib
    AFTERWORD_BODY_BUDGET_BYTES  = var.service.body_budget_mib * 1024 * 1024
    AFTERWORD_LOG_LEVEL          = var.service.log_level
    # No variable changes this: who has neither a key nor an expected identity is always refused.
    AFTERWORD_AUTH                = "required"
    AFTERWORD_GOOGLE_AUTH         = local.token_check
    AFTERWORD_GOOGLE_AUDIENCES    = local.audience
    AFTERWORD_GOOGLE_ACCOUNTS     = join(",", local.accounts)
    AFTERWORD_REQUESTS_PER_SECOND = var.access.requests_per_second
    AFTERWORD_SWEEP_AUTH          = local.token_check
    AFTERWORD_SWEEP_AUDIENCE      = local.sweep_audience
    AFTERWORD_SWEEP_ACCOUNT       = google_service_account.sweep.email
    }, length(var.access.cors_origins) == 0 ? {} : {
    AFTERWORD_CORS_ORIGINS = join(",", var.access.cors_origins)
  })

  invokers = merge(
    { for member in var.invokers : member => member },
    {
      sweep = google_service_account.sweep.member # posts /internal/sweep
      build = google_service_account.build.member # tries a new revision out
    },
  )
}

resource "google_service_account" "run" {
  account_id   = "${var.service_name}-run"
  display_name = "What ${var.service_name} runs as"
}

resource "google_cloud_run_v2_service" "afterword" {
  name                 = var.service_name
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_ALL"
  invoker_iam_disabled = !local.checked_by_iam
  custom_audiences     = [local.audience, local.sweep_audience]
  deletion_protection  = var.deletion_protection

  # On the service, not on the revision: a revision without traffic keeps no instance.
  scaling {
    min_instance_count = var.service.min_instances
    max_instance_count = var.service.max_instances
  }

  template {
    service_account                  = google_service_account.run.email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = var.service.concurrency
    # The longest that Cloud Run allows: it cuts what is open then, streams too, which end by themselves before.
    timeout = "3600s"

    containers {
      image = local.placeholder_image

      ports {
        container_port = 8080
      }

      resources {
        # Work goes on after the answer; without a CPU between requests it would stand still.
        cpu_idle          = false
        startup_cpu_boost = true
        limits = {
          cpu    = tostring(var.service.cpu)
          memory = "${var.service.memory_mib}Mi"
        }
      }

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      # By HTTP: the port is open before the application has been loaded.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
        http_get {
          path = "/health/live"
        }
      }

      # It kills without notice, so it is the last resort: gunicorn replaces a worker that stood still for 120 s, and
      # its successor has a minute to start.
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 6
        http_get {
          path = "/health/live"
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = local.checked_by_iam || (local.environment.AFTERWORD_GOOGLE_AUTH != "platform" && local.environment.AFTERWORD_SWEEP_AUTH != "platform")
      error_message = "On a public service nobody has checked a token before the application: it must not believe that somebody has."
    }
    # The pipeline's: which image runs, which revision serves, and what gcloud notes about itself.
    ignore_changes = [
      client,
      client_version,
      template[0].containers[0].image,
      template[0].labels,
      traffic,
    ]
  }

  # A database is used once it can answer every query and lets the service in.
  depends_on = [
    google_firestore_field.expiry,
    google_firestore_field.unindexed,
    google_firestore_index.tasks,
    google_project_iam_member.service_reads_and_writes,
    google_project_service.api,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invokes" {
  for_each = local.invokers

  name     = google_cloud_run_v2_service.afterword.name
  location = google_cloud_run_v2_service.afterword.location
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "build_deploys" {
  name     = google_cloud_run_v2_service.afterword.name
  location = google_cloud_run_v2_service.afterword.location
  role     = "roles/run.developer"
  member   = google_service_account.build.member
}

# gcloud also waits for what it has started, and that is looked up in the project.
resource "google_project_iam_member" "build_looks_on" {
  project = var.project_id
  role    = "roles/run.viewer"
  member  = google_service_account.build.member
}

resource "google_service_account_iam_member" "build_deploys_as" {
  service_account_id = google_service_account.run.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.build.member
}
