# Structured outputs for other tools: report.sh reads them with jq.

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

variable "start_time" {
  type    = string
  default = "2026-05-04T00:00:00Z"
}

variable "end_time" {
  type    = string
  default = "2026-05-05T00:00:00Z"
}

data "teo_l7_offline_logs" "all" {
  start_time   = var.start_time
  end_time     = var.end_time
  include_urls = false
}

# Without request_id, which changes on every read: every plan would show a change.
output "logs" {
  value = data.teo_l7_offline_logs.all.logs
}
