# Each plan and apply warns if the archive is not valid.
check "archive" {
  data "teo_log_archive_verification" "l7" {
    destination = "file:///srv/logs?prefix=edgeone/l7/"
  }

  assert {
    condition     = data.teo_log_archive_verification.l7.valid
    error_message = "The archive has problems: ${jsonencode(data.teo_log_archive_verification.l7.problems)}"
  }
}
