#!/bin/sh
# Writes edgeone-YYYY-MM-DD.jsonl. It needs no state: each day is a new list.
set -eu
terraform init -input=false
terraform apply -input=false -auto-approve -no-color
day=$(terraform output -raw day)
terraform output -raw jsonl >"edgeone-$day.jsonl"
wc -l "edgeone-$day.jsonl"
