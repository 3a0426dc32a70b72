# 每次 apply 结束时，对归档的 head 签名并加盖时间戳。

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
  description = "文件夹或存储桶的 URL，例如 cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/。"
  type        = string
}

variable "first_day" {
  description = "归档的第一天，例如 2026-05-01（UTC）。"
  type        = string
}

variable "timestamp_url" {
  description = "RFC 3161 时间戳机构的 URL；null 表示不使用。"
  type        = string
  default     = null
}

variable "witnesses" {
  description = "为 head 联署的见证者。"
  type        = list(object({ url = string, public_key = string }))
  default     = []
}

resource "teo_l7_log_archive" "logs" {
  destination = var.destination
  start_time  = "${var.first_day}T00:00:00Z"

  # 密钥在环境变量 SIGNING_KEY 中。
  signing_key   = "env:SIGNING_KEY"
  signing_name  = "logs.example.com"
  timestamp_url = var.timestamp_url
  witnesses     = var.witnesses
}

output "public_key" {
  description = "交给审计人员的公钥。"
  value       = teo_l7_log_archive.logs.public_key
}

output "origin" {
  description = "见证者需要登记的日志名称。"
  value       = "logs.example.com/${teo_l7_log_archive.logs.archive_id}"
}
