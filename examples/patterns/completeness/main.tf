# Checks a list before a report is built on it. Conditions stop the run; a check
# only warns.

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
  type    = string
  default = "2026-05-04T00:00:00Z"
}

variable "end_time" {
  type    = string
  default = "2026-05-05T00:00:00Z"
}

variable "domains" {
  type    = set(string)
  default = ["www.example.com", "api.example.com"]
}

data "teo_l7_offline_logs" "all" {
  start_time = var.start_time
  end_time   = var.end_time
  domains    = var.domains

  include_urls = false

  lifecycle {
    precondition {
      condition     = timecmp(var.end_time, timeadd(plantimestamp(), "-24h")) <= 0
      error_message = "Packages can grow for about 24 hours. Choose an earlier end_time."
    }

    postcondition {
      condition     = self.total_count > 0
      error_message = "There is no package from ${self.start_time} to ${self.end_time}. See the provider's guide on empty results."
    }

    postcondition {
      condition     = length(setsubtract(var.domains, self.logs[*].domain)) == 0
      error_message = "Domains without any package: ${join(", ", setsubtract(var.domains, self.logs[*].domain))}."
    }
  }
}

locals {
  hours = [for window in provider::teo::windows(var.start_time, var.end_time, "1h") : window.start_time]

  # The hours without a package, by domain.
  gaps = {
    for domain in var.domains : domain => setsubtract(local.hours, [
      for log in data.teo_l7_offline_logs.all.logs : log.log_start_time if log.domain == domain
    ])
  }
}

# An hour without requests has no package either, so a gap is a reason to look
# at the traffic of that hour, not proof of a loss.
check "every_hour" {
  assert {
    condition     = alltrue([for hours in local.gaps : length(hours) == 0])
    error_message = "Hours without a package: ${jsonencode({ for domain, hours in local.gaps : domain => hours if length(hours) > 0 })}"
  }
}

output "gaps" {
  value = local.gaps
}
