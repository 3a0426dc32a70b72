# A day's inventory for a scheduled pipeline: workflow.yml applies this each
# night and keeps what the output says.

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

provider "teo" {}

variable "day" {
  description = "Any time of the UTC day to export, RFC 3339; by default the last day of which the packages are complete."
  type        = string
  default     = null
}

locals {
  # last_days gives the whole days before a time, so a day is counted from its
  # own end.
  now = var.day == null ? timeadd(plantimestamp(), "-24h") : timeadd(var.day, "24h")
  day = provider::teo::last_days(local.now, 1)
}

data "teo_l7_offline_log_inventory" "day" {
  start_time = local.day.start_time
  end_time   = local.day.end_time
}

output "day" {
  value = substr(local.day.start_time, 0, 10)
}

# A line a package: terraform output -raw jsonl >packages.jsonl
output "jsonl" {
  value = join("", [for log in data.teo_l7_offline_log_inventory.day.logs : "${jsonencode(log)}\n"])
}
