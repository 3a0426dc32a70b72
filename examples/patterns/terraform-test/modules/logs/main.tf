# The list in a module of its own: a test can then put another list in its
# place. (mock_provider alone makes the list empty: what Terraform invents for
# a data source has no elements in nested lists.)

terraform {
  required_providers {
    teo = {
      source = "registry.terraform.io/edgeone-community/teo"
    }
  }
}

variable "start_time" {
  type = string
}

variable "end_time" {
  type = string
}

data "teo_l7_offline_log_inventory" "window" {
  start_time = var.start_time
  end_time   = var.end_time
}

output "logs" {
  value = data.teo_l7_offline_log_inventory.window.logs
}
