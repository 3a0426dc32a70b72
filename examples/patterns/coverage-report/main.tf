# A monthly report: the requests that were served in a month, and which of their
# hours are in the archive.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "archive" {
  description = "Destination of the archive, such as cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/."
  type        = string
}

variable "month" {
  description = "The month, YYYY-MM."
  type        = string
  default     = "2026-05"

  validation {
    condition     = can(regex("^\\d{4}-(0[1-9]|1[0-2])$", var.month))
    error_message = "Give a month such as 2026-05."
  }
}

locals {
  start = "${var.month}-01T00:00:00Z"
  # The first day of the next month: 31 days later is always in it.
  end = formatdate("YYYY-MM'-01T00:00:00Z'", timeadd(local.start, "744h"))
}

data "teo_l7_log_coverage" "month" {
  start_time = local.start
  end_time   = local.end
  zone_ids   = ["zone-27q0p0bali16"]
  archive    = var.archive
}

# A page for a browser, a printer or an auditor: terraform output -raw report.
# Sensitive only so that Terraform does not print it.
output "report" {
  value     = provider::teo::coverage_chart(data.teo_l7_log_coverage.month.hosts, "html")
  sensitive = true
}

output "summary" {
  value = {
    complete = data.teo_l7_log_coverage.month.complete
    requests = data.teo_l7_log_coverage.month.total_requests
    archived = data.teo_l7_log_coverage.month.covered_hours
    missing  = data.teo_l7_log_coverage.month.missing_hours
  }
}
