# 月度报告：一个月内处理的请求，以及其中哪些小时已归档。

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "archive" {
  description = "归档的位置，例如 cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/。"
  type        = string
}

variable "month" {
  description = "月份，格式为 YYYY-MM。"
  type        = string
  default     = "2026-05"

  validation {
    condition     = can(regex("^\\d{4}-(0[1-9]|1[0-2])$", var.month))
    error_message = "Give a month such as 2026-05."
  }
}

locals {
  start = "${var.month}-01T00:00:00Z"
  # 下个月的第一天：31 天之后必定在下个月内。
  end = formatdate("YYYY-MM'-01T00:00:00Z'", timeadd(local.start, "744h"))
}

data "teo_l7_log_coverage" "month" {
  start_time = local.start
  end_time   = local.end
  zone_ids   = ["zone-27q0p0bali16"]
  archive    = var.archive
}

# 供浏览器查看、打印或提交审计的页面：terraform output -raw report。
# 标记为 sensitive 只是为了不让 Terraform 打印整个页面。
output "report" {
  value     = provider::teo::coverage_chart(data.teo_l7_log_coverage.month.hosts, "html")
  sensitive = true
}

output "summary" {
  value = {
    complete = data.teo_l7_log_coverage.month.complete
    requests = data.teo_l7_log_coverage.month.total_requests
    archived = data.teo_l7_log_coverage.month.covered_hours
    missing  = data.teo_l7_log_coverage.month.missing_hours
  }
}
