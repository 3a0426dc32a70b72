# The list in a module of its own, so that a test can replace it. mock_provider
# alone leaves nested lists empty.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

variable "start_time" {
  type = string
}

variable "end_time" {
  type = string
}

data "teo_l7_offline_logs" "all" {
  start_time   = var.start_time
  end_time     = var.end_time
  include_urls = false
}

output "logs" {
  value = data.teo_l7_offline_logs.all.logs
}
