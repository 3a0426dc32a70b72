# 将一天的日志包与 EdgeOne 统计的流量进行比较。check 只会给出警告；check.sh 会使流水线
# 失败，并打印缺失的小时。

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
  description = "时间范围的起点，带时区的 RFC 3339 时间。"
  type        = string
  default     = "2026-05-04T00:00:00Z"
}

variable "end_time" {
  description = "时间范围的终点。结束不到 24 小时的小时不作判断。"
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
