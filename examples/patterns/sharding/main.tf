# A long time, in windows of a day: a list for each, so that none runs into
# max_packages, and a fault in one names the day that it is of.

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

# Answers of 2022-01-06 can lack the area, which is a part of what tells two
# packages apart.
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

data "teo_l7_offline_log_inventory" "day" {
  for_each = local.windows

  start_time   = each.value.start_time
  end_time     = each.value.end_time
  max_packages = 50000
}

output "packages_by_day" {
  value = { for day, list in data.teo_l7_offline_log_inventory.day : day => list.total_count }
}

# A package that overlaps the edge of two windows is in both lists: merge by
# identity, not by concatenation.
output "packages" {
  value = length(distinct(flatten([
    for list in data.teo_l7_offline_log_inventory.day : [
      for log in list.logs : "${log.domain}/${log.area}/${log.log_packet_name}"
    ]
  ])))
}
