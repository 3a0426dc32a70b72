# Every log of the sites as evidence. Apply it once a day from a pipeline: each
# apply archives what has become stable since the last one, and repairs what is
# missing or damaged.

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
  description = "URL of a folder or bucket, such as cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/ or file:///srv/logs?create_dir=true."
  type        = string
}

variable "first_day" {
  description = "First day of the archive, such as 2026-05-01 (UTC). EdgeOne keeps logs for 31 days, on some plans for up to 183."
  type        = string
}

variable "zones" {
  description = "Names of the sites; every site of the account if empty."
  type        = set(string)
  default     = []
}

variable "accept" {
  description = "Losses to accept: a map from the token that the error message shows to the reason."
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
  description = "What is archived."
  value = {
    packages       = teo_l7_log_archive.logs.package_count
    pending        = teo_l7_log_archive.logs.pending_count
    bytes          = teo_l7_log_archive.logs.total_bytes
    sealed_through = teo_l7_log_archive.logs.sealed_through
  }
}

# One hash for the whole archive. Keep it where the archive's writers cannot
# write. It proves that the archive has not been changed since.
output "head" {
  description = "Newest entry of the ledger."
  value       = teo_l7_log_archive.logs.head
}
