# 审计人员运行的配置：校验归档、最新的已签名 head 及其时间。

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
  description = "归档的 URL。"
  type        = string
}

variable "public_key" {
  description = "归档签名者的公钥。"
  type        = string
}

variable "timestamp_ca" {
  description = "时间戳机构的 CA 证书（PEM）；null 表示不校验时间戳。"
  type        = string
  default     = null
}

data "teo_log_archive_verification" "logs" {
  destination  = var.destination
  public_key   = var.public_key
  timestamp_ca = var.timestamp_ca

  lifecycle {
    postcondition {
      condition     = self.valid
      error_message = "The archive is not valid: ${jsonencode(self.problems)}"
    }
  }
}

output "signed" {
  description = "最新的已签名 head。"
  value       = data.teo_log_archive_verification.logs.signed
}
