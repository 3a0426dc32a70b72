# Logs that nobody can remove for a time, that are removed after a time, and that
# are erased on request.

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
  description = "URL of a folder or bucket. Only a bucket with object lock can retain."
  type        = string
}

variable "first_day" {
  description = "First day of the archive, such as 2026-05-01 (UTC)."
  type        = string
}

variable "retain_days" {
  description = "Days for which nobody can remove a package; null for no lock."
  type        = number
  default     = null
}

variable "expire_after_days" {
  description = "Days after which packages are removed; null for never."
  type        = number
  default     = null
}

variable "erase" {
  description = "Packages to erase: a map from their paths to the reason."
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

# The locks as the store has them, not as they were asked for.
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
  description = "Bags, how many of them are locked, and how many packages were erased or have expired."
  value = {
    bags    = length(data.teo_log_archive_verification.logs.bags)
    locked  = length([for bag in data.teo_log_archive_verification.logs.bags : bag if bag.retained_until != null])
    erased  = data.teo_log_archive_verification.logs.erased_count
    expired = data.teo_log_archive_verification.logs.expired_count
  }
}
