# 在生成报表之前检查列表。condition 不满足时运行会中止；check 只会给出警告。

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

  # 各域名没有日志包的小时。
  gaps = {
    for domain in var.domains : domain => setsubtract(local.hours, [
      for log in data.teo_l7_offline_logs.all.logs : log.log_start_time if log.domain == domain
    ])
  }
}

# 没有请求的小时也没有日志包。因此缺口只说明应查看该小时的流量，并不能证明日志丢失。
check "every_hour" {
  assert {
    condition     = alltrue([for hours in local.gaps : length(hours) == 0])
    error_message = "Hours without a package: ${jsonencode({ for domain, hours in local.gaps : domain => hours if length(hours) > 0 })}"
  }
}

output "gaps" {
  value = local.gaps
}
