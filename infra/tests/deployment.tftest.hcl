# What a deployment consists of, with the defaults: an always-on instance, everything protected.

mock_provider "google" {
  override_resource {
    target = google_service_account.run
    values = {
      name   = "projects/afterword-demo/serviceAccounts/run@example.com"
      email  = "run@example.com"
      member = "serviceAccount:run@example.com"
    }
  }
  override_resource {
    target = google_service_account.sweep
    values = {
      name   = "projects/afterword-demo/serviceAccounts/sweep@example.com"
      email  = "sweep@example.com"
      member = "serviceAccount:sweep@example.com"
    }
  }
  override_resource {
    target = google_service_account.build
    values = {
      id     = "projects/afterword-demo/serviceAccounts/build@example.com"
      name   = "projects/afterword-demo/serviceAccounts/build@example.com"
      email  = "build@example.com"
      member = "serviceAccount:build@example.com"
    }
  }
  override_resource {
    target = google_cloud_run_v2_service.afterword
    values = {
      uri = "https://afterword-abc.a.run.app"
    }
  }
}

variables {
  project_id = "afterword-demo"
}

run "service" {
  assert {
    condition     = google_cloud_run_v2_service.afterword.template[0].containers[0].resources[0].cpu_idle == false
    error_message = "Work goes on between requests, so the CPU must be there between requests."
  }
  assert {
    condition     = google_cloud_run_v2_service.afterword.template[0].service_account == google_service_account.run.email
    error_message = "The service must not run as the project's default account."
  }
  assert {
    condition     = google_cloud_run_v2_service.afterword.scaling[0].min_instance_count >= 1
    error_message = "Nothing is swept in time when nothing runs."
  }
  assert {
    condition     = google_cloud_run_v2_service.afterword.deletion_protection
    error_message = "Protection is the default."
  }
  assert {
    condition = alltrue([
      for probe in concat(
        google_cloud_run_v2_service.afterword.template[0].containers[0].startup_probe,
        google_cloud_run_v2_service.afterword.template[0].containers[0].liveness_probe,
      ) : probe.http_get[0].path == "/health/live" && probe.timeout_seconds <= probe.period_seconds
    ])
    error_message = "Both probes ask the application whether it lives, and Cloud Run takes no timeout above the period."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.afterword.template[0].containers[0].startup_probe[0].period_seconds
      * google_cloud_run_v2_service.afterword.template[0].containers[0].startup_probe[0].failure_threshold
    ) <= 240
    error_message = "Cloud Run waits for a start for 240 s at the most."
  }
}

run "sweep" {
  assert {
    condition = (
      google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].audience == local.environment.AFTERWORD_SWEEP_AUDIENCE
      && contains(google_cloud_run_v2_service.afterword.custom_audiences, local.environment.AFTERWORD_SWEEP_AUDIENCE)
    )
    error_message = "Scheduler, Cloud Run and the application must mean the same audience."
  }
  assert {
    condition = (
      google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].service_account_email == "sweep@example.com"
      && local.environment.AFTERWORD_SWEEP_ACCOUNT == "sweep@example.com"
    )
    error_message = "The application must expect the account that the scheduler calls as."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].uri == "https://afterword-abc.a.run.app/internal/sweep"
    error_message = "The scheduler must post to the service's own URL: a tagged revision takes up no work."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].http_method == "POST"
    error_message = "A sweep is posted."
  }
}

run "private" {
  assert {
    condition = (
      google_cloud_run_v2_service.afterword.invoker_iam_disabled == false
      && local.environment.AFTERWORD_GOOGLE_AUTH == "platform"
      && local.environment.AFTERWORD_SWEEP_AUTH == "platform"
    )
    error_message = "IAM takes the signature off what it has checked, so the application must take its word, and IAM must check."
  }
  assert {
    condition     = local.environment.AFTERWORD_AUTH == "required"
    error_message = "Who may reach the service is not yet let in."
  }
  assert {
    condition     = !contains(keys(local.environment), "AFTERWORD_CORS_ORIGINS")
    error_message = "No other page's scripts may call, unless somebody says which."
  }
}

