terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# Credentials come from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or from
# tccli's default profile, so that the configuration contains no secrets.
provider "teo" {}

# The packages of the last UTC day that is complete: they can grow for about 24 hours.
locals {
  day = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}

data "teo_l7_offline_logs" "day" {
  start_time   = local.day.start_time
  end_time     = local.day.end_time
  include_urls = false
}

# Every package since 1 May, copied to a bucket. Each apply adds what is new, and
# repairs what is missing.
resource "teo_l7_log_archive" "logs" {
  destination = "cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l7/"
  start_time  = "2026-05-01T00:00:00Z"
}

output "packages" {
  value = data.teo_l7_offline_logs.day.logs[*].log_packet_name
}

output "archived" {
  value = teo_l7_log_archive.logs.package_count
}
