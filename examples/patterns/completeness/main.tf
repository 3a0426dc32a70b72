# Is the list what a report may be built on? Conditions that must hold stop the
# run; what only needs a look is a check, which warns.

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
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

data "teo_l7_offline_log_inventory" "window" {
  start_time = var.start_time
  end_time   = var.end_time
  domains    = var.domains

  lifecycle {
    precondition {
      condition     = timecmp(var.end_time, timeadd(plantimestamp(), "-24h")) <= 0
      error_message = "EdgeOne adds to packages for about 24 hours: end the window earlier."
    }

    postcondition {
      condition     = self.total_count > 0
      error_message = "No packages at all from ${self.start_time} to ${self.end_time}: see the provider's guide on empty results."
    }

    postcondition {
      condition     = length(setsubtract(var.domains, self.logs[*].domain)) == 0
      error_message = "Domains without any package: ${join(", ", setsubtract(var.domains, self.logs[*].domain))}."
    }
  }
}

locals {
  hours = [for window in provider::teo::windows(var.start_time, var.end_time, "1h") : window.start_time]

  # Hours that a domain has no package of, by domain.
  gaps = {
    for domain in var.domains : domain => setsubtract(local.hours, [
      for log in data.teo_l7_offline_log_inventory.window.logs : log.log_start_time if log.domain == domain
    ])
  }
}

# An hour without requests has no package, so a gap is not lost evidence by
# itself: it is for a person to compare with the traffic of that hour.
check "every_hour" {
  assert {
    condition     = alltrue([for hours in local.gaps : length(hours) == 0])
    error_message = "Hours without a package: ${jsonencode({ for domain, hours in local.gaps : domain => hours if length(hours) > 0 })}"
  }
}

output "gaps" {
  value = local.gaps
}
