# Compares a day of log packages with the traffic that EdgeOne counted. The check
# only warns; check.sh makes a pipeline fail and prints the hours.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "start_time" {
  description = "Start of the window, RFC 3339 with an offset."
  type        = string
  default     = "2026-05-04T00:00:00Z"
}

variable "end_time" {
  description = "End of the window. Hours that ended less than 24 hours ago count as pending."
  type        = string
  default     = "2026-05-05T00:00:00Z"
}

data "teo_l7_log_coverage" "day" {
  start_time = var.start_time
  end_time   = var.end_time
  zone_ids   = ["zone-27q0p0bali16"]
}

check "log_coverage" {
  assert {
    condition = data.teo_l7_log_coverage.day.complete
    error_message = format(
      "Hours with requests, but no log package: %s. Hours that the analytics could not answer: %d.",
      jsonencode({ for host in data.teo_l7_log_coverage.day.hosts : host.host => host.missing if host.missing_hours > 0 }),
      data.teo_l7_log_coverage.day.unverified_hours,
    )
  }
}

output "chart" {
  value = provider::teo::coverage_chart(data.teo_l7_log_coverage.day.hosts, "markdown")
}
