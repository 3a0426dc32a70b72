terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {} # keys: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY

# The last whole UTC day that ended 24 hours ago or earlier: its packages are
# complete.
locals {
  day = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}

data "teo_l7_offline_log_inventory" "day" {
  start_time = local.day.start_time
  end_time   = local.day.end_time
}

output "packages" {
  value = data.teo_l7_offline_log_inventory.day.total_count
}

output "bytes" {
  value = data.teo_l7_offline_log_inventory.day.total_bytes
}

output "names" {
  value = data.teo_l7_offline_log_inventory.day.logs[*].log_packet_name
}
