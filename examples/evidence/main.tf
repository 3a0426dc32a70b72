# An archive whose head is signed and time-stamped at the end of each apply.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "destination" {
  description = "URL of a folder or bucket, such as cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/."
  type        = string
}

variable "first_day" {
  description = "First day of the archive, such as 2026-05-01 (UTC)."
  type        = string
}

variable "timestamp_url" {
  description = "URL of an RFC 3161 time-stamp authority; none if null."
  type        = string
  default     = null
}

variable "witnesses" {
  description = "Witnesses that cosign the head."
  type        = list(object({ url = string, public_key = string }))
  default     = []
}

resource "teo_l7_log_archive" "logs" {
  destination = var.destination
  start_time  = "${var.first_day}T00:00:00Z"

  # The key is in the environment variable SIGNING_KEY.
  signing_key   = "env:SIGNING_KEY"
  signing_name  = "logs.example.com"
  timestamp_url = var.timestamp_url
  witnesses     = var.witnesses
}

output "public_key" {
  description = "Verifier key for auditors."
  value       = teo_l7_log_archive.logs.public_key
}

output "origin" {
  description = "Name of the log that a witness has to know."
  value       = "logs.example.com/${teo_l7_log_archive.logs.archive_id}"
}
