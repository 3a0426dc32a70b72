variable "destination" {
  description = "The destination of the archive, as in teo_l7_log_archive or teo_l4_log_archive."
  type        = string
}

# Each plan and apply warns if the archive is not valid.
check "archive" {
  data "teo_log_archive_verification" "logs" {
    destination = var.destination
  }

  assert {
    condition     = data.teo_log_archive_verification.logs.valid
    error_message = "The archive has problems: ${jsonencode(data.teo_log_archive_verification.logs.problems)}"
  }
}
