#!/usr/bin/env bash
# check.sh DIR [--var-file FILE] [--plan-json FILE] [--steps LIST]: format, validity, tests and a plan of the root module
# in DIR; or only those of fmt,init,validate,test,plan that are listed.
#
# All of it in a copy, with a state that is thrown away: nothing is read from the cloud or changed in it, and nothing
# stays behind in DIR. Needs the network, for the provider, and any Google credentials, for the plan.
set -euo pipefail

usage() {
    echo "usage: check.sh DIR [--var-file FILE] [--plan-json FILE] [--steps LIST]" >&2
    exit 2
}

give_up() {
    echo "$1" >&2
    exit 1
}

absolute() {
    if [[ $1 == /* ]]; then echo "$1"; else echo "$PWD/$1"; fi
}

[[ $# -ge 1 && -d $1 ]] || usage
module=$1
shift
variables=()
plan_json=
steps=fmt,init,validate,test,plan
while [[ $# -gt 0 ]]; do
    [[ $# -ge 2 ]] || usage
    case $1 in
        --var-file)
            [[ -f $2 ]] || give_up "There is no file $2."
            variables+=("-var-file=$(absolute "$2")")
            ;;
        --plan-json) plan_json=$(absolute "$2") ;;
        --steps) steps=$2 ;;
        *) usage ;;
    esac
    shift 2
done

asked() {
    [[ ,$steps, == *,$1,* ]]
}

command -v terraform >/dev/null || give_up "terraform is not installed: see https://developer.hashicorp.com/terraform/install"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$module/." "$scratch"
cd "$scratch"
rm -rf .terraform .terraform.lock.hcl ./*.tfstate*
export TF_IN_AUTOMATION=1 TF_INPUT=0

if asked fmt; then
    terraform fmt -check -recursive -diff || give_up "Not in Terraform's format: run 'terraform fmt -recursive $module'."
fi
printf 'terraform {\n  backend "local" {}\n}\n' >check_override.tf
terraform init -no-color || give_up "Not initialised. Is the network there? The provider is downloaded."
if asked validate; then
    terraform validate -no-color
fi
if asked test; then
    terraform test -no-color
fi
asked plan || exit 0
terraform plan -no-color -out=plan ${variables[@]+"${variables[@]}"} ||
    give_up "No plan. Is TF_VAR_project_id set? Are there credentials? If not: gcloud auth application-default login"
if [[ -n $plan_json ]]; then
    terraform show -json plan >"$plan_json"
fi
