#!/bin/sh
# 应用配置；有检查未通过时，打印其信息并失败。
set -eu
terraform apply -input=false -auto-approve -no-color
failed=$(terraform show -json | jq --raw-output '.checks[]?.instances[]? | select(.status != "pass") | .problems[]?.message // .address.to_display')
if [ -n "$failed" ]; then
  printf '%s\n' "$failed" >&2
  exit 1
fi
