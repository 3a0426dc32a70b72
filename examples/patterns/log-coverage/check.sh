#!/bin/sh
# Applies the configuration, and fails with the messages of the checks that do not
# pass.
set -eu
terraform apply -input=false -auto-approve -no-color
failed=$(terraform show -json | jq --raw-output '.checks[]?.instances[]? | select(.status != "pass") | .problems[]?.message // .address.to_display')
if [ -n "$failed" ]; then
  printf '%s\n' "$failed" >&2
  exit 1
fi
