# `make demo` applies this: every L7 log package of a time range, page by page.
# Credentials and endpoint come from the environment, so it works on the simulator
# and on the real service.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "start_time" {
  description = "Start of the time range, RFC 3339 with an offset."
  type        = string
  default     = "2022-05-04T03:27:00+08:00"
}

variable "end_time" {
  description = "End of the time range, RFC 3339 with an offset."
  type        = string
  default     = "2022-05-10T23:59:00+08:00"
}

variable "zones" {
  description = "Names of the sites. Every site of the account if empty."
  type        = set(string)
  default     = []
}

variable "page_size" {
  description = "Packages in a page: few, so that there are several pages."
  type        = number
  default     = 60
}

variable "coverage" {
  description = "Whether to compare the packages with the traffic that EdgeOne counted, which needs further permissions."
  type        = bool
  default     = true
}

data "teo_l7_offline_logs" "demo" {
  start_time   = var.start_time
  end_time     = var.end_time
  zones        = var.zones
  page_size    = var.page_size
  include_urls = false
}

data "teo_l7_log_coverage" "demo" {
  count = var.coverage ? 1 : 0

  start_time = var.start_time
  end_time   = var.end_time
  zones      = var.zones
}
