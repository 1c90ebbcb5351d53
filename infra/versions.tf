terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  # bootstrap.sh makes the bucket and prints the command that names it.
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
}
