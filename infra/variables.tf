variable "project_id" {
  description = "The Google project; one environment, one project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Give the project's id, such as my-project-123, not its name or number."
  }
}

variable "region" {
  description = "Where everything runs."
  type        = string
  default     = "europe-west1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Give one region, such as europe-west1; a zone or a multi-region is none."
  }
}

variable "service_name" {
  description = "The service's name; its service accounts, its audience and its bucket are named after it."
  type        = string
  default     = "afterword"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.service_name)) && !strcontains(var.service_name, "--")
    error_message = "Two to 24 small letters, digits and single hyphens, a letter first: the accounts' names get no longer, and more than one hyphen sets a tag apart in a host name."
  }
}

variable "invokers" {
  description = "Who reaches a private service, as IAM members: `user:…`, `group:…`, `serviceAccount:…`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for member in var.invokers :
      can(regex("^((user|group|serviceAccount|domain):|principal(Set)?://)\\S+$", member))
    ])
    error_message = "Write each as user:NAME@…, group:… or serviceAccount:…; not allUsers: with access.mode = \"public\" everybody reaches the service, and it then checks every signature itself."
  }
}

variable "access" {
  description = "How the service is reached, and whom it lets in besides the holders of its API keys."
  type = object({
    mode                = optional(string, "private") # `private`: only `invokers` reach it; `public`: everybody does; `switching`: between the two.
    accounts            = optional(set(string), [])   # Service accounts, by e-mail, let in by their identity tokens; those among `invokers` are anyhow.
    cors_origins        = optional(set(string), [])   # Origins whose pages may call a public service, such as `https://app.example.com`.
    requests_per_second = optional(number, 50)        # Requests a second that one caller may send to one instance; 0 sets no limit.
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["private", "switching", "public"], var.access.mode)
    error_message = "mode is private, public, or switching, which lies between the two: see infra/README.md."
  }
  validation {
    condition = alltrue([
      for account in var.access.accounts : can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", account))
    ])
    error_message = "Write each account as NAME@….gserviceaccount.com; people come in with an API key, since nobody can make a token of theirs for this service."
  }
  validation {
    condition = alltrue([
      for origin in var.access.cors_origins : can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?$", origin))
    ])
    error_message = "Write each origin as browsers do: https://app.example.com, without a path, and none for everybody."
  }
  validation {
    condition     = var.access.requests_per_second >= 0 && floor(var.access.requests_per_second) == var.access.requests_per_second
    error_message = "requests_per_second is a whole number; 0 sets no limit."
  }
}

variable "deployers" {
  description = "Who may release from their own machine, as IAM members: they try a new revision as the build account."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for member in var.deployers :
      can(regex("^((user|group|serviceAccount|domain):|principal(Set)?://)\\S+$", member))
    ])
    error_message = "Write each as user:NAME@…, group:… or serviceAccount:…."
  }
}

variable "service" {
  description = "The size of an instance, and how many there may be."
  type = object({
    cpu              = optional(number, 1)      # vCPUs: 1, 2, 4 or 8; as many CPU tasks run at once.
    memory_mib       = optional(number, 1024)   # An instance's memory.
    child_memory_mib = optional(number, 512)    # Memory one CPU task may take.
    body_budget_mib  = optional(number, 30)     # Bodies read at once, together; each takes up to 10 times its size.
    min_instances    = optional(number, 1)      # Instances kept; 0 scales to zero.
    max_instances    = optional(number, 10)     # Instances at the most.
    concurrency      = optional(number, 80)     # Open requests an instance takes; a stream is one.
    log_level        = optional(string, "info") # The least severe lines to log.
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains([1, 2, 4, 8], var.service.cpu)
    error_message = "cpu is 1, 2, 4 or 8: less than one is not given to instances that work between requests."
  }
  validation {
    condition     = var.service.memory_mib >= max(512, 512 * var.service.cpu) && var.service.memory_mib <= 4096 * var.service.cpu
    error_message = "Cloud Run takes 512 MiB at the least, and between 512 and 4096 MiB for each vCPU."
  }
  validation {
    condition = var.service.memory_mib >= (
      local.base_memory_mib + var.service.cpu * var.service.child_memory_mib + local.memory_per_body * var.service.body_budget_mib
    )
    error_message = "memory_mib must hold the server (${local.base_memory_mib} MiB), cpu × child_memory_mib, and ${local.memory_per_body} × body_budget_mib, or a full instance is killed with all its work."
  }
  validation {
    condition     = var.service.child_memory_mib >= 64 && var.service.body_budget_mib >= 11
    error_message = "A task needs 64 MiB at the least, and the bodies 11: the largest file, and the form around it."
  }
  validation {
    condition     = var.service.min_instances >= 0 && var.service.max_instances >= max(1, var.service.min_instances)
    error_message = "max_instances must be at least 1 and at least min_instances."
  }
  validation {
    condition     = var.service.concurrency >= 1 && var.service.concurrency <= 1000
    error_message = "concurrency is between 1 and 1000."
  }
  validation {
    condition     = contains(["debug", "info", "warning", "error", "critical"], var.service.log_level)
    error_message = "log_level is debug, info, warning, error or critical."
  }
}

variable "firestore" {
  description = "Where the tasks are kept."
  type = object({
    database               = optional(string, "(default)") # The database's id; a restored backup is a new one.
    location               = optional(string)              # A region or multi-region; unset: the service's region.
    point_in_time_recovery = optional(bool, true)          # Whether the last seven days can be read back.
    backup_days            = optional(number, 14)          # Days that a daily backup is kept; 0 makes none.
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.firestore.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.firestore.database))
    error_message = "database is (default), or 4 to 63 small letters, digits and hyphens, a letter first."
  }
  validation {
    condition     = var.firestore.backup_days >= 0 && var.firestore.backup_days <= 98 && floor(var.firestore.backup_days) == var.firestore.backup_days
    error_message = "backup_days is a whole number up to 98: Firestore keeps a backup for 14 weeks at the most."
  }
}

variable "sweep_schedule" {
  description = "When Cloud Scheduler asks for a sweep, in cron's notation and UTC; each call may start an instance."
  type        = string
  default     = "* * * * *"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9*/,-]+( [0-9A-Za-z*/,-]+){4}$", var.sweep_schedule))
    error_message = "Give the five fields of cron, such as \"* * * * *\" for every minute."
  }
}

variable "deletion_protection" {
  description = "Whether the service and the database refuse to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "image_scanning" {
  description = "Whether Artifact Registry looks for known vulnerabilities in each image; billed by the image."
  type        = bool
  default     = false
  nullable    = false
}

variable "repository" {
  description = "The repository whose pushes are built and deployed; unset: builds are only started by hand."
  type = object({
    id     = string                     # `projects/…/locations/…/connections/…/repositories/…`, connected by hand.
    branch = optional(string, "^main$") # Which branches, as a regular expression.
  })
  default = null

  validation {
    condition = var.repository == null || can(regex(
      "^projects/[^/]+/locations/${var.region}/connections/[^/]+/repositories/[^/]+$", var.repository.id
    ))
    error_message = "id is projects/P/locations/${var.region}/connections/C/repositories/R: connect the repository to Cloud Build in the service's region first."
  }
}
