# One instance is always there, so work goes on between requests, and a sweep a minute finds what another left behind.

service = {
  cpu             = 2
  memory_mib      = 2048
  body_budget_mib = 64
  min_instances   = 1
  max_instances   = 10
}

firestore = {
  point_in_time_recovery = true
  backup_days            = 14
}

sweep_schedule      = "* * * * *"
deletion_protection = true
image_scanning      = true
