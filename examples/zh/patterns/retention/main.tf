# 在一段时间内任何人都不能删除、到期后删除、并可按请求清除的日志。

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "destination" {
  description = "文件夹或存储桶的 URL。只有开启对象锁定的存储桶才能锁定。"
  type        = string
}

variable "first_day" {
  description = "归档的第一天，例如 2026-05-01（UTC）。"
  type        = string
}

variable "retain_days" {
  description = "任何人都不能删除日志包的天数；null 表示不锁定。"
  type        = number
  default     = null
}

variable "expire_after_days" {
  description = "日志包在多少天后删除；null 表示永不删除。"
  type        = number
  default     = null
}

variable "erase" {
  description = "要清除的日志包：路径到原因的映射。"
  type        = map(string)
  default     = {}
}

resource "teo_l7_log_archive" "logs" {
  destination       = var.destination
  start_time        = "${var.first_day}T00:00:00Z"
  retention         = var.retain_days == null ? null : { mode = "COMPLIANCE", days = var.retain_days }
  expire_after_days = var.expire_after_days
  erase             = var.erase
}

# 读取存储中实际的锁定，而不是请求的锁定。
data "teo_log_archive_verification" "logs" {
  destination = var.destination
  depth       = "ledger"
  depends_on  = [teo_l7_log_archive.logs]

  lifecycle {
    postcondition {
      condition     = self.valid
      error_message = "The archive is not valid: ${jsonencode(self.problems)}"
    }
  }
}

output "retention" {
  description = "包（bag）的数量，其中锁定的数量，以及已清除和已到期的日志包数量。"
  value = {
    bags    = length(data.teo_log_archive_verification.logs.bags)
    locked  = length([for bag in data.teo_log_archive_verification.logs.bags : bag if bag.retained_until != null])
    erased  = data.teo_log_archive_verification.logs.erased_count
    expired = data.teo_log_archive_verification.logs.expired_count
  }
}
