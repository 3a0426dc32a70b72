# A long time range, split into days: one list for each. None of them exceeds
# max_packages, and an error names the day.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# Keys contain the area, which only 2022-09-01 always returns.
provider "teo" {
  api_version = "2022-09-01"
}

variable "start_time" {
  type    = string
  default = "2026-05-04T00:00:00Z"
}

variable "end_time" {
  type    = string
  default = "2026-05-07T00:00:00Z"
}

locals {
  windows = {
    for window in provider::teo::windows(var.start_time, var.end_time, "24h") :
    substr(window.start_time, 0, 10) => window
  }
}

data "teo_l7_offline_logs" "day" {
  for_each = local.windows

  start_time   = each.value.start_time
  end_time     = each.value.end_time
  max_packages = 50000
  include_urls = false
}

output "packages_by_day" {
  value = { for day, list in data.teo_l7_offline_logs.day : day => list.total_count }
}

# A package that overlaps two windows is in both lists. Merge the lists by key.
output "packages" {
  value = length(distinct(flatten([for list in data.teo_l7_offline_logs.day : list.logs[*].key])))
}
