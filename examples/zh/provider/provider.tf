terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# 密钥来自环境变量 TENCENTCLOUD_SECRET_ID 和 TENCENTCLOUD_SECRET_KEY，或 tccli 的默认
# 配置：请勿把密钥写入配置文件。
provider "teo" {}

# 最近一个已完整的 UTC 日的日志包：日志包在约 24 小时内仍会增长。
locals {
  day = provider::teo::last_days(timeadd(plantimestamp(), "-24h"), 1)
}

data "teo_l7_offline_logs" "day" {
  start_time   = local.day.start_time
  end_time     = local.day.end_time
  include_urls = false
}

# 5 月 1 日以来的所有日志包，复制到存储桶。每次 apply 补充新增的日志包，并修复缺失的
# 文件。
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
