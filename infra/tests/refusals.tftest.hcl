# What is refused before anything is made.

mock_provider "google" {}

variables {
  project_id = "afterword-demo"
}

run "a_project_number" {
  command = plan
  variables {
    project_id = "123456789012"
  }
  expect_failures = [var.project_id]
}

run "a_multi_region" {
  command = plan
  variables {
    region = "eu"
  }
  expect_failures = [var.region]
}

run "a_name_too_long_for_the_accounts" {
  command = plan
  variables {
    service_name = "afterword-for-the-whole-company"
  }
  expect_failures = [var.service_name]
}

run "a_name_that_looks_tagged" {
  command = plan
  variables {
    service_name = "after---word"
  }
  expect_failures = [var.service_name]
}

run "everybody" {
  command = plan
  variables {
    invokers = ["allUsers"]
  }
  expect_failures = [var.invokers]
}

run "everybody_with_an_account" {
  command = plan
  variables {
    invokers = ["user:ada@example.com", "allAuthenticatedUsers"]
  }
  expect_failures = [var.invokers]
}

run "a_mode_that_nobody_knows" {
  command = plan
  variables {
    access = { mode = "open" }
  }
  expect_failures = [var.access]
}

run "a_person_as_an_account" {
  command = plan
  variables {
    access = { accounts = ["ada@example.com"] }
  }
  expect_failures = [var.access]
}

run "two_accounts_in_one" {
  command = plan
  variables {
    access = { accounts = ["a@a.iam.gserviceaccount.com,b@a.iam.gserviceaccount.com"] }
  }
  expect_failures = [var.access]
}

run "pages_of_everybody" {
  command = plan
  variables {
    access = { mode = "public", cors_origins = ["*"] }
  }
  expect_failures = [var.access]
}

run "an_origin_with_a_path" {
  command = plan
  variables {
    access = { cors_origins = ["https://app.example.com/"] }
  }
  expect_failures = [var.access]
}

run "a_limit_below_none" {
  command = plan
  variables {
    access = { requests_per_second = -1 }
  }
  expect_failures = [var.access]
}

run "everybody_as_a_deployer" {
  command = plan
  variables {
    deployers = ["allAuthenticatedUsers"]
  }
  expect_failures = [var.deployers]
}

run "half_a_cpu" {
  command = plan
  variables {
    service = { cpu = 0.5 }
  }
  expect_failures = [var.service]
}

run "a_cpu_count_that_does_not_exist" {
  command = plan
  variables {
    service = { cpu = 3, memory_mib = 4096 }
  }
  expect_failures = [var.service]
}

run "memory_that_the_children_fill" {
  command = plan
  variables {
    service = { cpu = 2, memory_mib = 1280 }
  }
  expect_failures = [var.service]
}

run "memory_that_the_bodies_fill" {
  command = plan
  variables {
    service = { body_budget_mib = 512 }
  }
  expect_failures = [var.service]
}

run "more_memory_than_a_cpu_may_have" {
  command = plan
  variables {
    service = { memory_mib = 8192 }
  }
  expect_failures = [var.service]
}

run "less_memory_than_the_cpus_need" {
  command = plan
  variables {
    service = { cpu = 8, memory_mib = 2048, child_memory_mib = 128 }
  }
  expect_failures = [var.service]
}

run "more_instances_kept_than_allowed" {
  command = plan
  variables {
    service = { min_instances = 3, max_instances = 2 }
  }
  expect_failures = [var.service]
}

run "no_instance_at_all" {
  command = plan
  variables {
    service = { min_instances = 0, max_instances = 0 }
  }
  expect_failures = [var.service]
}

run "more_requests_than_cloud_run_gives_an_instance" {
  command = plan
  variables {
    service = { concurrency = 2000 }
  }
  expect_failures = [var.service]
}

run "bodies_smaller_than_one" {
  command = plan
  variables {
    service = { body_budget_mib = 1 }
  }
  expect_failures = [var.service]
}

run "a_log_level_that_nobody_knows" {
  command = plan
  variables {
    service = { log_level = "loud" }
  }
  expect_failures = [var.service]
}

run "a_database_id_with_capitals" {
  command = plan
  variables {
    firestore = { database = "Tasks" }
  }
  expect_failures = [var.firestore]
}

run "backups_kept_for_a_year" {
  command = plan
  variables {
    firestore = { backup_days = 365 }
  }
  expect_failures = [var.firestore]
}

run "an_interval_in_words" {
  command = plan
  variables {
    sweep_schedule = "every minute"
  }
  expect_failures = [var.sweep_schedule]
}

run "a_repository_of_another_region" {
  command = plan
  variables {
    repository = { id = "projects/afterword-demo/locations/us-central1/connections/github/repositories/afterword" }
  }
  expect_failures = [var.repository]
}
