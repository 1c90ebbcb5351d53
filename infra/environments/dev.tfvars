# Costs next to nothing at rest: no instance is kept. A sweep wakes one four times a day, and that one is billed
# until it has been idle for up to 15 minutes: 30 hours a month, within Cloud Run's free tier. The price: work that a
# killed instance left behind waits for the next request, or for up to six hours.

service = {
  min_instances = 0
  max_instances = 2
}

firestore = {
  point_in_time_recovery = false
  backup_days            = 0
}

sweep_schedule      = "0 */6 * * *"
deletion_protection = false
