#!/bin/sh
# Prints the packages and bytes of each domain, separated by tabs, after an apply.
set -eu
terraform output -json logs | jq --raw-output '
  group_by(.domain)[]
  | [.[0].domain, length, (map(.size) | add)]
  | @tsv'
