# The exercise of the guide "Compliance archive", on the simulator.

terraform {
  required_providers {
    teo = {
      source  = "registry.terraform.io/edgeone-community/teo"
      version = "~> 0.1"
    }
  }
}

provider "teo" {}

variable "accept" {
  description = "Findings to accept: a map from the token to the reason."
  type        = map(string)
  default     = {}
}

resource "teo_l7_log_archive" "logs" {
  destination = "file://${abspath(path.module)}/archive?create_dir=true"
  start_time  = "2022-05-04T00:00:00Z"
  zones       = ["example.org"]
  accept      = var.accept
}

output "archived" {
  description = "What is archived."
  value = {
    packages       = teo_l7_log_archive.logs.package_count
    pending        = teo_l7_log_archive.logs.pending_count
    lost           = teo_l7_log_archive.logs.lost_count
    sealed_through = teo_l7_log_archive.logs.sealed_through
  }
}
