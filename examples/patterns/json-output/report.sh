#!/bin/sh
# Packages and bytes of each domain, as tab-separated lines, after an apply.
set -eu
terraform output -json logs | jq --raw-output '
  group_by(.domain)[]
  | [.[0].domain, length, (map(.size) | add)]
  | @tsv'
