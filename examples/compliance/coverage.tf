# Compares the archive of the last week with the requests that EdgeOne counted.
# A package that EdgeOne never listed is missing here, and nowhere else.

locals {
  # Whole days that ended at least 24 hours ago, so that all of them are archived.
  week  = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 7)
  since = timecmp(teo_l7_log_archive.logs.start_time, local.week.start_time) > 0 ? teo_l7_log_archive.logs.start_time : local.week.start_time
}

data "teo_l7_log_coverage" "archived" {
  count = timecmp(local.since, local.week.end_time) < 0 ? 1 : 0

  start_time = local.since
  end_time   = local.week.end_time
  zones      = var.zones
  archive    = var.destination

  depends_on = [teo_l7_log_archive.logs]
}

check "requests_are_archived" {
  assert {
    condition = alltrue(data.teo_l7_log_coverage.archived[*].complete)
    error_message = format(
      "Hours with requests that are not in the archive: %s. Hours that the analytics could not answer: %d.",
      jsonencode({ for host in flatten(data.teo_l7_log_coverage.archived[*].hosts) : host.host => host.missing if host.missing_hours > 0 }),
      sum(concat([0], data.teo_l7_log_coverage.archived[*].unverified_hours)),
    )
  }
}

# For a browser or a printer: terraform output -raw coverage. Sensitive only so
# that Terraform does not print the page.
output "coverage" {
  description = "Page with a heat map of the last week."
  value       = provider::teo::coverage_chart(flatten(data.teo_l7_log_coverage.archived[*].hosts), "html")
  sensitive   = true
}