run "switching" {
  variables {
    access = { mode = "switching" }
  }

  assert {
    condition = (
      google_cloud_run_v2_service.afterword.invoker_iam_disabled == false
      && local.environment.AFTERWORD_GOOGLE_AUTH == "verified"
      && local.environment.AFTERWORD_SWEEP_AUTH == "verified"
    )
    error_message = "Between the two modes both look: nobody is let in on the other's word."
  }
}

run "public" {
  variables {
    access = { mode = "public", cors_origins = ["https://app.example.com", "http://localhost:3000"], requests_per_second = 0 }
  }

  assert {
    condition = (
      google_cloud_run_v2_service.afterword.invoker_iam_disabled == true
      && local.environment.AFTERWORD_GOOGLE_AUTH == "verified"
      && local.environment.AFTERWORD_SWEEP_AUTH == "verified"
    )
    error_message = "Nobody has checked a token before the application, so it must."
  }
  assert {
    condition     = local.environment.AFTERWORD_AUTH == "required"
    error_message = "Who reaches the service is not yet let in."
  }
  assert {
    condition     = !strcontains(join(" ", [for grant in google_cloud_run_v2_service_iam_member.invokes : grant.member]), "all")
    error_message = "An organisation may forbid to grant anything to everybody; switching the check off is enough."
  }
  assert {
    condition = (
      local.environment.AFTERWORD_CORS_ORIGINS == "http://localhost:3000,https://app.example.com"
      && tonumber(local.environment.AFTERWORD_REQUESTS_PER_SECOND) == 0
    )
    error_message = "The limits are those that were asked for."
  }
}

run "identities" {
  variables {
    invokers = ["user:ada@example.com", "serviceAccount:caller@a.iam.gserviceaccount.com", "serviceAccount:a.svc.id.goog[b/c]"]
    access   = { accounts = ["other@a.iam.gserviceaccount.com", "caller@a.iam.gserviceaccount.com"] }
  }

  assert {
    condition = local.environment.AFTERWORD_GOOGLE_ACCOUNTS == join(",", [
      "afterword-build@afterword-demo.iam.gserviceaccount.com",
      "caller@a.iam.gserviceaccount.com",
      "other@a.iam.gserviceaccount.com",
    ])
    error_message = "Service accounts come in by their identity: those named, those that may invoke, and the pipeline's."
  }
  assert {
    condition = (
      local.environment.AFTERWORD_GOOGLE_AUDIENCES == "https://afterword.internal"
      && contains(google_cloud_run_v2_service.afterword.custom_audiences, local.environment.AFTERWORD_GOOGLE_AUDIENCES)
      && local.environment.AFTERWORD_GOOGLE_AUDIENCES != local.environment.AFTERWORD_SWEEP_AUDIENCE
    )
    error_message = "Cloud Run and the application must mean the same audience, and a caller's token is none for a sweep."
  }
}

run "permissions" {
  variables {
    invokers  = ["user:ada@example.com"]
    deployers = ["user:ada@example.com"]
  }

  assert {
    condition = toset([for grant in google_cloud_run_v2_service_iam_member.invokes : grant.member]) == toset([
      "user:ada@example.com", "serviceAccount:sweep@example.com", "serviceAccount:build@example.com",
    ])
    error_message = "The invokers, the scheduler and the pipeline may call the service, and nobody else."
  }
  assert {
    condition = (
      google_project_iam_member.service_reads_and_writes.role == "roles/datastore.user"
      && google_project_iam_member.service_reads_and_writes.member == "serviceAccount:run@example.com"
      && google_project_iam_member.service_reads_and_writes.condition[0].expression
      == "resource.name == \"projects/afterword-demo/databases/(default)\""
    )
    error_message = "The service may use its own database only."
  }
  assert {
    condition = (
      google_service_account_iam_member.build_deploys_as.service_account_id == google_service_account.run.name
      && google_service_account_iam_member.build_identifies_itself.service_account_id == google_service_account.build.name
    )
    error_message = "The pipeline acts as the service's account when it deploys, and as itself otherwise."
  }
  assert {
    condition = (
      google_service_account_iam_member.deployer_identifies_as_build["user:ada@example.com"].service_account_id
      == google_service_account.build.name
    )
    error_message = "Who releases by hand calls as the pipeline's account, and may do nothing else as it."
  }
  assert {
    condition     = google_project_iam_member.build_logs.role == "roles/logging.logWriter"
    error_message = "On the project, the pipeline may write logs and nothing else."
  }
}

