# A month's logs as evidence, an archive a month. Apply it once a day, by a
# pipeline: each apply copies what has become stable since the last one, and
# mends what is missing or damaged.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = ">= 0.1.0"
    }
  }
}

provider "teo" {
  api_version = "2022-09-01" # its answers have an area, which is part of a path
}

variable "destination" {
  description = "Bucket URL with a query, such as s3://logs-1250000000?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com or file:///srv/logs?create_dir=true."
  type        = string
}

variable "first_month" {
  description = "The first month to archive, YYYY-MM. EdgeOne keeps logs for 31 days, on some plans for 183."
  type        = string

  validation {
    condition     = can(regex("^\\d{4}-(0[1-9]|1[0-2])$", var.first_month))
    error_message = "Give a month such as 2026-05."
  }
}

variable "zones" {
  description = "Names of the sites; every site of the account if empty."
  type        = set(string)
  default     = []
}

locals {
  # Months are counted from the year 0, so that one more is the next.
  first = parseint(substr(var.first_month, 0, 4), 10) * 12 + parseint(substr(var.first_month, 5, 2), 10) - 1
  last  = parseint(formatdate("YYYY", plantimestamp()), 10) * 12 + parseint(formatdate("M", plantimestamp()), 10) - 1

  # To this month: a window may end in the future, and is filled day by day.
  months = {
    for n in range(local.first, local.last + 1) :
    format("%04d-%02d", floor(n / 12), n % 12 + 1) => {
      start = format("%04d-%02d-01T00:00:00Z", floor(n / 12), n % 12 + 1)
      end   = format("%04d-%02d-01T00:00:00Z", floor((n + 1) / 12), (n + 1) % 12 + 1)
    }
  }
}

resource "teo_l7_log_archive" "month" {
  for_each = local.months

  start_time  = each.value.start
  end_time    = each.value.end
  zones       = var.zones
  destination = "${var.destination}&prefix=edgeone/${each.key}/"
}

output "months" {
  description = "What is archived, by month."
  value = {
    for month, archive in teo_l7_log_archive.month : month => {
      packages = archive.package_count
      pending  = archive.pending_count
      bytes    = archive.total_bytes
    }
  }
}

# One hash a day. Kept where the archive's writers cannot write, they prove that
# nobody has changed the archive since.
output "manifests" {
  description = "SHA-256 of each day's manifest, by month and day."
  value = {
    for month, archive in teo_l7_log_archive.month : month => {
      for day, bag in archive.bags : day => bag.manifest_sha256
    }
  }
}
