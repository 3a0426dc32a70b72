# 每个日志包只下载一次。state 中的列表说明有哪些包；签名 URL 只在 apply 期间存在，
# 通过标准输入传给 curl，不会出现在 plan、state、日志或进程列表中。
#
# 需要 Terraform 1.10 或 OpenTofu 1.11。

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
  default = "2026-05-04T03:00:00Z"
}

variable "end_time" {
  type    = string
  default = "2026-05-04T05:00:00Z"
}

variable "folder" {
  description = "存放日志包的目录。"
  type        = string
  default     = "packages"
}

locals {
  zone_ids = ["zone-27q0p0bali16"] # 使用 API 2022-09-01，其 key 包含区域
}

data "teo_l7_offline_logs" "all" {
  start_time   = var.start_time
  end_time     = var.end_time
  zone_ids     = local.zone_ids
  include_urls = false
}

ephemeral "teo_l7_offline_logs" "all" {
  start_time = var.start_time
  end_time   = var.end_time
  zone_ids   = local.zone_ids
}

resource "terraform_data" "download" {
  for_each = { for log in data.teo_l7_offline_logs.all.logs : log.key => log }

  # 增长后的日志包会重新下载。
  triggers_replace = [each.value.size]

  provisioner "local-exec" {
    command = <<-EOT
      set -eu
      mkdir -p "$(dirname "$FILE")"
      printf 'url = "%s"\n' "$URL" |
        curl --config - --fail --silent --show-error --retry 3 --output "$FILE.part"
      gzip --test --suffix .part "$FILE.part"
      mv "$FILE.part" "$FILE"
    EOT
    environment = {
      FILE = "${var.folder}/${each.key}.log.gz"
      URL  = ephemeral.teo_l7_offline_logs.all.urls[each.key]
    }
  }
}

output "files" {
  value = [for key in keys(terraform_data.download) : "${var.folder}/${key}.log.gz"]
}