run "database" {
  assert {
    condition = (
      google_firestore_database.tasks.delete_protection_state == "DELETE_PROTECTION_ENABLED"
      && google_firestore_database.tasks.deletion_policy == "ABANDON"
    )
    error_message = "A protected database is neither deleted by hand nor by Terraform."
  }
  assert {
    condition     = length(google_firestore_index.tasks) == 3
    error_message = "Each index costs a write's time: as many as there are queries."
  }
  assert {
    condition = alltrue([
      for field in google_firestore_field.expiry : length(field.index_config) == 1 && length(field.ttl_config) == 1
    ])
    error_message = "The TTL's field must not be indexed: its index would cap the writes."
  }
  assert {
    condition     = google_firestore_backup_schedule.daily[0].retention == "1209600s"
    error_message = "Backups are kept for 14 days."
  }
}

run "images" {
  assert {
    condition = alltrue([
      for policy in google_artifact_registry_repository.afterword.cleanup_policies :
      policy.action == "KEEP" ? policy.most_recent_versions[0].keep_count >= 20 : policy.condition[0].older_than == "7776000s"
    ])
    error_message = "An image goes only if it is old and not among the newest."
  }
  assert {
    condition     = toset(google_artifact_registry_repository.afterword.cleanup_policies[*].action) == toset(["DELETE", "KEEP"])
    error_message = "Without the policy that keeps, an old image goes although it serves."
  }
  assert {
    condition     = google_artifact_registry_repository.afterword.deletion_policy == "PREVENT"
    error_message = "Without the images there is no way back."
  }
  assert {
    condition     = !contains(keys(google_project_service.api), "containerscanning.googleapis.com")
    error_message = "Scanning is billed by the image, so it is off until it is asked for."
  }
}

run "scale_to_zero_unprotected" {
  variables {
    service             = { min_instances = 0 }
    firestore           = { database = "afterword-2", location = "eur3", point_in_time_recovery = false, backup_days = 0 }
    deletion_protection = false
  }

  assert {
    condition     = length(google_firestore_backup_schedule.daily) == 0
    error_message = "No days, no schedule."
  }
  assert {
    condition     = google_firestore_database.tasks.deletion_policy == "DELETE" && !google_cloud_run_v2_service.afterword.deletion_protection
    error_message = "Unprotected means that terraform destroy takes everything away."
  }
  assert {
    condition = (
      google_firestore_database.tasks.location_id == "eur3"
      && local.environment.AFTERWORD_FIRESTORE_DATABASE == "afterword-2"
      && endswith(google_project_iam_member.service_reads_and_writes.condition[0].expression, "/databases/afterword-2\"")
    )
    error_message = "The service must follow to another database, and so must what it may do."
  }
}

run "trigger" {
  variables {
    repository = { id = "projects/afterword-demo/locations/europe-west1/connections/github/repositories/afterword" }
  }

  assert {
    condition = (
      google_cloudbuild_trigger.push[0].service_account == google_service_account.build.id
      && google_cloudbuild_trigger.push[0].filename == "cloudbuild.yaml"
      && google_cloudbuild_trigger.push[0].substitutions == tomap({ _REGION = "europe-west1", _SERVICE = "afterword" })
    )
    error_message = "A push runs the same build, as the same account, as a person's."
  }
}

run "no_trigger_without_a_repository" {
  assert {
    condition     = length(google_cloudbuild_trigger.push) == 0
    error_message = "A repository must be connected by hand first."
  }
}
