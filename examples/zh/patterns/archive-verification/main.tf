# 核验归档，无效时报错：定时流水线（workflow.yml）只需查看退出码。
# 不需要 EdgeOne 的密钥，只需要读取存储桶的权限。

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
  description = "归档的位置，与 teo_l7_log_archive 或 teo_l4_log_archive 中的 destination 相同。"
  type        = string
}

variable "expected_head" {
  description = "此前记下的某条账本记录的 SHA-256。它必须仍在账本之中。"
  type        = string
  default     = null
}

data "teo_log_archive_verification" "archive" {
  destination   = var.destination
  expected_head = var.expected_head

  lifecycle {
    postcondition {
      condition = self.valid
      error_message = join("\n", concat(
        ["The archive is not valid. Number of problems: ${self.problem_count}"],
        [for p in self.problems : "${p.kind} ${p.path}: ${p.detail}"],
      ))
    }
  }
}

output "head" {
  value = data.teo_log_archive_verification.archive.head
}

output "packages_by_day" {
  value = {
    for day, counts in { for bag in values(data.teo_log_archive_verification.archive.bags) : bag.day => bag.package_count... } :
    day => sum(counts)
  }
}
