#!/bin/sh
# Plans, and says what an apply would do. The exit status is 0 if it would do nothing
# or only archive what is new, and 2 if there is an error or a warning that is not in
# the list of harmless ones: the apply would repair something or fail. These are printed.
set -eu
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT
status=0
terraform plan -input=false -detailed-exitcode -json >"$plan" || status=$?
findings=$(jq --raw-output '
  select(.type == "diagnostic") | .diagnostic
  | select(.severity == "error" or (.summary | IN(
      "Archive exists", "Archive was extended elsewhere", "Nothing to archive yet",
      "Days that EdgeOne may drop", "Foreign files in the archive", "Foreign objects in the ledger",
      "Bucket retains objects for longer", "Bucket keeps former versions") | not))
  | "\(.summary): \(.detail)"' "$plan")
if [ -n "$findings" ] || [ "$status" = 1 ]; then
  printf '%s\n' "$findings" >&2
  exit 2
fi
if [ "$status" = 2 ]; then echo "new packages"; else echo "nothing to do"; fi
