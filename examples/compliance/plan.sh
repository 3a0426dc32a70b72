#!/bin/sh
# Plans, and says what an apply would do. The exit status is 0 if it would do nothing
# or only archive what is new, and 2 if it would repair something or fail over a
# finding, which is printed.
set -eu
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT
status=0
terraform plan -input=false -detailed-exitcode -json >"$plan" || status=$?
findings=$(jq --raw-output '
  select(.type == "diagnostic") | .diagnostic
  | select(.severity == "error" or (.summary | IN(
      "Archived files are missing or damaged", "Archived packages are lost", "Packages were never archived",
      "Archive was rolled back", "Another run changed the archive", "Another resource set the scope of the archive")))
  | "\(.summary): \(.detail)"' "$plan")
if [ -n "$findings" ] || [ "$status" = 1 ]; then
  printf '%s\n' "$findings" >&2
  exit 2
fi
if [ "$status" = 2 ]; then echo "new packages"; else echo "nothing to do"; fi
