# Verifies an archive and fails if it is not valid: a scheduled pipeline
# (workflow.yml) needs nothing but the exit status. It needs no EdgeOne
# credentials, only permission to read the bucket.

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
  description = "The destination of the archive, as in teo_l7_log_archive or teo_l4_log_archive."
  type        = string
}

variable "expected_head" {
  description = "The SHA-256 of a ledger entry that was noted before. It must still be an entry of the ledger."
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
