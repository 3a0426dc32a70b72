# The packages of a day for a scheduled pipeline: workflow.yml applies this every
# night and keeps the output as a file.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

# The rows of 2022-09-01 always have an area.
provider "teo" {
  api_version = "2022-09-01"
}

variable "day" {
  description = "Any time of the UTC day to export, RFC 3339. By default, the last day whose packages are complete."
  type        = string
  default     = null
}

locals {
  # last_days returns the whole days before a time, so a given day is counted
  # from its own end.
  now = var.day == null ? timeadd(plantimestamp(), "-24h") : timeadd(var.day, "24h")
  day = provider::teo::last_days(local.now, 1)
}

data "teo_l7_offline_logs" "day" {
  start_time   = local.day.start_time
  end_time     = local.day.end_time
  include_urls = false
}

output "day" {
  value = substr(local.day.start_time, 0, 10)
}

# One line for each package: terraform output -raw jsonl >packages.jsonl
#
# It is not secret. sensitive keeps thousands of lines out of the log of the run.
output "jsonl" {
  value     = join("", [for log in data.teo_l7_offline_logs.day.logs : "${jsonencode(log)}\n"])
  sensitive = true
}
