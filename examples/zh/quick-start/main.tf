terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

locals {
  # 最近一个已经完整的 UTC 日：日志包在约 24 小时内仍会增长。
  day = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}

data "teo_l7_offline_logs" "day" {
  start_time   = local.day.start_time
  end_time     = local.day.end_time
  include_urls = false
}

output "packages" {
  value = data.teo_l7_offline_logs.day.logs[*].log_packet_name
}
