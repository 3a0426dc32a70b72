# 把站点的全部日志归档为证据。由流水线每天执行一次 apply：
# 每次归档自上次以来已稳定的日志包，并修复缺失或损坏的文件。

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
  description = "目录或存储桶的 URL，例如 cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/ 或 file:///srv/logs?create_dir=true。"
  type        = string
}

variable "first_day" {
  description = "归档的第一天，例如 2026-05-01（UTC）。EdgeOne 保存日志 31 天，部分套餐最长 183 天。"
  type        = string
}

variable "zones" {
  description = "站点名称；为空表示账号下的全部站点。"
  type        = set(string)
  default     = []
}

variable "accept" {
  description = "确认接受的丢失：键为错误信息中给出的令牌，值为原因。"
  type        = map(string)
  default     = {}
}

resource "teo_l7_log_archive" "logs" {
  destination = var.destination
  start_time  = "${var.first_day}T00:00:00Z"
  zones       = var.zones
  accept      = var.accept
}

output "archived" {
  description = "已归档的内容。"
  value = {
    packages       = teo_l7_log_archive.logs.package_count
    pending        = teo_l7_log_archive.logs.pending_count
    bytes          = teo_l7_log_archive.logs.total_bytes
    sealed_through = teo_l7_log_archive.logs.sealed_through
  }
}

# 整个归档只需一个哈希。请保存在归档的写入者无法改写的地方：
# 它能证明此后没有人改动过归档。
output "head" {
  description = "账本的最新一条记录。"
  value       = teo_l7_log_archive.logs.head
}
