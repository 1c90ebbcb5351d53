#!/usr/bin/env bash
# bootstrap.sh PROJECT REGION: what has to be there before Terraform can run. May be run again at any time.
#
# It makes the bucket for Terraform's state, and enables the APIs that Terraform itself calls.
set -euo pipefail

if [[ $# -ne 2 || ! $1 =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ || ! $2 =~ ^[a-z]+-[a-z]+[0-9]+$ ]]; then
    echo "usage: infra/bootstrap.sh PROJECT REGION, for example: infra/bootstrap.sh my-project-123 europe-west1" >&2
    exit 2
fi
project=$1
region=$2
bucket=$project-terraform-state

give_up() {
    echo "$1" >&2
    exit 1
}

command -v gcloud >/dev/null || give_up "gcloud is not installed: see https://cloud.google.com/sdk/docs/install"

echo "Enabling the APIs that Terraform calls in $project ..."
gcloud services enable --project="$project" \
    cloudresourcemanager.googleapis.com iam.googleapis.com serviceusage.googleapis.com storage.googleapis.com ||
    give_up "Not enabled. Log in with 'gcloud auth login' as an owner of $project, and link a billing account to it."

if gcloud storage buckets describe "gs://$bucket" --format="value(name)" >/dev/null 2>&1; then
    echo "The bucket gs://$bucket is there already."
else
    echo "Making the bucket gs://$bucket in $region ..."
    gcloud storage buckets create "gs://$bucket" --project="$project" --location="$region" \
        --uniform-bucket-level-access --public-access-prevention ||
        give_up "Not made. If the name is taken in another project, that bucket must go, or this project's id change."
fi

# Set each time, so that a run that broke off here is mended by the next one. Every state is kept as a version, and
# what was deleted can be had back for 30 days.
gcloud storage buckets update "gs://$bucket" --versioning --uniform-bucket-level-access --public-access-prevention \
    --soft-delete-duration=30d ||
    give_up "The bucket's settings could not be changed. Is gs://$bucket a bucket of $project?"

echo
echo "Done. Now run:"
echo "  terraform -chdir=infra init -reconfigure -backend-config=bucket=$bucket -backend-config=prefix=afterword"
