# 合规归档的练习，在模拟器上进行。

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "accept" {
  description = "要确认接受的问题：从令牌到原因的映射。"
  type        = map(string)
  default     = {}
}

resource "teo_l7_log_archive" "logs" {
  destination = "file://${abspath(path.module)}/archive?create_dir=true"
  start_time  = "2022-05-04T00:00:00Z"
  zones       = ["example.org"]
  accept      = var.accept
}

output "archived" {
  description = "已归档的内容。"
  value = {
    packages       = teo_l7_log_archive.logs.package_count
    pending        = teo_l7_log_archive.logs.pending_count
    lost           = teo_l7_log_archive.logs.lost_count
    sealed_through = teo_l7_log_archive.logs.sealed_through
  }
}
